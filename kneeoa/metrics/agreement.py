"""How well predicted grades agree with reference grades; for intervals see `bootstrap`.

Every metric is written once, for many weightings of the same films at a time: a bootstrap draws two
thousand of them, and plain counting is the weighting in which each film counts once.
"""

from dataclasses import dataclass

import numpy as np

from kneeoa.grades import GRADES

_GRADES = len(GRADES)
_BINS = 15
DISTANCE = np.abs(np.subtract.outer(np.arange(_GRADES), np.arange(_GRADES)))
"""How many grades each grade is from each, ``(5, 5)``."""


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
    return np.bincount(_cell(true_grades, predicted_grades), minlength=_GRADES**2).reshape(
        _GRADES, _GRADES
    )


def weighted_confusions(
    true_grades: np.ndarray, predicted_grades: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return a confusion matrix for each row of ``(draws, N)`` weights, ``(draws, 5, 5)``."""
    cell = np.eye(_GRADES**2)[_cell(true_grades, predicted_grades)]
    return (weights @ cell).reshape(-1, _GRADES, _GRADES)


def summary(true_grades: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """Return the metrics of one set of predictions.

    Parameters
    ----------
    true_grades : (N,) int in 0-4
    probabilities : (N, 5) float, rows summing to 1; the predicted grade is the largest

    Returns
    -------
    dict
        ``accuracy``, ``macro_precision``, ``macro_recall``, ``macro_f1`` (each in [0, 1]; means
        over the grades of the reference, of which one that is never predicted counts 0),
        ``quadratic_kappa`` (Cohen 1968, in [-1, 1]), ``mean_absolute_error`` (grades),
        ``within_one_grade``, ``auc_kl2`` (area under the ROC curve for KL >= 2, by p2 + p3 + p4;
        NaN without films on both sides) and ``expected_calibration_error`` (all three in [0, 1]).
    """
    once = np.ones((1, len(true_grades)))
    draws = weighted_summaries(true_grades, probabilities, once)
    return {name: float(values[0]) for name, values in draws.items()}


def weighted_summaries(
    true_grades: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the metrics of `summary` for each row of ``(draws, N)`` weights, ``(draws,)`` each.

    Macro averages are NaN in a draw without one of the grades of `true_grades`.
    """
    scores = probabilities[:, 2:].sum(axis=1)
    auc = weighted_auc(np.asarray(true_grades) >= 2, scores, weights)
    return without_auc(true_grades, probabilities, weights) | {"auc_kl2": auc}


def without_auc(
    true_grades: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return `weighted_summaries` but for the area under the curve, which takes longest."""
    confusions = weighted_confusions(true_grades, probabilities.argmax(axis=1), weights)
    error = calibration_errors(true_grades, probabilities, weights)
    return of_confusions(confusions, true_grades) | {"expected_calibration_error": error}


def of_confusions(confusions: np.ndarray, true_grades: np.ndarray) -> dict[str, np.ndarray]:
    """Return the metrics of `summary` that need grades alone, of ``(draws, 5, 5)`` matrices.

    `true_grades` (N,) int in 0-4 are those of the films that are drawn from: macro averages are
    over the grades among them, and NaN in a draw that lacks one.
    """
    total = confusions.sum(axis=(1, 2))
    reference, given = confusions.sum(axis=2), confusions.sum(axis=1)
    expected = reference[:, :, None] * given[:, None, :] / total[:, None, None]
    chance = (expected * DISTANCE**2).sum(axis=(1, 2))
    seen = (confusions * DISTANCE**2).sum(axis=(1, 2))
    # Of a grade that is not among the films nothing can be missed: a mean over five would hold 0s.
    is_there = np.bincount(np.asarray(true_grades, int), minlength=_GRADES) > 0
    # A mean over the other grades would be another figure than that of all films.
    is_whole = (reference[:, is_there] > 0).all(axis=1)
    macro = {
        f"macro_{name}": np.where(is_whole, np.nan_to_num(values[:, is_there]).mean(axis=1), np.nan)
        for name, values in per_grade(confusions).items()
    }
    return {
        "accuracy": np.trace(confusions, axis1=1, axis2=2) / total,
        **macro,
        "quadratic_kappa": 1 - share(seen, chance),
        "mean_absolute_error": (confusions * DISTANCE).sum(axis=(1, 2)) / total,
        "within_one_grade": (confusions * (DISTANCE <= 1)).sum(axis=(1, 2)) / total,
    }


def per_grade(confusions: np.ndarray) -> dict[str, np.ndarray]:
    """Return ``precision``, ``recall`` and ``f1`` of each grade, ``(draws, 5)`` each.

    NaN where the grade is not there (recall), never given (precision), or neither (F1).
    """
    right = np.diagonal(confusions, axis1=1, axis2=2)
    reference, given = confusions.sum(axis=2), confusions.sum(axis=1)
    return {
        "precision": share(right, given),
        "recall": share(right, reference),
        "f1": share(2 * right, given + reference),
    }


def quadratic_kappa(true_grades: np.ndarray, predicted_grades: np.ndarray) -> float:
    """Return Cohen's kappa with quadratic weights, in [-1, 1]; NaN when all grades are one."""
    counts = confusion_matrix(true_grades, predicted_grades)
    return float(of_confusions(counts[None], true_grades)["quadratic_kappa"][0])


def weighted_auc(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the area under the ROC curve of every draw, ``(draws,)``; NaN without both kinds.

    It is the chance that a positive film scores higher than a negative one, ties halved.
    `positive` (N,) bool, `scores` (N,), `weights` (draws, N).
    """
    return _auc(*_by_score(positive, scores, weights))


def weighted_areas(
    positive: np.ndarray, scores: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return `weighted_auc` and the average precision of every draw, ``(draws,)`` each.

    Average precision is the step-wise sum of precision over recall, as scikit-learn defines it; NaN
    without positive films.
    """
    sides = _by_score(positive, scores, weights)
    return _auc(*sides), _average_precision(*sides)


def calibration_errors(
    true_grades: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return the mean gap between confidence and accuracy over 15 equal bins, ``(draws,)``.

    Method: Guo et al. 2017 (ICML), with the confidence of the predicted grade.
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == true_grades
    gap = _in_bins(confidence) * (correct - confidence)[:, None]
    return np.abs(weights @ gap).sum(axis=1) / weights.sum(axis=1)


NO_INTERVAL = frozenset({"expected_calibration_error"})
"""Metrics without a bootstrap interval: a sum of absolute gaps grows with every noise, so that the
draws lie above the estimate, and never hold 0. See `calibration_by_chance` instead."""


def calibration_by_chance(probabilities: np.ndarray) -> tuple[float, float, float]:
    """Return what `calibration_errors` gives for networks whose confidence is exactly right.

    The mean over 2000 draws of outcomes with these confidences, and the middle 95% of them; knees
    are taken as independent. `probabilities` are ``(N, 5)``.
    """
    confidence = probabilities.max(axis=1)
    outcomes = np.random.default_rng(0).random((2000, len(confidence))) < confidence
    gaps = (outcomes - confidence) @ _in_bins(confidence)
    errors = np.abs(gaps).sum(axis=1) / len(confidence)
    low, high = np.percentile(errors, [2.5, 97.5])
    return float(errors.mean()), float(low), float(high)


def _in_bins(confidence: np.ndarray) -> np.ndarray:
    """Return which of the bins each confidence lies in, ``(N, bins)`` of 0 and 1."""
    return np.eye(_BINS)[np.minimum((confidence * _BINS).astype(int), _BINS - 1)]


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return ``part / whole``, NaN of nothing."""
    nothing = np.full(np.shape(whole), np.nan)
    return np.divide(part, whole, out=nothing, where=np.asarray(whole) > 0)


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
    return Proportion(count / total, *wilson(count, total), count, total)


def wilson(count: float, total: float, *, z: float = 1.959963984540054) -> tuple[float, float]:
    """Return Wilson's interval (1927) of `count` of `total`, which is above 0; by default 95%."""
    share = count / total
    middle = share + z**2 / (2 * total)
    half = z * (share * (1 - share) / total + z**2 / (4 * total**2)) ** 0.5
    low, high = ((middle + end) / (1 + z**2 / total) for end in (-half, half))
    # Rounding is no reason to leave 0 and 1.
    return (0.0 if count == 0 else low), (1.0 if count == total else high)


def _cell(true_grades: np.ndarray, predicted_grades: np.ndarray) -> np.ndarray:
    return np.asarray(true_grades, int) * _GRADES + np.asarray(predicted_grades, int)


def _auc(for_positive: np.ndarray, for_negative: np.ndarray) -> np.ndarray:
    below = np.cumsum(for_negative, axis=1) - for_negative
    pairs = for_positive.sum(axis=1) * for_negative.sum(axis=1)
    won = (for_positive * (below + for_negative / 2)).sum(axis=1)
    return share(won, pairs)


def _average_precision(for_positive: np.ndarray, for_negative: np.ndarray) -> np.ndarray:
    for_positive, for_negative = for_positive[:, ::-1], for_negative[:, ::-1]
    true, false = np.cumsum(for_positive, axis=1), np.cumsum(for_negative, axis=1)
    gained = (for_positive * np.nan_to_num(share(true, true + false))).sum(axis=1)
    return share(gained, true[:, -1])


def _by_score(
    positive: np.ndarray, scores: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the positive and of the negative films at each distinct score, rising."""
    order = np.argsort(scores, kind="stable")
    rising = np.asarray(scores)[order]
    starts = np.flatnonzero(np.append(True, rising[1:] != rising[:-1]))
    positive, weights = np.asarray(positive)[order], weights[:, order]
    return (
        np.add.reduceat(weights * positive, starts, axis=1),
        np.add.reduceat(weights * ~positive, starts, axis=1),
    )
