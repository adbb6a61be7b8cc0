"""Text in the pixels of a film: a warning, because it goes wherever the picture goes.

Looked for are rows of strokes as high as letters, near the film's border, brighter or darker than
what is around them. A letter or two alone are a side marker and no text. What is not found may be
there all the same: docs/reports.md says how often.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from kneeoa.films import display

SAID = (
    "The file says that text stands in its pixels. It goes wherever the picture goes: look whether "
    "it names the patient."
)
_LONGEST = 1500
"""Pixels of the longer side of what is looked at."""
_BORDER = 0.28
"""Share of height and width that counts as border, on each side."""
_CONTRAST = 55.0
"""Grey values of 255 by which a stroke stands out at least."""
_STROKE = 1 / 45
"""Width of the broadest stroke, as a share of the longer side."""
_LOWEST, _TALLEST = 6, 0.06
"""Pixels of a letter's height at least; at most this share of the longer side."""
_WIDEST = 1.6
"""Width of a letter over its height; what is wider holds several that touch."""
_MOST_TOUCHING = 25
_FILLED = (0.12, 0.85)
"""Share of its box that a letter fills."""
_THICKEST = 0.24
"""Half of a stroke's width over the height of its letter."""
_ALIKE = 1.7
"""Heights of two letters of a row, one over the other, at most."""
_GAP = 1.3
"""Distance of two letters of a row over their height, at most."""
_FEWEST = 4
"""Letters of a row; one or two are a marker, as may be three."""
_MOST_LETTERS = 3000
"""Candidates beyond which it is a texture and no text."""


@dataclass(frozen=True, slots=True)
class TextRegion:
    """Where text seems to stand, as shares of the film's height and width."""

    top: float
    left: float
    bottom: float
    right: float

    @property
    def where(self) -> str:
        """Its place in words, as ``upper left``."""
        rows = _third((self.top + self.bottom) / 2, ("upper", "", "lower"))
        columns = _third((self.left + self.right) / 2, ("left", "", "right"))
        if rows and columns:
            return f"{rows} {columns}"
        if rows:
            return {"upper": "at the top", "lower": "at the bottom"}[rows]
        return f"on the {columns}" if columns else "in the middle"


@dataclass(frozen=True, slots=True)
class _Letter:
    """Rows and columns of one or more letters that touch, and how many they may be."""

    top: int
    left: int
    bottom: int
    right: int
    count: int

    @property
    def height(self) -> int:
        return self.bottom - self.top


def warning(pixels: np.ndarray, burned_in: str = "") -> str:
    """Return what a reader must know of text in a film's pixels; empty where there seems none.

    Parameters
    ----------
    pixels : ``(H, W) float in [0, 255]``
    burned_in : the file's own BurnedInAnnotation, empty where it has none
    """
    if burned_in == "YES":
        return SAID
    if not (regions := text_regions(pixels)):
        return ""
    places = ", ".join(dict.fromkeys(region.where for region in regions))
    return (
        f"Text seems to stand in the picture itself ({places}). It goes wherever the picture goes: "
        "look whether it names the patient."
    )


def text_regions(pixels: np.ndarray) -> tuple[TextRegion, ...]:
    """Return where text seems to stand in a film ``(H, W) float in [0, 255]``, top first."""
    small = np.asarray(display.fit_within(np.asarray(pixels, np.float32), _LONGEST), np.float32)
    size = max(5, round(max(small.shape) * _STROKE) | 1)
    height, width = small.shape
    regions = set()
    for standing_out in (
        small - ndimage.grey_opening(small, size),
        ndimage.grey_closing(small, size) - small,
    ):
        strokes = _Strokes.of(standing_out > _CONTRAST)
        # Lying rows, and rows that run up or down.
        regions |= {_region(row, height, width) for row in _rows(_letters(strokes))}
        turned = _rows(_letters(strokes.turned()))
        regions |= {_turned(_region(row, width, height)) for row in turned}
    return tuple(
        sorted(filter(_is_at_border, regions), key=lambda region: (region.top, region.left))
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Strokes:
    """Connected strokes: one is where its number, from 1 on, stands in `labels`.

    Attributes
    ----------
    labels : ``(H, W) int``, 0 between strokes
    depth : ``(H, W) int``, pixels to the nearest one between strokes
    boxes : ``(N, 4) int``, top, left, bottom and right of each
    areas : ``(N,) int``, its pixels
    """

    labels: np.ndarray
    depth: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray

    @classmethod
    def of(cls, strokes: np.ndarray) -> "_Strokes":
        """Return the strokes of ``(H, W) bool``; those that touch at a corner are one."""
        labels, _ = ndimage.label(strokes, np.ones((3, 3)))
        places = ndimage.find_objects(labels)
        boxes = [(down.start, right.start, down.stop, right.stop) for down, right in places]
        return cls(
            labels,
            ndimage.distance_transform_cdt(strokes, "chessboard"),
            np.array(boxes, int).reshape(-1, 4),
            np.bincount(labels.ravel())[1:],
        )

    def turned(self) -> "_Strokes":
        """Return the same with rows and columns exchanged."""
        return _Strokes(self.labels.T, self.depth.T, self.boxes[:, [1, 0, 3, 2]], self.areas)


def _letters(strokes: _Strokes) -> list[_Letter]:
    """Return what may be letters among strokes."""
    tops, lefts, bottoms, rights = strokes.boxes.T
    heights, widths = bottoms - tops, rights - lefts
    tallest = max(_LOWEST, _TALLEST * max(strokes.labels.shape))
    filled = strokes.areas / (heights * widths)
    fits = (heights >= _LOWEST) & (heights <= tallest) & (widths <= _MOST_TOUCHING * heights)
    fits &= (filled >= _FILLED[0]) & (filled <= _FILLED[1])
    letters = []
    # The few that have the size of letters are looked at one by one.
    for number in np.flatnonzero(fits):
        top, left, bottom, right = (int(side) for side in strokes.boxes[number])
        height, width = bottom - top, right - left
        shape = strokes.labels[top:bottom, left:right] == number + 1
        if strokes.depth[top:bottom, left:right][shape].max() > _THICKEST * height + 1:
            continue
        several = 1
        if width > _WIDEST * height:
            several = _crossings(shape) // 2
            if several < width / (1.6 * height):
                continue  # a long edge, and no letters that touch
        letters.append(_Letter(top, left, bottom, right, max(1, several)))
    return letters if len(letters) <= _MOST_LETTERS else []


def _crossings(shape: np.ndarray) -> int:
    """Return how often the rows of a shape begin to be filled, in the median of the middle ones."""
    middle = shape[len(shape) // 4 : max(len(shape) // 4 + 1, 3 * len(shape) // 4)]
    starts = (np.diff(middle.astype(np.int8), axis=1, prepend=0) == 1).sum(axis=1)
    return int(np.median(starts))


def _rows(letters: Sequence[_Letter]) -> list[list[_Letter]]:
    """Return the rows that letters make, each with enough of them.

    A letter joins the first row of whose last three it stands beside one.
    """
    letters = sorted(letters, key=lambda letter: (letter.left, letter.top))
    sides = np.array(
        [(letter.top, letter.left, letter.bottom, letter.right) for letter in letters], float
    )
    rows: list[list[_Letter]] = []
    row_of, place_of = np.empty((2, len(letters)), int)
    lengths = np.empty(len(letters), int)
    for number, letter in enumerate(letters):
        before = np.flatnonzero(_are_beside(sides[:number], sides[number]))
        before = before[place_of[before] >= lengths[row_of[before]] - 3]
        row = int(row_of[before].min()) if before.size else len(rows)
        if row == len(rows):
            rows.append([])
        row_of[number], place_of[number] = row, len(rows[row])
        rows[row].append(letter)
        lengths[row] = len(rows[row])
    return [row for row in rows if sum(letter.count for letter in row) >= _FEWEST and _is_long(row)]


def _are_beside(before: np.ndarray, letter: np.ndarray) -> np.ndarray:
    """Return which of the letters ``(N, 4)`` may stand before a letter ``(4,)`` in one row.

    Each is given by top, left, bottom and right.
    """
    tops, _, bottoms, rights = before.T
    top, left, bottom, _ = letter
    heights, height = bottoms - tops, bottom - top
    taller, lower = np.maximum(heights, height), np.minimum(heights, height)
    shared = np.minimum(bottoms, bottom) - np.maximum(tops, top)
    gaps = left - rights
    return (
        (taller <= _ALIKE * lower)
        & (shared >= 0.6 * lower)
        & (gaps >= -0.3 * taller)
        & (gaps <= _GAP * taller)
    )


def _is_long(row: Sequence[_Letter]) -> bool:
    height = float(np.median([letter.height for letter in row]))
    return max(letter.right for letter in row) - min(letter.left for letter in row) >= 2 * height


def _region(row: Sequence[_Letter], height: int, width: int) -> TextRegion:
    return TextRegion(
        min(letter.top for letter in row) / height,
        min(letter.left for letter in row) / width,
        max(letter.bottom for letter in row) / height,
        max(letter.right for letter in row) / width,
    )


def _turned(region: TextRegion) -> TextRegion:
    return TextRegion(region.left, region.top, region.right, region.bottom)


def _is_at_border(region: TextRegion) -> bool:
    middle = (region.top + region.bottom) / 2, (region.left + region.right) / 2
    return any(not _BORDER <= share <= 1 - _BORDER for share in middle)


def _third(share: float, names: tuple[str, str, str]) -> str:
    return names[0] if share < _BORDER else names[2] if share > 1 - _BORDER else names[1]
