"""Moved lines, disagreements, the learning curve: what the films say beyond before and after."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kneeoa.adaptation import curve, lines
from kneeoa.adaptation.disagreeing import disagreements
from kneeoa.errors import DataError
from kneeoa.graders.published import DEFAULT_MODELS
from kneeoa.metrics import agreement, rules
from kneeoa.records.results import probabilities_of, read_predictions
from tests.support import habits


@pytest.fixture(scope="module")
def adaptation():
    """What a hundred films of another hospital teach."""
    return habits.learnt(*habits.knees(100, seed=2))


def test_lines_count_the_films_above_them_and_compare_in_pairs():
    grades = np.array([0, 1, 2, 3, 4, 4, 1, 2])
    published = np.array([0, 2, 2, 3, 3, 4, 2, 2])
    patients = [f"p{number}" for number in range(8)]
    found = lines.lines(grades, published, grades, patients).set_index("line")
    assert found["readers"].tolist() == [7, 5, 3, 2]
    assert found["published"].tolist() == [7, 7, 3, 1]
    assert found["adapted"].tolist() == [7, 5, 3, 2]
    np.testing.assert_allclose(found["difference"], [0, -2 / 8, 0, 1 / 8])
    drawn = found.dropna(subset="low")
    assert (drawn["low"] <= drawn["difference"]).all()
    assert (drawn["difference"] <= drawn["high"]).all()
    # Of lines that no draw moves there is no interval: nor are the adapted ones known to be equal.
    assert drawn.index.tolist() == [2, 4]
    assert found["adapted_low"].isna().all()


def test_the_lines_that_were_moved_are_named_and_the_others_not():
    """The drawn hospital's lines lie at -0.7, 0.6, 0.9 and 2.4; at home at -1.5, -0.5, 0.5, 1.5."""
    said = habits.learnt(*habits.knees(300, seed=4))
    sentences = lines.in_words(said.lines)
    assert any("line to KL 1 is drawn later" in one for one in sentences)
    assert any("line to KL 4 is drawn later" in one for one in sentences)
    assert not any("earlier" in one for one in sentences)
    # What was learnt lies closer to the readers than what was published.
    table = said.lines
    assert (table["adapted_difference"].abs() < table["difference"].abs()).all()
    home = habits.learnt(*habits.knees(300, seed=4, at_home=True))
    assert lines.in_words(home.lines) == ()
    assert home.habit == ()
    unknown = replace(said, homes={})
    assert lines.in_words(unknown.lines) == unknown.habit == ()


@pytest.fixture(scope="module")
def oai():
    """What both networks together, as published, say at home: validation and test films."""
    table = read_predictions(DEFAULT_MODELS / "together" / "predictions.csv")
    return {
        split: lines.Home(
            films["true_grade"].to_numpy(int), probabilities_of(films), tuple(films["patient_id"])
        )
        for split, films in table.groupby("split")
    }


def sentences(films, rows, home, *, grades=None):
    """What is said of some films, graded as at home or as in `grades`."""
    grades = films.grades[rows] if grades is None else grades
    owners = [films.patient_ids[row] for row in rows]
    shares = films.probabilities[rows]
    median, likeliest = rules.median(shares), shares.argmax(axis=1)
    table = lines.lines(grades, median, median, owners, home.by(rules.MEDIAN))
    habit = lines.habit(grades, likeliest, owners, home.by(rules.MOST_PROBABLE))
    return (*habit, *lines.in_words(table))


def test_the_networks_own_errors_at_home_are_not_said_of_readers_at_home(oai):
    """At home the networks call most films of KL 1 KL 0, and fewer films KL 3 than the readers."""
    films, home = oai["test"], oai["val"]
    assert agreement.confusion_matrix(films.grades, films.probabilities.argmax(axis=1))[1, 0] > 74
    assert sentences(films, np.arange(len(films.grades)), home) == ()
    generator = np.random.default_rng(0)
    named = 0
    for _ in range(60):
        rows = [
            generator.choice(np.flatnonzero(films.grades == grade), 10, replace=False)
            for grade in range(5)
        ]
        named += bool(sentences(films, np.concatenate(rows), home))
    assert named <= 6


def test_a_habit_of_other_readers_is_named_beside_what_the_networks_do_at_home(oai):
    films, home = oai["test"], oai["val"]
    rows = np.random.default_rng(1).choice(len(films.grades), 200, replace=False)
    stricter = np.maximum(films.grades[rows] - 1, 0)
    said = " ".join(sentences(films, rows, home, grades=stricter))
    assert "Your readers call KL 1 what the networks, as published, call KL 2" in said
    assert "; of KL 1 by the networks' own readers 37 of 153)" in said
    assert "The line to KL 2 is drawn later by your readers than by the networks' own:" in said
    assert "earlier" not in said


def test_a_few_films_name_no_habit():
    """Three of five films and five of five of three patients may be chance."""
    grades, home = np.ones(5, int), (np.ones(100, int), np.repeat([1, 2], 50), range(100))
    three = lines.habit(grades, np.array([2, 2, 2, 1, 1]), list("abcde"), home)
    of_three = lines.habit(grades, np.full(5, 2), list("aabbc"), home)
    assert three == of_three == ()
    assert lines.habit(np.ones(30, int), np.full(30, 2), range(30), home)


def test_disagreements_begin_with_the_least_probable_grade(adaptation):
    found = disagreements(adaptation)
    assert found["probability"].is_monotonic_increasing
    assert (found["apart"] > 0).all()
    after = adaptation.after["together"]
    first = found.iloc[0]
    assert first["probability"] == pytest.approx(after[first["row"], first["given"]])
    assert first["film"] == adaptation.films.names[first["row"]]
    agreed = np.setdiff1d(np.arange(100), found["row"])
    answer = adaptation.answers["together"].grades(after)
    np.testing.assert_array_equal(answer[agreed], adaptation.films.grades[agreed])


def test_slips_of_the_pen_are_found_among_the_first():
    features, grades, patients = habits.knees(150, seed=6)
    wrong = np.random.default_rng(0).choice(150, 15, replace=False)
    written = grades.copy()
    written[wrong] = (grades[wrong] + np.where(grades[wrong] < 2, 3, -3)) % 5
    found = disagreements(habits.learnt(features, written, patients))
    first = set(found["row"].head(20))
    assert len(first & set(wrong)) >= 12


@pytest.fixture(scope="module")
def curves():
    """What sixty films of each of three hospitals teach, and their learning curves."""
    of_sixty = [habits.learnt(*habits.knees(60, seed=seed)) for seed in range(3)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curve, "REPEATS", 1)
        return [(learnt, curve.learning_curve(learnt)) for learnt in of_sixty]


def test_the_curve_rises_and_its_interval_holds_what_more_brings(curves):
    """At three hospitals whose curve is nearly flat at 60 films, the interval holds it."""
    foreseen, true = [], []
    for seed, (of_sixty, found) in enumerate(curves):
        value, low, high = found.would_bring(60)
        table = found.table[found.table["measure"] == "accuracy"].set_index("films")["value"]
        assert table.index.tolist() == [0, *found.numbers]
        assert (found.numbers[0], found.numbers[-1]) == (25, 54)
        assert table[found.numbers[-1]] > table[0]
        more = []
        new, truth, _ = habits.knees(1500, seed=900 + seed)
        for learnt in (of_sixty, habits.learnt(*habits.knees(120, seed=seed))):
            heads = {name: one.head for name, one in learnt.refits.items()}
            more.append((habits.answers(new, heads).argmax(axis=1) == truth).mean())
        foreseen.append(value)
        true.append(more[1] - more[0])
        assert low - 0.01 <= true[-1] <= high + 0.01
    assert np.mean(foreseen) - 0.07 < np.mean(true) < np.mean(foreseen)


def test_more_of_what_does_not_rise_brings_nothing():
    table = pd.DataFrame(
        {"films": [0, 25, 50, 90], "measure": "accuracy", "value": [0.4, 0.6, 0.6, 0.6]}
    )
    flat = curve.LearningCurve(table, 100, {"accuracy": np.full((20, 3), 0.6)})
    assert flat.would_bring(50) == pytest.approx((0, 0, 0))
    assert "no sign that 50 more films would change much" in curve.in_words(flat)


def test_no_more_than_all_can_come_to_be_right():
    """At 78% right there are 22 points left, however steep the curve has been."""
    numbers = np.array([25, 30, 45])
    table = pd.DataFrame({"films": [0, *numbers], "measure": "accuracy", "value": [0.4] * 4})
    draws = np.tile([0.45, 0.6, 0.78], (20, 1))
    steep = curve.LearningCurve(table, 50, {"accuracy": draws})
    value, low, high = steep.would_bring(500)
    assert (low, high) == pytest.approx((0, 0.22))
    assert 0.15 < value < 0.22


def watched(monkeypatch):
    """Return a list that gets which films are learnt from, and which scored; none is learnt."""
    seen = []

    def learnt(adaptation, some, scored):
        seen.append((some, scored))
        return adaptation.before[adaptation.deciding][scored]

    monkeypatch.setattr(curve, "_learnt", learnt)
    return seen


def test_a_number_of_films_is_what_was_learnt_from_when_one_patient_has_many(monkeypatch):
    features, grades, patients = habits.knees(48, seed=3)
    of_one = habits.learnt(
        features, grades, tuple("many" if n < 20 else who for n, who in enumerate(patients))
    )
    seen = watched(monkeypatch)
    found = curve.learning_curve(of_one)
    # The last number is of all films out of fold.
    assert {len(some) for some, _ in seen} == set(found.numbers[:-1])
    nearly_all = tuple("many" if n < 27 else who for n, who in enumerate(patients))
    with pytest.raises(DataError, match="too many are of one"):
        curve.learning_curve(habits.learnt(features, grades, nearly_all))


def test_a_curve_that_follows_a_law_goes_on_by_it():
    numbers = np.array([25, 50, 90])
    values = 0.8 - 2 / numbers
    table = pd.DataFrame({"films": [0, *numbers], "measure": "accuracy", "value": [0.4, *values]})
    found = curve.LearningCurve(table, 100, {"accuracy": np.tile(values, (20, 1))})
    value, low, high = found.would_bring(100)
    gain = 2 / 100 - 2 / 200
    assert low == 0
    assert gain <= high
    assert abs(value - gain) < 0.01


def test_no_patient_is_learnt_from_and_scored(monkeypatch):
    features, grades, patients = habits.knees(44, seed=9, bilateral=True)
    seen, owners = watched(monkeypatch), np.asarray(patients)
    curve.learning_curve(habits.learnt(features, grades, patients))
    assert len(seen) == 2 * curve.PARTS * curve.REPEATS
    for some, scored in seen:
        assert some.any()
        assert scored.any()
        assert not set(owners[some]) & set(owners[scored])


def test_too_few_films_give_no_curve():
    with pytest.raises(DataError, match="at least 40 films"):
        curve.learning_curve(habits.learnt(*habits.knees(30, seed=1)))


def test_the_words_say_what_was_measured_and_what_goes_beyond(curves):
    for _, found in curves:
        said = curve.in_words(found)
        assert "50 more films would" in said
        assert "Measured on your films" in said
        high = 100 * found.would_bring(50)[2]
        assert (f"and {high:.0f} point" in said) == (round(high) >= 1)


def test_fifty_films_have_three_points(monkeypatch):
    watched(monkeypatch)
    found = curve.learning_curve(habits.learnt(*habits.knees(50, seed=2)))
    assert found.numbers == (25, 36, 45)
