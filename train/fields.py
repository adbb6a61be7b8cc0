"""What a dataclass' field may hold: read from text, bounded where it is declared, and in words."""

import math
import operator
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from msgspec import Meta

_LIMITS = (
    ("gt", operator.gt, "above"),
    ("ge", operator.ge, "at least"),
    ("lt", operator.lt, "below"),
    ("le", operator.le, "at most"),
)
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_TYPES = {
    **{int: "a whole number", float: "a number", bool: "true or false", str: "text"},
    Path: "a file or folder",
}


def taken_apart(kind: Any) -> tuple[Any, list[Any]]:
    """Return a type without ``Annotated`` and ``None``, and what is annotated."""
    notes: list[Any] = []
    while True:
        if get_origin(kind) is Annotated:
            kind, *more = get_args(kind)
            notes += more
        elif NoneType in get_args(kind):
            (kind,) = (part for part in get_args(kind) if part is not NoneType)
        else:
            return kind, notes


def fits(kind: Any, value: Any) -> bool:
    """Return whether a value is one of those, or within the bounds, that its type names.

    No number is endless, or none: nothing could be computed with it.
    """
    plain, _ = taken_apart(kind)
    if get_origin(plain) is Literal:
        return value in get_args(plain)
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return all(holds(value, limit) for holds, limit, _ in _limits(kind))


def expected(kind: Any) -> str:
    """Return in words what a value is to be, such as ``a whole number, at least 1``."""
    plain, _ = taken_apart(kind)
    if get_origin(plain) is Literal:
        return " or ".join(get_args(plain))
    if get_origin(plain) is tuple:
        return f"{get_args(plain)[0].WRITTEN}, joined by commas"
    words = [
        f"{words} {limit:{'g' if abs(limit) < 1e6 else ','}}" for _, limit, words in _limits(kind)
    ]
    return ", ".join([_TYPES.get(plain, plain.__name__), *words])


def read(kind: Any, text: str) -> Any:
    """Return `text` as a value of its type; raise `ValueError` where it is none.

    No file or folder is called by an empty text, which would be the folder one is in.
    Parts of a tuple are joined by commas; their class has a ``read``, and says what in ``WRITTEN``.
    A function in ``Annotated`` changes what was read.
    """
    plain, notes = taken_apart(kind)
    if get_origin(plain) is tuple:
        return tuple(get_args(plain)[0].read(part) for part in text.split(","))
    if plain is bool:
        if text.lower() not in _TRUTH:
            raise ValueError(text)
        return _TRUTH[text.lower()]
    if plain is Path and not text:
        raise ValueError(text)
    value = text if get_origin(plain) is Literal else plain(text)
    if not fits(kind, value):
        raise ValueError(text)
    for note in notes:
        value = note(value) if callable(note) else value
    return value


def _limits(kind: Any) -> Iterator[tuple[Any, float, str]]:
    for note in taken_apart(kind)[1]:
        for name, holds, words in _LIMITS:
            if isinstance(note, Meta) and (limit := getattr(note, name)) is not None:
                yield holds, limit, words
