"""Intervals over patients: the bootstrap that keeps the two knees of a patient together.

The knees of one patient are not independent, so patients are drawn, not knees (a cluster
bootstrap: Field and Welsh 2007, J R Stat Soc B). A draw is a row of weights, how often each film
was drawn, so that every metric of two thousand draws comes from a few matrix products.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kneeoa.grades import GRADES
from kneeoa.metrics import agreement

RESAMPLES = 2000
_GRADES = len(GRADES)
_DISTANCE = np.abs(np.subtract.outer(np.arange(_GRADES), np.arange(_GRADES)))


def patient_weights(
    patient_ids: Sequence[str] | np.ndarray, *, resamples: int = RESAMPLES, seed: int = 0
) -> np.ndarray:
    """Return how often each film is in each draw, ``(resamples, films) float64``.

    The same draws for two models on the same films make their difference a paired one.
    """
    _, owner = np.unique(np.asarray(patient_ids), return_inverse=True)
    patients = int(owner.max()) + 1
    generator = np.random.default_rng(seed)
    drawn = generator.integers(patients, size=(resamples, patients))
    flat = drawn + patients * np.arange(resamples)[:, None]
    times = np.bincount(flat.ravel(), minlength=resamples * patients)
    return times.reshape(resamples, patients)[:, owner].astype(float)


def weighted_summaries(
    true_grades: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the metrics of `agreement.summary` for every draw, ``(draws,) float64`` each.

    Parameters
    ----------
    true_grades : (N,) int in 0-4
    probabilities : (N, 5) float
    weights : (draws, N) float, as from `patient_weights`
    """
    scores = probabilities[:, 2:].sum(axis=1)
    auc = weighted_auc(np.asarray(true_grades) >= 2, scores, weights)
    return _of_answers(true_grades, probabilities, weights) | {"auc_kl2": auc}


def grade_summaries(
    true_grades: np.ndarray, answers: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return what grades alone give for every draw, whatever rule they come from, ``(draws,)``.

    Parameters
    ----------
    true_grades, answers : (N,) int in 0-4
    weights : (draws, N) float, as from `patient_weights`

    Returns
    -------
    dict
        The metrics of `agreement.summary` that need no probabilities, and ``recall_kl0`` to
        ``recall_kl4``: the share of that grade that is found, NaN in draws without it.
    """
    confusion = _counted(true_grades, answers, weights)
    there = confusion.sum(axis=2)
    recalls = _share(confusion.diagonal(axis1=1, axis2=2), there, otherwise=np.nan)
    recall = {f"recall_kl{grade}": recalls[:, grade] for grade in range(_GRADES)}
    return _of_confusion(confusion) | recall


def _counted(true_grades: np.ndarray, answers: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Confusion matrices of every draw, ``(draws, 5, 5)``."""
    cell = np.eye(_GRADES**2)[np.asarray(true_grades, int) * _GRADES + answers]
    return (weights @ cell).reshape(-1, _GRADES, _GRADES)


def mean_summaries(
    true_grades: np.ndarray, answers: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return `weighted_summaries` of several runs on the same films, averaged over the runs.

    ``answers`` are ``(runs, N, 5)``. The areas under the curve, which take longest, are averaged
    before they are weighted: over the pairs of a positive and a negative film.
    """
    parts = [_of_answers(true_grades, probabilities, weights) for probabilities in answers]
    mean = {name: np.mean([part[name] for part in parts], axis=0) for name in parts[0]}
    positive = np.asarray(true_grades) >= 2
    won = np.zeros((positive.sum(), (~positive).sum()))
    for probabilities in answers:
        scores = probabilities[:, 2:].sum(axis=1)
        higher, lower = scores[positive][:, None], scores[~positive]
        won += (higher > lower) + 0.5 * (higher == lower)
    for_positive, for_negative = weights[:, positive], weights[:, ~positive]
    pairs = for_positive.sum(axis=1) * for_negative.sum(axis=1)
    total = ((for_positive @ won) * for_negative).sum(axis=1)
    return mean | {"auc_kl2": _share(total, len(answers) * pairs, otherwise=np.nan)}


def _of_answers(
    true_grades: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """All metrics but the area under the curve."""
    confusion = _counted(true_grades, probabilities.argmax(axis=1), weights)
    error = _calibration_error(true_grades, probabilities, weights)
    return _of_confusion(confusion) | {"expected_calibration_error": error}


def patient_intervals(
    true_grades: np.ndarray,
    probabilities: np.ndarray,
    patient_ids: Sequence[str] | np.ndarray,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Return percentile bootstrap intervals of `kneeoa.metrics.agreement.summary` over patients.

    The interval is the sampling error of this test set; it says nothing of training with another
    seed.
    """
    weights = patient_weights(patient_ids, resamples=resamples, seed=seed)
    draws = weighted_summaries(true_grades, probabilities, weights)
    return {name: percentile_interval(values, level=level) for name, values in draws.items()}


def measured(
    true_grades: np.ndarray, probabilities: np.ndarray, patient_ids: Sequence[str] | np.ndarray
) -> list[dict[str, Any]]:
    """Return a row for each metric of `agreement.summary`, with its interval, and of how many.

    ``metric``; ``value``, ``low`` and ``high``: as from `patient_intervals`, 95%; ``knees`` and
    ``patients``. `true_grades` (N,) int in 0-4, `probabilities` (N, 5).
    """
    ends = patient_intervals(true_grades, probabilities, patient_ids)
    counts = {"knees": len(true_grades), "patients": len(set(patient_ids))}
    return [
        {"metric": name, "value": value, "low": ends[name][0], "high": ends[name][1]} | counts
        for name, value in agreement.summary(true_grades, probabilities).items()
    ]


def weighted_auc(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the area under the ROC curve of every draw, ``(draws,)``; NaN without both kinds.

    It is the chance that a positive film scores higher than a negative one, ties halved.
    `positive` (N,) bool, `scores` (N,), `weights` (draws, N) as from `patient_weights`.
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


def _auc(for_positive: np.ndarray, for_negative: np.ndarray) -> np.ndarray:
    below = np.cumsum(for_negative, axis=1) - for_negative
    pairs = for_positive.sum(axis=1) * for_negative.sum(axis=1)
    won = (for_positive * (below + for_negative / 2)).sum(axis=1)
    return _share(won, pairs, otherwise=np.nan)


def _average_precision(for_positive: np.ndarray, for_negative: np.ndarray) -> np.ndarray:
    for_positive, for_negative = for_positive[:, ::-1], for_negative[:, ::-1]
    true, false = np.cumsum(for_positive, axis=1), np.cumsum(for_negative, axis=1)
    gained = (for_positive * _share(true, true + false)).sum(axis=1)
    return _share(gained, true[:, -1], otherwise=np.nan)


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


def percentile_interval(draws: np.ndarray, *, level: float = 0.95) -> tuple[float, float]:
    """Return the middle share `level` of the draws; undefined ones are left out."""
    draws = draws[np.isfinite(draws)]
    if not len(draws):
        return float("nan"), float("nan")
    low, high = np.percentile(draws, [50 * (1 - level), 50 * (1 + level)])
    return float(low), float(high)


def _of_confusion(confusion: np.ndarray) -> dict[str, np.ndarray]:
    total = confusion.sum(axis=(1, 2))
    diagonal = np.diagonal(confusion, axis1=1, axis2=2)
    given, there = confusion.sum(axis=1), confusion.sum(axis=2)
    expected = there[:, :, None] * given[:, None, :] / total[:, None, None]
    chance = (expected * _DISTANCE**2).sum(axis=(1, 2))
    seen = (confusion * _DISTANCE**2).sum(axis=(1, 2))
    f1 = _share(2 * diagonal, given + there)
    return {
        "accuracy": diagonal.sum(axis=1) / total,
        "macro_precision": _share(diagonal, given).sum(axis=1) / _GRADES,
        "macro_recall": _share(diagonal, there).sum(axis=1) / _GRADES,
        "macro_f1": f1.sum(axis=1) / _GRADES,
        "quadratic_kappa": 1 - _share(seen, chance, otherwise=np.nan),
        "mean_absolute_error": (confusion * _DISTANCE).sum(axis=(1, 2)) / total,
        "within_one_grade": (confusion * (_DISTANCE <= 1)).sum(axis=(1, 2)) / total,
    }


def _share(part: np.ndarray, whole: np.ndarray, otherwise: float = 0.0) -> np.ndarray:
    return np.divide(part, whole, out=np.full_like(whole, otherwise, dtype=float), where=whole > 0)


def _calibration_error(
    true_grades: np.ndarray, probabilities: np.ndarray, weights: np.ndarray, bins: int = 15
) -> np.ndarray:
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == true_grades
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.eye(bins)[bin_of] * (correct - confidence)[:, None]
    return np.abs(weights @ gap).sum(axis=1) / weights.sum(axis=1)
