"""Prediction sets: against brute force, and their coverage on simulated patients."""

import numpy as np
import pytest

from kneeoa.errors import DataError
from kneeoa.metrics import conformal


def drawn(count, *, seed=0, milder=1.0):
    """Return probabilities ``(count, 5)``, and grades drawn from them or from milder ones."""
    generator = np.random.default_rng(seed)
    shares = generator.dirichlet(np.full(5, 0.5), size=count)
    true = shares**milder / (shares**milder).sum(axis=1, keepdims=True)
    grades = (true.cumsum(axis=1) > generator.random((count, 1))).argmax(axis=1)
    return shares, grades


def nested(row):
    """The growing sets of one film, in plain Python: a list of (grades, probability before)."""
    inside, before = [int(np.argmax(row))], 0.0
    found = [(list(inside), before)]
    while len(inside) < 5:
        before = sum(row[g] for g in inside)
        around = [g for g in (min(inside) - 1, max(inside) + 1) if 0 <= g <= 4]
        inside = sorted([*inside, max(around, key=lambda g: (row[g], -g))])
        found.append((list(inside), before))
    return found


def test_sets_equal_brute_force():
    shares, grades = drawn(200)
    scores = conformal.mass_before(shares, grades)
    for row, grade, score in zip(shares, grades, scores, strict=True):
        expected = next(before for inside, before in nested(row) if grade in inside)
        assert score == pytest.approx(expected, abs=1e-12)
    for threshold in (0, 0.3, 0.8, 1):
        for row, (low, high) in zip(shares, conformal.sets(shares, threshold), strict=True):
            inside = max((s for s, before in nested(row) if before <= threshold + 1e-9), key=len)
            assert (low, high) == (min(inside), max(inside))


def test_a_set_is_never_empty_and_grows_with_the_threshold():
    shares, _ = drawn(200, seed=1)
    widths = [np.diff(conformal.sets(shares, t)).ravel() + 1 for t in np.linspace(0, 1, 11)]
    assert (widths[0] == 1).all()
    assert (widths[-1] == 5).all()
    assert (np.diff(widths, axis=0) >= 0).all()


def test_of_equal_neighbours_the_lower_grade_comes_first():
    assert conformal.sets(np.array([[0, 0.2, 0.6, 0.2, 0]]), 0.7).tolist() == [[1, 2]]


def test_without_two_knees_the_threshold_is_the_textbook_quantile():
    shares, grades = drawn(99, seed=2)
    scores = np.sort(conformal.mass_before(shares, grades))
    found = conformal.calibrate(shares, grades, [str(i) for i in range(99)])
    assert found == scores[int(np.ceil(0.9 * 100)) - 1]


def test_patients_weigh_the_same_as_in_many_draws_of_one_knee_each():
    shares, grades = drawn(150, seed=3)
    owner = np.repeat(np.arange(100), [1, 2] * 50)
    generator = np.random.default_rng(0)
    scores = conformal.mass_before(shares, grades)
    pooled = []
    for _ in range(4000):
        order = generator.permutation(150)
        pooled.append(scores[order][np.unique(owner[order], return_index=True)[1]])
    found = conformal.calibrate(shares, grades, owner)
    # 0.9 of 101 patients, of whom one is still to come.
    assert found == pytest.approx(np.quantile(np.ravel(pooled), 0.9 * 101 / 100), abs=0.01)


def test_too_few_patients_give_the_whole_scale():
    shares, grades = drawn(8)
    assert conformal.calibrate(shares, grades, list("abcdefgh")) == conformal.ALL_GRADES
    assert conformal.calibrate(*drawn(9), list("abcdefghi")) < conformal.ALL_GRADES


@pytest.mark.parametrize("milder", [1.0, 0.4])
def test_coverage_holds_for_new_patients_even_when_probabilities_are_wrong(milder):
    """Two knees alike: the second is often a copy of the first, as a patient's knees are."""
    generator = np.random.default_rng(4)
    covered = []
    for seed in range(300):
        shares, grades = drawn(120, seed=seed, milder=milder)
        owner = np.arange(120)
        alike = generator.random(60) < 0.7
        shares[60:][alike], grades[60:][alike] = shares[:60][alike], grades[:60][alike]
        owner[60:] = np.arange(60)
        threshold = conformal.calibrate(shares, grades, owner)
        new, truth = drawn(200, seed=10_000 + seed, milder=milder)
        covered.append(conformal.holds(conformal.sets(new, threshold), truth).mean())
    # At least 90% on average over calibrations, at most one patient more.
    assert 0.893 < np.mean(covered) < 0.93


def test_coverage_is_measured_over_patients():
    shares, grades = drawn(300, seed=5)
    found = conformal.sets(shares, 0.8)
    one = conformal.coverage(found, grades, np.arange(300))
    held = (found[:, 0] <= grades) & (grades <= found[:, 1])
    assert one.covered.value == pytest.approx(held.mean())
    assert one.covered.low < held.mean() < one.covered.high
    assert one.width.value == pytest.approx((found[:, 1] - found[:, 0] + 1).mean())
    assert one.by_grade[2] == pytest.approx(held[grades == 2].mean())
    paired = conformal.coverage(
        np.repeat(found, 2, axis=0), np.repeat(grades, 2), np.repeat(np.arange(300), 2)
    )
    assert paired.covered == one.covered


def test_what_cannot_be_is_refused():
    with pytest.raises(DataError, match="between 0 and 1"):
        conformal.calibrate(*drawn(20), np.arange(20), 1.0)
    with pytest.raises(DataError, match="Received none"):
        conformal.calibrate(np.empty((0, 5)), np.empty(0, int), [])
