"""Lines through settings and results: where they pass, and which are kept."""

import numpy as np
import pandas as pd
import pytest

from kneeoa.charts.parallel import MOST_KINDS, axes_of, axis, brushed, parallel_figure, passing

TABLE = pd.DataFrame(
    {
        "run": ["a", "<b>b</b>", "c", "d"],
        "rate": [1e-5, 1e-3, 1e-3, 1e-2],
        "side": [160, 224, 224, 160],
        "teacher": [None, "x", None, "<i>y</i>"],
        "accuracy": [0.6, 0.65, np.nan, 0.7],
    }
)
COLUMNS = {"rate": "rate", "side": "side", "teacher": "teacher", "accuracy": "accuracy"}


def figure(**options):
    return parallel_figure(TABLE, COLUMNS, "accuracy", named="run", **options)


def lines(drawn):
    """The names of the runs whose lines are coloured, and of those that are pale."""
    coloured, pale = set(), set()
    for trace in drawn.data:
        names = {text.split("<br>")[0] for text in trace.text or () if text}
        (pale if "0.16" in str(trace.line.color) else coloured).update(names)
    return coloured, pale


def test_numbers_lie_by_their_value_and_wide_ones_by_their_logarithm():
    np.testing.assert_allclose(axis("side", TABLE["side"]).places, [0, 1, 1, 0])
    rates = axis("rate", TABLE["rate"])
    assert rates.label == "rate (log)"
    np.testing.assert_allclose(rates.places, [0, 2 / 3, 2 / 3, 1])
    assert {text: place for place, text in rates.ticks}["0.001"] == pytest.approx(2 / 3)


@pytest.mark.parametrize("values", [[3.0, 3.0], ["x", "x"]])
def test_what_is_the_same_in_all_lies_in_the_middle(values):
    same = axis("same", pd.Series(values))
    np.testing.assert_array_equal(same.places, [0.5, 0.5])
    assert [place for place, _ in same.ticks] == [0.5]


def test_names_and_numbers_that_are_none_are_named():
    teachers = axis("teacher", TABLE["teacher"])
    assert [text for _, text in teachers.ticks] == ["&lt;i&gt;y&lt;/i&gt;", "not set", "x"]
    np.testing.assert_allclose(teachers.places, [0.5, 1, 0.5, 0])
    endless = axis("loss", pd.Series([0.5, np.inf]))
    assert np.isfinite(endless.places).all()
    assert [text for _, text in endless.ticks] == ["0.5", "inf"]


def test_numbers_that_spread_widely_are_named_as_they_are_read():
    minutes = axis("minutes", pd.Series([1.0, 12.0, 118.0]))
    assert [text for _, text in minutes.ticks] == ["1", "3", "10", "30", "100"]


def test_many_kinds_are_counted():
    many = axis("kind", pd.Series([f"kind {number:03d}" for number in range(50)]))
    assert len(many.ticks) == MOST_KINDS
    assert many.ticks[-1][1] == "and 21 more"
    assert many.places.max() == 1


def test_a_run_without_the_figure_has_no_line_and_names_are_no_markup():
    coloured, pale = lines(figure())
    assert coloured == {"a", "&lt;b&gt;b&lt;/b&gt;", "d"}
    assert not pale


def test_teal_is_the_better_end():
    def colour_of(run, **options):
        drawn = figure(**options)
        (trace,) = (t for t in drawn.data if any(x.startswith(f"{run}<br>") for x in t.text or ()))
        return trace.line.color

    assert colour_of("d", higher_is_better=True) == colour_of("a")
    assert colour_of("d", higher_is_better=True) != colour_of("d")


def test_a_box_over_axes_keeps_the_rows_that_pass_there():
    axes = axes_of(TABLE, COLUMNS)
    marks = brushed(axes, [{"x": [1.2, 0.7], "y": [1.1, 0.9]}, {"x": [2.6, 2.9], "y": [0, 1]}])
    assert marks == {"side": [(0.9, 1.1)]}
    np.testing.assert_array_equal(passing(axes, marks), [False, True, True, False])
    both = marks | {"rate": [(0, 0.1), (0.6, 0.7)], "gone": [(0, 0)]}
    np.testing.assert_array_equal(passing(axes, both), [False, True, True, False])
    coloured, pale = lines(figure(brushes=marks))
    assert (coloured, pale) == ({"&lt;b&gt;b&lt;/b&gt;"}, {"a", "d"})


def test_nothing_measured_is_an_empty_figure():
    assert not parallel_figure(TABLE.assign(accuracy=np.nan), COLUMNS, "accuracy", named="run").data
