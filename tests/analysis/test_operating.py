"""ROC, precision-recall and reliability, against scikit-learn."""

import numpy as np
import pytest
from sklearn import calibration as sk_calibration
from sklearn import metrics as sk

from kneeoa.analysis import confusions, operating
from kneeoa.metrics import agreement
from kneeoa.records.results import PROBABILITY_COLUMNS
from tests.support.research import drawn_predictions

FILMS = confusions.graded(drawn_predictions(0), "test")
SHARES = FILMS[PROBABILITY_COLUMNS].to_numpy()


@pytest.mark.parametrize("threshold", operating.THRESHOLDS)
def test_areas_agree_with_scikit_learn(threshold):
    row = operating.separation(FILMS).set_index("threshold").loc[threshold]
    positive, score = FILMS["true_grade"] >= threshold, SHARES[:, threshold:].sum(axis=1)
    assert row["auc"] == pytest.approx(sk.roc_auc_score(positive, score))
    assert row["average_precision"] == pytest.approx(sk.average_precision_score(positive, score))
    assert row["auc_low"] <= row["auc"] <= row["auc_high"]
    assert row["ap_low"] <= row["average_precision"] <= row["ap_high"]
    curve = operating.roc(FILMS, threshold)
    assert sk.auc(curve["false_positive_rate"], curve["true_positive_rate"]) == pytest.approx(
        row["auc"]
    )
    assert operating.precision_recall(FILMS, threshold)["recall"].max() == 1


def test_weighted_areas_are_those_of_films_repeated():
    draw = np.random.default_rng(0)
    positive, score = draw.random(30) < 0.4, draw.random(30).round(1)
    weights = draw.integers(0, 4, (3, 30))
    for compute, expected in (
        (agreement.weighted_auc, sk.roc_auc_score),
        (lambda *given: agreement.weighted_areas(*given)[0], sk.roc_auc_score),
        (lambda *given: agreement.weighted_areas(*given)[1], sk.average_precision_score),
    ):
        found = compute(positive, score, weights.astype(float))
        for one, times in zip(found, weights, strict=True):
            repeated = np.repeat(positive, times), np.repeat(score, times)
            assert one == pytest.approx(expected(*repeated))


def test_one_sided_films_have_no_curve():
    films = FILMS[FILMS["true_grade"] < 3]
    assert operating.roc(films, 3).empty
    assert operating.precision_recall(films, 3).empty
    row = operating.separation(films).set_index("threshold").loc[3]
    assert np.isnan(row["auc"])
    assert row["positive"] == 0


def test_reliability_agrees_with_scikit_learn():
    table = operating.reliability(FILMS, bins=5)
    right = FILMS["error"] == 0
    accuracy, confidence = sk_calibration.calibration_curve(right, SHARES.max(axis=1), n_bins=5)
    np.testing.assert_allclose(table["accuracy"], accuracy)
    np.testing.assert_allclose(table["confidence"], confidence)
    assert table["knees"].sum() == len(FILMS)
    assert (table["accuracy_low"] <= table["accuracy"]).all()
