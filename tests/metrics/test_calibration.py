"""Temperature: the right one is found, and the grade never changes."""

import numpy as np
import pytest

from kneeoa.metrics import calibration
from kneeoa.metrics.calibration import softmax

LOGITS = np.random.default_rng(3).normal(0, 2, (4000, 5))


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 2.5])
def test_the_temperature_of_the_labels_is_found(true_temperature):
    draw = np.random.default_rng(4)
    grades = np.array([draw.choice(5, p=p / p.sum()) for p in softmax(LOGITS, true_temperature)])
    found = calibration.fit_temperature(softmax(LOGITS), grades)
    assert found == pytest.approx(true_temperature, rel=0.06)


def test_recalibrated_probabilities_are_those_of_the_divided_logits():
    expected = softmax(LOGITS, 2.0)
    np.testing.assert_allclose(
        calibration.recalibrate(softmax(LOGITS), 2.0), expected, rtol=1e-4, atol=1e-6
    )
    assert (expected.argmax(axis=1) == LOGITS.argmax(axis=1)).all()
    np.testing.assert_allclose(expected.sum(axis=1), 1, atol=1e-6)


def test_cross_entropy_is_scikit_learns():
    from sklearn.metrics import log_loss

    grades = np.arange(len(LOGITS)) % 5
    probabilities = softmax(LOGITS).astype(float)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    ours = calibration.cross_entropy(grades, probabilities)
    assert ours == pytest.approx(log_loss(grades, probabilities, labels=range(5)), rel=1e-5)
