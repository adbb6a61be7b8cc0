"""Does a map show what a network looked at? Deletion and insertion, and maps to compare with.

Petsiuk et al. 2018, "RISE: Randomized input sampling for explanation of black-box models", BMVC: of
a map that is right, the pixels that it marks most are those without which the network's answer
goes soonest (deletion) and with which it comes back soonest (insertion).
"""

from collections.abc import Callable

import numpy as np
from scipy import ndimage, stats

from kneeoa.films.display import upsample

STEPS = 8
BLUR = 10.0
"""Standard deviation in pixels of the blur that a film is brought back from."""
CELLS = 7
_CENTRE_SPREAD = 1.75
"""Cells: a quarter of the film, about what a joint takes."""

Probability = Callable[[np.ndarray], np.ndarray]
"""Films ``(N, 224, 224)`` -> the probability of one grade, ``(N,)``."""


def deletion(film: np.ndarray, heatmap: np.ndarray, probability: Probability) -> np.ndarray:
    """Return the probability while the marked pixels become the film's mean, ``(STEPS + 1,)``.

    `film` is ``(224, 224)`` in [0, 255], `heatmap` ``(7, 7)``, most marked first.
    """
    empty = np.full_like(film, film.mean())
    return probability(_replaced(film, empty, heatmap))


def insertion(film: np.ndarray, heatmap: np.ndarray, probability: Probability) -> np.ndarray:
    """Return the probability while the marked pixels come back to the film, which was blurred."""
    blurred = ndimage.gaussian_filter(film, BLUR, mode="nearest")
    return probability(_replaced(blurred, film, heatmap))


def area(curve: np.ndarray) -> float:
    """Return the area under a curve of probabilities over shares of the film, in [0, 1]."""
    return float(np.trapezoid(curve, dx=1 / (len(curve) - 1)))


def _replaced(before: np.ndarray, after: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    large = upsample(heatmap, before.shape[0]).ravel()
    # Where a map is the same, no direction comes first.
    ties = np.random.default_rng(0).permutation(before.size)
    rank = np.empty(len(large), int)
    rank[np.lexsort((ties, -large))] = np.arange(len(large))
    shares = np.linspace(0, 1, STEPS + 1)[:, None, None]
    is_replaced = rank.reshape(before.shape) < shares * len(large)
    return np.where(is_replaced, after, before).astype(np.float32)


def random_map(generator: np.random.Generator) -> np.ndarray:
    """Return a map that knows nothing of the film, ``(7, 7) float32, >= 0``."""
    return generator.random((CELLS, CELLS), np.float32)


def centred_map() -> np.ndarray:
    """Return a map of the middle of every film, ``(7, 7) float32, >= 0``."""
    away = (np.arange(CELLS) - CELLS // 2) / _CENTRE_SPREAD
    bell = np.exp(-(away**2) / 2)
    return np.outer(bell, bell).astype(np.float32)


def likeness(first: np.ndarray, second: np.ndarray) -> float:
    """Return how alike two maps order their cells: Spearman's rank correlation.

    0 where one of them is the same everywhere.
    """
    first_ranks, second_ranks = (stats.rankdata(heatmap.ravel()) for heatmap in (first, second))
    if np.ptp(first_ranks) == 0 or np.ptp(second_ranks) == 0:
        return 0.0
    return float(np.corrcoef(first_ranks, second_ranks)[0, 1])
