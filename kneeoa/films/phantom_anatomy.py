"""The anatomy behind `kneeoa.films.phantom`: a knee's outlines, and what each grade does to them.

Written once, for a right knee seen as films are viewed (fibula on the image's left), in fractions
of the film's side: x to the right, y down. The signs of each grade follow Kellgren and Lawrence
(Ann Rheum Dis 16, 1957, 494-502).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kneeoa.grades import KLGrade


@dataclass(frozen=True, slots=True)
class Signs:
    """Radiographic signs of one grade; lengths are fractions of the film's side."""

    medial_gap: float
    lateral_gap: float
    osteophyte: float
    sclerosis: float  # added attenuation at the medial joint surface
    flattening: float  # 0 round medial condyle, 1 worn flat


SIGNS = {
    KLGrade.NONE: Signs(0.050, 0.050, 0.0, 0.0, 0.0),
    KLGrade.DOUBTFUL: Signs(0.041, 0.047, 0.007, 0.03, 0.0),
    KLGrade.MINIMAL: Signs(0.033, 0.044, 0.026, 0.08, 0.0),
    KLGrade.MODERATE: Signs(0.019, 0.040, 0.036, 0.34, 0.35),
    KLGrade.SEVERE: Signs(-0.003, 0.043, 0.054, 0.60, 1.0),
}

# Where the joint space is set, and the space that the outlines below have as written.
LATERAL_X, MEDIAL_X, _DRAWN_GAP = 0.24, 0.77, 0.050

_FEMUR = np.array([
    (0.25, -0.15), (0.235, 0.0), (0.18, 0.09), (0.10, 0.17), (0.065, 0.25), (0.075, 0.34),
    (0.083, 0.40), (0.07, 0.47), (0.085, 0.535), (0.145, 0.573), (0.24, 0.583), (0.33, 0.565),
    (0.40, 0.520), (0.45, 0.475), (0.505, 0.458), (0.56, 0.480), (0.61, 0.530), (0.68, 0.578),
    (0.77, 0.598), (0.865, 0.590), (0.925, 0.545), (0.935, 0.46), (0.922, 0.38), (0.94, 0.28),
    (0.915, 0.19), (0.845, 0.09), (0.80, 0.0), (0.785, -0.15),
])  # fmt: skip
_TIBIA = np.array([
    (0.24, 1.15), (0.22, 1.0), (0.175, 0.90), (0.118, 0.80), (0.088, 0.72), (0.075, 0.66),
    (0.105, 0.630), (0.17, 0.632), (0.24, 0.633), (0.32, 0.625), (0.39, 0.602), (0.44, 0.556),
    (0.475, 0.578), (0.515, 0.580), (0.555, 0.545), (0.60, 0.590), (0.66, 0.634), (0.72, 0.647),
    (0.77, 0.649), (0.84, 0.645), (0.905, 0.640), (0.932, 0.665), (0.915, 0.74), (0.875, 0.83),
    (0.825, 0.92), (0.80, 1.0), (0.785, 1.15),
])  # fmt: skip
FIBULA = np.array([
    (0.06, 1.20), (0.05, 1.08), (0.015, 0.98), (0.008, 0.90), (0.035, 0.835), (0.085, 0.80),
    (0.115, 0.785), (0.155, 0.815), (0.195, 0.87), (0.205, 0.94), (0.185, 1.04), (0.18, 1.20),
])  # fmt: skip
PATELLA = np.array([
    (0.30, 0.17), (0.36, 0.06), (0.47, 0.025), (0.58, 0.06), (0.64, 0.17), (0.61, 0.28),
    (0.54, 0.35), (0.475, 0.375), (0.40, 0.345), (0.335, 0.275),
])  # fmt: skip

# Margins that grow spurs: (bone, site, direction of growth, share of the grade's osteophyte).
_SPURS = (
    ("tibia", (0.930, 0.655), (1.0, -0.35), 1.0),
    ("femur", (0.928, 0.550), (1.0, 0.45), 0.9),
    ("tibia", (0.080, 0.645), (-1.0, -0.30), 0.75),
    ("femur", (0.080, 0.530), (-1.0, 0.45), 0.65),
    ("tibia", (0.555, 0.545), (0.1, -1.0), 0.40),
    ("tibia", (0.440, 0.556), (-0.1, -1.0), 0.30),
)

# Lines inside the bones that make a film read as a knee: (strength, width, points).
LINES = (
    (0.14, 0.008, ((0.405, 0.515), (0.395, 0.44), (0.405, 0.36), (0.43, 0.31))),  # notch walls
    (0.14, 0.008, ((0.605, 0.525), (0.615, 0.44), (0.605, 0.36), (0.58, 0.31))),
    (0.09, 0.007, ((0.43, 0.31), (0.505, 0.285), (0.58, 0.31))),  # roof of the notch
    (0.09, 0.007, ((0.09, 0.285), (0.25, 0.315), (0.40, 0.300))),  # physeal scars
    (0.09, 0.007, ((0.60, 0.300), (0.76, 0.320), (0.92, 0.285))),
    (0.11, 0.007, ((0.15, 0.765), (0.32, 0.735), (0.50, 0.750), (0.68, 0.745), (0.86, 0.775))),
    (0.13, 0.007, ((0.10, 0.655), (0.22, 0.672), (0.35, 0.655), (0.43, 0.615))),  # posterior rims
    (0.13, 0.007, ((0.58, 0.620), (0.67, 0.667), (0.79, 0.682), (0.91, 0.665))),
)


def placement(rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    """Choose how the patient lies: a function that moves ``(n, 2)`` points slightly."""
    scale = rng.uniform(0.965, 1.0)
    tilt = np.deg2rad(rng.uniform(-1.5, 1.5))
    shift = np.array([0.5, 0.55]) + rng.uniform(-0.012, 0.012, 2)
    turn = scale * np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    phase = rng.uniform(0, 2 * np.pi, 4)
    # One bend for all bones: shapes differ between seeds while the joint space stays as set.
    sway = 0.007

    def place(points: np.ndarray) -> np.ndarray:
        u, v = 2 * np.pi * points.T
        bend = np.stack([
            np.sin(v + phase[0]) + 0.5 * np.sin(2 * v + phase[1]),
            np.sin(u + phase[2]) + 0.5 * np.sin(2 * u + phase[3]),
        ], axis=1)  # fmt: skip
        return (points + sway * bend - [0.5, 0.55]) @ turn + shift

    return place


def joint_outlines(signs: Signs, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Femur and tibia as ``(n, 2)`` closed outlines in fractions of the side, with the signs."""
    femur = _FEMUR.copy()
    # A worn condyle loses its curve: its low points come level with one another.
    worn = (np.abs(femur[:, 0] - MEDIAL_X) < 0.12) & (femur[:, 1] > 0.56)
    femur[worn, 1] += signs.flattening * (0.595 - femur[worn, 1])
    tibia = close_up(_TIBIA, signs)
    outlines = {"femur": spline(femur), "tibia": spline(tibia)}
    for bone, site, direction, share in _SPURS:
        place = np.array([site])
        place = (close_up(place, signs) if bone == "tibia" else place)[0]
        growth = signs.osteophyte * share * rng.uniform(0.85, 1.15)
        outline = outlines[bone]
        distance = np.hypot(*(outline - place).T)
        bump = growth * np.exp(-((distance / 0.036) ** 3))
        outlines[bone] = outline + bump[:, None] * np.array(direction)
    return outlines["femur"], outlines["tibia"]


def close_up(points: np.ndarray, signs: Signs) -> np.ndarray:
    """Raise ``(n, 2)`` tibial points to the grade's joint space; unequal loss tilts: varus."""
    slope = (signs.medial_gap - signs.lateral_gap) / (MEDIAL_X - LATERAL_X)
    gap = signs.lateral_gap + slope * (points[:, 0] - LATERAL_X)
    return points + np.stack([np.zeros(len(points)), gap - _DRAWN_GAP], axis=1)


def spline(points: np.ndarray, *, closed: bool = True) -> np.ndarray:
    """Catmull-Rom curve through ``(n, 2)`` points, as ``(m, 2)`` points."""
    if not closed:
        points = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, 12, endpoint=False)[:, None, None]
    before, start, end, after = (np.roll(points, shift, axis=0) for shift in (1, 0, -1, -2))
    curve = 0.5 * (
        2 * start + (end - before) * t + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )  # fmt: skip
    if not closed:
        curve = curve[:, 1:-2]
    return curve.transpose(1, 0, 2).reshape(-1, 2)


def subchondral(
    femur: np.ndarray, tibia: np.ndarray, sclerosis: float, x: np.ndarray
) -> np.ndarray:
    """Dense bone at the joint surfaces: the normal thin plate, and sclerosis, mostly medial.

    ``femur`` and ``tibia`` are ``(size, size)`` bool, ``x`` is ``(size,)`` in 0 to 1. The result
    is ``(size, size) float32`` attenuation.
    """
    size = len(x)
    rows = np.arange(size, dtype=np.float32)[:, None]
    below_plateau = (rows - tibia.argmax(axis=0).astype(np.float32)) / size
    above_condyle = (size - 1 - femur[::-1].argmax(axis=0).astype(np.float32) - rows) / size
    medial = np.exp(-(((x - MEDIAL_X) / 0.16) ** 4))
    lateral = np.exp(-(((x - LATERAL_X) / 0.15) ** 4))
    load = medial + 0.25 * lateral
    bands = np.zeros((size, size), np.float32)
    for bone, depth, share in ((tibia, below_plateau, 1.0), (femur, above_condyle, 0.6)):
        plate = 0.30 * share * (medial + 0.8 * lateral) * np.exp(-((depth / 0.012) ** 2))
        band = sclerosis * share * load * np.exp(-((depth / 0.062) ** 2))
        bands = np.maximum(bands, np.where(bone, plate + band, 0.0))
    return bands
