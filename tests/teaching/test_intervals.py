"""When a kappa has an interval and when it has none, and what is said then."""

import numpy as np
import pandas as pd
import pytest

from kneeoa.metrics import bootstrap
from kneeoa.teaching import readers, scoring, swayed, wording
from tests.support.votes import votes


def answered(true, said):
    table = pd.DataFrame({"reference": true, "grade": pd.array(said, "Int64")})
    return table.assign(image_id=[f"f{i}" for i in range(len(table))])


ALL = [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("true", "said", "patients", "why"),
    [
        (ALL * 2, ALL * 2, {}, "no grade differs: no interval"),
        (ALL[:4], [0, 1, 2, 2], {}, "too few films for an interval"),
        # Films are many, patients are not.
        (
            ALL * 2,
            [*ALL, 0, 1, 2, 3, 3],
            {f"f{i}": f"p{i % 4}" for i in range(10)},
            "films of too few patients for an interval",
        ),
        # Every third draw leaves out the one film that she graded otherwise.
        ([0, 1] * 5, [0] * 9 + [1], {}, "grades too alike for an interval"),
    ],
)
def test_an_interval_that_would_say_nothing_is_not_given(true, said, patients, why):
    score = scoring.score(answered(true, said), patients)
    assert not np.isnan(score.kappa)
    assert np.isnan(score.kappa_interval).all()
    assert score.why_no_interval == why
    assert wording.kappa_rests_on(score) == why
    assert wording.kappa_text(score) == f"{score.kappa:.2f} ({why})"


def test_an_interval_over_patients_is_that_of_the_metrics():
    draw = np.random.default_rng(0)
    true = draw.integers(0, 5, 60)
    said = np.clip(true + draw.integers(-1, 2, 60), 0, 4)
    owners = [f"p{i // 2}" for i in range(60)]
    score = scoring.score(
        answered(true.tolist(), said.tolist()), {f"f{i}": owners[i] for i in range(60)}
    )
    same = bootstrap.patient_intervals(true, np.eye(5)[said], owners)["quadratic_kappa"]
    assert score.kappa_interval == pytest.approx(same)
    assert score.why_no_interval == ""
    assert wording.kappa_rests_on(score).endswith("(bootstrap over patients)")
    assert wording.kappa_rests_on(score, over="films").endswith("(bootstrap over films)")


def counts(*films):
    """Counts of a film from the votes on it."""
    return np.array([np.bincount(votes, minlength=5) for votes in films])


LONE, NONE = ([2], [])


@pytest.mark.parametrize(
    ("films", "says"),
    [
        # Six films were shown, and two of them have two votes.
        ([[1, 2, 1], [3, 3, 4], *[LONE] * 2, *[NONE] * 2], "too few films with two votes"),
        ([[0, 0], [1, 1], [2, 2], [3, 3], [4, 4]], "all agree on every film: no interval"),
        ([*[[0, 0]] * 9, [0, 1]], "films too alike for an interval"),
        ([[2, 2]] * 9, "needs two films with two votes, and more than one grade"),
        ([[0, 0], [1, 2], [2, 2], [3, 4], [4, 4], [1, 1]], "95% interval "),
    ],
)
def test_the_interval_of_a_class_counts_films_with_two_votes(films, says):
    assert readers.rests_on(counts(*films)).startswith(says)


def test_films_without_a_vote_do_not_move_the_interval_of_a_class():
    voted = [[0, 0], [1, 2], [2, 2], [3, 4], [4, 4], [1, 1]]
    skipped = readers.group_kappa_interval(counts(*voted, *[NONE] * 20))
    assert skipped == readers.group_kappa_interval(counts(*voted))


def test_the_interval_of_pairs_is_that_of_films_drawn_anew():
    draw = np.random.default_rng(3)
    table = np.clip(draw.integers(0, 5, 9) + draw.integers(-1, 2, (4, 9)), 0, 4).astype(object)
    table[draw.random(table.shape) < 0.15] = None
    low, high = readers.pair_kappa_interval(votes(table))
    assert low < readers.pair_kappa(votes(table)) < high
    few = readers.pair_kappa_interval(votes(table), resamples=150)
    times = bootstrap.patient_weights(np.arange(9), resamples=150).astype(int)
    drawn = [readers.pair_kappa(votes(table[:, np.repeat(np.arange(9), row)])) for row in times]
    assert few == pytest.approx(bootstrap.percentile_interval(np.array(drawn)), abs=1e-6)
    said = readers.pairs_rest_on(votes(table))
    assert said.startswith(
        f"95% interval {low:.2f} to {high:.2f} (bootstrap over films); all pairs"
    )
    assert readers.pairs_rest_on(votes(table[:, :4])).startswith("too few films with two votes")
    assert readers.pairs_rest_on(votes([[1, 2], [3, 3]])).startswith("needs two readers")
    # A third, who gives one grade alone and agrees with nobody, is in no pair.
    two_of_three = votes([[0, 1, 2, 3, 4, 2], [0, 1, 2, 3, 4, 2], [2] * 6])
    assert readers.pairs_rest_on(two_of_three).startswith("these pairs agree on every film")


def test_pairs_are_the_same_however_many_draws_are_taken_at_once(monkeypatch):
    draw = np.random.default_rng(4)
    table = np.clip(draw.integers(0, 5, 12) + draw.integers(-2, 3, (9, 12)), 0, 4).astype(object)
    table[draw.random(table.shape) < 0.3] = None
    ends = []
    for at_once in (1, 700, 10**9):
        monkeypatch.setattr(readers, "_AT_ONCE", at_once)
        ends.append(readers.pair_kappa_interval(votes(table)))
    assert ends[0] == ends[1] == ends[2]


def test_the_share_of_right_votes_is_drawn_by_film_not_by_vote():
    # Ten readers of one mind: as sure as one of them.
    mind = [2, 2, 1, 2, 0, 2, 3, 2]
    alone, ten = (readers.share_right_interval(votes([mind] * n)) for n in (1, 10))
    assert alone == ten
    assert alone[0] < 5 / 8 < alone[1]
    assert np.isnan(readers.share_right_interval(votes([mind[:4]]))).all()
    assert np.isnan(readers.share_right_interval(votes([[2] * 8]))).all()


def test_where_films_stand_for_patients_films_are_too_few():
    few = scoring.score(
        answered([0, 1, 2, 3] * 3, [0, 1, 2, 2] * 3), {f"f{i}": str(i % 4) for i in range(12)}
    )
    assert "too few patients" in wording.kappa_rests_on(few)
    assert wording.kappa_rests_on(few, over="films") == "too few films for an interval"
    assert wording.kappa_text(few, over="films").endswith("(too few films for an interval)")


@pytest.mark.parametrize(
    ("led", "alone", "says"),
    [
        ((0, 2), (0, 1), "No difference was seen, on too few films to tell."),
        ((3, 6), (4, 8), "No difference was seen."),
        ((1, 2), (0, 9), "These are too few films to tell."),
        ((3, 6), (1, 8), "That may be chance (p = "),
        # Few, and certain all the same.
        ((4, 4), (0, 12), "led you astray"),
    ],
)
def test_a_sway_says_chance_only_of_a_difference(led, alone, says):
    rows = [
        {"reference": 1, "grade": 3 if n < count else 1, "first_grade": None, "shown_when": when}
        for when, (count, total) in (("before", led), ("never", alone))
        for n in range(total)
    ]
    said = swayed.in_words(pd.DataFrame(rows).assign(shown_grade=3))
    assert says in said
    assert ("chance" in says) == ("chance" in said)
