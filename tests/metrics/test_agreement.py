"""Metrics against published examples and second implementations."""

import numpy as np
import pytest
from sklearn import metrics as sk

from kneeoa.metrics import agreement, bootstrap


def one_hot(grades):
    return np.eye(5)[grades]


def by_scikit_learn(true, probabilities):
    """Return what scikit-learn gives for all of `agreement.summary` but the calibration error."""
    predicted, positive = probabilities.argmax(axis=1), true >= 2
    known = {"labels": np.unique(true), "average": "macro", "zero_division": 0}
    both = positive.any() and not positive.all()
    varied = len(np.union1d(true, predicted)) > 1
    kappa = {"labels": range(5), "weights": "quadratic"}
    return {
        "accuracy": sk.accuracy_score(true, predicted),
        "macro_precision": sk.precision_score(true, predicted, **known),
        "macro_recall": sk.recall_score(true, predicted, **known),
        "macro_f1": sk.f1_score(true, predicted, **known),
        "quadratic_kappa": sk.cohen_kappa_score(true, predicted, **kappa) if varied else np.nan,
        "mean_absolute_error": sk.mean_absolute_error(true, predicted),
        "within_one_grade": sk.accuracy_score(abs(true - predicted) <= 1, np.ones(len(true))),
        "auc_kl2": sk.roc_auc_score(positive, probabilities[:, 2:].sum(1)) if both else np.nan,
    }


@pytest.mark.parametrize("grades", [5, 2, 1])
def test_every_weighting_has_the_metrics_of_its_films_as_scikit_learn_counts_them(grades):
    rng = np.random.default_rng(5)
    true = rng.integers(0, grades, 60)
    # Rounded, so that scores are tied now and then.
    probabilities = rng.dirichlet(np.ones(5), 60).round(1) + 1e-3
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    weights = bootstrap.patient_weights(np.repeat(np.arange(30).astype(str), 2), resamples=25)
    draws = agreement.weighted_summaries(true, probabilities, weights)
    for i, row in enumerate(weights.astype(int)):
        films = np.repeat(np.arange(60), row)
        for found in (
            {name: values[i] for name, values in draws.items()},
            agreement.summary(true[films], probabilities[films]),
        ):
            assert found.pop("expected_calibration_error") >= 0
            expected = by_scikit_learn(true[films], probabilities[films])
            assert found == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_a_grade_that_is_not_among_the_films_is_no_grade_that_is_missed():
    true = np.array([0, 0, 1, 1, 2])
    summary = agreement.summary(true, one_hot(true))
    assert [summary[f"macro_{name}"] for name in ("precision", "recall", "f1")] == [1, 1, 1]
    # One film of KL 2 is given KL 4: of the three grades there is one that is not found.
    assert agreement.summary(true, one_hot([0, 0, 1, 1, 4]))["macro_recall"] == pytest.approx(2 / 3)


def test_quadratic_kappa_equals_its_definition():
    rng = np.random.default_rng(0)
    true, predicted = rng.integers(0, 5, 300), rng.integers(0, 5, 300)
    observed = agreement.confusion_matrix(true, predicted) / 300
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0))
    weights = (np.arange(5)[:, None] - np.arange(5)) ** 2
    by_hand = 1 - (weights * observed).sum() / (weights * expected).sum()
    assert agreement.quadratic_kappa(true, predicted) == pytest.approx(by_hand)


def test_summary_of_perfect_and_constant_answers():
    true = np.array([0] * 6 + [1] * 2 + [2] * 2)
    perfect = agreement.summary(true, one_hot(true))
    assert perfect["accuracy"] == perfect["quadratic_kappa"] == perfect["within_one_grade"] == 1
    assert perfect["mean_absolute_error"] == perfect["expected_calibration_error"] == 0
    constant = agreement.summary(true, one_hot(np.zeros(10, int)))
    assert constant["accuracy"] == pytest.approx(0.6)
    assert constant["quadratic_kappa"] == pytest.approx(0)
    assert constant["mean_absolute_error"] == pytest.approx(0.6)
    assert constant["within_one_grade"] == pytest.approx(0.8)


def test_calibration_error_by_chance_is_what_right_confidences_give():
    rng = np.random.default_rng(4)
    probabilities = rng.dirichlet(np.full(5, 0.4), 400)
    mean, low, high = agreement.calibration_by_chance(probabilities)
    once = np.ones((1, 400))
    seen = [
        agreement.calibration_errors(
            np.array([rng.choice(5, p=row) for row in probabilities]), probabilities, once
        )[0]
        for _ in range(200)
    ]
    assert mean == pytest.approx(np.mean(seen), rel=0.05)
    assert 0.9 < np.mean((low <= np.array(seen)) & (np.array(seen) <= high)) < 0.99
    certain = np.eye(5)[np.arange(20) % 5]
    assert agreement.calibration_by_chance(certain) == (0, 0, 0)


def test_calibration_error_by_hand():
    # Two bins: confidence 0.6 with half right, confidence 0.9 with all right.
    probabilities = np.array(
        [[0.6, 0.4, 0, 0, 0], [0.6, 0.4, 0, 0, 0], [0.9, 0.1, 0, 0, 0], [0.9, 0.1, 0, 0, 0]]
    )
    (error,) = agreement.calibration_errors(np.array([0, 1, 0, 0]), probabilities, np.ones((1, 4)))
    assert error == pytest.approx(0.5 * 0.1 + 0.5 * 0.1)


def test_the_auc_is_of_kl_2_and_more():
    probabilities = np.array([[0.9, 0.1, 0, 0, 0], [0, 0.6, 0.4, 0, 0], [0, 0.5, 0, 0.5, 0]])
    for grades, area in (([0, 1, 3], 1), ([0, 2, 1], 0.5), ([0, 1, 1], np.nan)):
        found_area = agreement.summary(np.array(grades), probabilities)["auc_kl2"]
        assert found_area == pytest.approx(area, nan_ok=True)


def test_predictive_value_is_wilsons_interval():
    confusion = np.zeros((5, 5), int)
    confusion[2, 2], confusion[1, 2] = 8, 2
    value = agreement.predictive_value(confusion, 2)
    # Wilson 1927 for 8 of 10, 95%: 0.490 to 0.943 (Brown, Cai & DasGupta 2001 give the formula).
    assert (value.count, value.total, value.value) == (8, 10, 0.8)
    assert value.low == pytest.approx(0.4902, abs=1e-3)
    assert value.high == pytest.approx(0.9433, abs=1e-3)
    assert agreement.predictive_value(confusion, 0) is None


@pytest.mark.filterwarnings("error")
def test_kappa_is_undefined_when_all_grades_are_one():
    assert np.isnan(agreement.quadratic_kappa(np.zeros(4, int), np.zeros(4, int)))
