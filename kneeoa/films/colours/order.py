"""Whether the samples of a pixel stand beside each other or in planes: told by a film."""

import numpy as np

from kneeoa.films.colours.kinds import is_luma_by_change, some_of

_ALIKE = 0.97
"""Correlation of the colours of a film, which is grey or evenly tinted, at least; thirds of a film
below each other, which planes would be otherwise, have far less."""


def in_order(colour: np.ndarray, *, behind: bool) -> np.ndarray:
    """Return ``(H, W, 3)`` samples in the order in which they are one film, if in one of two.

    PlanarConfiguration says whether colours stand behind each other (`behind`), and may be wrong.
    """
    height, width, count = colour.shape
    if behind:
        other = colour.transpose(2, 0, 1).reshape(height, width, count)
        beside, planes = other, colour
    else:
        other = colour.reshape(count, height, width).transpose(1, 2, 0)
        beside, planes = colour, other
    # First, because what lies beside each other in a plane is alike, too.
    if is_of_a_film(planes):
        return planes
    return beside if is_of_a_film(beside) else colour


def is_of_a_film(colour: np.ndarray) -> bool:
    """Return whether ``(H, W, 3)`` samples are one grey or tinted film, in RGB or in luma."""
    some = some_of(colour).reshape(-1, colour.shape[2]).astype(np.float64)
    spreads = some.std(axis=0)
    if not spreads[0] > 0:
        return False
    if is_luma_by_change(colour):
        return True
    return bool(spreads.all() and np.atleast_2d(np.corrcoef(some.T))[0, 1:].min() > _ALIKE)
