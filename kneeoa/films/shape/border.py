"""An even border around a film, as screenshots, prints and shutters leave it: not to be graded.

The leg of a frontal knee leaves the film above and below, so that only a border is of one grey
value along all four edges. None of 6,604 training and validation knees nor of 326 films of other
hospitals has one, by twice this tolerance.

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

    Borders of several grey values may lie inside each other; in a lossy file (`is_lossy`) what is
    next to the film is uneven, as JPEG leaves it. 0 everywhere where any edge is not even, or where
    too little would be left.
    """
    height, width = pixels.shape
    top, right, bottom, left = NO_BORDER
    for _ in range(_MOST_BORDERS):
        part = pixels[top : height - bottom, left : width - right]
        depths = _depths(part)
        if depths is None:
            break
        rims = _rims(part, depths) if is_lossy else NO_BORDER
        top, right, bottom, left = (
            sum(three) for three in zip((top, right, bottom, left), depths, rims, strict=True)
        )
    if min(height - top - bottom, width - left - right) < _LEAST_FILM:
        return NO_BORDER
    return top, right, bottom, left


def _depths(part: np.ndarray) -> Border | None:
    """Return how deep one border is at each edge; None where there is none, or nothing else."""
    if min(part.shape) < _LEAST_FILM:
        return None
    value = np.median(part[0])
    edges = (part[0], part[-1], part[:, 0], part[:, -1])
    if any(np.abs(edge - value).max() > _EVEN for edge in edges):
        return None
    other = np.abs(part - value) > _EVEN
    rows, columns = (np.flatnonzero(other.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    height, width = part.shape
    return (
        int(rows[0]),
        width - 1 - int(columns[-1]),
        height - 1 - int(rows[-1]),
        int(columns[0]),
    )


def _rims(part: np.ndarray, depths: Border) -> Border:
    """Return how many rows and columns inside of a border are it, too, made uneven by a JPEG."""
    value, (height, width) = np.median(part[0]), part.shape
    top, right, bottom, left = depths
    film = np.abs(part[top : height - bottom, left : width - right] - value)
    if min(film.shape) < _LEAST_FILM:
        return NO_BORDER
    first, last, before, behind = film, film[::-1], film.T, film.T[::-1]
    return _rim(first), _rim(behind), _rim(last), _rim(before)


def _rim(off: np.ndarray) -> int:
    """Return how many of the first rows are a border's, by how far off it their pixels are."""
    near = off[:_BLOCK]
    is_border = (np.median(near, axis=1) <= _MOSTLY) & (near.max(axis=1) <= _AT_MOST)
    return int(np.argmin([*is_border, False]))
