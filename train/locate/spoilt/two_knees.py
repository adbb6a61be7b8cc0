"""Pictures of two knees in one, or of one twice: double exposures, and parts joined softly.

No seam need be there: `kneeoa.graders.locating.seams` knows straight ones.
"""

import numpy as np
from scipy.special import expit

from train.locate.spoilt.places import place

_MIRRORED, _MATCHED = 0.15, 0.5
"""How often the other knee is the mirror image of the one, and how often as bright as it."""


def mean_of_two(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return two knees exposed on one film."""
    share = rng.uniform(0.35, 0.65)
    other = image[:, ::-1] if rng.random() < _MIRRORED else _as_bright(image, other, rng)
    return image * share + other * (1 - share)


def twice(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one knee exposed twice, moved by a 14th to a quarter of the side in between."""
    share = rng.uniform(0.35, 0.65)
    angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(1 / 14, 1 / 4)
    if rng.random() < 0.5:
        angle = rng.choice([np.pi / 2, -np.pi / 2])
    steps = [
        round(far * length * side)
        for length, side in zip(image.shape, (np.sin(angle), np.cos(angle)), strict=True)
    ]
    if rng.random() < 0.5:
        again = np.roll(image, steps, axis=(0, 1))
    else:
        rows, columns = (
            np.clip(np.arange(length) - step, 0, length - 1)
            for length, step in zip(image.shape, steps, strict=True)
        )
        again = image[np.ix_(rows, columns)]
    return image * share + again * (1 - share)


def parts_of_two(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one knee on one side of a line near the middle, another beyond it, sharp or softly."""
    y, x = place(image.shape)
    angle = rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.4:
        angle = rng.integers(4) * np.pi / 2 + rng.normal(0, 0.05)
    away = x * np.cos(angle) + y * np.sin(angle) - rng.uniform(-0.3, 0.3)
    return _joined(image, _as_bright(image, other, rng), away, rng)


def disc(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one knee with another in a disc in its middle."""
    y, x = place(image.shape)
    away = rng.uniform(0.4, 0.7) - np.hypot(x, y)
    return _joined(image, _as_bright(image, other, rng), away, rng)


def alternate(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one knee in every other row, another one in those between."""
    thick = int(rng.integers(1, 4))
    rows = np.arange(len(image)) // thick % 2 == 1
    return np.where(rows[:, None], image, _as_bright(image, other, rng))


def _joined(
    image: np.ndarray, other: np.ndarray, away: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return one image where `away` is negative, the other where it is not; softly, or at once."""
    share = expit(away * np.exp(rng.uniform(np.log(12), np.log(300))))
    return image * (1 - share) + other * share


def _as_bright(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the other knee, mostly as bright and with as much contrast as the one."""
    if rng.random() < 0.5:
        other = other[:, ::-1]
    if rng.random() < _MATCHED:
        other = (other - other.mean()) * (image.std() / (other.std() + 1e-6)) + image.mean()
    return np.clip(other, 0, 255)
