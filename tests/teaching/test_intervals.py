"""When a kappa has an interval and when it has none, and what is said then."""

import numpy as np
import pandas as pd
import pytest

from kneeoa.metrics import bootstrap
from kneeoa.teaching import readers, scoring, wording


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
