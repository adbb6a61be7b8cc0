"""Seams: where two films were joined, in one picture, to what looks like one.

Along a film, neighbouring rows are much alike, everywhere. At a seam they are not, over the whole
width, and what lies on either side is a picture of its own. The edge of a shutter is none: beyond
it there is no picture, or the same one, darker.
"""

import numpy as np

from kneeoa.graders.locating.looks import Window

_PARTS = 16
"""Parts of a row, or a column, whose means are compared: that takes off noise."""
_LEAST = 5
"""How many of them may differ less at a seam: an edge that goes over fewer of them is none."""
_APART = (1, 2, 4)
"""Rows from one side of a seam to the other: one in a film that was put together, more when that
was resampled, or has become unsharp."""
_MANY = 50
"""How many times as many rows there are: in fewer, a joint space is as narrow as a seam."""
_REACH = 16
"""Rows on each side where neighbours are compared, too: two blocks of JPEG, whose edges differ."""
_GREY = 1.0
"""Grey values by which rows differ anyhow."""
_TIMES, _TIMES_OVER_BAR = 3.5, 2.0
"""How many times as much as any near them rows differ at a seam, and over a bar. Of 1,664 films
without a seam all but one have at most 2.9, and 3.1 from side to side; with metal 2.1 and 1.9; a
drawn joint line 3.3. Of 120 pictures of two films above each other 114 have more. No film has a
bar."""
_ALIKE = 0.97
"""Correlation from which two rows are the same picture, be it darker."""
_LEAST_ROWS = 8
"""Rows that there are on either side of a seam at least."""
_SPREAD, _SPREAD_OVER = 8.0, 12
"""Standard deviation of grey values along a row, its median over some rows, below which there is no
picture."""
_OVER = 24
"""Rows over which something may lie that ends in straight edges, such as a screw."""
_GOES_ON = 0.35
"""Share of the difference at a seam that is left between one side and the best row of the other."""
_BLANK = 3.0
"""That of a row in a bar between two films."""
_BLENDED = 2
"""Rows beside a bar that resampling mixes with it."""
_ASIDE = 1.3
"""How many box widths wide a seam above or below is: the tray of a replaced knee is less."""
_END, _SIDE = 0.1, 0.15
"""Share of a film at its ends, and of a knee at its sides, in which no seam is looked for."""


def has_seam(pixels: np.ndarray, knee: Window) -> bool:
    """Return whether a film ``(H, W)`` in [0, 255] is joined, above, below or in a knee's box.

    From top to bottom of the film in the columns of `knee` and a little more; and from side to side
    within it: two knees beside each other may well have been put together.
    """
    height, width = pixels.shape
    aside = _clipped(knee.left - (_ASIDE - 1) / 2 * knee.width, _ASIDE * knee.width, width)
    top, bottom = _clipped(knee.top, knee.height, height)
    left, right = _clipped(knee.left, knee.width, width)
    if min(bottom - top, right - left) < 2 * _PARTS:
        return False
    return _is_joined(pixels[:, slice(*aside)], _END) or _is_joined(
        pixels[top:bottom, left:right].T, _SIDE
    )


def _clipped(corner: float, length: float, limit: int) -> tuple[int, int]:
    return max(0, round(corner)), min(limit, round(corner + length))


def _is_joined(strip: np.ndarray, end: float) -> bool:
    """Return whether there is a seam from side to side of a strip, not near its ends."""
    rows = _means(strip)
    ends = max(_LEAST_ROWS, round(end * len(rows)))
    near = [apart for apart in _APART if apart * _MANY <= len(rows)]
    return any(_seams(rows, apart, ends, _TIMES).any() for apart in near) or any(
        _seams(rows, below - above, ends, _TIMES_OVER_BAR)[above]
        for above, below in _bars(rows)
        if ends <= above < below < len(rows) - ends
    )


def _means(strip: np.ndarray) -> np.ndarray:
    """Return the means of the parts of each row, ``(rows, _PARTS)``."""
    edges = np.linspace(0, strip.shape[1], _PARTS + 1).round().astype(int)
    return np.add.reduceat(strip, edges[:-1], axis=1, dtype=np.float64) / np.diff(edges)


def _bars(rows: np.ndarray) -> list[tuple[int, int]]:
    """Return the row before and the row behind each bar of one grey value across the film."""
    blank = np.concatenate([[False], rows.std(axis=1) < _BLANK, [False]])
    ends = np.flatnonzero(blank[1:] != blank[:-1])
    return [
        (first - _BLENDED, last + _BLENDED - 1)
        for first, last in zip(ends[::2], ends[1::2], strict=True)
    ]


def _seams(rows: np.ndarray, apart: int, ends: int, times: float) -> np.ndarray:
    """Return above which rows a seam begins that ends `apart` rows below, ``(N - apart,) bool``."""
    count = len(rows) - apart
    differ = _differ(rows[:count], rows[apart:])
    are_seams = differ > times * (_most_near(differ, apart) + _GREY)
    are_seams[:ends] = are_seams[max(0, count - ends) :] = False
    for above in map(int, np.flatnonzero(are_seams)):
        are_seams[above] = _are_two_pictures(rows, above, above + apart)
    return are_seams


def _most_near(differ: np.ndarray, apart: int) -> np.ndarray:
    """Return the most that rows differ on either side, both of them on that side."""
    most = np.zeros(len(differ) + 2 * (_REACH + apart - 1))
    most[_REACH + apart - 1 :][: len(differ)] = differ
    for step in (1, 2, 4, 8):  # together `_REACH`
        most = np.maximum(most[step:], most[:-step])
    return np.maximum(most[: len(differ)], most[-len(differ) :])


def _are_two_pictures(rows: np.ndarray, above: int, below: int) -> bool:
    sides = (
        rows[max(0, above - _SPREAD_OVER) : above + 1],
        rows[below : below + _SPREAD_OVER],
    )
    if min(float(np.median(side.std(axis=1))) for side in sides) < _SPREAD:
        return False
    with np.errstate(invalid="ignore"):  # a row of one grey value is no picture
        if not np.corrcoef(rows[above], rows[below])[0, 1] < _ALIKE:
            return False
    # Behind a screw or a nail the picture goes on as it was before.
    at_once = _differ(rows[above], rows[below])
    later = (
        _differ(rows[above], rows[below : below + _OVER]),
        _differ(rows[below], rows[max(0, above - _OVER + 1) : above + 1]),
    )
    return min(differ.min() for differ in later) > _GOES_ON * at_once


def _differ(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return by how much rows ``(..., _PARTS)`` differ in all parts but a few."""
    return np.partition(np.abs(others - some), _LEAST, axis=-1)[..., _LEAST]
