"""How well probabilities separate knees, and how far they can be believed."""

import numpy as np
import pandas as pd

from kneeoa.metrics import agreement, bootstrap
from kneeoa.records.results import PROBABILITY_COLUMNS

THRESHOLDS = (1, 2, 3, 4)
"""Grades from which on a knee counts as positive, for example KL >= 2: radiographic disease."""


def separation(films: pd.DataFrame) -> pd.DataFrame:
    """Return how well the answers separate the knees at each of `THRESHOLDS`.

    ``films`` as from `confusions.graded`. Columns ``threshold, positive, knees, auc, auc_low,
    auc_high, average_precision, ap_low, ap_high``: area under the ROC curve and average precision,
    with 95% intervals over patients. Empty where all knees are on one side; an interval also where
    the patients bear none.
    """
    from sklearn import metrics as sk  # late: it takes a second to load, here and below

    weights = bootstrap.patient_weights(films["patient_id"])
    rows = []
    for threshold in THRESHOLDS:
        positive, score = _scored(films, threshold)
        row: dict[str, float] = {"threshold": threshold, "positive": int(positive.sum())}
        row["knees"] = len(films)
        if positive.any() and not positive.all():
            auc, precision = agreement.weighted_areas(positive, score, weights)
            row["auc"] = sk.roc_auc_score(positive, score)
            row["auc_low"], row["auc_high"] = bootstrap.known_interval(auc)
            row["average_precision"] = sk.average_precision_score(positive, score)
            row["ap_low"], row["ap_high"] = bootstrap.known_interval(precision)
        rows.append(row)
    columns = ["threshold", "positive", "knees", "auc", "auc_low", "auc_high"]
    return pd.DataFrame(rows, columns=[*columns, "average_precision", "ap_low", "ap_high"])


def roc(films: pd.DataFrame, threshold: int) -> pd.DataFrame:
    """Return the ROC curve at a threshold: ``false_positive_rate, true_positive_rate, score``.

    Empty where all knees are on one side of the threshold.
    """
    positive, score = _scored(films, threshold)
    if positive.all() or not positive.any():
        return pd.DataFrame(columns=["false_positive_rate", "true_positive_rate", "score"])
    from sklearn import metrics as sk

    false, true, scores = sk.roc_curve(positive, score)
    return pd.DataFrame({"false_positive_rate": false, "true_positive_rate": true, "score": scores})


def precision_recall(films: pd.DataFrame, threshold: int) -> pd.DataFrame:
    """Return the precision-recall curve at a threshold: ``recall, precision``."""
    positive, score = _scored(films, threshold)
    if positive.all() or not positive.any():
        return pd.DataFrame(columns=["recall", "precision"])
    from sklearn import metrics as sk

    precision, recall, _ = sk.precision_recall_curve(positive, score)
    return pd.DataFrame({"recall": recall, "precision": precision})


def reliability(films: pd.DataFrame, *, bins: int = 10) -> pd.DataFrame:
    """Return how often the given grade is right at each level of confidence.

    Columns ``low, high, knees, confidence, accuracy, accuracy_low, accuracy_high``: bins of equal
    width, empty ones left out; the 95% interval is Wilson's (1927), knees taken as independent.
    """
    confidence = films[PROBABILITY_COLUMNS].to_numpy().reshape(-1, 5).max(axis=1)
    right = (films["error"] == 0).to_numpy()
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    rows = []
    for index in np.unique(bin_of):
        in_bin = bin_of == index
        share = agreement.proportion(int(right[in_bin].sum()), int(in_bin.sum()))
        assert share is not None  # a bin without knees is none of these
        rows.append(
            {
                "low": index / bins,
                "high": (index + 1) / bins,
                "knees": share.total,
                "confidence": confidence[in_bin].mean(),
                "accuracy": share.value,
                "accuracy_low": share.low,
                "accuracy_high": share.high,
            }
        )
    columns = ["low", "high", "knees", "confidence", "accuracy", "accuracy_low", "accuracy_high"]
    return pd.DataFrame(rows, columns=columns)


def _scored(films: pd.DataFrame, threshold: int) -> tuple[np.ndarray, np.ndarray]:
    positive = films["true_grade"].to_numpy(int) >= threshold
    score = films[PROBABILITY_COLUMNS].to_numpy().reshape(-1, 5)[:, threshold:].sum(axis=1)
    # Rounding in the file must not tell equal scores apart.
    return positive, score.round(9)
