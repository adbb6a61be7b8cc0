"""What a terminal shows of a figure, with an interval or without."""

import math
from types import SimpleNamespace

import pandas as pd
import pytest

from train.publish import evaluate, maps
from train.publish.figures import figure


@pytest.mark.parametrize(
    ("value", "low", "shown"),
    [
        (0.5, 0.4, "0.500 (0.400 to 0.600)"),
        (0.5, math.nan, "0.500, no interval"),
        (math.nan, math.nan, "none"),
    ],
)
def test_a_figure_has_the_interval_that_it_has(value, low, shown):
    assert figure(SimpleNamespace(value=value, low=low, high=0.6)) == shown


def test_no_table_brackets_what_is_no_number():
    row = {"model": "A", "metric": "error", "check": "deletion", "map": "random", "value": 0.1}
    row |= {"low": math.nan, "high": math.nan, "knees": 1, "films": 1, "patients": 1}
    for as_text in (evaluate.as_text, maps.as_text):
        shown = as_text(pd.DataFrame([row]))
        assert "0.100, no interval" in shown
        assert "nan" not in shown
