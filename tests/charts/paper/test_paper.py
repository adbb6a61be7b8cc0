"""Our figures on paper: what is on the screen is in the SVG, the PDF is whole, the ZIP the same."""

import io
import math
import zipfile
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from reportlab.graphics.shapes import String
from reportlab.pdfbase.pdfmetrics import stringWidth

from kneeoa.analysis import confusions, operating
from kneeoa.charts import confusion, trust
from kneeoa.charts.paper import axes, drawing, marks, sheet
from tests.support.research import drawn_predictions

FILMS = {
    name: confusions.graded(drawn_predictions(seed), "test")
    for seed, name in enumerate(("mobilenet", "resnet50"))
}
COUNTS = confusions.matrix(FILMS["mobilenet"])
FIGURES = {
    "matrix": confusion.confusion_figure(
        confusions.share(COUNTS, "row"), by="row", counts=COUNTS, outlined=(1, 0)
    ),
    "difference": confusion.difference_figure(COUNTS - COUNTS.T, by="counts"),
    "grades": confusion.per_grade_figure(
        {name: confusions.per_grade(of) for name, of in FILMS.items()}
    ),
    "errors": confusion.error_figure(
        {name: confusions.error_sizes(of) for name, of in FILMS.items()}
    ),
    "roc": trust.roc_figure({name: operating.roc(of, 2) for name, of in FILMS.items()}),
    "reliability": trust.reliability_figure(
        {name: operating.reliability(of) for name, of in FILMS.items()}
    ),
}


def texts(figure):
    root = ElementTree.fromstring(drawing.svg(figure).split(b"<svg", 1)[1].join([b"<svg", b""]))
    return [node.text for node in root.iter() if node.tag.endswith("text")]


@pytest.mark.parametrize("name", FIGURES)
def test_every_kind_of_figure_becomes_svg_and_pdf(name):
    figure = FIGURES[name]
    assert drawing.pdf(figure).startswith(b"%PDF-")
    assert drawing.pdf(figure) == drawing.pdf(figure)
    assert len(texts(figure)) > 5


def test_the_matrix_on_paper_has_the_numbers_of_the_matrix():
    said = texts(FIGURES["matrix"])
    for grade in range(5):
        assert f"({COUNTS[grade, grade]})" in said
    assert {"Given grade", "Reference grade", "KL 0", "KL 4"} <= set(said)


def test_a_legend_of_many_words_is_never_cut_off():
    figure = go.Figure()
    names = [f"ResNet50, mean and standard deviation {number}" for number in range(5)]
    for name in names:
        figure.add_scatter(x=[0, 1], y=[0, 1], name=name, mode="markers", marker_color="#123456")
    figure.update_layout(showlegend=True)
    drawn = drawing.drawn(figure)
    words = [shape for shape in drawn.contents if isinstance(shape, String) and shape.text in names]
    assert [shape.text for shape in sorted(words, key=lambda s: (-s.y, s.x))] == names
    assert all(shape.textAnchor == "start" and shape.x > 0 for shape in words)
    ends = [shape.x + stringWidth(shape.text, marks.FONT, shape.fontSize) for shape in words]
    assert max(ends) < drawing.WIDTH
    # Rows of the legend push nothing out of the figure, and lie above its axes.
    assert max(shape.y for shape in words) < drawn.height
    single = go.Figure(figure.data[:1]).update_layout(showlegend=True)
    assert drawn.height > drawing.drawn(single).height


def test_names_from_files_are_text_on_paper_too():
    figure = go.Figure(go.Scatter(x=[0, 1], y=[0, 1], name="&lt;b&gt;x&lt;/b&gt; &amp; y"))
    figure.update_layout(showlegend=True)
    assert "<b>x</b> & y" in texts(figure)


def test_lines_break_where_there_is_no_number():
    figure = go.Figure(go.Scatter(x=[0, 1, 2, 3], y=[0.0, 1.0, None, 1.0], mode="lines"))
    figure.update_traces(line_color="#123456")
    colour = "rgb(7%,20%,33%)"
    assert drawing.svg(figure).decode().count(colour) == 1


def test_a_value_lies_where_the_axis_says():
    layout = go.Figure().update_xaxes(range=[0, 2], title="x").layout.xaxis
    axis = axes.axis_of(layout, [0, 1], start=100, length=50)
    assert axis.at(1) == pytest.approx(125)
    log = go.Figure().update_xaxes(type="log").layout.xaxis
    axis = axes.axis_of(log, [1, 10, 100], start=0, length=1)
    assert axis.at(10) == pytest.approx(0.5)
    assert math.isnan(axis.at(0))
    assert [text for _, text in axis.ticks] == ["1", "10", "100"]
    names = axes.axis_of(go.Figure().layout.xaxis, ["a", "b"], start=0, length=2)
    assert names.at("a") == pytest.approx(0.5)


def test_ticks_are_round_and_in_percent_where_the_figure_says_so():
    axis = axes.axis_of(
        go.Figure().update_yaxes(range=[0, 1], tickformat=".0%").layout.yaxis,
        [],
        start=0,
        length=1,
    )
    assert [text for _, text in axis.ticks] == ["0%", "20%", "40%", "60%", "80%", "100%"]
    assert axes.tick_text(-0.031, "+.1%") == "-3.1%"


def test_colours_are_as_on_white():
    assert marks.colour_of("rgba(0,0,0,0.5)").rgb() == pytest.approx((0.5, 0.5, 0.5))
    assert marks.colour_of("blue") is None
    scale = [[0, "#000000"], [1, "#ffffff"]]
    assert marks.on_scale(scale, 0.25).rgb() == pytest.approx((0.25, 0.25, 0.25))
    with pytest.raises(ValueError, match="colours that are known"):
        marks.on_scale([(0, "black"), (1, "white")], 0.25)


def test_what_it_cannot_draw_is_refused():
    with pytest.raises(ValueError, match="one pair of axes"):
        drawing.drawn(go.Figure(go.Pie(values=[1, 2])))


def test_the_sheet_holds_figures_tables_python_and_what_to_cite():
    table = pd.DataFrame({"film": ["=1+1"], "value": [np.float64(0.5)]})
    made = sheet.Sheet(
        {"The Matrix, a": FIGURES["matrix"]}, {"t": (table, "print(1)")}, "cite me", ("In %.",)
    )
    packed = sheet.packed(made, "figures_of_x")
    assert packed == sheet.packed(made, "figures_of_x")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = archive.namelist()
        assert archive.read("figures_of_x/tables/t.csv") == b"film,value\n'=1+1,0.5\n"
        assert archive.read("figures_of_x/python/t.py").endswith(b"\nprint(1)\n")
        assert archive.read("figures_of_x/CITATION.txt") == b"cite me"
        assert archive.read("figures_of_x/README.txt").endswith(b"by hash\n\nIn %.\n")
    assert "figures_of_x/figures/the_matrix_a.pdf" in names
    assert "figures_of_x/figures/the_matrix_a.svg" in names
