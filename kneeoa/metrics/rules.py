"""From five probabilities to one grade: the most probable, the median, or the mean, rounded.

Each is the best answer to another question: the most probable grade is right most often, the median
is off by the fewest grades, the mean by the fewest squared grades (what quadratic kappa counts).
"""

from collections.abc import Callable

import numpy as np

from kneeoa.errors import ModelError
from kneeoa.metrics import agreement

MOST_PROBABLE, MEDIAN, MEAN = "most probable", "median", "mean"
MEASURED = ("accuracy", "quadratic_kappa", "mean_absolute_error", "within_one_grade")
LOSS = "mean_absolute_error"
"""By which a rule is chosen: grades that the answer is off by, on average."""


def most_probable(probabilities: np.ndarray) -> np.ndarray:
    """Return the most probable grade of ``(N, 5)`` probabilities, ``(N,) int64``."""
    return np.asarray(probabilities).argmax(axis=1)


def median(probabilities: np.ndarray) -> np.ndarray:
    """Return the lowest grade up to which at least half of the probability lies."""
    # A float32 row may sum to a little less than 1: half of what it sums to.
    reached = np.cumsum(np.asarray(probabilities, np.float64), axis=1)
    return (reached >= reached[:, -1:] / 2).argmax(axis=1)


def mean(probabilities: np.ndarray) -> np.ndarray:
    """Return the mean grade, rounded; a half is rounded up."""
    shares = np.asarray(probabilities, np.float64)
    expected = shares @ np.arange(shares.shape[1]) / shares.sum(axis=1)
    return np.floor(expected + 0.5).astype(int)


RULES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    MOST_PROBABLE: most_probable,
    MEDIAN: median,
    MEAN: mean,
}


def grades_by(rule: str, probabilities: np.ndarray) -> np.ndarray:
    """Return the grade of each film by the `rule` of that name, ``(N,) int64``."""
    if rule not in RULES:
        raise ModelError(f"Expected a rule out of {', '.join(RULES)}. Received: {rule!r}.")
    return RULES[rule](probabilities)


def measured(grades: np.ndarray, probabilities: np.ndarray) -> dict[str, dict[str, float]]:
    """Return for each rule how its answers agree with ``grades (N,)``.

    The measures are those of `MEASURED`, as in `kneeoa.metrics.agreement.summary`.
    """
    by_rule = {}
    for name, rule in RULES.items():
        confusion = agreement.confusion_matrix(grades, rule(probabilities))
        figures = agreement.of_confusions(confusion[None], grades)
        by_rule[name] = {measure: float(figures[measure][0]) for measure in MEASURED}
    return by_rule
