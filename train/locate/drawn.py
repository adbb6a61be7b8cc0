"""Drawn pictures that are no frontal knees: lateral and skyline views, and what is no film at all.

Real lateral knees are few, and all have implants; a drawn one has none. So that drawing does not
come to mean "lateral", drawn frontal knees (`kneeoa.films.phantom`) are shown, too.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

SIDE = 224


Place = np.ndarray | Sequence[float]
"""x and y, in [-1, 1]."""


def lateral(rng: np.random.Generator) -> np.ndarray:
    """Return a knee seen from the side, ``(224, 224) uint8``: shafts at an angle, patella in front.

    Thickness along the beam follows from the depth below the edge, as in `kneeoa.films.phantom`.
    """
    bend = np.radians(rng.uniform(0, 80))
    back = np.array([-np.sin(bend), np.cos(bend)])  # along the tibia, away from the joint
    joint = np.array([rng.normal(0, 0.08), rng.normal(0, 0.08)])
    radius = rng.uniform(0.26, 0.36)
    bones = []
    shaft = rng.uniform(0.13, 0.2)
    front = rng.uniform(0.02, 0.12)
    bones.append(_capsule(_from(joint, front, -0.1), _from(joint, front + 0.05, -2.5), shaft))
    for offset in (rng.normal(0, 0.03, 2), rng.normal(0, 0.05, 2)):  # both condyles, overlapping
        bones.append(_ellipse(joint + offset, radius * rng.uniform(1, 1.2), radius, bend / 2))
    top = joint + back * (radius * rng.uniform(0.95, 1.1))
    across = np.array([np.cos(bend), np.sin(bend)])
    bones.append(_tapered(top, top + back * 0.35, across, rng.uniform(0.32, 0.4), shaft * 1.1))
    bones.append(_capsule(top + back * 0.2, top + back * 2.5, shaft * rng.uniform(0.85, 1.05)))
    fibula = top + back * 0.25 - across * rng.uniform(0.18, 0.3)
    bones.append(_capsule(fibula, fibula + back * 2, shaft * 0.35))
    angle = rng.uniform(-0.5, 0.5) + bend / 2
    before = np.array([np.cos(angle), np.sin(angle) - 0.3]) * radius * rng.uniform(1.3, 1.6)
    bones.append(_ellipse(joint + before, rng.uniform(0.09, 0.13), rng.uniform(0.18, 0.25), angle))
    flesh = [
        _capsule(joint, _from(joint, 0, -2.5), rng.uniform(0.45, 0.7)),
        _capsule(joint, joint + back * 2.5, rng.uniform(0.4, 0.6)),
        _ellipse(_from(joint, 0.05, 0), rng.uniform(0.5, 0.65), rng.uniform(0.5, 0.65), 0),
    ]
    return _exposed(bones, flesh, rng)


def skyline(rng: np.random.Generator) -> np.ndarray:
    """Return a patella above the groove of the femur, ``(224, 224) uint8``."""
    y = rng.uniform(-0.1, 0.4)
    apart = rng.uniform(0.25, 0.4)
    bones = [
        _ellipse(np.array([s * apart, y + 0.3]), rng.uniform(0.35, 0.45), rng.uniform(0.3, 0.5), 0)
        for s in (-1, 1)
    ]
    bones.append(_tapered([0, y + 0.25], [0, y + 1.5], np.array([1.0, 0]), apart + 0.3, apart))
    bones.append(_ellipse([rng.normal(0, 0.1), y - 0.35], rng.uniform(0.3, 0.45), 0.17, 0))
    flesh = [_ellipse([0, y + 0.3], rng.uniform(0.8, 1.2), rng.uniform(0.9, 1.2), 0)]
    return _exposed(bones, flesh, rng)


def no_film(rng: np.random.Generator) -> np.ndarray:
    """Return noise, a gradient, stripes, shapes or text: ``(224, 224) uint8``."""
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    kind = rng.integers(6)
    angle = rng.uniform(0, np.pi)
    along = x * np.cos(angle) + y * np.sin(angle)
    if kind == 0:
        image = ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), rng.uniform(0, 12))
    elif kind == 1:
        image = along if rng.random() < 0.5 else -np.hypot(x - along.mean(), y) * rng.uniform(1, 2)
    elif kind == 2:
        image = np.sin(along * rng.uniform(3, 60)) + rng.integers(2) * np.sin(x * 9)
    elif kind == 3:
        image = np.zeros((SIDE, SIDE))
        for _ in range(rng.integers(1, 12)):
            cx, cy, a, b = rng.uniform(-1, 1, 2).tolist() + rng.uniform(0.05, 0.6, 2).tolist()
            round_one = rng.random() < 0.5
            inside = np.hypot((x - cx) / a, (y - cy) / b) < 1
            inside = inside if round_one else (np.abs(x - cx) < a) & (np.abs(y - cy) < b)
            image[inside] += rng.normal()
    elif kind == 4:
        return _text(rng)
    else:
        cells = rng.integers(2, 24)
        image = rng.standard_normal((cells, cells)).repeat(SIDE // cells + 1, 0)
        image = image.repeat(SIDE // cells + 1, 1)[:SIDE, :SIDE]
    image = image - image.min()
    return np.rint(image / max(image.max(), 1e-6) * 255).astype(np.uint8)


def shuffled(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the pieces of an image ``(224, 224)`` in another order."""
    cut = rng.choice([2, 4, 7, 8])
    size = SIDE // cut
    pieces = image.reshape(cut, size, cut, size).swapaxes(1, 2).reshape(-1, size, size)
    pieces = pieces[rng.permutation(len(pieces))]
    return pieces.reshape(cut, cut, size, size).swapaxes(1, 2).reshape(SIDE, SIDE)


def _text(rng: np.random.Generator) -> np.ndarray:
    paper = Image.new("L", (SIDE, SIDE), 255)
    pen, size = ImageDraw.Draw(paper), float(rng.uniform(8, 40))
    font = ImageFont.load_default(size)
    for row in np.arange(4, SIDE, size * rng.uniform(1.1, 1.8)):
        letters = rng.choice(list("abcdefghiklmnoprstuwz  ATR0123456789.,"), 40)
        pen.text((4, row), "".join(letters), fill=int(rng.integers(0, 90)), font=font)
    image = np.asarray(paper)
    return 255 - image if rng.random() < 0.3 else image


def _exposed(
    bones: Sequence[np.ndarray], flesh: Sequence[np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """Return brightness of the summed thickness of outlines in [-1, 1] coordinates."""
    thickness = np.zeros((SIDE, SIDE))
    for outlines, density in ((flesh, rng.uniform(0.2, 0.6)), (bones, rng.uniform(0.8, 2.0))):
        for outline in outlines:
            depth = ndimage.distance_transform_edt(_filled(outline)) / SIDE * 2
            reach = max(depth.max(), 1e-6)
            thickness += density * np.sqrt(np.clip(2 * reach * depth - depth**2, 0, None))
            # The cortex.
            if outlines is bones:
                thickness += 0.15 * density * np.exp(-depth / 0.03) * (depth > 0)
    grain = ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), rng.uniform(0.7, 3))
    thickness *= 1 + rng.uniform(0, 0.3) * grain
    thickness = ndimage.gaussian_filter(thickness, rng.uniform(0.5, 1.5))
    image = 1 - np.exp(-np.clip(thickness, 0, None) * rng.uniform(0.8, 2.5))
    if rng.random() < 0.5:
        image = image[:, ::-1]
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _filled(outline: np.ndarray) -> np.ndarray:
    canvas = Image.new("1", (SIDE, SIDE))
    points = (np.asarray(outline) + 1) * (SIDE / 2)
    ImageDraw.Draw(canvas).polygon([tuple(point) for point in points], fill=1)
    return np.asarray(canvas)


def _ellipse(centre: Place, a: float, b: float, angle: float) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, 60)
    x, y = a * np.cos(turn), b * np.sin(turn)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=1) + centre


def _from(place: np.ndarray, across: float, down: float) -> np.ndarray:
    return place + np.array([across, down])


def _capsule(start: Place, end: Place, radius: float) -> np.ndarray:
    start, end = np.asarray(start, float), np.asarray(end, float)
    along = (end - start) / np.linalg.norm(end - start)
    return _tapered(start, end, np.array([-along[1], along[0]]), radius, radius)


def _tapered(
    start: Place, end: Place, across: np.ndarray, half_start: float, half_end: float
) -> np.ndarray:
    start, end = np.asarray(start, float), np.asarray(end, float)
    return np.stack(
        [
            start - across * half_start,
            start + across * half_start,
            end + across * half_end,
            end - across * half_end,
        ]
    )
