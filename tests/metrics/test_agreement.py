"""Metrics against published examples and second implementations."""

import numpy as np
import pytest

from kneeoa.metrics import agreement


def one_hot(grades):
    return np.eye(5)[grades]


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


def test_calibration_error_by_hand():
    # Two bins: confidence 0.6 with half right, confidence 0.9 with all right.
    probabilities = np.array(
        [[0.6, 0.4, 0, 0, 0], [0.6, 0.4, 0, 0, 0], [0.9, 0.1, 0, 0, 0], [0.9, 0.1, 0, 0, 0]]
    )
    error = agreement.expected_calibration_error(np.array([0, 1, 0, 0]), probabilities)
    assert error == pytest.approx(0.5 * 0.1 + 0.5 * 0.1)


def test_the_auc_is_of_kl_2_and_more():
    probabilities = np.array([[0.9, 0.1, 0, 0, 0], [0, 0.6, 0.4, 0, 0], [0, 0.5, 0, 0.5, 0]])
    assert agreement.auc_kl2(np.array([0, 1, 3]), probabilities) == 1
    assert agreement.auc_kl2(np.array([0, 2, 1]), probabilities) == 0.5
    assert np.isnan(agreement.auc_kl2(np.array([0, 1, 1]), probabilities))


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
