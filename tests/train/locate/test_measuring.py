"""Intervals of what a localiser's framing is judged by, over films."""

import json

import numpy as np
import pytest

from kneeoa.metrics import agreement
from tests.support.research import drawn_predictions
from train.locate import measuring

FILMS = drawn_predictions(0, films=120, splits=("test",))
GRADES = FILMS["true_grade"].to_numpy(int)
SHARES = FILMS[["p0", "p1", "p2", "p3", "p4"]].to_numpy()


def test_every_figure_has_an_interval_around_it_that_a_card_can_keep():
    figures = measuring.grade_figures(GRADES, SHARES)
    intervals = measuring.grade_intervals(GRADES, SHARES)
    assert {*intervals, "films"} == set(figures)
    assert json.loads(json.dumps(intervals)) == intervals
    for name, (low, high) in intervals.items():
        assert low < figures[name] < high, name
    # About Wilson's, which knows of no draws.
    right = agreement.proportion(round(figures["accuracy"] * 120), 120)
    assert intervals["accuracy"] == pytest.approx([right.low, right.high], abs=0.02)


def test_an_interval_of_the_rank_correlation_follows_the_films():
    expected = SHARES @ np.arange(5)
    few = measuring.grade_intervals(GRADES[:30], SHARES[:30])["spearman"]
    many = measuring.grade_intervals(GRADES, SHARES)["spearman"]
    assert np.corrcoef(expected, GRADES)[0, 1] > 0.5
    assert few[1] - few[0] > many[1] - many[0]
