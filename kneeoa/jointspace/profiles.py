"""A second way to measure a joint space, which shares nothing with the first but its zones.

In strips of a compartment the film's brightness from top to bottom has a valley between two bones.
Its width is taken where the brightness is half-way between the valley and the bone on each side. No
gradient, no path and nothing of the neighbouring strips is used. It serves to validate the first
way, and to refuse films on which the two are far apart.
"""

from itertools import pairwise

import numpy as np
from scipy import ndimage

from kneeoa.jointspace.minimum import LEFT, RIGHT, zone_columns
from kneeoa.jointspace.outlines import Outlines
from kneeoa.jointspace.patch import MARGIN

STRIPS = 7
_ROWS = (0.42, 0.78)
_REACH = 0.09
"""Of the frame's height: how far from the valley the bone on each side is brightest, at most."""


def widths(image: np.ndarray, outlines: Outlines) -> dict[str, float]:
    """Return the minimum width on the left and right of the picture, in tibial widths.

    `image` is a patch's ``(H, W) float32``; of `outlines`, whose first picture it is, the ends of
    the tibia are used alone. NaN where most strips of a compartment have no valley.
    """
    tibia = float(outlines.tibia_width[0])
    return {
        side: _narrowest(image, *(float(end[0]) for end in zone_columns(outlines, side))) / tibia
        for side in (LEFT, RIGHT)
    }


def _narrowest(image: np.ndarray, first: float, last: float) -> float:
    borders = np.linspace(first, last, STRIPS + 1)
    middles = (borders[1:] + borders[:-1]) / 2
    valleys = [
        _valley(image[:, round(start) : max(round(end), round(start) + 1)].mean(axis=1))
        for start, end in pairwise(borders)
    ]
    upper, lower = (np.array(ends, float) for ends in zip(*valleys, strict=True))
    is_found = np.isfinite(upper)
    if is_found.sum() < STRIPS // 2 + 1:
        return np.nan
    # Perpendicular to the tibia, as straight as it is in a compartment.
    slope = np.polyfit(middles[is_found], lower[is_found], 1)[0]
    heights = ndimage.median_filter((lower - upper)[is_found], 3, mode="nearest")
    return float(heights.min() * np.cos(np.arctan(slope)))


def _valley(profile: np.ndarray) -> tuple[float, float]:
    """Return the rows at half height above and below the deepest valley, or NaN twice."""
    whole = len(profile) / (1 + 2 * MARGIN)
    low, high = (round(whole * (MARGIN + share)) for share in _ROWS)
    reach = 2 * round(_REACH * whole / 2) + 1
    smooth = ndimage.gaussian_filter1d(profile.astype(float), 1.0)
    # Odd, since a window that ends at a row must have as many rows on either side of its middle.
    above = ndimage.maximum_filter1d(smooth, reach, origin=reach // 2)
    below = ndimage.maximum_filter1d(smooth, reach, origin=-(reach // 2))
    depth = (np.minimum(above, below) - smooth)[low:high]
    if depth.max() <= 0:
        return np.nan, np.nan
    bottom = low + int(depth.argmax())
    return (
        _half(smooth, bottom, (above[bottom] + smooth[bottom]) / 2, -1),
        _half(smooth, bottom, (below[bottom] + smooth[bottom]) / 2, 1),
    )


def _half(profile: np.ndarray, bottom: int, level: float, way: int) -> float:
    """Return the row at which the profile first reaches `level`, from `bottom` on one way."""
    row = bottom
    while 0 < row < len(profile) - 1:
        following = row + way
        if profile[following] >= level:
            rise = profile[following] - profile[row]
            return row + way * (level - profile[row]) / rise + 0.5
        row = following
    return np.nan
