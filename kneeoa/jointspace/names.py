"""Whether two names may be one patient's, however they are written."""

from collections.abc import Sequence
from dataclasses import dataclass

SAME, ALIKE, OTHER = "same", "alike", "other"
"""Two names that are one, that may be by how they are spelt, and that are not."""
_ENOUGH = 2
"""Words of a name that tell a patient beside her number: of a family, and of her own."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name in one script; two in two scripts cannot be compared.

    Attributes
    ----------
    script : that it begins in
    written : something that is the same for the same name
    words : the same for the same words, however they are spelt
    telling : those of them that are no stand-ins, such as ``patient``
    initials : each word with its first letter, as if that were a word
    letters : the same for the same letters in a row, wherever words begin and end
    """

    script: str
    written: str
    words: frozenset[str] = frozenset()
    telling: frozenset[str] = frozenset()
    initials: frozenset[tuple[str, str]] = frozenset()
    letters: str = ""


def compared(names: Sequence[Name], others: Sequence[Name]) -> str:
    """Return `SAME`, `ALIKE` or `OTHER` of one name in several scripts and another; else empty."""
    both = _in_one_script(names, others)
    if all(name.written == again.written for name, again in both):
        return SAME if both else ""
    return ALIKE if all(_alike(name, again) for name, again in both) else OTHER


def are_telling(names: Sequence[Name], others: Sequence[Name]) -> bool:
    """Return whether both have so many words in common that they tell a patient."""
    return any(
        len(name.telling & again.telling) >= _ENOUGH
        or (_is_one_row(name, again) and max(map(len, (name.telling, again.telling))) >= _ENOUGH)
        for name, again in _in_one_script(names, others)
    )


def _in_one_script(names: Sequence[Name], others: Sequence[Name]) -> list[tuple[Name, Name]]:
    return [(name, again) for name in names for again in others if name.script == again.script]


def _is_one_row(name: Name, other: Name) -> bool:
    return bool(name.letters) and name.letters == other.letters


def _alike(name: Name, other: Name) -> bool:
    """Return whether two names may be one.

    That is with a second given name, or a title, that one of them lacks; an initial instead of a
    word; or a space or hyphen elsewhere.
    """
    only, only_other = name.words - other.words, other.words - name.words
    if _is_one_row(name, other) or not (only and only_other):
        return True
    if not name.words & other.words:
        return False  # initials alone are anybody's
    initials = name.initials | other.initials
    fewer, more = sorted((only, only_other), key=len)
    left = set(more)
    for word in fewer:
        fits = (each for each in left if {(word, each), (each, word)} & initials)
        if (match := next(fits, None)) is None:
            return False
        left.remove(match)
    return True
