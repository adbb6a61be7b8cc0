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
MOST_UNDEFINED = 0.05
"""Share of draws without a value from which on the others say nothing of its interval."""


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
    confusions = agreement.weighted_confusions(true_grades, answers, weights)
    recalls = agreement.per_grade(confusions)["recall"]
    recall = {f"recall_kl{int(grade)}": recalls[:, grade] for grade in GRADES}
    return agreement.of_confusions(confusions, true_grades) | recall


def mean_summaries(
    true_grades: np.ndarray, answers: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return `agreement.weighted_summaries` of runs on the same films, averaged over the runs.

    ``answers`` are ``(runs, N, 5)``. The areas under the curve, which take longest, are averaged
    before they are weighted: over the pairs of a positive and a negative film.
    """
    parts = [agreement.without_auc(true_grades, run, weights) for run in answers]
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
    return mean | {"auc_kl2": agreement.share(total, len(answers) * pairs)}


def patient_intervals(
    true_grades: np.ndarray,
    probabilities: np.ndarray,
    patient_ids: Sequence[str] | np.ndarray,
    *,
    resamples: int = RESAMPLES,
) -> dict[str, tuple[float, float]]:
    """Return 95% percentile intervals of `kneeoa.metrics.agreement.summary` over patients.

    NaN for `agreement.NO_INTERVAL`, and where the films bear none (`interval_of`).

    The interval is the sampling error of this test set; it says nothing of training with another
    seed.
    """
    weights = patient_weights(patient_ids, resamples=resamples)
    draws = agreement.weighted_summaries(true_grades, probabilities, weights)
    patients = len(set(patient_ids))
    return {name: interval_of(name, values, patients=patients) for name, values in draws.items()}


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


def interval_of(metric: str, draws: np.ndarray, *, patients: int) -> tuple[float, float]:
    """Return the 95% interval of a metric of `agreement.summary` from its draws over `patients`.

    `known_interval`, and `share_interval` of a share of films; NaN for `agreement.NO_INTERVAL`.
    """
    if metric in agreement.NO_INTERVAL:
        return float("nan"), float("nan")
    if metric in SHARES_OF_FILMS:
        return share_interval(draws, patients)
    return known_interval(draws)


def difference_interval(metric: str, draws: np.ndarray) -> tuple[float, float]:
    """Return the 95% interval of a difference in a metric from its draws: as `known_interval`.

    NaN for `agreement.NO_INTERVAL`: each side's draws lie above its value, the more so the fewer
    its films, so that their difference holds 0 no more reliably than they do.
    """
    if metric in agreement.NO_INTERVAL:
        return float("nan"), float("nan")
    return known_interval(draws)


SHARES_OF_FILMS = frozenset({"accuracy", "within_one_grade"})
"""Metrics that count films, each right or wrong."""


def known_interval(draws: np.ndarray) -> tuple[float, float]:
    """Return `percentile_interval`, or NaN where the draws do not bear one.

    That is where more than `MOST_UNDEFINED` of them are not defined, and where all the others are
    the same: whoever made no error so far is not certain to make none, nor does one patient tell of
    others.
    """
    defined = draws[np.isfinite(draws)]
    too_few = len(defined) < (1 - MOST_UNDEFINED) * len(draws)
    if not len(defined) or too_few or np.ptp(defined) < 1e-12:
        return float("nan"), float("nan")
    return percentile_interval(defined)


def share_interval(draws: np.ndarray, patients: int) -> tuple[float, float]:
    """Return `known_interval` of a share; where every draw is 0 or 1, Wilson's (1927).

    Of `patients` as if each were right, or wrong, once: they, not films, are independent.
    """
    defined = draws[np.isfinite(draws)]
    if len(defined) and patients:
        for share in (0, 1):
            if np.abs(defined - share).max() < 1e-12:
                return agreement.wilson(share * patients, patients)
    return known_interval(draws)


def percentile_interval(draws: np.ndarray) -> tuple[float, float]:
    """Return the middle 95% of the draws; undefined ones are left out.

    It has no width where all draws are the same, which is not certainty: see `known_interval`.
    """
    draws = draws[np.isfinite(draws)]
    if not len(draws):
        return float("nan"), float("nan")
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)
