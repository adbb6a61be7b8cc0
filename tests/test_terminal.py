"""Whatever ends a command, it ends with a sentence and an exit code."""

import _imp
import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

from kneeoa import terminal
from kneeoa.errors import ConfigError, DataError
from tests.support.places import ROOT


def run(error):
    def work():
        raise error

    return terminal.run("kneeoa", work, stopped="Stopped.")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (DataError("Expected a film."), 2, "kneeoa: Expected a film."),
        (PermissionError(13, "Permission denied", "/a"), 2, "/a: Permission denied."),
        (PermissionError(13, "Permission denied", b"/\xff"), 2, "/\\xff: Permission denied."),
        (OSError(28, "No space left on device"), 2, "The output: No space left on device."),
        (BrokenPipeError(), 2, "has ended"),
        (MemoryError(), 2, "not enough memory"),
        (TypeError("x"), 2, "a fault of the program"),
        (ModuleNotFoundError("No module named 'x'", name="x.y"), 2, "Expected the package"),
        (ModuleNotFoundError("No module", name="kneeoa.x"), 2, "a fault of the program"),
        (KeyboardInterrupt(), 130, "Stopped."),
        (SystemExit(2), 2, ""),
        (SystemExit(0), 0, ""),
        (SystemExit(), 0, ""),
    ],
)
def test_what_went_wrong_is_said(error, code, said, capsys):
    assert run(error) == code
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_a_result_is_handed_on():
    assert terminal.run("kneeoa", lambda: 1, stopped="") == terminal.SOME_FAILED


def test_a_name_cannot_steer_the_terminal():
    shown = terminal.printable("a\x1b[2Jb\u202ec\udcfcd\ud800e\r\nf")
    assert shown == "a\\x1b[2Jb\\u202ec\\xfcd\\ud800e\\r\nf"


@pytest.fixture(autouse=True)
def signals():
    """Leave the signals of this process as they were."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *terminal.ENDINGS)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_after_stopping_a_second_signal_ends_the_process_quietly():
    run(KeyboardInterrupt())
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    assert all(signal.getsignal(ending) is signal.SIG_DFL for ending in terminal.ENDINGS)


def test_what_is_said_of_stopping_may_follow_from_what_was_at_work(capsys):
    at_work = ["nothing"]

    def work():
        at_work[0] = "a table"
        raise KeyboardInterrupt

    assert terminal.run("kneeoa", work, stopped=lambda: f"Stopped {at_work[0]}.") == 130
    assert capsys.readouterr().err == "kneeoa: Stopped a table.\n"


INTERRUPTED = """
import importlib.abc, os, signal, sys
moment, program = sys.argv[1:]
signal.signal(signal.SIGINT, signal.default_int_handler)  # where tests run in the background, too
class Interrupt(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == moment:
            os.kill(os.getpid(), signal.SIGINT)
import runpy
sys.modules.pop(moment, None)  # some are loaded by now that a command has not loaded
sys.meta_path.insert(0, Interrupt())
sys.argv = [program, "data", "nowhere"]
runpy.run_module(program, run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    ("program", "moment", "code", "said"),
    [
        ("kneeoa", "typing", -signal.SIGINT, ""),
        ("train", "typing", -signal.SIGINT, ""),
        ("train", "contextlib", -signal.SIGINT, ""),
        ("kneeoa", "kneeoa.terminal", -signal.SIGINT, ""),
        ("train", "kneeoa.terminal", -signal.SIGINT, ""),
        ("kneeoa", "kneeoa.commands", 130, "kneeoa: Stopped.\n"),
        ("train", "train.commands.parser", 130, "train: stopped.\n"),
    ],
)
def test_ctrl_c_while_python_imports_is_no_traceback(program, moment, code, said):
    command = [sys.executable, "-c", INTERRUPTED, moment, program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (code, said)


def stopped_in(monkeypatch, name, real):
    """Have Ctrl-C come, and be lost, while Python's import calls `name`, which does `real`."""

    def called(*given):
        monkeypatch.undo()
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("initialization failed") from None
        return real(*given)

    monkeypatch.setattr(_imp, name, called)


def make_what_is_written_in_c(monkeypatch):
    stopped_in(monkeypatch, "create_dynamic", lambda spec, *_: ModuleType(spec.name))
    ExtensionFileLoader("x", "x.so").create_module(ModuleSpec("x", None, origin="x.so"))


def begin_what_is_written_in_c(monkeypatch):
    stopped_in(monkeypatch, "exec_dynamic", lambda _: 0)
    ExtensionFileLoader("x", "x.so").exec_module(ModuleType("x"))


def let_go_of_the_lock_of_an_import(monkeypatch):
    lock, acquire = importlib._bootstrap._get_module_lock("x"), _imp.acquire_lock

    def called():
        monkeypatch.undo()
        signal.raise_signal(signal.SIGINT)
        acquire()

    monkeypatch.setattr(_imp, "acquire_lock", called)
    del lock


def let_go_of_an_object(_):
    class Held:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    Held()


@pytest.mark.parametrize(
    "step",
    [
        make_what_is_written_in_c,
        begin_what_is_written_in_c,
        let_go_of_the_lock_of_an_import,
        let_go_of_an_object,
    ],
)
def test_ctrl_c_is_not_lost_where_python_can_raise_nothing(step, monkeypatch, capsys):
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def work():
        step(monkeypatch)
        time.sleep(5)
        return 0

    with pytest.MonkeyPatch.context() as own:  # a step undoes the other one
        own.setattr(sys, "unraisablehook", sys.unraisablehook)
        assert terminal.run("kneeoa", work, stopped="Stopped.") == terminal.STOPPED
    assert capsys.readouterr().err == "kneeoa: Stopped.\n"


SCRIPT = (
    INTERRUPTED[: INTERRUPTED.index("sys.argv =")]
    + """
sys.argv = [program, "grade", "nowhere"]
from kneeoa.__main__ import main
sys.exit(main())
"""
)


@pytest.mark.parametrize(
    ("moment", "code", "said"),
    [("argparse", -signal.SIGINT, ""), ("kneeoa.commands", 130, "kneeoa: Stopped.\n")],
)
def test_nor_is_it_for_who_installed_the_script(moment, code, said):
    command = [sys.executable, "-c", SCRIPT, moment, "kneeoa"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (code, said)


def test_a_command_is_run_in_a_thread_too(monkeypatch, capsys):
    from kneeoa.__main__ import main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    codes = []
    thread = threading.Thread(target=lambda: codes.append(main(["--version"])))
    thread.start()
    thread.join()
    assert codes == [0]


def test_a_command_that_is_to_outlive_its_terminal_does(capsys):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as by nohup

    def work():
        signal.raise_signal(signal.SIGHUP)
        return 0

    assert terminal.run("kneeoa", work, stopped="Stopped.") == terminal.DONE


@pytest.mark.parametrize("ending", terminal.ENDINGS)
def test_a_command_that_is_to_end_ends_as_by_ctrl_c(ending, capsys):
    signal.signal(ending, signal.SIG_DFL)
    left = []

    def work():
        try:
            signal.raise_signal(ending)
            time.sleep(30)
        finally:
            left.append("in order")

    assert terminal.run("kneeoa", work, stopped="Stopped.") == terminal.STOPPED
    assert left == ["in order"]
    assert "Stopped." in capsys.readouterr().err


def test_nothing_is_said_where_nobody_can_be_told(monkeypatch):
    monkeypatch.setattr("sys.stderr", None)
    monkeypatch.setattr("sys.stdout", None)
    assert run(DataError("x")) == 2


def test_what_cannot_be_said_does_not_get_into_the_table(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr", None)
    assert run(DataError("x")) == 2
    assert capsys.readouterr().out == ""


def test_no_file_takes_the_place_of_a_stream_that_is_closed(tmp_path):
    asked = (
        "import os, sys; from kneeoa import terminal\n"
        "work = lambda: os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)\n"
        "sys.exit(terminal.run('kneeoa', work, stopped=''))"
    )
    command = [sys.executable, "-c", asked, str(tmp_path / "t.csv")]
    closing = lambda: [os.close(number) for number in (0, 2)]  # noqa: E731
    done = subprocess.run(
        command, stdout=subprocess.PIPE, preexec_fn=closing, cwd=ROOT, check=False
    )
    assert done.returncode > 2  # the number of the file
    assert done.stdout == b""


def test_only_what_takes_a_while_is_told(capsys):
    with terminal.telling("kneeoa", "One is being made.", after=30):
        pass
    with terminal.telling("kneeoa", "Another is being made, 2 of 2.", after=0):
        said = ""
        end = time.monotonic() + 60
        while not said and time.monotonic() < end:
            said += capsys.readouterr().err
    assert said == "kneeoa: Another is being made, 2 of 2.\n"


@pytest.mark.parametrize("words", [["grade", ""], ["adapt", "", "--out", "x"], ["report", ""]])
def test_an_empty_name_is_not_the_folder_one_is_in(words, capsys):
    from kneeoa.__main__ import main

    assert main(words) == 2
    assert "Received an empty text in its place" in capsys.readouterr().err


def test_who_lacks_packages_is_told_how_to_get_them_where_she_is(tmp_path):
    installed = terminal.lacking("msgspec", root=tmp_path)
    assert "package msgspec" in installed
    assert "`pip install`" in installed
    (tmp_path / "requirements.lock").touch()
    outside = {"root": tmp_path, "environment": Path("/usr")}
    assert "`make app` once, then `source .venv/bin/activate`" in terminal.lacking("a", **outside)
    (tmp_path / ".venv").mkdir()
    assert "make app" not in terminal.lacking("a", **outside)
    inside = terminal.lacking("torch", root=tmp_path, environment=tmp_path / ".venv")
    assert "docs/training.md" in inside
    assert "activate" not in inside


def test_without_its_packages_no_command_calls_that_a_fault_of_the_program():
    for module in ("kneeoa", "train"):
        # Isolated from what is installed, as another Python of the machine is.
        command = [sys.executable, "-S", "-m", module, *{"kneeoa": ["grade", "x"]}.get(module, [])]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 2
        assert done.stderr.startswith(f"{module}: Expected the package")
        assert done.stderr.count("\n") == 1


def parser():
    shared = terminal.Parser(prog="kneeoa")
    commands = shared.add_subparsers(metavar="COMMAND", required=True)
    grade = commands.add_parser("grade")
    grade.add_argument("film")
    grade.add_argument("--csv")
    return shared


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("grade a --cvs x", "There is no option --cvs: did you mean --csv? `kneeoa grade --help`"),
        ("grade a --zzz=1", "There is no option --zzz. `kneeoa grade --help`"),
        ("grade a b", "Received more than is taken: b. `kneeoa grade --help`"),
        ("grade", "The following arguments are required: film. `kneeoa grade --help`"),
        ("", "The following arguments are required: COMMAND. `kneeoa --help`"),
        ("grad a", "There is no command grad: did you mean grade? `kneeoa --help`"),
        ("zzz", "There is no command zzz: expected one of grade. `kneeoa --help`"),
    ],
)
def test_a_typo_is_named_and_so_is_the_help_of_its_command(words, sentence):
    with pytest.raises(ConfigError) as refused:
        parser().parse_args(words.split())
    assert str(refused.value).startswith(sentence)
