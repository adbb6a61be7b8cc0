"""How well predicted grades agree with reference grades; for intervals see `bootstrap`."""

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
    # Not by scikit-learn, whose checks take a hundred times as long; pages count hundreds of runs.
    cell = np.asarray(true_grades, int) * len(_LABELS) + np.asarray(predicted_grades, int)
    return np.bincount(cell, minlength=len(_LABELS) ** 2).reshape(2 * (len(_LABELS),))


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
        ``mean_absolute_error`` (grades), ``within_one_grade``, ``auc_kl2`` (area under the ROC
        curve for KL >= 2, by p2 + p3 + p4; NaN without films on both sides) and
        ``expected_calibration_error`` (all three in [0, 1]).
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
        "auc_kl2": auc_kl2(true_grades, probabilities),
        "expected_calibration_error": expected_calibration_error(true_grades, probabilities),
    }


def quadratic_kappa(true_grades: np.ndarray, predicted_grades: np.ndarray) -> float:
    """Return Cohen's kappa with quadratic weights, in [-1, 1]; NaN when all grades are one."""
    if len(np.union1d(true_grades, predicted_grades)) < 2:
        return float("nan")
    return float(
        sk.cohen_kappa_score(true_grades, predicted_grades, labels=_LABELS, weights="quadratic")
    )


def auc_kl2(true_grades: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the area under the ROC curve for radiographic osteoarthritis (KL >= 2), in [0, 1].

    NaN when all films are on one side.
    """
    positive = np.asarray(true_grades) >= 2
    if positive.all() or not positive.any():
        return float("nan")
    return float(sk.roc_auc_score(positive, probabilities[:, 2:].sum(axis=1)))


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


def predictive_value(confusion: np.ndarray, predicted_grade: int) -> Proportion | None:
    """Return how often the reference agreed when `predicted_grade` was given.

    `confusion` is ``(5, 5)`` counts (row = reference). The interval is Wilson's (1927), knees taken
    as independent. None when the grade was never given.
    """
    column = np.asarray(confusion)[:, predicted_grade]
    return proportion(int(column[predicted_grade]), int(column.sum()))


def proportion(count: int, total: int) -> Proportion | None:
    """Return `count` of `total` with Wilson's 95% interval (1927); None of nothing."""
    if total == 0:
        return None
    interval = stats.binomtest(count, total).proportion_ci(method="wilson")
    return Proportion(count / total, float(interval.low), float(interval.high), count, total)
