"""A command line, read into a dataclass whose fields are the options.

A field's type says what its option takes: ``tuple[X, ...]`` one or more, ``bool`` nothing, a dict
values for the fields that its ``TYPES`` name. Classes with a ``TITLE`` are a group of the help.
"""

import re
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, Field, field, fields
from functools import partial
from inspect import get_annotations
from typing import Any, ClassVar, Literal, Protocol, TypeVar, get_args, get_origin
from typing import get_type_hints as types_of

from kneeoa.errors import ConfigError
from kneeoa.terminal import Parser
from train.fields import expected, read, taken_apart

_USUAL = {
    "architecture": "the network",
    "architectures": "the networks",
    "csv": "where the table is written to, besides",
    "data": "a folder of graded films, or a CSV that lists them",
    "models": "a folder of published models",
    "results": "a folder of results, as training writes them",
    "seed": "of all that is drawn by chance",
    "split": "whose films",
    "study": "its name",
}
"""What options of these names are, in whichever command, where it says nothing else."""


class Command(Protocol):
    """A dataclass with the options of a command, which does its work when it is called."""

    __dataclass_fields__: ClassVar[dict[str, Field]]

    def __call__(self) -> int:
        """Return the exit code."""


Options = TypeVar("Options", bound=Command)

EPILOG = "What each command is for, and an example of it: docs/training.md."


def option(
    metavar: str | tuple[str, ...] | None = None,
    help: str | None = None,
    default: Any = MISSING,
    **how: Any,
) -> Any:
    """Return the field of an option; what has no default has to be given.

    `how`: ``positional`` ones have no name; of the ``exclusive`` ones of a class one may be given;
    ``rest`` is all words after ``--``, which are options of the class that it is.
    """
    return field(default=default, metadata={"metavar": metavar, "help": help, **how})


def parsed(options: type[Options], words: Sequence[str], *, prog: str) -> Options:
    """Return what `words` say; raise `ConfigError` for what is no option, or no value of it."""
    described = plain(options.__doc__ or "")
    parser = Parser(prog=prog, description=described, epilog=EPILOG, allow_abbrev=False)
    types = types_of(options, include_extras=True)
    dicts = {name: kind.TYPES for name, kind in types.items() if hasattr(kind, "TYPES")}
    rest = [item.name for item in fields(options) if item.metadata.get("rest")]
    end = words.index("--") if rest and "--" in words else len(words)
    _expect_in_place(options, words[:end], prog)
    left = {item.name: item for item in fields(options) if item.name not in rest}
    for owner in options.__mro__:
        group, alone = _group(parser, owner), None
        # A field that two classes have is that of the first.
        for item in [left.pop(name) for name in get_annotations(owner) if name in left]:
            if item.name in dicts:
                _add_texts(_group(parser, types[item.name]), types[item.name])
            elif item.metadata.get("exclusive"):
                alone = alone or group.add_mutually_exclusive_group()
                _add(alone, item, types[item.name])
            else:
                _add(group, item, types[item.name])
    namespace = parser.parse_args(words[:end])
    given = {k: tuple(v) if isinstance(v, list) else v for k, v in vars(namespace).items()}
    for name, kinds in dicts.items():
        settings = {setting: given.pop(setting) for setting in kinds if setting in given}
        given[name] = types[name](settings)
    return options(**given, **dict.fromkeys(rest, tuple(words[end + 1 :])))


def plain(text: str) -> str:
    """Return a text of the code without the marks by which documentation is set."""
    return text.replace("`", "").replace('"', "").replace("%", "%%")


def meanings(documented: type) -> dict[str, str]:
    """Return what the section Attributes of a docstring says of each name, in one line each."""
    _, _, section = (documented.__doc__ or "").partition("Attributes\n")
    told: dict[str, str] = {}
    for names, text in re.findall(r"^ {4}(\w[\w, ]*) : (.+(?:\n {8}.+)*)", section, re.MULTILINE):
        told |= dict.fromkeys(names.split(", "), plain(" ".join(text.split())))
    return told


def _expect_in_place(options: type[Options], words: Sequence[str], prog: str) -> None:
    """Raise `ConfigError` for an option before ``--`` that belongs after it."""
    own = set(_flags(options))
    for item in fields(options):
        if later := item.metadata.get("rest"):
            flags = set(_flags(later)) - own
            for word in words:
                if (flag := word.partition("=")[0]) in flags:
                    raise ConfigError(
                        f"{flag} is an option of `{later.__name__.lower()}`. Expected -- before "
                        f"all of those: `{prog} ... -- {flag} ...`."
                    )


def _flags(options: type[Options]) -> Iterator[str]:
    """Yield the options of a command by their names."""
    types = types_of(options, include_extras=True)
    for item in fields(options):
        if not item.metadata.get("positional") and not item.metadata.get("rest"):
            yield from map(_flag, getattr(types[item.name], "TYPES", [item.name]))


def _group(parser: ArgumentParser, owner: type) -> Any:
    title, about = vars(owner).get("TITLE"), vars(owner).get("ABOUT")
    return parser.add_argument_group(title, about) if title else parser


def _with_default(text: str | None, default: Any) -> str | None:
    """Return the help of an option, with what holds where it is not given."""
    is_said = default is MISSING or default in (None, ()) or isinstance(default, bool)
    if is_said or (text and "by default" in text):
        return text
    words = " ".join(map(str, default)) if isinstance(default, tuple) else str(default)
    return "; ".join(filter(None, [text, f"by default {plain(words)}"]))


def _add(group: Any, item: Field, kind: Any) -> None:
    """Add the option of a field."""
    about, (plain, _) = item.metadata, taken_apart(kind)
    help_ = _with_default(about.get("help") or _USUAL.get(item.name), item.default)
    given: dict[str, Any] = {"default": SUPPRESS, "help": help_}
    if plain is bool:
        given["action"] = "store_true"
    else:
        if get_origin(plain) is tuple:
            kind, *more = get_args(plain)
            given["nargs"] = "+" if more == [...] else 1 + len(more)
        given["type"] = partial(_read, _flag(item.name), kind)
        given["metavar"] = _choices(kind) or about.get("metavar")
    if about.get("positional"):
        group.add_argument(item.name, **given)
    else:
        needed = item.default is MISSING
        group.add_argument(_flag(item.name), dest=item.name, required=needed, **given)


def _add_texts(group: Any, owner: Any) -> None:
    """Add an option for each of the types of `owner`: what it is, and what it can be."""
    told = owner.meanings()
    for name, kind in owner.TYPES.items():
        choices, reading = _choices(kind), partial(_read, _flag(name), kind)
        can_be = "" if choices else plain(expected(kind))
        help_ = "; ".join(filter(None, [told.get(name), can_be]))
        metavar = choices or "VALUE"
        group.add_argument(
            _flag(name), default=SUPPRESS, type=reading, metavar=metavar, help=help_ or None
        )


def _read(flag: str, kind: Any, text: str) -> Any:
    try:
        return read(kind, text)
    except ValueError:
        raise ConfigError(f"Expected {flag} to be {expected(kind)}. Received: {text}.") from None


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _choices(kind: Any) -> str | None:
    plain, _ = taken_apart(kind)
    return f"{{{','.join(get_args(plain))}}}" if get_origin(plain) is Literal else None
