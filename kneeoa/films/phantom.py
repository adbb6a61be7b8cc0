"""Synthetic anteroposterior knee radiographs, drawn from scratch: no patient is behind them.

They let anyone try the app without patient data, and they feed tests. Bones are outlines whose
thickness along the beam follows from the depth below the edge, so that cortical rims brighten as
they do on film; brightness is ``1 - exp(-attenuation)`` of the summed thicknesses. The knee and
the signs of each Kellgren-Lawrence grade come from `kneeoa.films.phantom_anatomy`. The drawings
illustrate the scale; they are not evidence of how well a grader does on real films.
"""

from operator import index

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from kneeoa.errors import ConfigError
from kneeoa.films.display import png
from kneeoa.films.phantom_anatomy import (
    FIBULA,
    LINES,
    PATELLA,
    SIGNS,
    Signs,
    close_up,
    joint_outlines,
    placement,
    spline,
    subchondral,
)
from kneeoa.grades import GRADES, KLGrade

MARK = "SYNTHETIC"
SMALLEST_SIDE, LARGEST_SIDE = 64, 2048
_SUPERSAMPLING = 2
_SHELL = 0.011
"""Thickness of a bone's compact shell, in fractions of the side."""
_DEMO_SIDE = 512
# A detector seldom fills its container: about twelve bits above an offset, in a 16-bit file.
_SIXTEEN_BIT_RANGE = (900, 4300)
_SIXTEEN_BIT_NAME = "synthetic-16bit.png"
DEMO_NAMES = (*(f"synthetic-kl{int(grade)}.png" for grade in GRADES), _SIXTEEN_BIT_NAME)
"""Films for the app's "try it" list: one 8-bit film a grade, and one of 16 bits."""
_ABOUT = {"Source": "Drawn by kneeoa: no patient is behind this picture"}
_TOLD = b"tEXt" + b"".join(b"\0".join((k.encode(), v.encode())) for k, v in _ABOUT.items())
_HEAD = 256
"""Bytes of a PNG in which its text stands, before the pixels."""


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


def demo_film(name: str) -> bytes:
    """Return the demo film `name` (one of `DEMO_NAMES`) as a PNG of 512 x 512 pixels, marked.

    The file says that it is drawn, see `is_drawn`. The 16-bit film is a left knee with values in
    900 to 4300 of the possible 0 to 65535.
    """
    if name not in DEMO_NAMES:
        raise ConfigError(f"Expected a demo film out of {', '.join(DEMO_NAMES)}. Received: {name}.")
    if name != _SIXTEEN_BIT_NAME:
        return knee_png(DEMO_NAMES.index(name), seed=0, told=True)
    darkest, brightest = _SIXTEEN_BIT_RANGE
    film = _film(KLGrade.MINIMAL, 1, _DEMO_SIDE, "L", True)
    return png(np.rint(darkest + (brightest - darkest) * film).astype(np.uint16), _ABOUT)


def knee_png(grade: KLGrade | int, *, seed: int, told: bool = False) -> bytes:
    """Return `draw_knee` as a PNG of 512 x 512 pixels, marked; `told`: it says that it is drawn."""
    return png(draw_knee(grade, seed=seed, side=_DEMO_SIDE), _ABOUT if told else {})


def is_drawn(data: bytes) -> bool:
    """Return whether a film's file says beside its pixels that it was drawn here."""
    return data.startswith(b"\x89PNG") and _TOLD in data[:_HEAD]


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
    film = _expose(*_attenuation(SIGNS[grade], side, anatomy), grain)
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
    signs: Signs, side: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Sum what the beam meets, and the spongy bone within it that carries texture.

    Returns
    -------
    tuple of np.ndarray
        Two ``(side, side) float32`` arrays, 0 or more: all tissue, and trabecular bone alone.
    """
    work = side * _SUPERSAMPLING
    place = placement(rng)
    femur, tibia = joint_outlines(signs, rng)
    exposure = rng.uniform(0.92, 1.08)

    femur_mask, femur_cortex, femur_spongy = _bone(place(femur), work)
    tibia_mask, tibia_cortex, tibia_spongy = _bone(place(tibia), work)
    _, fibula_cortex, fibula_spongy = _bone(place(spline(FIBULA)), work, rounding=0.07)
    _, patella_cortex, patella_spongy = _bone(place(spline(PATELLA)), work, rounding=0.15)

    x = (np.arange(work, dtype=np.float32) + 0.5) / work
    y = x[:, None]
    # The leg is wider than the crop, so the film darkens to its edges without an outline.
    reach = (x - 0.5) / (0.545 - 0.03 * y)
    soft = 0.56 * np.sqrt(np.clip(1.0 - reach**2, 0.004, None)) * (1.12 - 0.20 * y)

    lines = Image.new("F", (work, work))
    pen = ImageDraw.Draw(lines)
    shifted = {True: lambda p: close_up(p, signs), False: lambda p: p}
    for strength, width, points in LINES:
        curve = spline(np.array(points), closed=False)
        curve = place(shifted[points[0][1] > 0.6](curve)) * work
        pen.line(list(map(tuple, curve)), fill=strength, width=max(1, round(width * work)))
    bone_lines = _blurred(np.asarray(lines), 0.004 * work)

    spongy = (
        0.50 * femur_spongy + 0.46 * tibia_spongy * (1.15 - 0.25 * y)
        + 0.20 * fibula_spongy + 0.17 * patella_spongy
    )  # fmt: skip
    # Where worn bone ends touch, one plate stands for both: a sum would print a solid white bar.
    cortical = (
        1.45 * np.maximum(femur_cortex, tibia_cortex)
        + 0.90 * fibula_cortex + 0.30 * patella_cortex
    )  # fmt: skip
    dense = subchondral(femur_mask, tibia_mask, signs.sclerosis, x)
    total = exposure * (soft + spongy + cortical + dense + 1.7 * bone_lines)
    total = ndimage.gaussian_filter(total, 0.0022 * work)
    return _shrink(total), _shrink(spongy)


def _bone(
    outline: np.ndarray, size: int, *, rounding: float = 0.11
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thickness along the beam of a rounded bone: a compact shell around a spongy core.

    Parameters
    ----------
    outline : np.ndarray
        ``(n, 2)`` closed outline in fractions of the side.
    size : int
        Height and width of the result in pixels.
    rounding : float
        Radius of the rounded edge, in fractions of the side.

    Returns
    -------
    tuple of np.ndarray
        Three ``(size, size)`` arrays: inside or not (bool), shell and core (float32, 0 to 1).
    """
    canvas = Image.new("L", (size, size))
    ImageDraw.Draw(canvas).polygon(list(map(tuple, outline * size)), fill=1)
    mask = np.asarray(canvas).astype(bool)
    shells, cores = np.zeros((2, size, size), np.float32)
    # Outside there is nothing: confine all that is dear to the bone and a one-pixel margin.
    low = np.clip(np.floor(outline.min(axis=0) * size).astype(int) - 1, 0, size)
    high = np.clip(np.ceil(outline.max(axis=0) * size).astype(int) + 2, 0, size)
    box = np.s_[low[1] : high[1], low[0] : high[0]]
    depth = (ndimage.distance_transform_edt(mask[box]) / size).astype(np.float32)
    cores[box] = _chord(depth - _SHELL, rounding - _SHELL) * (rounding - _SHELL) / rounding
    shells[box] = _chord(depth, rounding) - cores[box]
    return mask, shells, cores


def _blurred(lines: np.ndarray, sigma: float) -> np.ndarray:
    """Blur ``(size, size) float32`` lines by `sigma` pixels; computed where any is near."""
    reach = int(5 * sigma) + 1  # further than the filter looks
    drawn = (np.flatnonzero(lines.any(axis=axis)) for axis in (1, 0))
    box = tuple(slice(max(0, at[0] - reach), at[-1] + 1 + reach) for at in drawn)
    blurred = np.zeros_like(lines)
    blurred[box] = ndimage.gaussian_filter(lines[box], sigma)
    return blurred


def _chord(depth: np.ndarray, radius: float) -> np.ndarray:
    """Relative thickness, 0 to 1, at a depth below the edge of a rod of that radius."""
    return np.sqrt(1.0 - (1.0 - np.clip(depth / radius, 0.0, 1.0)) ** 2)


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
