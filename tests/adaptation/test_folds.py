"""Cross-validation inside the given films: patients stay whole, and the figures are honest."""

import numpy as np
import pytest

from kneeoa.adaptation import figures, folds
from kneeoa.adaptation.folds import STRENGTHS, folds_of
from kneeoa.errors import DataError
from kneeoa.graders.answer import AnswerRule
from kneeoa.metrics import agreement, conformal
from tests.support import habits


@pytest.mark.parametrize("count", [25, 60, 140])
def test_patients_never_straddle_folds_and_grades_are_spread(count):
    _, grades, patients = habits.knees(count, bilateral=True)
    fold = folds_of(grades, patients)
    for patient in set(patients):
        assert len({k for k, owner in zip(fold, patients, strict=True) if owner == patient}) == 1
    sizes = np.bincount(fold)
    assert len(sizes) == (5 if count >= 100 else 10)
    assert sizes.max() - sizes.min() <= 3
    assert not np.array_equal(fold, folds_of(grades, patients, seed=1))
    assert np.array_equal(fold, folds_of(grades, patients))


def test_fifty_films_teach_the_habit_and_the_figures_say_by_how_much():
    """Over eight hospitals: what is said out of fold is what the next films give."""
    said, true, before, covered, inside = [], [], [], [], []
    for seed in range(8):
        features, grades, patients = habits.knees(50, seed=seed)
        adaptation = habits.learnt(features, grades, patients)
        heads = {name: one.head for name, one in adaptation.refits.items()}
        new, truth, _ = habits.knees(1000, seed=1000 + seed)
        after = habits.answers(new, heads)
        ends = adaptation.figures["together"]["accuracy"]["after"]
        said.append(ends[0])
        true.append((after.argmax(axis=1) == truth).mean())
        inside.append(ends[1] <= true[-1] <= ends[2])
        published = {name: one.published for name, one in adaptation.networks.items()}
        before.append((habits.answers(new, published).argmax(axis=1) == truth).mean())
        found = adaptation.answers["together"].sets(after)
        covered.append(conformal.holds(found, truth).mean())
    assert np.mean(true) > np.mean(before) + 0.1
    assert abs(np.mean(said) - np.mean(true)) < 0.05
    assert np.mean(inside) > 0.8
    assert 0.86 < np.mean(covered) < 0.96


def test_a_film_is_not_learnt_from_when_it_is_judged(monkeypatch):
    monkeypatch.setattr(folds, "STRENGTHS", (0.3,))
    features, grades, patients = habits.knees(60, seed=3)
    fold = folds.folds_of(grades, patients)
    mine = fold == 0
    changed = np.where(mine, 4 - grades, grades)
    for one in habits.networks_of(features).values():
        before, after = (
            folds.refit(one.features, given, one.published, 1.0, fold)
            for given in (grades, changed)
        )
        np.testing.assert_array_equal(before.logits[:, mine], after.logits[:, mine])
        assert not np.array_equal(before.logits[:, ~mine], after.logits[:, ~mine])


def test_a_tired_reader_costs_little():
    """One grade in ten is wrong, anywhere on the scale."""
    kept = []
    for seed in range(4):
        features, grades, patients = habits.knees(80, seed=seed)
        generator = np.random.default_rng(seed)
        tired = grades.copy()
        wrong = generator.permutation(80)[:8]
        tired[wrong] = (tired[wrong] + generator.integers(1, 5, 8)) % 5
        new, truth, _ = habits.knees(1000, seed=500 + seed)
        kappas = []
        for given in (grades, tired):
            adaptation = habits.learnt(features, given, patients)
            heads = {name: one.head for name, one in adaptation.refits.items()}
            after = habits.answers(new, heads)
            kappas.append(agreement.quadratic_kappa(truth, after.argmax(axis=1)))
        kept.append(kappas[0] - kappas[1])
    assert np.mean(kept) < 0.06


def test_a_missing_grade_is_still_given():
    features, grades, patients = habits.knees(120, seed=5)
    without = np.flatnonzero(grades != 4)
    kept = {name: seen[:, without] for name, seen in features.items()}
    adaptation = habits.learnt(kept, grades[without], tuple(patients[i] for i in without))
    heads = {name: one.head for name, one in adaptation.refits.items()}
    new, truth, _ = habits.knees(1000, seed=77)
    after = habits.answers(new, heads)
    assert (after.argmax(axis=1)[truth == 4] == 4).mean() > 0.5
    assert all(np.isfinite(head.kernel).all() for head in heads.values())


def test_both_knees_of_a_patient_do_not_make_the_figures_too_good():
    """Alike knees and grades by chance: divided between folds, one would give away the other."""
    generator = np.random.default_rng(0)
    features, _, patients = habits.knees(80, seed=9, bilateral=True)
    by_chance = np.repeat(generator.integers(0, 5, 40), 2)
    # A signature of each patient, the same in both knees.
    signature = np.repeat(generator.normal(0, 3, (40, habits.CHANNELS)), 2, axis=0)
    features = {name: seen + signature for name, seen in features.items()}
    together = habits.learnt(features, by_chance, patients)
    apart = habits.learnt(features, by_chance, tuple(f"film {i}" for i in range(80)))
    accuracy = [one.figures["together"]["accuracy"]["after"][0] for one in (together, apart)]
    assert accuracy[0] < 0.4 < 0.6 < accuracy[1]


def test_films_graded_as_at_home_are_not_better_and_are_said_not_to_be():
    features, grades, patients = habits.knees(60, seed=11, at_home=True)
    adaptation = habits.learnt(features, grades, patients)
    assert not adaptation.better
    assert {one.strength for one in adaptation.refits.values()} <= set(STRENGTHS)


def test_films_of_few_patients_are_refused():
    features, grades, _ = habits.knees(40, seed=2)
    with pytest.raises(DataError, match=r"at least 10 patients\. Received 40 films of 2 patients"):
        habits.learnt(features, grades, tuple("ab" * 20))


def test_no_error_on_these_films_is_no_certainty():
    grades = np.arange(40) % 5
    patients = [str(film // 2) for film in range(40)]
    right = np.eye(5)[grades] * 0.9 + 0.02, np.stack([grades, grades], axis=1)
    made = figures.compared(grades, patients, right, right, rule="median")
    # Wilson's interval of 20 of 20 patients.
    low = 20 / (20 + 1.959964**2)
    for name in figures.SHARES:
        assert made[name]["after"] == pytest.approx((1, low, 1))
        assert made[name]["difference"] == (0, None, None)
    for name in ("quadratic_kappa", "mean_absolute_error", "width"):
        assert made[name]["after"][1:] == (None, None)
    assert figures.in_words(made["width"]["after"], ".3f") == "1.000"
    assert figures.in_words(made["accuracy"]["after"], ".2f") == "1.00 (0.84 to 1.00)"
    assert figures.in_words((None, None, None), ".2f") == "not defined"


def test_the_ranges_that_are_measured_are_those_that_are_shown():
    """Where nearly all films are right, the threshold is 0, and a range still holds its grade."""
    shares = np.concatenate([np.eye(5)[[0] * 38], [[0.44, 0.41, 0.15, 0, 0]] * 2])
    grades, patients = np.array([0] * 38 + [1] * 2), [str(film) for film in range(40)]
    rule = AnswerRule("median", 0.9, 1.0)
    ranges = figures.sets_out_of_fold(shares, grades, patients, np.arange(40) % 4, rule)
    assert ranges[-1].tolist() == [0, 1]
    assert conformal.holds(ranges, grades).all()
