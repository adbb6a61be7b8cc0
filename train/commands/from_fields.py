"""A command line, read into a dataclass whose fields are the options.

A field's type says what its option takes: ``tuple[X, ...]`` one or more, ``bool`` nothing, a dict
values for the fields that its ``TYPES`` name. Classes with a ``TITLE`` are a group of the help.
"""

from argparse import SUPPRESS, ArgumentParser
from collections.abc import Sequence
from dataclasses import MISSING, Field, field, fields
from functools import partial
from inspect import get_annotations
from typing import Any, ClassVar, Literal, NoReturn, Protocol, TypeVar, get_args, get_origin
from typing import get_type_hints as types_of

from kneeoa.errors import ConfigError
from train.fields import expected, read, taken_apart


class Command(Protocol):
    """A dataclass with the options of a command, which does its work when it is called."""

    __dataclass_fields__: ClassVar[dict[str, Field]]

    def __call__(self) -> int:
        """Return the exit code."""


Options = TypeVar("Options", bound=Command)


def option(
    metavar: str | tuple[str, ...] | None = None,
    help: str | None = None,
    default: Any = MISSING,
    **how: bool,
) -> Any:
    """Return the field of an option; what has no default has to be given.

    `how`: ``positional`` ones have no name; of the ``exclusive`` ones of a class one may be given;
    ``rest`` is all words after ``--``.
    """
    return field(default=default, metadata={"metavar": metavar, "help": help, **how})


class Parser(ArgumentParser):
    """A parser whose errors are sentences of ours."""

    def error(self, message: str) -> NoReturn:
        """Raise `ConfigError` with what argparse saw."""
        sentence = message[:1].upper() + message[1:]
        raise ConfigError(f"{sentence}. `{self.prog} --help` says what can be given.")


def parsed(options: type[Options], words: Sequence[str], *, prog: str) -> Options:
    """Return what `words` say; raise `ConfigError` for what is no option, or no value of it."""
    parser = Parser(prog=prog, description=options.__doc__, allow_abbrev=False)
    types = types_of(options, include_extras=True)
    dicts = {name: kind.TYPES for name, kind in types.items() if hasattr(kind, "TYPES")}
    rest = [item.name for item in fields(options) if item.metadata.get("rest")]
    end = words.index("--") if rest and "--" in words else len(words)
    left = {item.name: item for item in fields(options) if item.name not in rest}
    for owner in options.__mro__:
        group, alone = _group(parser, owner), None
        # A field that two classes have is that of the first.
        for item in [left.pop(name) for name in get_annotations(owner) if name in left]:
            if item.name in dicts:
                _add_texts(_group(parser, types[item.name]), dicts[item.name])
            elif item.metadata.get("exclusive"):
                alone = alone or group.add_mutually_exclusive_group()
                _add(alone, item, types[item.name])
            else:
                _add(group, item, types[item.name])
    namespace, unknown = parser.parse_known_args(words[:end])
    if unknown:
        flags = [action.option_strings[-1] for action in parser._actions if action.option_strings]
        raise ConfigError(
            f"Expected options of `{prog.split()[-1]}` out of {', '.join(sorted(flags))}. "
            f"Received: {' '.join(unknown)}."
        )
    given = {k: tuple(v) if isinstance(v, list) else v for k, v in vars(namespace).items()}
    for name, kinds in dicts.items():
        settings = {setting: given.pop(setting) for setting in kinds if setting in given}
        given[name] = types[name](settings)
    return options(**given, **dict.fromkeys(rest, tuple(words[end + 1 :])))


def _group(parser: ArgumentParser, owner: type) -> Any:
    title = vars(owner).get("TITLE")
    return parser.add_argument_group(title) if title else parser


def _add(group: Any, item: Field, kind: Any) -> None:
    """Add the option of a field."""
    about, (plain, _) = item.metadata, taken_apart(kind)
    given: dict[str, Any] = {"default": SUPPRESS, "help": about.get("help")}
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


def _add_texts(group: Any, types: dict[str, Any]) -> None:
    """Add an option for each type, with one value, whose bounds the help says."""
    for name, kind in types.items():
        choices, reading = _choices(kind), partial(_read, _flag(name), kind)
        about = {"metavar": choices or "VALUE", "help": None if choices else expected(kind)}
        group.add_argument(_flag(name), default=SUPPRESS, type=reading, **about)


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
