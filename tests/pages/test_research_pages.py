"""The research pages as a reader drives them, without a browser, on whole and damaged folders."""

import functools
import json
import os
import shutil
from datetime import UTC, datetime

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from kneeoa.records import notes
from tests.support.opening import opened
from tests.support.places import MAIN_SCRIPT
from tests.support.research import (
    drawn_predictions,
    write_robustness,
    write_run,
    write_search,
    write_study,
)


def text(app):
    assert not app.exception
    blocks = [*app.markdown, *app.info, *app.warning, *app.caption, *app.subheader]
    return " ".join(str(block.value) for block in blocks)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KNEEOA_RESULTS", str(tmp_path))
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)
    return tmp_path


def test_the_runs_page_lists_every_run_and_marks_failed_and_unpaired_ones(folder):
    write_study(folder, failed=["mobilenet-seed1-00000000"])
    app = opened("runs")
    said = text(app)
    assert "5 of 6 runs finished, 1 failed, 1 of the finished without" in said
    table = app.dataframe[0].value.set_index("run")
    assert len(table) == 6
    assert table.loc["mobilenet-seed1-00000000", "state"] == "failed"
    assert table.loc["mobilenet-seed1-00000000", "why"] == "The disk is full."
    assert table.loc["resnet50-seed1-00000000", "state"] == "finished, unpaired"
    assert 0 < table.loc["mobilenet-seed0-00000000", "accuracy"] <= 1


def test_marks_belong_to_runs_and_not_to_rows(folder):
    write_study(folder, cycles=2)
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120).run()
    marked = ["resnet50-seed0-00000000", "resnet50-seed1-00000000"]
    app.query_params["marked"] = marked
    app.switch_page("runs/page.py").run()
    assert "Learning curves of the marked runs" in text(app)
    (marks,) = (one for one in app.multiselect if one.label == "Marked runs")
    assert marks.value == marked
    # Only the MobileNet's runs stand in the table now, where the marked rows were.
    app.session_state["networks"] = ["mobilenet"]
    app.run()
    text(app)
    (marks,) = (one for one in app.multiselect if one.label == "Marked runs")
    assert marks.value == marked
    assert app.query_params["marked"] == marked


def test_a_loss_that_is_no_number_is_said(folder):
    (name, *_) = write_study(folder, cycles=1)
    file = folder / "runs" / name / "history.csv"
    pd.read_csv(file).assign(val_loss=float("inf")).to_csv(file, index=False)
    app = opened("runs")
    said = text(app).replace("\\", "")
    why = app.dataframe[0].value.set_index("run").loc[name, "why"]
    assert why.startswith("all epochs done; a loss is infinite or no number in 6 epochs; learnt")
    assert "validation loss is infinite or no number in 6 epochs, first in epoch 1" in said


def test_the_results_page_gives_verdicts_and_words(folder):
    write_study(folder)
    said = text(opened("results"))
    assert "The paper's Table 1, and ours" in said
    assert "F(1, 4) = " in said.replace("\\", "")
    assert "after Holm over the metrics" in said.replace("\\", "")


def test_the_confusion_page_counts_what_the_runs_said(folder):
    write_study(folder, cycles=2)
    said = text(opened("confusion", below="look"))
    assert "**MobileNet**, 2 runs together, 60 knees" in said
    assert "get the reference grade from none of 4 runs" in said


def test_an_address_that_names_no_cell_shows_the_first(folder):
    write_study(folder, cycles=1)
    app = opened("confusion", cell_network="none", reference="9", given="x")
    assert "knees with reference KL 1 to which MobileNet gives KL 0" in text(app)


NO_RUNS = dict.fromkeys(("runs", "results", "confusion", "data"), "There are no runs in")
SAID = {
    "empty": NO_RUNS | {"robustness": "No robustness table here"},
    "missing": dict.fromkeys(NO_RUNS, "Expected a results folder. There is none at"),
    "one run": {
        "runs": "1 of 1 run finished",
        "results": "ANOVA is not defined. Needs cycles of two networks",
        "confusion": "**MobileNet**, 1 run, 60 knees",
        "data": f"**Split {'f' * 16}**, 1 run",
    },
    "one network": {
        "runs": "3 of 3 runs finished",
        "results": "There are cycles of: MobileNet.",
        "confusion": "**MobileNet**, 3 runs together, 60 knees",
        "data": f"**Split {'f' * 16}**, 3 runs",
    },
    "no grades": {
        "runs": "1 of 1 run finished",
        "results": "There are cycles of: none",
        "confusion": "No graded test films in these runs",
        "data": f"**Split {'f' * 16}**, 1 run",
    },
    "one grade absent": {
        "runs": "2 of 2 runs finished",
        "results": "Needs two cycles of a network or more",
        "confusion": "**MobileNet**, 1 run, 56 knees",
        "data": f"**Split {'f' * 16}**, 2 runs",
    },
    "damaged": dict.fromkeys(NO_RUNS, "has version 99"),
}
"""What every page says of every state of a results folder."""


@pytest.fixture(scope="module")
def in_state(tmp_path_factory):
    """Return what lays a folder of a state, one for all pages: they only read it."""

    @functools.cache
    def laid(state):
        folder = tmp_path_factory.mktemp("state")
        lay(state, folder)
        return folder / "nowhere" if state == "missing" else folder

    return laid


@pytest.mark.parametrize(
    ("state", "page"), [(state, page) for state, pages in SAID.items() for page in pages]
)
def test_every_page_says_what_a_folder_holds(in_state, page, state, monkeypatch):
    monkeypatch.setenv("KNEEOA_RESULTS", str(in_state(state)))
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)
    assert SAID[state][page] in text(opened(page)).replace("\\", "")


def lay(state, folder):
    if state == "one run":
        write_run(folder, "mobilenet", 0)
    elif state == "one network":
        for seed in range(3):
            write_run(folder, "mobilenet", seed)
    elif state == "no grades":
        table = drawn_predictions(0)
        table["true_grade"] = table["true_grade"].mask(table["true_grade"] >= 0)
        write_run(folder, "mobilenet", 0, predictions=table)
    elif state == "one grade absent":
        table = drawn_predictions(0)
        for name in ("mobilenet", "resnet50"):
            write_run(folder, name, 0, predictions=table[table["true_grade"] != 4])
    elif state == "damaged":
        write_study(folder, cycles=2)
        runs = folder / "runs"
        predictions = runs / "mobilenet-seed0-00000000" / "predictions.csv"
        predictions.write_text(predictions.read_text()[:2000])
        record = runs / "resnet50-seed0-00000000" / "run.json"
        content = json.loads(record.read_text()) | {"schema_version": 99}
        record.write_text(json.dumps(content))
        shutil.rmtree(runs / "resnet50-seed1-00000000")


@pytest.mark.parametrize("column", ["image_id", "patient_id", "true_grade"])
def test_runs_on_other_films_are_not_compared_film_by_film(folder, column):
    table = drawn_predictions(0)
    other = table["true_grade"].sub(4).abs() if column == "true_grade" else table[column] + "x"
    write_run(folder, "mobilenet", 0, predictions=table[table["true_grade"] != 2])
    write_run(folder, "resnet50", 0, predictions=table.assign(**{column: other}))
    # With grades turned round, only films of KL 2 keep theirs, which the MobileNet has not.
    assert "no film in common" in text(opened("confusion", below="grades"))
    assert "measured on different films" in text(opened("results"))


def test_what_another_hand_wrote_beside_a_split_does_not_stop_the_page(folder):
    write_study(folder, cycles=1)
    place = folder / "splits"
    place.mkdir()
    lines = ["image_id,patient_id,side,grade,split,pixels"]
    lines += [f"{name},p1,L,0,{split},x" for name, split in (("a", "train"), ("b", "test"))]
    (place / f"{'f' * 16}.csv").write_text("\n".join(lines) + "\n")
    (place / f"{'f' * 16}.json").write_text('{"unreadable": [1], "ignored": 5, "warnings": "x"}')
    app = opened("data")
    text(app)
    (said,) = (error.value for error in app.error)
    assert "1 in test and train, for example p1" in said.replace("\\", "")


def test_a_robustness_table_without_changes_says_so(folder):
    table = write_robustness(folder)
    table[table["step"] == 0].to_csv(folder / "robustness.csv", index=False)
    app = opened("robustness")
    text(app)
    assert "Expected changed films" in app.error[0].value


def python_of(app):
    return [code.value for code in app.code if "import" in code.value]


VIEWS = [
    ("runs", {}),
    ("runs", {"runs_part": "across", "split": "val"}),
    ("results", {}),
    ("results", {"part": "whole"}),
    ("results", {"part": "tried"}),
    ("results", {"part": "beside"}),
    ("results", {"part": "beside", "second": "published Both together", "counts_as": "together"}),
    ("data", {}),
    ("robustness", {}),
    *[("confusion", {"below": below}) for below in ("table", "grades", "trust", "look")],
    ("confusion", {"below": "table", "source": "mean"}),
    ("confusion", {"below": "look", "second_look": "apart", "source": "one"}),
    ("confusion", {"below": "table", "source": "published"}),
    ("confusion", {"below": "grades", "source": "published"}),
]
"""Pages and addresses that together show every table there is."""


@pytest.fixture(scope="module")
def two_folders(tmp_path_factory):
    """Two results folders called alike, which pages and what is copied from them only read."""
    place = tmp_path_factory.mktemp("two")
    whole, other = place / "one" / "results", place / "other" / "results"
    write_study(whole, cycles=2, failed=["mobilenet-seed1-00000000"])
    write_robustness(whole)
    write_search(whole)
    write_study(other, cycles=1)
    shutil.copytree(other / "studies" / "one", other / "studies" / "copy")
    notes.write(whole / "runs" / "mobilenet-seed0-00000000", "=a note", ["kept"])
    return whole, other


@pytest.mark.usefixtures("tables_once")
@pytest.mark.parametrize("some", [False, True])
@pytest.mark.parametrize(("page", "address"), VIEWS)
def test_the_python_below_a_table_gives_that_table(two_folders, monkeypatch, page, address, some):
    monkeypatch.setenv("KNEEOA_RESULTS", os.pathsep.join(map(str, two_folders)))
    whole, _ = two_folders
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120).run()
    app.query_params.update(address)
    if some:  # and some runs of both folders instead of a study
        runs = [f"{whole}/mobilenet-seed0-00000000", "resnet50-seed1-00000000"]
        app.query_params.update(study="all runs", runs=runs, marked=runs, split="val", tags="kept")
    app.switch_page(f"{page}/page.py").run()
    text(app)
    tables = [frame.value.reset_index(drop=True) for frame in app.dataframe]
    assert len(tables) == len(python_of(app)) > 0
    for table, lines in zip(tables, python_of(app), strict=True):
        printed = []
        exec(lines, {"print": printed.append})  # what a reader who copies them runs
        pd.testing.assert_frame_equal(
            printed[-1].reset_index(drop=True), table, check_dtype=False, rtol=1e-6
        )


def test_a_study_that_trains_shows_how_far_it_is(folder):
    names = write_study(folder, cycles=2, missing=["resnet50-seed1-00000000"])
    training = {
        "run_id": names[-1],
        "state": "training",
        "epoch": 3,
        "epochs": 8,
        "share": 0.5,
        "loss": 1.1,
        "val_accuracy": 0.6,
        "images_per_second": 40.0,
    }
    status = {
        "schema_version": 1,
        "study_id": "one",
        "state": "training",
        "runs": 4,
        "runs_done": 3,
        "seconds_left_at_most": 1200.0,
        "updated_at": datetime.now(UTC).isoformat(),
        "rows": [training],
    }
    file = folder / "studies" / "one" / "status.json"
    file.write_text(json.dumps(status))
    app = opened("runs")
    text(app)
    said = app.get("progress")[0].proto.text
    assert "3 of 4 runs finished, at most 20 min left" in said
    assert "stopped" not in said
    assert app.dataframe[0].value[["epoch", "epochs"]].values.tolist() == [[3, 8]]
    runs = app.dataframe[1].value.set_index("run")
    assert runs.loc[names[-1], "state"] == "training"
    # Nobody has heard of it since.
    file.write_text(json.dumps(status | {"updated_at": "2026-11-23T08:00:00+00:00"}))
    app = opened("runs")
    assert "it may have been stopped" in app.get("progress")[0].proto.text


def test_settings_of_runs_named_in_the_link_are_compared(folder):
    one = write_run(folder, "mobilenet", 0, config={"learning_rate": 1e-3, "batch_size": 32})
    other = write_run(folder, "mobilenet", 1, config={"learning_rate": 2e-3, "batch_size": 32})
    app = opened("runs", marked=[one, other])
    text(app)
    table = app.dataframe[1].value.set_index("setting")
    assert table.loc["learning_rate"].tolist() == ["0.001", "0.002"]
    assert list(table.index) == ["learning_rate"]


def test_figures_are_saved_as_the_link_says(folder):
    write_study(folder)
    app = opened("runs", image="svg")
    text(app)
    config = json.loads(app.get("plotly_chart")[0].proto.config)
    assert config["toImageButtonOptions"] == {"format": "svg", "filename": "learning_val_loss"}
