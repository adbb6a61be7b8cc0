"""Values of a header as texts, words, pairs of numbers and items; nothing where they are none."""

import math
import re
import unicodedata
from collections.abc import Sequence

from pydicom import Dataset

_LONGEST_WORD = 32
_OF_ONE_PIECE = str.maketrans({"Ø": "O", "Æ": "AE", "Œ": "OE", "Ł": "L", "Đ": "D"})
"""Letters that are no plain letter with something over or under it."""


def text(dataset: Dataset | None, keyword: str) -> str:
    """Return a value in capital letters without accents; empty where there is none."""
    try:
        value = "" if dataset is None else str(dataset.get(keyword) or "").strip().upper()
        parts = unicodedata.normalize("NFKD", value.translate(_OF_ONE_PIECE))
        plain = "".join(letter for letter in parts if not unicodedata.combining(letter))
        # One word, as a.p. or P/A: its letters alone may stand anywhere.
        return re.sub(r"(?<![^\W\d_])([AP])[\W_]{0,2}(?!\1)([AP])(?![^\W\d_])", r"\1\2", plain)
    except MemoryError:
        raise
    except Exception:
        return ""


def word(dataset: Dataset | None, keyword: str) -> str | None:
    """Return a short term in capital letters, or None.

    Numbers and names do not pass: a number may be a patient's, and a caret stands in names alone.
    """
    value = text(dataset, keyword)
    letters = " ".join(re.findall(r"[A-Z]+", value))
    is_safe = letters and len(value) <= _LONGEST_WORD and not re.search(r"[\d^=@]", value)
    return letters if is_safe else None


def words(value: str) -> set[str]:
    """Return the words of a text, of letters alone."""
    return {*re.findall(r"[^\W\d_]+", value)}


def pair(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    """Return two numbers above 0, or None."""
    try:
        row, column = (float(value) for value in dataset.get(keyword))
    except (TypeError, ValueError):
        return None
    return (row, column) if 0 < row < math.inf and 0 < column < math.inf else None


def items(dataset: Dataset | None, keyword: str) -> Sequence[Dataset]:
    """Return the items of a sequence; none where there is no such sequence."""
    try:
        value = () if dataset is None else dataset.get(keyword) or ()
        return [item for item in value if isinstance(item, Dataset)]
    except TypeError:
        return ()


def first_item(dataset: Dataset | None, keyword: str) -> Dataset | None:
    """Return the first item of a sequence, or None."""
    return next(iter(items(dataset, keyword)), None)
