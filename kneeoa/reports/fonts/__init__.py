"""The letters of a report's pages: DejaVu Sans, its Latin, Greek and Cyrillic part.

Made of DejaVu 2.37 by leaving out the other scripts (`LICENSE.txt` beside it). Letters that it
lacks become question marks, which no patient's name may: `has` says whether it lacks any.
"""

import functools
from collections.abc import Collection
from pathlib import Path

from reportlab.pdfbase.ttfonts import TTFontFile

from kneeoa.wording import plain

PLAIN, BOLD = (Path(__file__).with_name(f"DejaVuSans{kind}.ttf") for kind in ("", "-Bold"))


def shown(text: str) -> str:
    """Return `text` in one line, with a question mark for each letter that there is none of."""
    letters = _letters()
    return "".join(letter if ord(letter) in letters else "?" for letter in _line(text))


def has(text: str) -> bool:
    """Return whether there are all letters of a text."""
    return all(ord(letter) in _letters() for letter in _line(text))


def _line(text: str) -> str:
    return plain(text).replace("\n", " ")


@functools.cache
def _letters() -> Collection[int]:
    return frozenset(TTFontFile(str(PLAIN)).charToGlyph)
