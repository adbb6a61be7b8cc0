"""An even border around a film, as screenshots, prints and shutters leave it: not to be graded.

The leg of a frontal knee leaves the film above and below, so that an edge of one grey value is a
border there, whatever the others are. None of 6,604 training and validation knees and four of 330
films of other hospitals have one, by twice this tolerance. On the left and right it may be air,
which a film ends in at another place in every row: a border ends in a straight line. Dark ones,
as air is, must be two alike, or go on around the corner.

Air may be cut with it: where shutters lie above and below, and the air at the sides is as black as
they are, nothing tells air from border, and the film is taken to reach to the skin. In 66 answers
to films made so the probability that changed most did so by 0.027 in the median and 0.18 at most,
and two grades changed.
"""

import numpy as np

Border = tuple[int, int, int, int]
"""Pixels above, to the right, below and to the left."""
NO_BORDER: Border = (0, 0, 0, 0)
_EVEN = 3
"""Grey values of 255 by which a border's pixels differ at most from their median."""
_DARK = 64
"""Grey values up to which a side may be air."""
_STRAIGHT, _CLEARLY_STRAIGHT = 0.5, 0.7
"""Share of the rows in which the film begins where its border ends, on one side, and on each of two
dark ones without a border above or below: of 330 films of other hospitals six have 0.5 on a side
of air or shutters, two of them 0.7, and none on both."""
_STRAIGHT_OF_LEG = 0.3
"""The same of the columns, above and below a leg, which is narrower than its film: a leg that lies
has dark air there, which ends in a bow."""
_THINNEST = 4
"""Pixels of a border that is not at all edges: a validation film has one column of bright air."""
_OFF_LINE = 2
"""Pixels by which that place differs at most."""
_SMALL = 0.1
"""Share of the picture's shorter side: what is less high or wide, beside the film, is lettering."""
_CELLS = 128
"""Cells along a side by which what belongs together is found."""
_BLOCK = 8
_MOSTLY, _AT_MOST = 8, 64
"""Pixels of a JPEG's blocks: so near to the film a border is uneven in one; and by how many grey
values half of the pixels in such a row, and all of them, are off at most. A rim of two to six rows
of these, left around 52 answers to 26 films, changed 16 of them."""
_MOST_BORDERS = 4
"""A window's frame may lie around a page, and that around a shutter."""
_LEAST_FILM = 64
"""Pixels along each side that must be left."""


def even_border(pixels: np.ndarray, *, is_lossy: bool = False) -> Border:
    """Return how far a border of one grey value reaches in from each edge of ``(H, W)`` pixels.

    Borders of several grey values may lie inside each other, and hold lettering; in a lossy file
    (`is_lossy`) what is next to the film is uneven, as JPEG leaves it. 0 where an edge is none, and
    everywhere where too little would be left.
    """
    height, width = pixels.shape
    border = NO_BORDER
    for _ in range(_MOST_BORDERS):
        top, right, bottom, left = border
        part = pixels[top : height - bottom, left : width - right]
        depths = _depths(part, is_lossy)
        if depths == NO_BORDER:
            break
        rims = _rims(part, depths) if is_lossy else NO_BORDER
        top, right, bottom, left = (sum(three) for three in zip(border, depths, rims, strict=True))
        border = top, right, bottom, left
    top, right, bottom, left = border
    if min(height - top - bottom, width - left - right) < _LEAST_FILM:
        return NO_BORDER
    return border


def _depths(part: np.ndarray, is_lossy: bool) -> Border:
    """Return how deep one border of one value is at each edge; 0 where there is none."""
    if min(part.shape) < _LEAST_FILM:
        return NO_BORDER
    edges = _edges(part)
    values = [float(np.median(edge)) for edge in edges]
    is_even = [
        np.abs(edge - value).max() <= _EVEN for edge, value in zip(edges, values, strict=True)
    ]
    for value in dict.fromkeys(v for v, even in zip(values, is_even, strict=True) if even):
        at = [
            bool(even and abs(other - value) <= _EVEN)
            for other, even in zip(values, is_even, strict=True)
        ]
        depths = _depths_of(part, value, at, is_lossy)
        if depths != NO_BORDER:
            return depths
    return NO_BORDER


def _depths_of(part: np.ndarray, value: float, at: list[bool], is_lossy: bool) -> Border:
    """Return how deep a border of `value` is at each edge; `at` says which have that value."""
    film = np.abs(part - value) > _EVEN
    if not film.any():
        return NO_BORDER
    if not (at[0] or at[2] or (at[1] and at[3]) or value > _DARK):
        return NO_BORDER
    rows, columns = _without_lettering(film)
    height, width = film.shape
    depths = (rows.start, width - columns.stop, height - rows.stop, columns.start)
    if not all(at):
        inside = film[rows, columns]
        off_line = _OFF_LINE + _BLOCK * (is_lossy and value > _DARK)
        views = (inside.T, inside[:, ::-1], inside[::-1].T, inside)
        straight = [float(view[:, : off_line + 1].any(axis=1).mean()) for view in views]
        thick = [edge and depth >= _THINNEST for edge, depth in zip(at, depths, strict=True)]
        at = _are_borders(straight, thick, is_dark=value <= _DARK)
    top, right, bottom, left = (
        depth if is_there else 0 for depth, is_there in zip(depths, at, strict=True)
    )
    return top, right, bottom, left


def _are_borders(straight: list[float], at: list[bool], *, is_dark: bool) -> list[bool]:
    """Return at which edges a border is, where it is not at all of them.

    `at` are the edges that have its value, `straight` in which share of the lines across each edge
    the film begins where the border ends.
    """
    least = _STRAIGHT_OF_LEG if is_dark else 0
    above, below = (at[place] and straight[place] >= least for place in (0, 2))
    if is_dark and not (above or below):
        both = at[1] and at[3] and min(straight[1], straight[3]) >= _CLEARLY_STRAIGHT
        return [False, both, False, both]
    right, left = (at[place] and straight[place] >= _STRAIGHT for place in (1, 3))
    return [above, right, below, left]


def _without_lettering(film: np.ndarray) -> tuple[slice, slice]:
    """Return the rows and columns in which a film differs from a border, ``(H, W) bool``."""
    from scipy.ndimage import find_objects, label

    cell = max(1, max(film.shape) // _CELLS)
    height, width = (-(-length // cell) for length in film.shape)
    padded = np.zeros((height * cell, width * cell), bool)
    padded[: film.shape[0], : film.shape[1]] = film
    cells = padded.reshape(height, cell, width, cell).any(axis=(1, 3))
    places, _ = label(cells, np.ones((3, 3)))
    objects = find_objects(places)
    least = _SMALL * min(film.shape) / cell
    large = [place for place in objects if min(s.stop - s.start for s in place) > least]
    kept = np.zeros_like(film)
    for rows, columns in large or objects:
        place = tuple(slice(s.start * cell, s.stop * cell) for s in (rows, columns))
        kept[place] = film[place]
    rows, columns = (np.flatnonzero(kept.any(axis=axis)) for axis in (1, 0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _rims(part: np.ndarray, depths: Border) -> Border:
    """Return how many rows and columns inside of a border are it, too, made uneven by a JPEG."""
    edges = zip(_edges(part), depths, strict=True)
    value = np.median(next(edge for edge, depth in edges if depth))
    height, width = part.shape
    top, right, bottom, left = depths
    film = np.abs(part[top : height - bottom, left : width - right] - value)
    if min(film.shape) < _LEAST_FILM:
        return NO_BORDER
    first, last, before, behind = film, film[::-1], film.T, film.T[::-1]
    lines = (first, behind, last, before)
    top, right, bottom, left = (
        _rim(some) if depth else 0 for some, depth in zip(lines, depths, strict=True)
    )
    return top, right, bottom, left


def _edges(part: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the pixels along each edge, in the order of `Border`."""
    return part[0], part[:, -1], part[-1], part[:, 0]


def _rim(off: np.ndarray) -> int:
    """Return how many of the first rows are a border's, by how far off it their pixels are."""
    near = off[:_BLOCK]
    is_border = (np.median(near, axis=1) <= _MOSTLY) & (near.max(axis=1) <= _AT_MOST)
    return int(np.argmin([*is_border, False]))
