"""Before and after: figures of the published and of the adapted answers on the same films.

Intervals are 95%, by bootstrap over patients; the same draws serve before, after and their
difference, which is a paired one. After is out of fold throughout, the prediction sets' threshold
included: that of a fold comes from the films of the others (cross-conformal, Vovk 2015, Ann Math
Artif Intell 74).
"""

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np

from kneeoa.graders.answer import AnswerRule
from kneeoa.grades import GRADES
from kneeoa.metrics import agreement, bootstrap, conformal, rules

NAMES = {
    "answer_accuracy": "Accuracy, grade that is said",
    "accuracy": "Accuracy, most probable grade",
    "quadratic_kappa": "Kappa (quadratic), most probable grade",
    "median_kappa": "Kappa (quadratic), median grade",
    "within_one_grade": "Within one grade",
    "mean_absolute_error": "Mean error in grades",
    "auc_kl2": "Area under the curve, KL 2 or more",
    "cross_entropy": "Cross-entropy",
    "coverage": "Grade in the 90% set",
    "width": "Grades in the set",
}
"""Each figure with its name for people, in their order."""

Ends = tuple[float | None, float | None, float | None]
"""A value and its interval, low and high; None where it is not defined, or the films bear none."""
Figures = dict[str, dict[str, Ends]]
_FROM_SUMMARY = (
    "accuracy", "quadratic_kappa", "within_one_grade", "mean_absolute_error", "auc_kl2",
)  # fmt: skip
SHARES = bootstrap.SHARES_OF_FILMS | {"answer_accuracy", "coverage"}
"""Figures that count films, each right or wrong."""


def compared(
    grades: np.ndarray,
    patient_ids: Sequence[str],
    before: tuple[np.ndarray, np.ndarray],
    after: tuple[np.ndarray, np.ndarray],
    *,
    rule: str,
) -> Figures:
    """Return ``before``, ``after`` and ``difference`` of each of `NAMES`: value, low, high.

    `before` and `after` are probabilities ``(N, 5)`` and sets ``(N, 2)`` of the same films, `rule`
    that by which a grade is said. What is not defined, such as kappa of a single grade, is None,
    and so is an interval where all draws are the same (`bootstrap.known_interval`); that of a share
    of films is then Wilson's over patients.
    """
    patients = len(set(patient_ids))
    weights = bootstrap.patient_weights(patient_ids)
    # One more draw holds every film once: the value itself.
    weights = np.concatenate([np.ones((1, len(grades))), weights])
    draws = [_draws(grades, *answers, weights, rule) for answers in (before, after)]
    return {
        name: {
            "before": _ends(draws[0][name], patients if name in SHARES else 0),
            "after": _ends(draws[1][name], patients if name in SHARES else 0),
            "difference": _ends(draws[1][name] - draws[0][name]),
        }
        for name in NAMES
    }


def in_words(ends: Ends, form: str, *, factor: float = 1, unit: str = "") -> str:
    """Return a figure as text, times `factor` in `form`, with its interval where it has one."""
    value, low, high = (None if end is None else f"{factor * end:{form}}" for end in ends)
    if value is None:
        return "not defined"
    return f"{value}{unit}" if low is None else f"{value}{unit} ({low} to {high})"


def sets_out_of_fold(
    probabilities: np.ndarray,
    grades: np.ndarray,
    patient_ids: Sequence[str],
    fold: np.ndarray,
    rule: AnswerRule,
) -> np.ndarray:
    """Return sets ``(N, 2)`` by `rule`, but each threshold from the films of the other folds."""
    patients = np.asarray(patient_ids)
    chosen = np.empty((len(grades), 2), int)
    for k in np.unique(fold):
        other = fold != k
        threshold = conformal.calibrate(
            probabilities[other], grades[other], patients[other], rule.level
        )
        chosen[~other] = replace(rule, threshold=threshold).sets(probabilities[~other])
    return chosen


def track_record(grades: np.ndarray, answers: np.ndarray) -> tuple[dict[str, float] | None, ...]:
    """Return for each grade how often it was right when it was the answer, None if it never was.

    `grades` and `answers` are (N,) int in 0-4.
    """
    confusion = agreement.confusion_matrix(grades, answers)
    shares = (agreement.predictive_value(confusion, grade) for grade in GRADES)
    return tuple(None if share is None else asdict(share) for share in shares)


def _draws(
    grades: np.ndarray,
    probabilities: np.ndarray,
    graded_sets: np.ndarray,
    weights: np.ndarray,
    rule: str,
) -> dict[str, np.ndarray]:
    summary = agreement.weighted_summaries(grades, probabilities, weights)
    by_median = np.eye(len(GRADES))[rules.median(probabilities)]
    medians = agreement.weighted_summaries(grades, by_median, weights)
    share = weights / weights.sum(axis=1, keepdims=True)
    chosen = probabilities[np.arange(len(grades)), grades].astype(float)
    right = rules.grades_by(rule, probabilities) == grades
    return {name: summary[name] for name in _FROM_SUMMARY} | {
        "answer_accuracy": share @ right.astype(float),
        "median_kappa": medians["quadratic_kappa"],
        "cross_entropy": share @ -np.log(np.maximum(chosen, 1e-7)),
        "coverage": share @ conformal.holds(graded_sets, grades).astype(float),
        "width": share @ (graded_sets[:, 1] - graded_sets[:, 0] + 1.0),
    }


def _ends(draws: np.ndarray, patients: int = 0) -> Ends:
    """`patients` are those of a share of films; of other figures 0."""
    value, low, high = (
        float(end) if np.isfinite(end) else None
        for end in (draws[0], *bootstrap.share_interval(draws[1:], patients))
    )
    return value, low, high
