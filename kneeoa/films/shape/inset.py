"""A film within a picture: on a page, a slide or a screen, among other things.

What it lies on has one grey value nearly everywhere; lettering on it is thin, a film is not.
"""

import numpy as np
from scipy import ndimage

_LONGEST = 192
"""Pixels of the longer side of what is looked at."""
_LEAST_GROUND = 0.15
"""Share of a picture that its most common grey value, and those near it, have at least."""
_NEAR = 10
"""Grey values of 255 by which what a film lies on differs from that at most."""
_THIN = 7
"""Pixels of what is looked at that lettering, lines and buttons have at most, one way."""
_FILLED, _LEAST, _MOST = 0.75, 0.03, 0.85
"""Share of its box that a film fills, and least and largest share of a picture that is one."""
_AROUND = 0.4
"""Share of what lies around a film that its ground has at least: else it is another film."""
_LEAST_FILM = 64
"""Pixels along each side of a film."""


def film_within(pixels: np.ndarray) -> tuple[slice, slice] | None:
    """Return rows and columns of the largest film that lies in a picture ``(H, W)``, or None.

    Grey values are in [0, 255]. None is there where the picture lies on nothing, or is all film.
    """
    step = max(1, -(-max(pixels.shape) // _LONGEST))
    height, width = (length // step * step for length in pixels.shape)
    blocks = pixels[:height, :width].reshape(height // step, step, width // step, step)
    counts = np.bincount(pixels[::step, ::step].astype(np.uint8).ravel(), minlength=256)
    near = np.convolve(counts, np.ones(2 * _NEAR + 1), "same")
    if not counts.size or near.max() < _LEAST_GROUND * counts.sum():
        return None
    ground = float(np.argmax(counts))
    is_off = (np.abs(blocks - ground) > _NEAR).mean(axis=(1, 3)) > 0.5
    thick = ndimage.binary_opening(is_off, np.ones((_THIN, _THIN)))
    labels, _ = ndimage.label(thick)
    areas = np.bincount(labels.ravel())[1:]
    if not areas.size:
        return None
    rows, columns = ndimage.find_objects(labels)[int(np.argmax(areas))]
    box = (rows.stop - rows.start) * (columns.stop - columns.start)
    if areas.max() < _FILLED * box or not _LEAST <= box / labels.size <= _MOST:
        return None
    around = ~is_off
    around[rows, columns] = False
    if around.sum() < _AROUND * (labels.size - box):
        return None
    film = (
        slice(rows.start * step, rows.stop * step),
        slice(columns.start * step, columns.stop * step),
    )
    return film if min(side.stop - side.start for side in film) >= _LEAST_FILM else None
