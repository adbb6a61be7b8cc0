"""Synthetic anteroposterior knee radiographs, drawn from scratch: no patient is behind them.

They let anyone try the app without patient data, and they feed tests. Bones are outlines whose
thickness along the beam follows from the depth below the edge, so that cortical rims brighten as
they do on film; brightness is ``1 - exp(-attenuation)`` of the summed thicknesses. The signs of
each Kellgren-Lawrence grade (Ann Rheum Dis 16, 1957, 494-502) are dialled in by `_SIGNS`. The
drawings illustrate the scale; they are not evidence of how well a grader does on real films.

Anatomy is written once, for a right knee seen as films are viewed (fibula on the image's left),
in fractions of the side: x to the right, y down. A left knee is the mirror image.
"""

import io
from dataclasses import dataclass
from operator import index

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from kneeoa.errors import ConfigError
from kneeoa.grades import GRADES, KLGrade

MARK = "SYNTHETIC"
SMALLEST_SIDE, LARGEST_SIDE = 64, 2048
_SUPERSAMPLING = 2
_DEMO_SIDE = 512
# A detector seldom fills its container: about twelve bits above an offset, in a 16-bit file.
_SIXTEEN_BIT_RANGE = (900, 4300)


@dataclass(frozen=True, slots=True)
class _Signs:
    """Radiographic signs of one grade; lengths are fractions of the film's side."""

    medial_gap: float
    lateral_gap: float
    osteophyte: float
    sclerosis: float  # added attenuation at the medial joint surface
    flattening: float  # 0 round medial condyle, 1 worn flat


_SIGNS = {
    KLGrade.NONE: _Signs(0.050, 0.050, 0.0, 0.0, 0.0),
    KLGrade.DOUBTFUL: _Signs(0.041, 0.047, 0.007, 0.03, 0.0),
    KLGrade.MINIMAL: _Signs(0.033, 0.044, 0.026, 0.08, 0.0),
    KLGrade.MODERATE: _Signs(0.019, 0.040, 0.036, 0.34, 0.35),
    KLGrade.SEVERE: _Signs(-0.003, 0.043, 0.054, 0.60, 1.0),
}

# Where the joint space is set, and the space that the outlines below have as written.
_LATERAL_X, _MEDIAL_X, _DRAWN_GAP = 0.24, 0.77, 0.050

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
_FIBULA = np.array([
    (0.06, 1.20), (0.05, 1.08), (0.015, 0.98), (0.008, 0.90), (0.035, 0.835), (0.085, 0.80),
    (0.115, 0.785), (0.155, 0.815), (0.195, 0.87), (0.205, 0.94), (0.185, 1.04), (0.18, 1.20),
])  # fmt: skip
_PATELLA = np.array([
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
_LINES = (
    (0.14, 0.008, ((0.405, 0.515), (0.395, 0.44), (0.405, 0.36), (0.43, 0.31))),  # notch walls
    (0.14, 0.008, ((0.605, 0.525), (0.615, 0.44), (0.605, 0.36), (0.58, 0.31))),
    (0.09, 0.007, ((0.43, 0.31), (0.505, 0.285), (0.58, 0.31))),  # roof of the notch
    (0.09, 0.007, ((0.09, 0.285), (0.25, 0.315), (0.40, 0.300))),  # physeal scars
    (0.09, 0.007, ((0.60, 0.300), (0.76, 0.320), (0.92, 0.285))),
    (0.11, 0.007, ((0.15, 0.765), (0.32, 0.735), (0.50, 0.750), (0.68, 0.745), (0.86, 0.775))),
    (0.13, 0.007, ((0.10, 0.655), (0.22, 0.672), (0.35, 0.655), (0.43, 0.615))),  # posterior rims
    (0.13, 0.007, ((0.58, 0.620), (0.67, 0.667), (0.79, 0.682), (0.91, 0.665))),
)


def draw_knee(
    grade: KLGrade | int,
    *,
    seed: int = 0,
    side: int = 224,
    laterality: str = "R",
    marked: bool = True,
) -> np.ndarray:
    """Draw a synthetic anteroposterior knee film, framed as the graders' training crops are.

    Parameters
    ----------
    grade : KLGrade or int
        Kellgren-Lawrence grade to show, 0 to 4.
    seed : int
        The imagined patient and exposure, 0 or more. Grades of one seed are one knee getting worse.
    side : int
        Height and width in pixels, 64 to 2048.
    laterality : {"R", "L"}
        Right: the fibula is on the image's left. Left: its mirror image.
    marked : bool
        Print the word SYNTHETIC and the side in the lower medial corner.

    Returns
    -------
    np.ndarray
        ``(side, side) uint8``, 0 to 255, bright where dense.

    Raises
    ------
    ConfigError
        If an option has a value that cannot be drawn.
    """
    return np.rint(255.0 * _film(grade, seed, side, laterality, marked)).astype(np.uint8)


def demo_films() -> dict[str, bytes]:
    """Films for the app's "try it" list.

    Returns
    -------
    dict[str, bytes]
        File name to PNG bytes, each 512 x 512 pixels and marked: ``synthetic-kl0.png`` to
        ``synthetic-kl4.png`` (8-bit grey) and ``synthetic-16bit.png`` (16-bit grey, a left knee,
        with values in 900 to 4300 of the possible 0 to 65535).
    """
    films = {
        f"synthetic-kl{int(grade)}.png": _png(draw_knee(grade, side=_DEMO_SIDE)) for grade in GRADES
    }
    darkest, brightest = _SIXTEEN_BIT_RANGE
    film = _film(KLGrade.MINIMAL, 1, _DEMO_SIDE, "L", True)
    counts = np.rint(darkest + (brightest - darkest) * film).astype(np.uint16)
    return films | {"synthetic-16bit.png": _png(counts)}


def _png(pixels: np.ndarray) -> bytes:
    """Encode ``(H, W)`` uint8 or uint16 grey levels losslessly."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def _film(grade: KLGrade | int, seed: int, side: int, laterality: str, marked: bool) -> np.ndarray:
    """Check the options and render ``(side, side) float32`` in 0 to 1, bright where dense."""
    try:
        grade = KLGrade(grade)
    except ValueError:
        raise ConfigError(
            f"Expected a Kellgren-Lawrence grade from 0 to 4. Received: {grade!r}."
        ) from None
    if laterality not in ("R", "L"):
        raise ConfigError(f"Expected laterality 'R' or 'L'. Received: {laterality!r}.")
    side = _whole_number("side", side, SMALLEST_SIDE, LARGEST_SIDE)
    seed = _whole_number("seed", seed, 0, 2**63 - 1)

    # Two streams, so that the anatomy of a seed is the same at every grade and size.
    anatomy, grain = (np.random.default_rng([seed, stream]) for stream in (0, 1))
    film = _expose(*_attenuation(_SIGNS[grade], side, anatomy), grain)
    if laterality == "L":
        film = film[:, ::-1].copy()
    return _mark(film, laterality) if marked else film


def _whole_number(name: str, value: int, low: int, high: int) -> int:
    """``value`` as an int, or a `ConfigError` that names the option and its range."""
    try:
        number = index(value)
    except TypeError:
        number = low - 1
    if not low <= number <= high:
        raise ConfigError(
            f"Expected {name} to be a whole number from {low} to {high}. Received: {value!r}."
        )
    return number


def _attenuation(
    signs: _Signs, side: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Sum what the beam meets, and the spongy bone within it that carries texture.

    Returns
    -------
    tuple of np.ndarray
        Two ``(side, side) float32`` arrays, 0 or more: all tissue, and trabecular bone alone.
    """
    work = side * _SUPERSAMPLING
    place = _placement(rng)
    femur, tibia = _joint_outlines(signs, rng)
    exposure = rng.uniform(0.92, 1.08)

    femur_mask, femur_cortex, femur_spongy = _bone(place(femur), work)
    tibia_mask, tibia_cortex, tibia_spongy = _bone(place(tibia), work)
    _, fibula_cortex, fibula_spongy = _bone(place(_spline(_FIBULA)), work, rounding=0.07)
    _, patella_cortex, patella_spongy = _bone(place(_spline(_PATELLA)), work, rounding=0.15)

    x = (np.arange(work, dtype=np.float32) + 0.5) / work
    y = x[:, None]
    # The leg is wider than the crop, so the film darkens to its edges without an outline.
    reach = (x - 0.5) / (0.545 - 0.03 * y)
    soft = 0.56 * np.sqrt(np.clip(1.0 - reach**2, 0.004, None)) * (1.12 - 0.20 * y)

    lines = Image.new("F", (work, work))
    pen = ImageDraw.Draw(lines)
    shifted = {True: lambda p: _close_up(p, signs), False: lambda p: p}
    for strength, width, points in _LINES:
        curve = _spline(np.array(points), closed=False)
        curve = place(shifted[points[0][1] > 0.6](curve)) * work
        pen.line(list(map(tuple, curve)), fill=strength, width=max(1, round(width * work)))
    bone_lines = ndimage.gaussian_filter(np.asarray(lines), 0.004 * work)

    spongy = (
        0.50 * femur_spongy + 0.46 * tibia_spongy * (1.15 - 0.25 * y)
        + 0.20 * fibula_spongy + 0.17 * patella_spongy
    )  # fmt: skip
    # Where worn bone ends touch, one plate stands for both: a sum would print a solid white bar.
    cortical = (
        1.45 * np.maximum(femur_cortex, tibia_cortex)
        + 0.90 * fibula_cortex + 0.30 * patella_cortex
    )  # fmt: skip
    dense = _subchondral(femur_mask, tibia_mask, signs.sclerosis, x)
    total = exposure * (soft + spongy + cortical + dense + 1.7 * bone_lines)
    total = ndimage.gaussian_filter(total, 0.0022 * work)
    return _shrink(total), _shrink(spongy)


def _placement(rng: np.random.Generator):
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


def _joint_outlines(signs: _Signs, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Femur and tibia as ``(n, 2)`` closed outlines in fractions of the side, with the signs."""
    femur = _FEMUR.copy()
    # A worn condyle loses its curve: its low points come level with one another.
    worn = (np.abs(femur[:, 0] - _MEDIAL_X) < 0.12) & (femur[:, 1] > 0.56)
    femur[worn, 1] += signs.flattening * (0.595 - femur[worn, 1])
    tibia = _close_up(_TIBIA, signs)
    outlines = {"femur": _spline(femur), "tibia": _spline(tibia)}
    for bone, site, direction, share in _SPURS:
        site = np.array([site])
        site = (_close_up(site, signs) if bone == "tibia" else site)[0]
        growth = signs.osteophyte * share * rng.uniform(0.85, 1.15)
        outline = outlines[bone]
        distance = np.hypot(*(outline - site).T)
        bump = growth * np.exp(-((distance / 0.036) ** 3))
        outlines[bone] = outline + bump[:, None] * np.array(direction)
    return outlines["femur"], outlines["tibia"]


def _close_up(points: np.ndarray, signs: _Signs) -> np.ndarray:
    """Raise ``(n, 2)`` tibial points to the grade's joint space; unequal loss tilts: varus."""
    slope = (signs.medial_gap - signs.lateral_gap) / (_MEDIAL_X - _LATERAL_X)
    gap = signs.lateral_gap + slope * (points[:, 0] - _LATERAL_X)
    return points + np.stack([np.zeros(len(points)), gap - _DRAWN_GAP], axis=1)


def _spline(points: np.ndarray, *, closed: bool = True, steps: int = 12) -> np.ndarray:
    """Catmull-Rom curve through ``(n, 2)`` points, as ``(m, 2)`` points."""
    if not closed:
        points = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None, None]
    before, start, end, after = (np.roll(points, shift, axis=0) for shift in (1, 0, -1, -2))
    curve = 0.5 * (
        2 * start + (end - before) * t + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )  # fmt: skip
    if not closed:
        curve = curve[:, 1:-2]
    return curve.transpose(1, 0, 2).reshape(-1, 2)


def _bone(
    outline: np.ndarray, size: int, *, rounding: float = 0.11, shell: float = 0.011
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thickness along the beam of a rounded bone: a compact shell around a spongy core.

    Parameters
    ----------
    outline : np.ndarray
        ``(n, 2)`` closed outline in fractions of the side.
    size : int
        Height and width of the result in pixels.
    rounding, shell : float
        Radius of the rounded edge and thickness of the shell, in fractions of the side.

    Returns
    -------
    tuple of np.ndarray
        Three ``(size, size)`` arrays: inside or not (bool), shell and core (float32, 0 to 1).
    """
    canvas = Image.new("L", (size, size))
    ImageDraw.Draw(canvas).polygon(list(map(tuple, outline * size)), fill=1)
    mask = np.asarray(canvas).astype(bool)
    depth = np.zeros((size, size), np.float32)
    # The distance transform is the dear step: confine it to the bone and a one-pixel margin.
    low = np.clip(np.floor(outline.min(axis=0) * size).astype(int) - 1, 0, size)
    high = np.clip(np.ceil(outline.max(axis=0) * size).astype(int) + 2, 0, size)
    box = np.s_[low[1] : high[1], low[0] : high[0]]
    depth[box] = ndimage.distance_transform_edt(mask[box]) / size
    whole = _chord(depth, rounding)
    core = _chord(depth - shell, rounding - shell) * (rounding - shell) / rounding
    return mask, whole - core, core


def _chord(depth: np.ndarray, radius: float) -> np.ndarray:
    """Relative thickness, 0 to 1, at a depth below the edge of a rod of that radius."""
    return np.sqrt(1.0 - (1.0 - np.clip(depth / radius, 0.0, 1.0)) ** 2)


def _subchondral(
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
    medial = np.exp(-(((x - _MEDIAL_X) / 0.16) ** 4))
    lateral = np.exp(-(((x - _LATERAL_X) / 0.15) ** 4))
    load = medial + 0.25 * lateral
    bands = np.zeros((size, size), np.float32)
    for bone, depth, share in ((tibia, below_plateau, 1.0), (femur, above_condyle, 0.6)):
        plate = 0.30 * share * (medial + 0.8 * lateral) * np.exp(-((depth / 0.012) ** 2))
        band = sclerosis * share * load * np.exp(-((depth / 0.062) ** 2))
        bands = np.maximum(bands, np.where(bone, plate + band, 0.0))
    return bands


def _expose(total: np.ndarray, spongy: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add trabeculae and photon noise to ``(side, side)`` attenuations; brightness in 0 to 1."""
    side = len(total)
    unit = side / 224

    def grain(down: float, across: float) -> np.ndarray:
        field = ndimage.gaussian_filter(
            rng.standard_normal((side, side), dtype=np.float32), (down, across)
        )
        return field / field.std()

    # Trabeculae run mostly along the load, so the texture is stretched vertically.
    trabeculae = grain(2.4 * unit, 0.55 * unit) + 0.7 * grain(0.7 * unit, 0.7 * unit)
    patches = grain(9 * unit, 7 * unit)
    total = total + spongy * (0.055 * trabeculae + 0.055 * patches)
    # Counts are Poisson: the fewer photons come through, the noisier their logarithm.
    total = total + 0.016 * np.exp(0.5 * total) * grain(0.45, 0.45)
    # A window as on a film reader's screen: air and fat go dark, dense bone nears white.
    return np.clip(1.22 * (1.0 - np.exp(-total)) - 0.08, 0.0, 1.0)


def _mark(film: np.ndarray, laterality: str) -> np.ndarray:
    """Print the mark in the lower medial corner of ``(side, side)`` float brightness."""
    side = len(film)
    font = ImageFont.load_default(size=max(8, round(0.055 * side)))
    text = f"{MARK} {laterality}"
    left, top, right, bottom = font.getbbox(text)
    pad = max(2, round(0.014 * side))
    label = Image.new("L", (int(right - left) + 2 * pad, int(bottom - top) + 2 * pad))
    ImageDraw.Draw(label).text((pad - left, pad - top), text, fill=255, font=font)
    ink = np.asarray(label)[:side, :side] / 255.0
    height, width = ink.shape
    edge = max(1, round(0.012 * side))
    start = side - edge - width if laterality == "R" else edge
    start = max(start, 0)
    corner = np.s_[side - edge - height : side - edge, start : start + width]
    marked = film.copy()
    # On a darkened plate the word reads on any bone behind it.
    marked[corner] = 0.35 * film[corner] * (1.0 - ink) + ink
    return marked


def _shrink(image: np.ndarray) -> np.ndarray:
    """Average ``(s * n, s * n)`` work pixels to ``(n, n)`` film pixels."""
    side = len(image) // _SUPERSAMPLING
    return image.reshape(side, _SUPERSAMPLING, side, _SUPERSAMPLING).mean(axis=(1, 3))
