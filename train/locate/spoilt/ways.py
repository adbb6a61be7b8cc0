"""Knees made into pictures that no grade may be given for, though they look much like knees.

Every way takes an image ``(H, W) float32`` in [0, 255], another knee of the same shape and a
generator, and returns the spoilt image. Each spoils so much that the grade no longer rests on what
the film showed: what changes less is left out of training, as neither intact nor spoilt.
"""

from collections.abc import Callable

import numpy as np
from scipy import ndimage, signal

from train.locate.spoilt import two_knees
from train.locate.spoilt.places import bent, place, soft_box, spread_out

Way = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]

_TRIES, _ALIKE = 20, 0.8
"""How often grey values are changed anew until the joint correlates less than this with what it
was, or with its negative."""
_BY_COLUMNS = 0.3


def painted(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return it with something else where the joint was: a patch, with grain, or more shaft."""
    height = len(image)
    top, bottom = (round(height * rng.uniform(*part)) for part in ((0.2, 0.42), (0.58, 0.8)))
    way = rng.integers(4)
    band = image.copy()
    if way == 0:
        share = np.linspace(0, 1, bottom - top, dtype=np.float32)[:, None]
        band[top:bottom] = image[top] * (1 - share) + image[bottom] * share
    elif way == 1:
        band[top:bottom] = np.median(image[top:bottom])
    elif way == 2:
        band = ndimage.gaussian_filter(image, height * rng.uniform(0.07, 0.15))
    else:
        shaft = image[:top] if rng.random() < 0.5 else image[bottom:]
        rows = np.abs((np.arange(bottom - top) + len(shaft)) % (2 * len(shaft)) - len(shaft))
        band[top:bottom] = shaft[np.clip(rows, 0, len(shaft) - 1)]
    if way < 3 and rng.random() < 0.6:
        band += _grain(image, rng)
    mask = soft_box(image.shape, (top, bottom), rng)
    return image * (1 - mask) + band * mask


def blurred(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return it with its joint out of focus, all else as sharp as before."""
    height = len(image)
    rows = tuple(round(height * rng.uniform(*part)) for part in ((0.2, 0.4), (0.6, 0.8)))
    mask = soft_box(image.shape, rows, rng)
    soft = ndimage.gaussian_filter(image, height * rng.uniform(0.045, 0.11))
    return image * (1 - mask) + soft * mask


def squares(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return it in squares of one grey value each, of a 40th to a 12th of its side."""
    size = max(4, round(min(image.shape) / rng.uniform(12, 40)))
    first = rng.integers(0, size, 2) if rng.random() < 0.5 else (0, 0)
    rows, columns = (
        np.clip((np.arange(length) + start) // size * size - start, 0, length - 1)
        for length, start in zip(image.shape, first, strict=True)
    )
    if rng.random() < 0.5:
        image = ndimage.uniform_filter(image, size, origin=-(size // 2))
    return image[np.ix_(rows, columns)]


def shifted_rows(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return it with rows, or columns, each moved aside by up to a 75th to a 20th of the side."""

    def shift(image: np.ndarray) -> np.ndarray:
        height, width = image.shape
        most = max(2, round(width / rng.uniform(20, 75)))
        thick = int(rng.integers(1, 5)) if rng.random() < 0.5 else 1
        steps = rng.integers(-most, most + 1, height // thick + 1).repeat(thick)[:height]
        return np.take_along_axis(image, (np.arange(width) + steps[:, None]) % width, axis=1)

    return _either_way(image, rng, shift)


def strips(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return its strips, from side to side or from top to bottom, in another order."""

    def shuffle(image: np.ndarray) -> np.ndarray:
        thick = max(2, round(len(image) / rng.uniform(4, 30)))
        rows = np.arange(len(image)) // thick
        order = rng.permutation(rows[-1] + 1)
        if (order == np.arange(len(order))).all():
            order = order[::-1]
        return image[np.argsort(order[rows], kind="stable")]

    return _either_way(image, rng, shuffle)


def waves(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return it bent in waves, so steep that straight edges are none."""
    y, x = place(image.shape)
    moved = []
    alone = rng.integers(8)
    for number, along in enumerate((x, y)):
        periods, slope = rng.uniform(1.2, 7), rng.uniform(0.6, 1.6)
        height = 2 * min(slope / (2 * np.pi * periods), 0.08) * (alone != number)
        moved.append(height * np.sin(along * np.pi * periods + rng.uniform(0, 2 * np.pi)))
    return bent(image, y + moved[0], x + moved[1])


def folded(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return it with bright and dark changed about in part of its greys, as a solarised one."""

    def fold(middle: np.ndarray) -> np.ndarray:
        turn = np.quantile(middle, rng.uniform(0.1, 0.9))
        if rng.random() < 0.35:
            periods, start = rng.uniform(0.9, 2.2), rng.uniform(0, 2 * np.pi)
            return 127.5 + 127.5 * np.sin(image / 255 * periods * 2 * np.pi + start)
        if rng.random() < 0.75:
            return np.where(image >= turn, 255 - image, image)
        return spread_out(np.abs(image - turn))

    changed = _until_different(image, fold)
    return 255 - changed if rng.random() < 0.5 else changed


def wrapped(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return it as integers too narrow for its values show it."""

    def wrap(middle: np.ndarray) -> np.ndarray:
        return (np.rint(image) * rng.uniform(1, 3.2) - rng.uniform(0, 255)) % 256

    return _until_different(image, wrap)


def swirled(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return it swirled in its middle."""
    y, x = place(image.shape)
    angle = rng.choice([-1, 1]) * rng.uniform(1, 2) * np.exp(-(x**2 + y**2) * rng.uniform(2, 4))
    cosine, sine = np.cos(angle), np.sin(angle)
    return bent(image, x * sine + y * cosine, x * cosine - y * sine)


def moved(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return it as of a leg that moved, by a 20th to an eighth of the side, in one direction."""
    length = min(image.shape) / rng.uniform(8, 20)
    angle = 0 if rng.random() < 0.5 else rng.uniform(0, np.pi)
    far = int(np.ceil(length / 2)) + 1
    y, x = np.mgrid[-far : far + 1, -far : far + 1]
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    kernel = np.clip(length / 2 - abs(along) + 0.5, 0, 1) * np.clip(1 - abs(across), 0, 1)
    padded = np.pad(image, far, mode="edge")
    return signal.fftconvolve(padded, kernel / kernel.sum(), mode="valid").astype(np.float32)


WAYS: dict[str, tuple[Way, float]] = {
    "joint painted over": (painted, 0.12),
    "joint blurred": (blurred, 0.06),
    "two knees in one": (two_knees.mean_of_two, 0.13),
    "one knee twice": (two_knees.twice, 0.05),
    "parts of two knees": (two_knees.parts_of_two, 0.21),
    "squares": (squares, 0.09),
    "shifted rows": (shifted_rows, 0.1),
    "strips": (strips, 0.03),
    "waves": (waves, 0.05),
    "moved": (moved, 0.07),
    "folded greys": (folded, 0.11),
    "wrapped greys": (wrapped, 0.05),
}
"""What the network is shown, and how often each."""
KEPT_APART: dict[str, Way] = {
    "swirl": swirled,
    "alternate rows of two": two_knees.alternate,
    "another knee in a disc": two_knees.disc,
}
"""What it is never shown: whether it knows more than the ways it was taught."""


def _grain(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if rng.random() < 0.5:
        own = image - ndimage.gaussian_filter(image, 2)
        return np.roll(own, tuple(int(length) // 3 for length in image.shape), axis=(0, 1))
    noise = ndimage.gaussian_filter(
        rng.standard_normal(image.shape, np.float32), rng.uniform(0.5, 3)
    )
    return noise * (rng.uniform(2, 10) / (noise.std() + 1e-6))


def _until_different(image: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the image changed, the joint so much that it is neither as it was nor its negative."""
    rows, columns = (slice(length // 5, length - length // 5) for length in image.shape)
    middle = image[rows, columns]
    for _ in range(_TRIES):
        changed = change(middle)
        both = np.stack([middle.ravel(), changed[rows, columns].ravel()])
        with np.errstate(invalid="ignore", divide="ignore"):
            if abs(np.corrcoef(both)[0, 1]) < _ALIKE:
                break
    return changed


def _either_way(
    image: np.ndarray,
    rng: np.random.Generator,
    change: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return the image changed row by row, or column by column."""
    return change(image.T).T if rng.random() < _BY_COLUMNS else change(image)
