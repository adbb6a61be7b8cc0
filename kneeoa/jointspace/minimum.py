"""The narrowest place of each compartment, between two outlines."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from kneeoa.jointspace.outlines import Outlines

LEFT, RIGHT = "left", "right"
ZONE = (0.10, 0.29)
"""Where a compartment is measured, in shares of the tibia's width from its end: inside of spurs at
the margin, outside of the spines."""
_SMOOTH = 2.0
_FINE = 0.25
"""Columns between points of the tibia's outline."""
_PLACES = 72
"""Points of the femur's outline in a zone."""
_RUN = 5
"""Points over which a distance is averaged: one point is not the narrowest place."""


@dataclass(frozen=True, slots=True, eq=False)
class Narrowest:
    """Of N pictures, in their pixels.

    Attributes
    ----------
    width : (N,) float, the shortest distance from the femur to the tibia
    femur, tibia : (N, 2) float, its ends (x, y)
    strength : (N,) float, grey values a pixel at the weaker edge; a fifth of the zone has less
    """

    width: np.ndarray
    femur: np.ndarray
    tibia: np.ndarray
    strength: np.ndarray


def zone_columns(outlines: Outlines, side: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns between which the compartment on a side of the picture is measured."""
    near, far = (share * outlines.tibia_width for share in ZONE)
    if side == LEFT:
        return outlines.left + near, outlines.left + far
    return outlines.right - far, outlines.right - near


def narrowest(outlines: Outlines, side: str) -> Narrowest:
    """Return the narrowest place of the compartment on the `side` of the picture."""
    femur = ndimage.gaussian_filter1d(outlines.femur, _SMOOTH, axis=1)
    tibia = ndimage.gaussian_filter1d(outlines.tibia, _SMOOTH, axis=1)
    first, last = zone_columns(outlines, side)
    parts = [_shortest(*each) for each in zip(femur, tibia, first, last, strict=True)]
    width, upper, lower = (np.array(part) for part in zip(*parts, strict=True))
    strength = np.minimum(
        _low_between(outlines.femur_strength, first, last),
        _low_between(outlines.tibia_strength, first, last),
    )
    return Narrowest(width, upper, lower, strength)


def _shortest(
    femur: np.ndarray, tibia: np.ndarray, first: float, last: float
) -> tuple[float, tuple[float, float], tuple[float, float]]:
    """Return the shortest distance in one picture, and its ends."""
    columns = np.arange(len(femur)) + 0.5
    x = np.linspace(first, last, _PLACES)
    y = np.interp(x, columns, femur)
    # The nearest point of the tibia may lie beside the zone where the joint line rises.
    reach = 0.25 * (last - first)
    u = np.arange(first - reach, last + reach, _FINE)
    v = np.interp(u, columns, tibia)
    # Edges that touch or cross: no distance.
    apart = np.hypot(u[None] - x[:, None], np.maximum(v[None] - y[:, None], 0))
    nearest = apart.argmin(axis=1)
    distances = ndimage.uniform_filter1d(apart[np.arange(len(x)), nearest], _RUN)
    place = int(distances[_RUN // 2 : -(_RUN // 2)].argmin()) + _RUN // 2
    end = nearest[place]
    return distances[place], (x[place], y[place]), (u[end], v[end])


def _low_between(values: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    columns = np.arange(values.shape[1]) + 0.5
    inside = (columns >= first[:, None]) & (columns <= last[:, None])
    return np.nanpercentile(np.where(inside, values, np.nan), 20, axis=1)
