"""Small things in words, the same on every page, sheet and terminal; others' words made safe."""

import math
import unicodedata
from collections.abc import Sequence

from kneeoa.errors import DataError

_JOINERS = "\u200c\u200d"
"""Cf, but parts of words in Persian and Indic scripts, and of pictures."""
_GAPS = "\u115f\u1160\u2800\u3164\uffa0\U00013441\U00013442\U0001d159"
"""Letters and signs that look like a blank."""
_UNSEEN = frozenset(
    "\u034f\U00016fe4\u17b4\u17b5\u180b\u180c\u180d\u180f"
    + _JOINERS
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
"""Marks and joiners that take no room; the last are variants of the letter before them."""
MOST_MARKS = 4
"""Marks on one letter; with more it grows over its neighbours."""


def is_plain(letter: str) -> bool:
    """Return whether a character is seen where it stands: no control, and none that turns text."""
    kind = unicodedata.category(letter)
    # C: controls, formats (among them those that turn the direction), halves of pairs, unassigned.
    return (kind[0] != "C" and kind not in ("Zl", "Zp")) or letter in _JOINERS


def plain(text: str, longest: int = 2_000) -> str:
    """Return another's text as it may be shown: NFC, at most `longest` characters.

    What is no character for display becomes U+FFFD; line ends stay.
    """
    text = unicodedata.normalize("NFC", text[: longest + 1])
    shown = "".join(c if c == "\n" or is_plain(c) else " " if c == "\t" else "\ufffd" for c in text)
    shown = _without_piles(shown)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}\u2026"


def _without_piles(text: str) -> str:
    kept, marks = [], 0
    for letter in text:
        marks = marks + 1 if unicodedata.category(letter) == "Mn" else 0
        if marks <= MOST_MARKS:
            kept.append(letter)
    return "".join(kept)


def entered(text: str, longest: int, what: str, *, error: type[Exception] = DataError) -> str:
    """Return a title or a name on its way in: NFC, single blanks, at most `longest` characters.

    An empty one stays empty. Raises `error` for `what` where it holds what `plain` replaces, or
    nothing that can be seen, or is longer.
    """
    try:
        text = " ".join(unicodedata.normalize("NFC", text).split())
    except (TypeError, AttributeError):
        text = "\0"
    if text and (not as_seen(text) or len(text) > longest or plain(text, longest) != text):
        raise error(
            f"Expected {what} of at most {longest} letters that can be shown. Choose another one."
        )
    return text


def as_seen(name: str) -> str:
    """Return what two names that look alike have in common: small letters, and only those seen.

    Compatible forms are one letter (NFKC). Letters of two alphabets that look alike stay two.
    """
    # First: a letter and its accent are not composed while something stands between them.
    seen = "".join(letter for letter in name if letter not in _UNSEEN)
    # Again at the end: some small letters come apart from their accents.
    plainly = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold())
    return " ".join("".join(" " if letter in _GAPS else letter for letter in plainly).split())


def person_names(text: str) -> list[str]:
    """Return a name of DICOM (PS3.5, 6.2.1.2) as people write it, once in each script it has.

    Family name first: ``Doe^Jane^Mary`` is ``Doe, Jane Mary``. Empty where there is none.
    """
    names = []
    for form in text.split("="):
        family, *others = (" ".join(part.split()) for part in form.split("^"))
        given = " ".join(filter(None, others))
        names.append(", ".join(filter(None, (family, given))))
    return [name for name in names if name]


def counted(number: int, thing: str) -> str:
    """Return ``1 run``, ``2 runs``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def listed(names: Sequence[str], last: str = "or") -> str:
    """Return names, at least one, as ``a, b or c``; `last` is the word before the last of them."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


def capitalised(words: str) -> str:
    """Return words that begin as a sentence does; all but the first letter stays."""
    return words[:1].upper() + words[1:]


def within_sentence(words: str) -> str:
    """Return words of a heading as they stand in a sentence: the first letter small."""
    return words[:1].lower() + words[1:]


def p_text(p: float) -> str:
    """Return ``p = 0.032``, or ``p < 0.001``; a p that is not defined is said to be so."""
    if p is None or math.isnan(p):
        return "p not defined"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
