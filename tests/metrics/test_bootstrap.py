"""The bootstrap over patients: the right unit, and runs averaged draw by draw."""

import numpy as np
import pytest

from kneeoa.metrics import agreement, bootstrap


def one_hot(grades):
    return np.eye(5)[grades]


def test_patients_are_drawn_whole_and_as_often_as_there_are():
    patients = np.array(["b", "a", "b", "c", "a"])
    weights = bootstrap.patient_weights(patients, resamples=500, seed=1)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 1] == weights[:, 4]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert weights.mean() == pytest.approx(1, abs=0.1)
    assert np.array_equal(weights, bootstrap.patient_weights(patients, resamples=500, seed=1))


def test_an_undefined_metric_has_no_interval():
    intervals = bootstrap.patient_intervals(np.zeros(4, int), one_hot([0, 0, 1, 2]), list("abcd"))
    assert np.isnan(intervals["auc_kl2"]).all()
    assert intervals["accuracy"][0] < 0.5 < intervals["accuracy"][1]


def test_no_error_so_far_is_no_certainty():
    true = np.array([0, 0, 1, 1, 2, 2])
    ends = bootstrap.patient_intervals(true, one_hot(true), list("aabbcc"))
    # Wilson's interval of 3 of 3 patients.
    assert ends["accuracy"] == pytest.approx((3 / (3 + 1.959964**2), 1))
    assert ends["within_one_grade"] == ends["accuracy"]
    others = set(ends) - {"accuracy", "within_one_grade"}
    assert all(np.isnan(ends[name]).all() for name in others)
    wrong = bootstrap.patient_intervals(true, one_hot((true + 2) % 5), list("aabbcc"))
    assert wrong["accuracy"] == pytest.approx((0, 1 - ends["accuracy"][0]))


def test_one_patient_tells_nothing_of_others():
    true, given = np.array([0, 1, 2, 3]), np.array([0, 1, 2, 4])
    ends = bootstrap.patient_intervals(true, one_hot(given), ["a"] * 4)
    assert all(np.isnan(pair).all() for name, pair in ends.items() if name != "within_one_grade")
    assert ends["within_one_grade"][0] < 0.25


@pytest.mark.parametrize(("rare", "has_interval"), [(1, False), (10, True)])
def test_macro_averages_have_no_interval_where_many_draws_lack_a_grade(rare, has_interval):
    # One patient of a grade is in 63% of the draws: the others would be means over other grades.
    true = np.array([0, 1, 2, 3] * 25 + [4] * rare)
    given = np.where(true == 4, 3, np.where(np.arange(len(true)) % 5, true, (true + 1) % 4))
    patients = np.arange(len(true)).astype(str)
    ends = bootstrap.patient_intervals(true, one_hot(given), patients)
    for name in ("macro_precision", "macro_recall", "macro_f1"):
        assert np.isfinite(ends[name]).all() == has_interval
    assert np.isfinite(ends["accuracy"]).all()
    value = agreement.summary(true, one_hot(given))["macro_recall"]
    if has_interval:
        low, high = ends["macro_recall"]
        assert value - 0.1 < low < value < high < value + 0.1


def test_draws_without_a_value_say_nothing_once_they_are_many():
    draws = np.append(np.linspace(0, 1, 95), np.full(5, np.nan))
    low, high = bootstrap.known_interval(draws)
    assert (low, high) == pytest.approx((0.025, 0.975))
    assert bootstrap.share_interval(draws, 9) == (low, high)
    draws[50] = np.nan
    assert np.isnan(bootstrap.known_interval(draws)).all()
    assert np.isnan(bootstrap.share_interval(draws, 9)).all()


def test_patients_not_knees_are_resampled():
    rng = np.random.default_rng(1)
    right = np.repeat(rng.random(200) < 0.7, 2)
    true = np.zeros(400, int)
    probabilities = one_hot(np.where(right, 0, 1))
    patients = np.repeat(np.arange(200).astype(str), 2)
    by_patient = bootstrap.patient_intervals(true, probabilities, patients, resamples=400)
    by_knee = bootstrap.patient_intervals(
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


@pytest.mark.parametrize("grades", [5, 2])
def test_runs_are_averaged_draw_by_draw(grades):
    rng = np.random.default_rng(7)
    true = rng.integers(0, grades, 40)
    answers = rng.dirichlet(np.ones(5), (3, 40)).round(1) + 1e-3
    weights = bootstrap.patient_weights(np.repeat(np.arange(20).astype(str), 2), resamples=25)
    runs = [agreement.weighted_summaries(true, one, weights) for one in answers]
    for name, value in bootstrap.mean_summaries(true, answers, weights).items():
        np.testing.assert_allclose(value, np.mean([run[name] for run in runs], axis=0))


def test_every_metric_comes_with_its_interval_and_of_how_many():
    rng = np.random.default_rng(2)
    # Every patient has all grades, so that no draw lacks one.
    true, probabilities = np.tile(np.arange(5), 4), rng.dirichlet(np.ones(5), 20)
    patients = np.repeat(["a", "b", "c", "d"], 5)
    rows = bootstrap.measured(true, probabilities, patients)
    summary = agreement.summary(true, probabilities)
    ends = bootstrap.patient_intervals(true, probabilities, patients)
    assert {row["metric"]: row["value"] for row in rows} == summary
    for row in rows:
        assert (row["low"], row["high"]) == pytest.approx(ends[row["metric"]], nan_ok=True)
        # Every resampling adds to a sum of absolute gaps.
        has_none = np.isnan(row["low"])
        assert has_none == (row["metric"] == "expected_calibration_error")
    assert {(row["knees"], row["patients"]) for row in rows} == {(20, 4)}
