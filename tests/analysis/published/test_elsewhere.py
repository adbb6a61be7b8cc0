"""Another hospital's films: the table follows the card."""

import numpy as np
import pytest
from scipy import stats

from kneeoa.analysis.published import elsewhere


def framed(**measured):
    return elsewhere.framings({"metrics": {"elsewhere": {"graded": measured}}})


def said_of(table):
    return elsewhere.in_words(table).set_index("Measure")


def test_a_row_a_way_to_frame_in_order():
    figures = dict.fromkeys(elsewhere.MEASURES, 0.5) | {"films": 180}
    table = framed(localiser=figures, whole_film_stretched=figures, refusals={"films": 180})
    assert list(table) == elsewhere.COLUMNS
    assert [framing.split(",")[0] for framing in table["framing"]] == [
        "the whole film",
        "the localiser finds the joint",
    ]


def test_a_card_without_such_films_gives_no_row():
    assert elsewhere.framings({"metrics": {}}).empty


def test_shares_of_films_stand_with_their_interval_and_what_is_unknown_stays_empty():
    table = framed(
        whole_film_stretched={"films": 100, "accuracy": 0.5, "within_one_grade": 0.9},
        localiser={"films": 100, "within_one_grade": 0.9},
    )
    said = said_of(table)
    # Wilson (1927), as in Newcombe 1998: 50 of 100 gives 40.4% to 59.6%.
    assert said.loc["Accuracy"].tolist() == ["50.0% (40.4% to 59.6%)", ""]
    assert said.loc["Within one grade"].str.startswith("90.0% (82.").all()
    assert list(said) == [
        "The whole film, stretched to a square",
        "The localiser finds the joint, as published",
    ]
    assert elsewhere.why_no_interval(table) == ""


def test_a_value_without_an_interval_says_that_there_is_none_and_why():
    table = framed(localiser={"films": 180, "accuracy": 0.5, "quadratic_kappa": 0.75})
    assert said_of(table).loc["Kappa (quadratic)"].tolist() == ["0.750, no interval"]
    said = elsewhere.why_no_interval(table)
    assert said.startswith("There is no interval of kappa (quadratic): it needs the answers film")


def test_intervals_on_the_card_are_shown():
    figures = dict.fromkeys(elsewhere.MEASURES, 0.5) | {"films": 180}
    figures["intervals_95"] = {name: [0.4, 0.6] for name in elsewhere.MEASURES}
    table = framed(localiser=figures)
    assert said_of(table).loc["Kappa (quadratic)"].tolist() == ["0.500 (0.400 to 0.600)"]
    assert said_of(table).loc["Accuracy"].tolist() == ["50.0% (40.0% to 60.0%)"]
    assert elsewhere.why_no_interval(table) == ""


def test_the_interval_of_a_rank_correlation_holds_it_in_95_of_100_draws():
    # Against simulation, as Bonett and Wright (2000) judged it.
    rng = np.random.default_rng(0)
    pairs = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], (1000, 180))
    true = 6 / np.pi * np.arcsin(0.8 / 2)  # Spearman's of a normal distribution
    held = 0
    for pair in pairs:
        low, high = elsewhere.rank_interval(stats.spearmanr(*pair.T).statistic, 180)
        held += low < true < high
    assert 0.93 < held / 1000 < 0.97
    assert all(map(np.isnan, elsewhere.rank_interval(0.5, 3)))
    assert all(map(np.isnan, elsewhere.rank_interval(1.0, 50)))
    assert elsewhere.rank_interval(0.0, 100) == pytest.approx((-0.1966, 0.1966), abs=1e-3)
