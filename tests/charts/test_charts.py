"""Figures show what the tables hold: values, texts, what can be clicked, both colour themes."""

import itertools

import numpy as np
import pandas as pd
import pytest

from kneeoa.analysis import anova, comparisons, confusions, learning_curves, operating
from kneeoa.charts import comparing, confusion, robustness, style, teaching, training, trust
from kneeoa.grades import KLGrade
from kneeoa.teaching import readers, scoring
from tests.support.research import drawn_history, drawn_predictions, write_robustness

NETWORKS = ("mobilenet", "resnet50")
LABELS = [f"KL {grade}" for grade in range(5)]


@pytest.fixture(scope="module")
def study():
    runs, predictions = [], {}
    for network in NETWORKS:
        for seed in range(3):
            run_id = f"{network}{seed}"
            predictions[run_id] = drawn_predictions(seed + 50 * (network == "resnet50"))
            runs.append((run_id, network, seed, predictions[run_id]))
    observed = anova.observations(runs).query("split == 'test'")
    return observed, comparisons.comparisons(observed, predictions, "test")


@pytest.fixture(scope="module")
def films():
    return {
        name: confusions.graded(drawn_predictions(seed), "test")
        for seed, name in enumerate(NETWORKS)
    }


def written(figure):
    """Return what stands in the cells, by (reference, given)."""
    heatmap = figure.data[0]
    places = itertools.product(heatmap.y, heatmap.x)
    return {at: text for at, text in zip(places, heatmap.text.ravel(), strict=True) if text}


@pytest.mark.parametrize("by", list(confusions.SHARES))
def test_every_cell_shows_its_value_and_can_be_clicked(films, by):
    counts = [confusions.matrix(of) for of in films.values()]
    mean, spread = confusions.mean_and_spread(counts, by)
    figure = confusion.confusion_figure(mean, by=by, spread=spread)
    heatmap, cells = figure.data
    np.testing.assert_array_equal(heatmap.z, mean)
    assert "±" in written(figure)["KL 0", "KL 0"]
    picked = {tuple(cell[:2]): cell[2] for cell in cells.customdata}
    assert len(picked) == 25
    assert picked[1, 2] == mean[1, 2]
    # Cells that answer clicks must not skip the mouse.
    assert cells.hoverinfo != "skip"


def test_an_undefined_share_is_blank():
    counts = np.eye(5, dtype=int)
    counts[:, 4] = 0
    values = confusions.share(counts, "column")
    texts = written(confusion.confusion_figure(values, by="column"))
    assert texts["KL 0", "KL 0"] == "100"
    assert ("KL 0", "KL 4") not in texts


def test_the_cell_that_was_chosen_is_framed(films):
    values = confusions.share(confusions.matrix(next(iter(films.values()))), "row")
    (frame,) = confusion.confusion_figure(values, by="row", outlined=(3, 1)).layout.shapes
    assert frame.x0 < 1 < frame.x1
    assert frame.y0 < 3 < frame.y1
    assert not confusion.confusion_figure(values, by="row").layout.shapes


def test_the_difference_is_drawn_about_zero(films):
    one, two = (confusions.share(confusions.matrix(of), "row") for of in films.values())
    figure = confusion.difference_figure(two - one, by="row")
    heatmap, _ = figure.data
    assert heatmap.zmin == -heatmap.zmax
    assert written(figure)["KL 0", "KL 0"].startswith(("+", "-"))


def test_bold_lines_are_means_and_stages_are_marked():
    histories = {f"run{i}": ("mobilenet", drawn_history(i)) for i in range(3)}
    curves = learning_curves.learning_curves(histories)
    band = learning_curves.band(curves, "val_loss")
    chosen = dict.fromkeys(histories, 4)
    figure = training.learning_figure(
        curves,
        band,
        learning_curves.stages(curves),
        chosen,
        "val_loss",
        names={name: f"MobileNet, {name}" for name in histories},
    )
    (mean,) = (line for line in figure.data if line.name == "MobileNet, mean of 3")
    np.testing.assert_allclose(mean.y, band["mean"])
    (stars,) = (line for line in figure.data if line.marker.symbol == "star")
    assert list(stars.x) == [4] * 3
    (thin,) = (line for line in figure.data if line.name == "runs")
    assert np.isnan(thin.x).sum() == np.isnan(thin.y).sum() == 2  # between runs
    np.testing.assert_allclose(thin.y[~np.isnan(thin.y)], curves["val_loss"])
    assert [note.text for note in figure.layout.annotations] == ["stage 2: all layers"]


def test_marked_runs_are_drawn_alone_under_their_names():
    histories = {f"run{i}": ("mobilenet", drawn_history(i)) for i in range(2)}
    curves = learning_curves.learning_curves(histories)
    names = {"run0": "the <b>first</b>", "run1": "the second"}
    figure = training.marked_figure(curves, {"run0": 4}, "val_loss", names=names, log=True)
    lines = {line.name: line for line in figure.data if line.mode == "lines"}
    assert list(lines) == ["the &lt;b&gt;first&lt;/b&gt;", "the second"]
    np.testing.assert_allclose(lines["the second"].y, histories["run1"][1]["val_loss"])
    assert figure.layout.yaxis.type == "log"
    stars = [list(line.x) for line in figure.data if line.mode == "markers"]
    assert stars == [[4], []]


def test_recipes_of_one_network_have_a_mean_each_and_single_runs_none():
    histories = {f"run{i}": ("mobilenet", drawn_history(i)) for i in range(5)}
    recipes = dict(zip(histories, ["plain", "plain", "noisy", "noisy", "once"], strict=True))
    curves = learning_curves.learning_curves(histories, recipes)
    band = learning_curves.band(curves, "val_loss")
    figure = training.learning_figure(
        curves, band, learning_curves.stages(curves.iloc[:0]), {}, "val_loss", names=recipes
    )
    means = {line.name for line in figure.data if line.name and "mean" in line.name}
    assert means == {"plain, mean of 2", "noisy, mean of 2"}
    assert not figure.layout.annotations


def test_cycles_and_claims_are_points_of_the_strip(study):
    observed, compared = study
    figure = comparing.strip_figure(observed, "accuracy", {"mobilenet": (0.741, 0.004)})
    points = {line.name: line for line in figure.data}
    ours = observed[observed["architecture"] == "mobilenet"]
    np.testing.assert_allclose(points["MobileNet, a cycle each"].x, ours["accuracy"])
    assert points["claimed, with its ±"].x == (0.741,)
    spread = comparing.spread_figure(compared, observed, "accuracy")
    ticks = spread.layout.yaxis.ticktext
    assert list(ticks) == [
        f"{name}: {kind}"
        for name in ("MobileNet", "ResNet50")
        for kind in ("another seed (± 2 sd)", "other patients (95%)")
    ]


def test_curves_of_both_networks_are_drawn(films):
    for figure in (
        trust.roc_figure({name: operating.roc(of, 2) for name, of in films.items()}),
        trust.precision_recall_figure(
            {name: operating.precision_recall(of, 2) for name, of in films.items()}, 0.4
        ),
        trust.reliability_figure({name: operating.reliability(of) for name, of in films.items()}),
        confusion.per_grade_figure({n: confusions.per_grade(of) for n, of in films.items()}),
    ):
        named = {line.name: line for line in figure.data}
        assert {"MobileNet", "ResNet50"} <= set(named)
        assert named["MobileNet"].marker.symbol != named["ResNet50"].marker.symbol or (
            named["MobileNet"].line.dash != named["ResNet50"].line.dash
        )


def test_error_sizes_add_up(films):
    figure = confusion.error_figure({n: confusions.error_sizes(of) for n, of in films.items()})
    np.testing.assert_allclose(np.sum([bar.x for bar in figure.data], axis=0), 1)


@pytest.mark.parametrize(("changes", "columns"), [(3, 3), (14, 5), (16, 4)])
def test_no_panel_of_sixteen_changes_stands_alone(tmp_path, changes, columns):
    table = write_robustness(tmp_path)
    rows = table[table["change"] == "darker"]
    table = pd.concat([rows.assign(change=f"change {n}") for n in range(changes)])
    figure = robustness.robustness_figure(table)
    left = {round(axis.domain[0], 6) for axis in figure.select_xaxes()}
    assert len(left) == columns
    assert figure.layout.height > 190 * -(-changes // columns)


def test_each_change_of_the_films_has_a_panel(tmp_path):
    figure = robustness.robustness_figure(write_robustness(tmp_path))
    titles = [note.text for note in figure.layout.annotations]
    assert titles == ["darker (grey values)", "mirrored"]
    assert len(figure.data) == 6
    # What has one strength stands in the middle, its networks no further apart than elsewhere.
    spans = [tuple(axis.range) for axis in figure.select_xaxes()]
    assert {round(high - low, 6) for low, high in spans} == {2.8}
    alone = [trace.x[0] for trace in figure.data if len(trace.x) == 1]
    assert all(abs(at - sum(spans[1]) / 2) < 0.2 for at in alone)


def test_the_menu_saves_png_or_svg_under_a_name():
    assert style.config("roc")["toImageButtonOptions"]["filename"] == "roc"
    assert style.config("roc", "svg")["toImageButtonOptions"]["format"] == "svg"


def test_votes_mark_the_reference_only_when_it_is_told():
    hidden = teaching.votes_figure([0, 3, 12, 1, 0])
    told = teaching.votes_figure([0, 3, 12, 1, 0], reference=KLGrade.MODERATE)
    assert hidden.data[0].y.tolist() == [0, 3, 12, 1, 0]
    assert len(set(hidden.data[0].marker.color)) == 1
    assert not hidden.layout.annotations
    assert told.layout.annotations[0].x == "KL 3"
    colours = told.data[0].marker.color
    assert colours[3] not in colours[:3]


def test_right_and_other_answers_look_alike_in_all_figures_of_teaching():
    bars = teaching.votes_figure([0, 3, 12, 1, 0], reference=KLGrade.MODERATE).data[0].marker
    looks = set(zip(bars.color, bars.pattern.shape, strict=True))
    assert len(looks) == 2
    right = bars.color[3], bars.pattern.shape[3]
    (other,) = looks - {right}
    assert right[1] == "" != other[1]
    answers = pd.DataFrame({"position": range(2), "reference": [1, 1], "grade": [1, 2]})
    pace = teaching.pace_figure(answers.assign(seconds=[2.0, 3.0])).data
    marked = [(bar.marker.color, bar.marker.pattern.shape) for bar in pace]
    assert marked == [right, other]
    films = pd.DataFrame({"reference": [3, 1], "votes": [2, 2], **dict.fromkeys(LABELS, 1)})
    circles = teaching.spread_figure(films).data
    assert circles[3].marker.color[0] == style.faded(right[0], 0.75)
    assert circles[1].marker.color[0] == style.faded(other[0], 0.75)
    # What may not be told yet says neither.
    told = {colour for colour, _ in looks}
    assert told.isdisjoint(teaching.votes_figure([1, 2, 3, 4, 5]).data[0].marker.color)


@pytest.mark.parametrize(
    ("numbers", "ticks"),
    [([1], [1]), ([1, 2, 3], [1, 2, 3]), (range(1, 41), [*range(1, 38, 3), 40])],
)
def test_progress_begins_at_the_first_session_and_ends_at_the_last(numbers, ticks):
    scored = dict.fromkeys(("accuracy", "accuracy_low", "accuracy_high"), 0.5)
    table = pd.DataFrame({"session": "s", "answered": 9, "number": list(numbers), **scored})
    axis = teaching.progress_figure(table, "accuracy").layout.xaxis
    assert list(axis.tickvals) == ticks
    assert list(axis.range) == [min(numbers) - 0.5, max(numbers) + 0.5]


def test_a_matrix_says_who_gave_the_grades():
    figure = confusion.confusion_figure(np.eye(5), by="counts", axes=confusion.OWN)
    assert (figure.layout.yaxis.title.text, figure.layout.xaxis.title.text) == confusion.OWN
    assert figure.data[1].hovertemplate.startswith("Your readers' grade %{y}, networks' grade %{x}")


def test_progress_and_spread_hold_the_tables():
    progress = scoring.progress(
        {
            name: pd.DataFrame(
                {
                    "image_id": list("abcde"),
                    "reference": range(5),
                    "grade": pd.array(said, "Int64"),
                }
            )
            for name, said in (("one", [0, 1, 1, 1, 4]), ("two", [0, 1, 2, 3, 4]))
        }
    )
    figure = teaching.progress_figure(progress, "accuracy")
    line = figure.data[0]
    assert figure.layout.yaxis.range[0] < 0  # nobody right: a whole dot
    assert list(line.y) == [0.6, 1.0]
    assert list(line.error_y.array)[1] == 0
    kinds = progress.assign(number=[2, 5], kind=["all five grades", "0 against 1"])
    lines = teaching.progress_figure(kinds, "kappa").data
    assert [(line.name, list(line.x), len(line.y)) for line in lines] == [
        ("all five grades", [2], 1),
        ("0 against 1", [5], 1),
    ]
    low = progress.assign(kappa=[-0.04, 0.5], kappa_low=[-0.65, float("nan")])
    for table, floor in ((low, -0.65), (progress.assign(kappa_low=float("nan")), -0.2)):
        drawn = teaching.progress_figure(table, "kappa").layout.yaxis.range
        assert -1 < drawn[0] < floor and drawn[1] > 1
    given = pd.array([1, None, 2], "Int64")
    answers = pd.DataFrame({"position": range(3), "reference": [1, 1, 1], "grade": given})
    pace = teaching.pace_figure(answers.assign(seconds=[2.5, 15.0, 4.0]), limit=15)
    right, missed = pace.data
    assert (list(right.x), list(right.y)) == ([1], [2.5])
    assert (list(missed.x), list(missed.y)) == ([2, 3], [15.0, 4.0])
    assert list(missed.customdata) == ["reference KL 1, given none", "reference KL 1, given KL 2"]
    votes = pd.DataFrame(
        {
            "participant": ["x", "y"] * 2,
            "image_id": ["a", "a", "b", "b"],
            "reference": [1, 1, 2, 2],
            "grade": [1, 1, 0, 4],
        }
    )
    figure = teaching.spread_figure(readers.by_film(votes).assign(number=[2, 1]))
    assert figure.data[0].x == ("film 2", "film 1")
    assert list(figure.data[-1].y) == [1, 2]
