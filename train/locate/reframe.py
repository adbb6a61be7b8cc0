"""Training crops -> films around them: what was cut away is imagined.

Beyond the crop the shafts go on, narrowing; the other leg is another knee, mirrored at the middle
between both; soft tissue ends at the leg's outline. That is enough for a localiser, which must know
where the crop ended and not what was there.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from train.locate.geometry import Geometry, between, per_image, world

_LEVELS = 3


def pyramid(images: np.ndarray) -> list[np.ndarray]:
    """Return ``(N, S, S) uint8`` images at full, half and quarter size."""
    levels = [np.ascontiguousarray(images)]
    while len(levels) < _LEVELS:
        last = levels[-1]
        count, side, _ = last.shape
        blocks = last.reshape(count, side // 2, 2, side // 2, 2)
        levels.append(np.rint(blocks.mean(axis=(2, 4), dtype=np.float32)).astype(np.uint8))
    return levels


def film_around(
    levels: list[np.ndarray],
    index: np.ndarray,
    other: np.ndarray,
    geometry: Geometry,
    side: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return letterboxed films ``(N, side, side) float32`` in [0, 1], what is film, and x, y.

    `index` and `other` name the first and the second knee's image in `levels`; x and y are those
    of `geometry.world`.
    """
    count = len(geometry)
    x, y, film = world(geometry, side)
    right, down = x * per_image(geometry.side), y
    fold = per_image(geometry.fold)
    beyond = right > fold
    with np.errstate(invalid="ignore"):
        right = np.where(beyond, 2 * fold - right, right)
    down = np.where(beyond, down - per_image(geometry.shift), down)
    flip = np.where(rng.random(count) < 0.5, -1, 1)
    across, rows = _into_crop(right * per_image(flip * geometry.side), down, rng)
    which = np.where(beyond, np.asarray(other)[:, None, None], np.asarray(index)[:, None, None])
    image = _sample(levels, which, across, rows, geometry, side) / 255
    return _outlined(image, right, down, fold, rng), film, (x, y)


def _into_crop(
    x: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return where in the crop what lies at x, y is taken from: the shaft narrows and repeats."""
    count = len(x)
    over = np.maximum(np.abs(y) - 1, 0)
    narrow = between(rng, 0.25, 0.6, count)
    x = x / (1 - narrow * np.minimum(over / between(rng, 0.5, 1.2, count), 1))
    ripple = 0.03 * np.sin(over * 20 + between(rng, 0, 6, count))
    back = np.clip(1 - between(rng, 0, 0.25, count) * over + ripple, 0.5, 0.995)
    y = np.where(over > 0, np.sign(y) * back, y)
    aside = np.maximum(np.abs(x) - 1, 0)
    return np.where(aside > 0, np.sign(x) * np.clip(1 - 0.15 * aside, 0.75, 0.995), x), y


def _sample(
    levels: Sequence[np.ndarray],
    which: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    geometry: Geometry,
    side: int,
) -> np.ndarray:
    """Bilinear, from the level whose pixels are about as large as the letterbox's."""
    full = levels[0].shape[-1]
    step = full / side / np.minimum(*geometry.scale)
    chosen = np.clip(np.floor(np.log2(np.maximum(step / 1.6, 1)) + 1), 0, _LEVELS - 1)
    chosen = np.where(step <= 1.6, 0, chosen).astype(int)
    image = np.empty(x.shape, np.float32)
    for level in np.unique(chosen):
        some = chosen == level
        image[some] = _bilinear(levels[level], which[some], x[some], y[some])
    return image


def _bilinear(images: np.ndarray, which: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    size = images.shape[-1]
    column, row = (np.clip((v + 1) * (size / 2) - 0.5, 0, size - 1.001) for v in (x, y))
    left, top = column.astype(np.int32), row.astype(np.int32)
    a, b = column - left.astype(np.float32), row - top.astype(np.float32)
    flat = images.reshape(-1)
    at = (which.astype(np.int64) * size + top) * size + left
    upper = flat[at] * (1 - a) + flat[at + 1] * a
    at += size
    lower = flat[at] * (1 - a) + flat[at + 1] * a
    return upper * (1 - b) + lower * b


def _outlined(
    image: np.ndarray, x: np.ndarray, y: np.ndarray, fold: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Let the leg end in air: at its outline, and in some films between both knees."""
    count = len(image)
    soft = between(rng, 0.02, 0.15, count)
    slope = per_image(rng.normal(0, 0.1, count))
    outer = between(rng, 0.95, 2.2, count)
    air = expit((-x - outer - slope * y) / soft)
    with np.errstate(invalid="ignore"):
        inner = np.where(np.isinf(fold), between(rng, 0.95, 2.2, count), 99)
        air += expit((x - inner + slope * y) / soft)
        gap = between(rng, 0, 0.3, count) * per_image(rng.random(count) < 0.6)
        gap_air = expit((gap - (fold - x)) / np.minimum(soft, 0.05))
    air += np.where(np.isinf(fold) | (gap == 0), 0, gap_air)
    air = np.minimum(air, 1) * per_image(rng.random(count) < 0.7)
    dark = image.min(axis=(1, 2), keepdims=True).clip(max=0.3) * between(rng, 0, 1, count)
    return image * (1 - air) + dark * air
