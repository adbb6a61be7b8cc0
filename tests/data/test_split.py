"""The split: whole patients, every grade, from a seed; and its file."""

import numpy as np
import pytest

from kneeoa.data import split
from kneeoa.data.listing import SPLITS
from kneeoa.errors import ConfigError


def knees(count, seed=0):
    """Patients with two knees of like grades, distributed as in Chen's data."""
    rng = np.random.default_rng(seed)
    worse = rng.choice(5, count, p=(0.39, 0.18, 0.26, 0.13, 0.04))
    better = np.maximum(worse - rng.integers(0, 3, count), 0)
    patients = np.repeat([f"p{number:05d}" for number in range(count)], 2)
    return patients, np.stack([worse, better], axis=1).ravel()


def shares_of(splits, grades):
    splits = np.array(splits)
    return np.array(
        [[np.mean(splits[grades == grade] == name) for grade in range(5)] for name in SPLITS]
    )


@pytest.mark.parametrize("seed", range(5))
def test_every_grade_is_shared_out_in_the_ratios(seed):
    patients, grades = knees(2000, seed)
    shares = shares_of(split.draw(patients, grades, seed=seed), grades)
    np.testing.assert_allclose(shares, np.outer((0.7, 0.15, 0.15), np.ones(5)), atol=0.015)


def test_other_ratios_are_kept_too():
    patients, grades = knees(2000)
    shares = shares_of(split.draw(patients, grades, ratios=(8, 1, 1)), grades)
    np.testing.assert_allclose(shares, np.outer((0.8, 0.1, 0.1), np.ones(5)), atol=0.015)


@pytest.mark.parametrize("count", [3, 15, 200])
def test_no_patient_stands_in_two_splits(count):
    patients, grades = knees(count)
    drawn = np.array(split.draw(patients, grades, seed=1))
    for patient in set(patients):
        assert len(set(drawn[patients == patient])) == 1


def test_a_split_follows_from_the_seed_and_not_from_the_order():
    patients, grades = knees(100)
    drawn = np.array(split.draw(patients, grades, seed=4))
    order = np.random.default_rng(0).permutation(len(patients))
    again = split.draw(patients[order], grades[order], seed=4)
    assert again == tuple(drawn[order])
    assert split.draw(patients, grades, seed=5) != tuple(drawn)


@pytest.mark.parametrize("per_grade", [3, 4, 7])
@pytest.mark.parametrize("seed", range(3))
def test_three_patients_of_a_grade_reach_all_splits(per_grade, seed):
    grades = np.repeat(np.arange(5), 2 * per_grade)
    patients = [f"{number // 2}" for number in range(len(grades))]
    assert shares_of(split.draw(patients, grades, seed=seed), grades).min() > 0


def test_two_patients_of_a_grade_are_trained_on_and_validated():
    grades = np.array([0] * 10 + [4, 4])
    drawn = split.draw([str(number) for number in range(12)], grades)
    assert set(drawn[-2:]) == {"train", "val"}


@pytest.mark.parametrize("ratios", [(70, 30, 0), (70, -1, 15), (float("nan"), 1, 1)])
def test_impossible_ratios_are_refused(ratios):
    with pytest.raises(ConfigError, match=r"three ratios above 0.*Received: "):
        split.draw(["a"], [0], ratios=ratios)


def test_the_hash_names_who_is_where_with_which_grade():
    rows = [("train", "1L", 0), ("val", "2R", 4)]
    assert split.hash_of(rows) == split.hash_of(reversed(rows))
    assert split.hash_of(rows) == (
        # printf 'train,1L,0\nval,2R,4' | sha256sum
        "576807c645aed2b8d8f2dc7b53787fddffcd20e4b108958ff2cbe88f2a29defc"
    )
    changed = [
        [("test", "1L", 0), rows[1]],
        [("train", "1R", 0), rows[1]],
        [rows[0], (*rows[1][:2], 3)],
    ]
    assert len({split.hash_of(each) for each in [rows, *changed]}) == 4
