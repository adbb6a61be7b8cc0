"""Metrics against published examples and second implementations."""

import numpy as np
import pytest

from kneeoa import agreement


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


def test_patients_not_knees_are_resampled():
    rng = np.random.default_rng(1)
    right = np.repeat(rng.random(200) < 0.7, 2)
    true = np.zeros(400, int)
    probabilities = one_hot(np.where(right, 0, 1))
    patients = np.repeat(np.arange(200).astype(str), 2)
    by_patient = agreement.patient_intervals(true, probabilities, patients, resamples=400)
    by_knee = agreement.patient_intervals(
        true, probabilities, np.arange(400).astype(str), resamples=400
    )
    width = {
        name: of["accuracy"][1] - of["accuracy"][0]
        for name, of in {"patient": by_patient, "knee": by_knee}.items()
    }
    # A patient's knees always agree here, so the interval must be wider by about sqrt(2).
    assert width["patient"] / width["knee"] == pytest.approx(2**0.5, rel=0.15)
    low, high = by_patient["accuracy"]
    assert low < right.mean() < high


def test_predictive_value_is_wilsons_interval():
    confusion = np.zeros((5, 5), int)
    confusion[2, 2], confusion[1, 2] = 8, 2
    value = agreement.predictive_value(confusion, 2)
    # Wilson 1927 for 8 of 10, 95%: 0.490 to 0.943 (Brown, Cai & DasGupta 2001 give the formula).
    assert (value.count, value.total, value.value) == (8, 10, 0.8)
    assert value.low == pytest.approx(0.4902, abs=1e-3)
    assert value.high == pytest.approx(0.9433, abs=1e-3)
    assert agreement.predictive_value(confusion, 0) is None
