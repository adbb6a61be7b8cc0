"""Results folders: whole runs, damaged ones, failed ones, several folders at once."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from kneeoa.errors import DataError
from kneeoa.records import archive, history
from kneeoa.spreadsheet import csv_text
from tests.support.research import EPOCHS, drawn_history, write_run, write_study


def test_every_run_has_a_row_with_its_state(tmp_path):
    names = write_study(
        tmp_path, missing=["resnet50-seed2-00000000"], failed=["mobilenet-seed1-00000000"]
    )
    write_run(tmp_path, "mobilenet", 9)
    found = archive.read_archive([tmp_path])
    runs = found.runs.set_index("run_id")
    assert set(runs.index) == {*names, "mobilenet-seed9-00000000"}
    assert runs.loc["mobilenet-seed0-00000000", "state"] == "finished"
    assert runs.loc["mobilenet-seed0-00000000", "epochs"] == EPOCHS
    assert runs.loc["mobilenet-seed0-00000000", "images_per_second"] == pytest.approx(50, abs=3)
    assert runs.loc["resnet50-seed2-00000000", "state"] == "waiting"
    assert runs.loc["mobilenet-seed1-00000000", "state"] == "failed"
    assert runs.loc["mobilenet-seed1-00000000", "problem"] == "The disk is full."
    assert runs.loc["mobilenet-seed9-00000000", "studies"] == ()
    # Seeds 1 and 2 have a run of one network only; seed 9 belongs to no study.
    assert set(runs.index[runs["unpaired"]]) == {
        "resnet50-seed1-00000000",
        "mobilenet-seed2-00000000",
    }
    assert not found.problems


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("run.json", "{", "cannot be read"),
        ("run.json", '{"schema_version": 99}', "version 99"),
        ("history.csv", "", "history.csv"),
        ("history.csv", "epoch,stage\n1,1\n", "columns trainable_from"),
        ("history.csv", drawn_history().to_csv(index=False)[:-300], "cut off"),
    ],
)
def test_a_damaged_run_is_named_and_hides_no_other(tmp_path, file, content, said):
    write_study(tmp_path)
    (tmp_path / "runs" / "mobilenet-seed0-00000000" / file).write_text(content)
    found = archive.read_archive([tmp_path])
    states = found.runs.set_index("run_id")["state"]
    assert states["mobilenet-seed0-00000000"] == "damaged"
    assert (states == "finished").sum() == 5
    (problem,) = found.problems
    assert said in problem
    assert (str(tmp_path), "mobilenet-seed0-00000000") not in found.records


def test_folders_are_read_together_and_a_missing_one_is_named(tmp_path):
    for name in ("a", "b"):
        write_study(tmp_path / name, cycles=1)
    found = archive.read_archive([tmp_path / "a", tmp_path / "nowhere", tmp_path / "b"])
    assert sorted(found.runs["folder"].unique()) == [str(tmp_path / "a"), str(tmp_path / "b")]
    assert [study.folder.name for study in found.studies] == ["a", "b"]
    assert "nowhere" in found.problems[0]


def test_an_empty_folder_gives_an_empty_table(tmp_path):
    found = archive.read_archive([tmp_path])
    assert found.runs.empty
    assert list(found.runs.columns) == list(archive.RUN_COLUMNS)


def test_a_damaged_study_leaves_its_runs_readable(tmp_path):
    write_study(tmp_path)
    (tmp_path / "studies" / "one" / "study.json").write_text("[]")
    found = archive.read_archive([tmp_path])
    assert (found.runs["state"] == "finished").all()
    assert len(found.problems) == 1


def test_a_copied_study_is_called_as_its_folder_is(tmp_path):
    write_study(tmp_path)
    shutil.copytree(tmp_path / "studies" / "one", tmp_path / "studies" / "copy")
    found = archive.read_archive([tmp_path])
    assert [study.record.study_id for study in found.studies] == ["copy", "one"]
    assert not found.problems


def test_a_run_of_another_network_is_named_and_not_measured(tmp_path):
    write_study(tmp_path, cycles=1)
    file = tmp_path / "runs" / "mobilenet-seed0-00000000" / "run.json"
    file.write_text(file.read_text().replace('"mobilenet"', '"densenet121"'))
    found = archive.read_archive([tmp_path])
    assert "densenet121: it is not measured" in found.problems[0]
    states = found.runs.set_index("run_id")["state"]
    assert states["mobilenet-seed0-00000000"] == "damaged"


def test_the_signature_changes_with_what_is_there(tmp_path):
    write_study(tmp_path)
    before = archive.signature([tmp_path])
    assert archive.signature([tmp_path]) == before
    shutil.rmtree(tmp_path / "runs" / "mobilenet-seed0-00000000")
    assert archive.signature([tmp_path]) != before


def test_the_setting_names_folders_as_path_does(tmp_path):
    setting = os.pathsep.join(["/a", "", "/b", "/a"])
    assert archive.results_folders(setting, tmp_path) == (Path("/a"), Path("/b"))
    assert archive.results_folders("", tmp_path) == (tmp_path,)
    assert archive.results_folders(None, tmp_path) == (tmp_path,)


def test_a_history_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"history\.csv"):
        history.read(tmp_path)


def test_a_metric_that_few_films_do_not_give_is_no_damage(tmp_path):
    rows = [dict.fromkeys(history.COLUMNS, 1) | {"val_kappa": float("nan")}]
    (tmp_path / "history.csv").write_text(csv_text(pd.DataFrame(rows)))
    epochs = history.read(tmp_path)
    assert epochs["val_kappa"].isna().all()
    assert epochs["val_loss"].tolist() == [1.0]
    rows[0]["val_loss"] = float("nan")
    (tmp_path / "history.csv").write_text(csv_text(pd.DataFrame(rows)))
    with pytest.raises(DataError, match="damaged or cut off"):
        history.read(tmp_path)
