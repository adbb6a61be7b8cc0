"""Films of one split as arrays, and what names and counts a set of splits."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from kneeoa.data import split
from kneeoa.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Films:
    """Films of one split.

    Attributes
    ----------
    images : (N, 224, 224) uint8, bright = dense; read-only where they are mapped from the cache
    grades : (N,) int64 in 0-4, or -1 where the grade is not known
    image_ids, patient_ids : N strings each
    sides : ``"L"``, ``"R"``, or empty where it is not known, N strings; none of a mirror image
    """

    images: np.ndarray
    grades: np.ndarray
    image_ids: tuple[str, ...]
    patient_ids: tuple[str, ...]
    sides: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of films."""
        return len(self.image_ids)

    def known_sides(self) -> tuple[str, ...]:
        """Return the side of each knee; raise `DataError` where one is not known."""
        sides = self.sides or ("",) * len(self)
        if "" in sides:
            raise DataError(
                f"Expected the side of every knee. {self.image_ids[sides.index('')]} does not "
                "tell: name it as 9001695L, or give a CSV with the column side."
            )
        return sides

    def first(self, count: int) -> "Films":
        """Return `count` films spread evenly over the split, for rehearsals."""
        chosen = spread(len(self), count)
        return Films(
            self.images[chosen],
            self.grades[chosen],
            tuple(self.image_ids[i] for i in chosen),
            tuple(self.patient_ids[i] for i in chosen),
            tuple(self.sides[i] for i in chosen if self.sides),
        )


def counts(splits: dict[str, Films]) -> dict[str, dict[str, int]]:
    """Return films per split and grade, as ``{"train": {"0": 2286, ...}, ...}``."""
    return {
        name: {str(grade): n for grade, n in sorted(Counter(films.grades.tolist()).items())}
        for name, films in splits.items()
    }


def split_hash(splits: dict[str, Films]) -> str:
    """Return the SHA-256 of who is where with which grade; equal hashes mean equal splits."""
    return split.hash_of(
        (name, image_id, int(grade))
        for name, films in splits.items()
        for image_id, grade in zip(films.image_ids, films.grades, strict=True)
    )


def spread(length: int, count: int) -> np.ndarray:
    """Return at most `count` indices of `length` things, evenly spread, ``(n,) int64``."""
    return np.linspace(0, length - 1, min(count, length)).astype(int)
