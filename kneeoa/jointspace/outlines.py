"""The edges of femur and tibia along the joint space, and where the tibia ends on both sides.

The joint space is a dark band between two bones. Its middle is found first, as one path across the
knee; from it the edges are looked for upwards and downwards, as the paths on which the film gets
brightest fastest. Each is the best of all paths, by dynamic programming.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from kneeoa.jointspace.patch import MARGIN
from kneeoa.jointspace.paths import along, at_rows, best_paths, refined

_ROWS = (0.42, 0.78)
"""Of the frame's height: where the joint space is looked for."""
_SEEN = (0.32, 0.92)
"""Of the frame's height: all that is looked at."""
_BANDS = (4, 7, 11)
"""Widths of a dark band that are tried, pixels of a patch."""
_FARTHEST = 22
"""Pixels of a patch from the middle of the joint space to an edge, at most."""
_STEP = 0.5
_DARKEST = 32.0
"""Grey values added before logarithms are taken: margins of the tibia may be nearly black."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """What was found in N pictures, in their pixels; the middle of the first pixel is at 0.5.

    Attributes
    ----------
    femur, tibia : (N, W) float, the row of each edge in each column
    femur_strength, tibia_strength : (N, W) float, grey values a pixel at the edge
    left, right : (N,) float, columns at which the tibia ends
    margin_strength : (N,) float, of the weaker of both ends, 1 is as the film's strongest
    """

    femur: np.ndarray
    tibia: np.ndarray
    femur_strength: np.ndarray
    tibia_strength: np.ndarray
    left: np.ndarray
    right: np.ndarray
    margin_strength: np.ndarray

    @property
    def tibia_width(self) -> np.ndarray:
        """Width of the tibia at its plateau, ``(N,) float`` pixels."""
        return self.right - self.left


def outlines_of(pictures: np.ndarray) -> Outlines:
    """Return the outlines in patches ``(N, H, W) float32``."""
    whole = pictures.shape[1] / (1 + 2 * MARGIN)
    start = round(whole * (MARGIN + _SEEN[0]))
    seen = pictures[:, start : round(whole * (MARGIN + _SEEN[1]))]
    rows = round(whole * (MARGIN + _ROWS[0])) - start, round(whole * (MARGIN + _ROWS[1])) - start
    middle = _middle(seen, rows)
    (femur, above), (tibia, below) = _edges(seen, middle)
    left, right, strength = _margins(seen, middle)
    shift = start + 0.5
    return Outlines(femur + shift, tibia + shift, above, below, left, right, strength)


def _middle(seen: np.ndarray, rows: tuple[int, int]) -> np.ndarray:
    """Return the rows of the joint space's middle, ``(N, W) float``: the best dark path."""
    low, high = rows
    dark = _darkness(seen)[:, low:high]
    strong = np.percentile(dark, 97, axis=(1, 2), keepdims=True)
    away = np.linspace(-1, 1, high - low)[None, :, None] ** 2
    scores = np.clip(dark / (strong + 1e-6), -0.5, 1) - 0.15 * away
    path = best_paths(scores, steepest=2, cost=0.10) + low
    return ndimage.gaussian_filter1d(path.astype(np.float32), 2.5, axis=1)


def _darkness(seen: np.ndarray) -> np.ndarray:
    """Return by how much a band is darker than the brighter bands on both sides of it."""
    smooth = ndimage.gaussian_filter1d(seen, 3, axis=2)
    best = np.zeros_like(seen)
    for width in _BANDS:
        band = ndimage.uniform_filter1d(smooth, width, axis=1)
        apart = round(1.3 * width)
        sides = np.minimum(np.roll(band, apart, axis=1), np.roll(band, -apart, axis=1))
        np.maximum(best, sides - band, out=best)
    return best


def _edges(seen: np.ndarray, middle: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return rows and strength of the edge above `middle`, and of that below it."""
    across = ndimage.gaussian_filter1d(seen, 2.0, axis=2)
    rise = ndimage.gaussian_filter1d(across, 1.3, axis=1, order=1)
    edges = []
    for way in (-1, 1):
        offsets = way * np.arange(-2, _FARTHEST + _STEP / 2, _STEP)
        strength = np.maximum(way * along(rise, middle, offsets), 0)
        # By what is strong around: one bone's edge fades where the other's does not.
        strong = ndimage.uniform_filter1d(strength.max(axis=1), 31, axis=1)[:, None]
        scores = np.clip(strength / (strong + 1e-6), 0, 1.2)
        scores -= 0.006 * np.abs(offsets)[None, :, None]
        rows = best_paths(scores, steepest=2, cost=0.25)
        place = offsets[0] + way * _STEP * refined(strength, rows)
        edges.append((middle + place, at_rows(strength, rows)))
    return edges


def _margins(seen: np.ndarray, middle: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the columns at which the tibia ends, below its plateau, and how clearly."""
    width = seen.shape[2]
    whole = width / (1 + 2 * MARGIN)

    def column(share: float) -> int:
        return round(whole * (MARGIN + share))

    # A straight line through both compartments, whatever the joint does between them.
    left_row, right_row = (
        np.median(middle[:, column(share - 0.1) : column(share + 0.1)], axis=1)
        for share in (0.25, 0.75)
    )
    shares = (np.arange(width) - column(0.25)) / (column(0.75) - column(0.25))
    line = left_row[:, None] + (right_row - left_row)[:, None] * shares
    offsets = np.arange(round(0.03 * whole), round(0.11 * whole)).astype(float)
    smooth = ndimage.gaussian_filter1d(np.log(np.maximum(seen, 0) + _DARKEST), 1.0, axis=1)
    rise = ndimage.gaussian_filter1d(smooth, 1.5, axis=2, order=1)
    below = along(rise, line, offsets)
    ends, strengths = [], []
    for way, low, high in ((1, -0.05, 0.33), (-1, 0.67, 1.05)):
        strength = np.maximum(way * below[:, :, column(low) : column(high)], 0)
        strong = np.percentile(strength.max(axis=2), 50, axis=1)[:, None, None]
        scores = np.swapaxes(np.clip(strength / (strong + 1e-6), 0, 1.2), 1, 2)
        path = best_paths(scores, steepest=1, cost=0.10)
        near = slice(0, round(0.05 * whole))
        ends.append(column(low) + np.median(path[:, near], axis=1) + 0.5)
        strengths.append(at_rows(scores, path)[:, near].mean(axis=1))
    return ends[0], ends[1], np.minimum(*strengths)
