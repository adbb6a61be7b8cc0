"""What own films teach, as figures: the numbers drawn are those given."""

import numpy as np
import pandas as pd

from kneeoa.adaptation import lines
from kneeoa.charts import adapting


def test_lines_are_shares_of_the_films_with_a_mark_for_each_of_three():
    grades = np.array([0, 1, 2, 3, 4, 4, 1, 2])
    table = lines.lines(grades, np.minimum(grades + 1, 4), grades, [str(n) for n in range(8)])
    figure = adapting.lines_figure(table)
    marks = {trace.name: list(trace.x) for trace in figure.data if trace.mode == "markers"}
    assert marks[adapting.READERS] == [7 / 8, 5 / 8, 3 / 8, 2 / 8]
    assert marks[adapting.PUBLISHED] == [1, 7 / 8, 5 / 8, 3 / 8]
    assert marks[adapting.ADAPTED] == marks[adapting.READERS]
    symbols = [trace.marker.symbol for trace in figure.data if trace.mode == "markers"]
    assert len(set(symbols)) == 3


def test_the_curve_has_its_intervals_and_the_published_networks_as_a_line():
    rows = [(0, 0.4, 0.3, 0.5), (50, 0.6, 0.5, 0.65), (25, 0.5, 0.4, 0.6)]
    table = pd.DataFrame(rows, columns=["films", "value", "low", "high"]).assign(measure="accuracy")
    figure = adapting.learning_curve_figure(table, "accuracy", "Accuracy")
    (trace,) = figure.data
    assert list(trace.x) == [25, 50]
    assert list(trace.y) == [0.5, 0.6]
    np.testing.assert_allclose(trace.error_y.array, [0.1, 0.05])
    np.testing.assert_allclose(trace.error_y.arrayminus, [0.1, 0.1])
    assert figure.layout.shapes[0].y0 == 0.4
    assert figure.layout.yaxis.title.text == "Accuracy"
