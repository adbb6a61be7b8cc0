"""How well predicted grades agree with reference grades: metrics, and intervals by patient."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from sklearn import metrics as sk

from kneeoa.grades import GRADES

_LABELS = [int(grade) for grade in GRADES]


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share `value` = `count` / `total` with its 95% interval, all in [0, 1]."""

    value: float
    low: float
    high: float
    count: int
    total: int


def confusion_matrix(true_grades: np.ndarray, predicted_grades: np.ndarray) -> np.ndarray:
    """Return counts ``(5, 5) int64``: row = reference grade, column = predicted grade."""
    return sk.confusion_matrix(true_grades, predicted_grades, labels=_LABELS)


def summary(true_grades: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """Return the metrics of one set of predictions.

    Parameters
    ----------
    true_grades : (N,) int in 0-4
    probabilities : (N, 5) float, rows summing to 1; the predicted grade is the largest

    Returns
    -------
    dict
        ``accuracy``, ``macro_precision``, ``macro_recall``, ``macro_f1`` (each in [0, 1]; a grade
        never predicted counts 0), ``quadratic_kappa`` (Cohen 1968, in [-1, 1]),
        ``mean_absolute_error`` (grades), ``within_one_grade`` and ``expected_calibration_error``
        (both in [0, 1]).
    """
    predicted = probabilities.argmax(axis=1)
    precision, recall, f1, _ = sk.precision_recall_fscore_support(
        true_grades, predicted, labels=_LABELS, average="macro", zero_division=0
    )
    error = np.abs(true_grades - predicted)
    return {
        "accuracy": float((error == 0).mean()),
        "macro_precision": float(precision),
        "macro_recall": float(recall),
        "macro_f1": float(f1),
        "quadratic_kappa": quadratic_kappa(true_grades, predicted),
        "mean_absolute_error": float(error.mean()),
        "within_one_grade": float((error <= 1).mean()),
        "expected_calibration_error": expected_calibration_error(true_grades, probabilities),
    }


def quadratic_kappa(true_grades: np.ndarray, predicted_grades: np.ndarray) -> float:
    """Return Cohen's kappa with quadratic weights, in [-1, 1]."""
    return float(
        sk.cohen_kappa_score(true_grades, predicted_grades, labels=_LABELS, weights="quadratic")
    )


def expected_calibration_error(
    true_grades: np.ndarray, probabilities: np.ndarray, *, bins: int = 15
) -> float:
    """Return the mean gap between confidence and accuracy over equal-width bins, in [0, 1].

    Method: Guo et al. 2017 (ICML), with the confidence of the predicted grade.
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == true_grades
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(bin_of, weights=correct - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(true_grades))


def patient_intervals(
    true_grades: np.ndarray,
    probabilities: np.ndarray,
    patient_ids: Sequence[str],
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Return percentile bootstrap intervals of `summary`, resampling whole patients.

    The two knees of a patient are not independent, so patients are drawn, not knees. The interval
    is the sampling error of this test set; it says nothing of training with another seed.
    """
    generator = np.random.default_rng(seed)
    _, owner = np.unique(np.asarray(patient_ids), return_inverse=True)
    films_of = np.split(np.argsort(owner, kind="stable"), np.cumsum(np.bincount(owner))[:-1])
    draws = []
    for _ in range(resamples):
        patients = generator.integers(len(films_of), size=len(films_of))
        chosen = np.concatenate([films_of[patient] for patient in patients])
        draws.append(summary(true_grades[chosen], probabilities[chosen]))
    tails = [50 * (1 - level), 50 * (1 + level)]
    return {
        name: tuple(float(x) for x in np.nanpercentile([draw[name] for draw in draws], tails))
        for name in draws[0]
    }


def predictive_value(confusion: np.ndarray, predicted_grade: int) -> Proportion | None:
    """Return how often the reference agreed when `predicted_grade` was given.

    `confusion` is ``(5, 5)`` counts (row = reference). The interval is Wilson's (1927), knees taken
    as independent. None when the grade was never given.
    """
    column = np.asarray(confusion)[:, predicted_grade]
    count, total = int(column[predicted_grade]), int(column.sum())
    if total == 0:
        return None
    interval = stats.binomtest(count, total).proportion_ci(method="wilson")
    return Proportion(count / total, float(interval.low), float(interval.high), count, total)
