"""Prediction sets: the grades, next to each other, among which the reference's is 90% of the time.

**Which grades.** A set begins with the most probable grade and takes in the more probable of its
two neighbours, as long as it holds no more than a threshold of the probability: an interval of the
scale, as Lu, Angelopoulos and Pomerantz 2022 (MICCAI, "Improving trustworthiness of AI disease
severity rating in medical imaging with ordinal conformal prediction sets") have it, after the
adaptive sets of Romano, Sesia and Candes 2020 (NeurIPS). It is never empty.

**Which threshold.** Split conformal prediction (Vovk, Gammerman and Shafer 2005; Angelopoulos and
Bates 2023, Found Trends Mach Learn 16) on films that the probabilities were not learnt from. The
two knees of a patient are not independent, so patients are exchanged, not knees: each patient
weighs the same and shares that among her films. That is one film drawn of each patient, averaged
over all such draws, and it is what keeps the promise for a film of a new patient (Lee, Barber and
Willett 2023, arXiv:2306.06342; Dunn, Wasserman and Ramdas 2023, J Am Stat Assoc).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kneeoa.errors import DataError
from kneeoa.grades import GRADES
from kneeoa.metrics import bootstrap

ALL_GRADES = 1.0
"""The threshold at which every set is the whole scale."""

_LAST = len(GRADES) - 1
_ROUNDING = 1e-9
"""Sums of probabilities may exceed each other by this without meaning it."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95% interval over patients, NaN where the films bear none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """How sets did on graded films.

    `covered` is the share of films whose reference grade is in the set; `width` the mean number of
    grades in it; `by_grade` the share covered of each reference grade, NaN where there is none.
    """

    covered: Estimate
    width: Estimate
    by_grade: tuple[float, ...]


def calibrate(
    probabilities: np.ndarray,
    grades: np.ndarray,
    patient_ids: Sequence[str] | np.ndarray,
    level: float = 0.9,
) -> float:
    """Return the threshold in [0, 1] whose sets hold the grade of a new film in `level` of cases.

    Parameters
    ----------
    probabilities : (N, 5) float, rows summing to 1, of films that they were not learnt from
    grades : (N,) int in 0-4
    patient_ids : N names; a patient's films together weigh as much as another patient's
    level : in (0, 1)

    Returns
    -------
    float
        `ALL_GRADES` where the films are too few for any smaller set: below `level` / (1 - `level`)
        patients.
    """
    if not 0 < level < 1:
        raise DataError(f"Expected a level between 0 and 1. Received: {level}.")
    if not len(grades):
        raise DataError("Expected graded films to calibrate prediction sets on. Received none.")
    before = mass_before(probabilities, grades)
    _, owner, films = np.unique(np.asarray(patient_ids), return_inverse=True, return_counts=True)
    # The patient to come counts as one more, whose film may lie anywhere.
    weight = 1 / (films[owner] * (len(films) + 1))
    order = np.argsort(before, kind="stable")
    reached = np.cumsum(weight[order]) >= level - _ROUNDING
    return float(before[order][reached.argmax()]) if reached.any() else ALL_GRADES


def sets(probabilities: np.ndarray, threshold: float) -> np.ndarray:
    """Return the lowest and the highest grade of each set, ``(N, 2) int64``.

    `probabilities` are (N, 5) with rows summing to 1, `threshold` is from `calibrate`.
    """
    low, high, held = _growing(probabilities)
    # The last step within the threshold; the first one, the most probable grade alone, always is.
    step = (held <= threshold + _ROUNDING).sum(axis=1) - 1
    rows = np.arange(len(step))
    return np.stack([low[rows, step], high[rows, step]], axis=1)


def mass_before(probabilities: np.ndarray, grades: np.ndarray) -> np.ndarray:
    """Return how much probability a set holds when it takes in each film's grade, ``(N,)``.

    In [0, 1]; 0 for the most probable grade. It is the score that the threshold is a quantile of.
    """
    low, high, held = _growing(probabilities)
    grades = np.asarray(grades, int)[:, None]
    inside = (low <= grades) & (grades <= high)
    return held[np.arange(len(held)), inside.argmax(axis=1)]


def coverage(
    grade_sets: np.ndarray,
    grades: np.ndarray,
    patient_ids: Sequence[str] | np.ndarray,
    *,
    resamples: int = bootstrap.RESAMPLES,
    seed: int = 0,
) -> Coverage:
    """Return how often the sets ``found (N, 2)`` hold the reference grade, and how wide they are.

    Intervals are 95%, by bootstrap over patients.
    """
    grades = np.asarray(grades, int)
    held = holds(grade_sets, grades).astype(float)
    width = grade_sets[:, 1] - grade_sets[:, 0] + 1.0
    weights = bootstrap.patient_weights(patient_ids, resamples=resamples, seed=seed)
    weights /= weights.sum(axis=1, keepdims=True)
    return Coverage(
        Estimate(
            float(held.mean()), *bootstrap.share_interval(weights @ held, len(set(patient_ids)))
        ),
        Estimate(float(width.mean()), *bootstrap.known_interval(weights @ width)),
        tuple(
            float(held[grades == grade].mean()) if (grades == grade).any() else float("nan")
            for grade in GRADES
        ),
    )


def holds(grade_sets: np.ndarray, grades: np.ndarray) -> np.ndarray:
    """Return whether each of the sets ``(N, 2)`` holds its film's grade, ``(N,) bool``."""
    return (grade_sets[:, 0] <= grades) & (grades <= grade_sets[:, 1])


def _growing(probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lowest grade, highest grade, and the probability held before, at each of five steps.

    Each is (N, 5). Of two neighbours of equal probability the lower grade comes first.
    """
    # Off the scale there is nothing to take in: -1 is less probable than any grade.
    padded = np.pad(np.asarray(probabilities, np.float64), ((0, 0), (1, 1)), constant_values=-1)
    rows = np.arange(len(padded))
    low = high = np.asarray(probabilities).argmax(axis=1)
    mass, before = padded[rows, low + 1], np.zeros(len(padded))
    steps = [(low, high, before)]
    for _ in range(_LAST):
        before = mass
        below, above = padded[rows, low], padded[rows, high + 2]
        down = below >= above
        low, high = low - down, high + ~down
        mass = mass + np.maximum(below, above)
        steps.append((low, high, np.minimum(before, ALL_GRADES)))
    lowest, highest, held = (np.stack(parts, axis=1) for parts in zip(*steps, strict=True))
    return lowest, highest, held
