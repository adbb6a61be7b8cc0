"""What the command lines have in common: a sentence and an exit code for whatever happens.

Nothing heavy is imported here, so that a command can be stopped by Ctrl-C from its first moment on.
"""

import _thread
import contextlib
import difflib
import io
import os
import signal
import sys
import threading
from argparse import Action, ArgumentParser
from collections.abc import Callable, Iterable, Iterator
from importlib.machinery import ExtensionFileLoader
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, cast

from kneeoa import environment
from kneeoa.errors import ConfigError, KneeOAError
from kneeoa.wording import capitalised

DONE, SOME_FAILED, NOT_DONE, STOPPED = 0, 1, 2, 130
"""Exit codes: all done; some films failed; it could not be done; stopped by Ctrl-C or `ENDINGS`."""

ENDINGS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Signals of ``kill``, of a machine that is switched off, of a terminal that is closed."""

_MOMENT = 0.02
"""Seconds until an ending that was lost, or would be, comes again."""

_ROOT = Path(__file__).resolve().parents[1]
_OURS = ("kneeoa", "train", "pages")


class Parser(ArgumentParser):
    """A parser whose errors are sentences, and name the command whose help says more."""

    def error(self, message: str) -> NoReturn:
        """Raise `ConfigError` with what argparse saw."""
        sentence = capitalised(message) + "." * (not message.endswith("?"))
        raise ConfigError(f"{sentence} `{self.prog} --help` says what can be given.")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Return what is given; raise `ConfigError` for more: here the command is known."""
        namespace, unknown = super().parse_known_args(args, namespace)
        if unknown:
            flags = [flag for action in self._actions for flag in action.option_strings]
            self.error(_not_known(unknown, flags))
        return namespace, []

    def _check_value(self, action: Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            names = list(map(str, action.choices))
            near = _near(str(value), names)
            what = near or f"expected one of {', '.join(names)}"
            self.error(f"there is no {str(action.metavar or action.dest).lower()} {value}: {what}")


def run(name: str, work: Callable[[], int], *, stopped: str | Callable[[], str]) -> int:
    """Return the exit code of ``work()``; what goes wrong is said in a sentence on stderr.

    `name` is that of the command, `stopped` what Ctrl-C is answered with, or gives it then. A fault
    of the program itself has a sentence, too; under ``python -X dev`` it is raised.
    """
    _fill_what_is_closed()
    _never_refuse_a_character()
    try:
        _end_in_order()
        for sentence in environment.unknown(os.environ):
            say(name, sentence)
        environment.expect_bare(os.environ)
        environment.expect_homes(os.environ)
        code = _finished(work)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        # A second one ends the process at once, without a traceback.
        with contextlib.suppress(ValueError):  # not in a thread
            for ending in (signal.SIGINT, *ENDINGS):
                signal.signal(ending, signal.SIG_DFL)
        say(name, stopped if isinstance(stopped, str) else stopped())
        return STOPPED
    except Exception as error:
        tell(name, error)
        return NOT_DONE
    finally:
        _let_go_of_what_cannot_be_written()


def path(text: str) -> Path:
    """Return a file or folder that is named; raise `KneeOAError` for an empty text.

    That would be the folder one is in: all of it, where a variable of a script was never set.
    """
    if not text:
        raise KneeOAError("Expected a file or folder. Received an empty text in its place.")
    return Path(text)


def say(name: str, text: str) -> None:
    """Print a sentence of the command `name` on stderr, whatever characters are in it."""
    with contextlib.suppress(OSError, ValueError):
        print(f"{name}: {printable(text)}", file=sys.stderr, flush=True)


def tell(name: str, error: Exception) -> None:
    """Say what went wrong; a fault of the program itself is raised under ``python -X dev``."""
    if sys.flags.dev_mode and not isinstance(error, KneeOAError | OSError):
        raise error
    say(name, sentence_of(error, name))


@contextlib.contextmanager
def telling(name: str, text: str, *, after: float = 1.0) -> Iterator[None]:
    """Say `text` while something is done that takes longer than `after` seconds."""
    timer = threading.Timer(after, say, [name, text])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def printable(text: str) -> str:
    r"""Return `text` with everything escaped that steers a terminal or is no character.

    A byte of a file name that is no UTF-8 becomes ``\xfc``. Line breaks and tabs stay.
    """
    return "".join(
        character if character.isprintable() or character in "\n\t" else _escaped(character)
        for character in text
    )


def sentence_of(error: Exception, name: str) -> str:
    """Return what is said of an error that ended the command `name`."""
    if isinstance(error, KneeOAError):
        return str(error)
    if isinstance(error, BrokenPipeError):
        return "The program that was to read the output has ended. The rest was not written."
    if isinstance(error, MemoryError):
        return "There is not enough memory for this. Give fewer films, or use a larger machine."
    if isinstance(error, OSError):
        place = error.filename if isinstance(error.filename, str | bytes) else None
        return f"{os.fsdecode(place) if place else 'The output'}: {error.strerror or error}."
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        if package not in _OURS:
            return lacking(package)
    return (
        f"This is a fault of the program, not of what it was given: {type(error).__name__}: "
        f"{error}. `python -X dev -m {name} ...` shows where it is; please report it."
    )


def lacking(package: str, *, root: Path = _ROOT, environment: Path = Path(sys.prefix)) -> str:
    """Return what is said where a package is not there: `root` is where `kneeoa` lies."""
    if not (root / "requirements.lock").is_file():
        return (
            f"Expected the package {package}, which comes with kneeoa. It is not installed here: "
            "install kneeoa again, by `pip install` in the environment that runs it."
        )
    if environment.resolve() == (root / ".venv").resolve():
        return (
            f"Expected the package {package} in .venv. It is not there: `make app` installs what "
            "all need, and docs/training.md says how PyTorch and Ray are added."
        )
    first = "" if (root / ".venv").is_dir() else "`make app` once, then "
    return (
        f"Expected the packages that this needs. {package} is not installed for this Python: "
        f"{first}`source .venv/bin/activate` in {root}, and the same command again."
    )


def _not_known(words: list[str], flags: Iterable[str]) -> str:
    for word in words:
        if word.startswith("-") and not word[1:2].isdigit():
            flag = word.partition("=")[0]
            near = _near(flag, flags)
            return f"there is no option {flag}{f': {near}' if near else ''}"
    return f"received more than is taken: {' '.join(words)}"


def _near(word: str, names: Iterable[str]) -> str:
    bare = {name.lstrip("-"): name for name in names}
    close = difflib.get_close_matches(word.lstrip("-"), list(bare), 1)
    return f"did you mean {bare[close[0]]}?" if close else ""


def _finished(work: Callable[[], int]) -> int:
    try:
        return work()
    except SystemExit as end:  # of the parser, which has said why
        return end.code if isinstance(end.code, int) else DONE


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def _end_in_order() -> None:
    """Have `ENDINGS` end a command as Ctrl-C does, unless it was begun to outlive them."""
    with contextlib.suppress(ValueError):  # not in a thread
        if signal.getsignal(signal.SIGINT) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(signal.SIGINT, _end)
        for ending in ENDINGS:
            if signal.getsignal(ending) is not signal.SIG_IGN:
                signal.signal(ending, _end)
        if not isinstance(sys.unraisablehook, _Lost):
            sys.unraisablehook = _Lost(sys.unraisablehook)


def _end(number: int, frame: FrameType | None) -> None:
    """Raise `KeyboardInterrupt`, but not where another error would be made of it: there later."""
    if _imports_what_is_written_in_c(frame):
        _later(number)
    else:
        signal.default_int_handler(number, frame)


def _later(number: int) -> None:
    again = threading.Timer(_MOMENT, _thread.interrupt_main, [number])
    again.daemon = True
    again.start()


class _Lost:
    """What hears of errors that Python can but print: of a `KeyboardInterrupt`, it comes again.

    So it is where one comes while an object is done with, be it a file that is let go of.
    """

    def __init__(self, before: Callable[["sys.UnraisableHookArgs"], Any]) -> None:
        self._before = before

    def __call__(self, lost: "sys.UnraisableHookArgs") -> None:
        if issubclass(lost.exc_type, KeyboardInterrupt):
            _later(signal.SIGINT)
        else:
            self._before(lost)


def _imports_what_is_written_in_c(frame: FrameType | None) -> bool:
    while frame is not None:
        is_of_import = frame.f_code.co_filename.startswith("<frozen importlib.")
        if is_of_import and isinstance(frame.f_locals.get("self"), ExtensionFileLoader):
            return True
        frame = frame.f_back
    return False


def _fill_what_is_closed() -> None:
    """Have a standard stream that was closed be nowhere.

    The next file that is opened would have its number, and get what a library writes there; and
    what Python is to print to no stream, it prints on standard output.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # which gets the lowest number that is free
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - until the process ends


def _never_refuse_a_character() -> None:
    """Have characters that a terminal's encoding lacks escaped, where they would be an error."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            cast("io.TextIOWrapper", stream).reconfigure(errors="backslashreplace")


def _let_go_of_what_cannot_be_written() -> None:
    """Have Python not try again, at its end, what has failed: it would print a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)
