"""Three ways to one grade, against plain definitions."""

import numpy as np
import pytest

from kneeoa.errors import ModelError
from kneeoa.metrics import rules

SHARES = np.random.default_rng(0).dirichlet(np.full(5, 0.6), size=400).astype(np.float32)


def test_each_rule_is_the_best_answer_to_its_question():
    grades = np.arange(5)
    distance = np.abs(np.subtract.outer(grades, grades))
    for name, loss in (
        ("most probable", distance > 0),
        ("median", distance),
        ("mean", distance**2),
    ):
        expected = SHARES @ loss.astype(float)
        given = rules.grades_by(name, SHARES)
        cost = expected[np.arange(len(SHARES)), given]
        np.testing.assert_allclose(cost, expected.min(axis=1), atol=1e-5)


def test_halves():
    assert rules.median(np.array([[0.5, 0.5, 0, 0, 0]])).tolist() == [0]
    assert rules.mean(np.array([[0.5, 0.5, 0, 0, 0]])).tolist() == [1]
    assert rules.median(np.array([[0.2] * 5], np.float32)).tolist() == [2]


def test_how_well_a_rule_does():
    split = np.array([[0.4, 0.25, 0.35, 0, 0]] * 3)
    measured = rules.measured(np.array([0, 1, 2]), split)["median"]
    assert measured["mean_absolute_error"] == pytest.approx(2 / 3)
    assert measured["accuracy"] == pytest.approx(1 / 3)
    assert measured["within_one_grade"] == 1


def test_an_unknown_rule_is_refused():
    with pytest.raises(ModelError, match="median"):
        rules.grades_by("loudest", SHARES)
