"""Studies as the dashboard reads them: whole ones, damaged ones, and runs that are not there."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from kneeoa.errors import DataError
from kneeoa.records import studies
from kneeoa.records.results import predictions_table, write_run
from tests.support.records import STUDY, record
from tests.support.research import write_study

GRADES = np.array([0, 1, 2, 3, 4])
HISTORY = pd.DataFrame({"epoch": [1], "val_loss": [1.0]})


def write(folder, run_id, confidence=0.6):
    probabilities = np.full((5, 5), (1 - confidence) / 4)
    probabilities[GRADES, GRADES] = confidence
    names = [f"{i}L" for i in range(5)]
    table = predictions_table(names, names, "val", GRADES, probabilities)
    return write_run(folder, record(run_id=run_id), HISTORY, table)


def test_a_study_is_read_as_it_was_written(tmp_path):
    studies.write_study(tmp_path, STUDY)
    assert studies.read_study(tmp_path, "one") == STUDY
    assert studies.list_studies(tmp_path) == ["one"]


def test_good_runs_are_read_and_bad_ones_are_named(tmp_path):
    write(tmp_path, "a")
    broken = write(tmp_path, "b")
    (broken / "run.json").write_text("{")
    runs, problems = studies.read_runs(tmp_path, STUDY.run_ids)
    assert [run.record.run_id for run in runs] == ["a"]
    (problem,) = problems
    assert str(broken) in problem


def test_the_best_run_is_the_one_with_the_lowest_validation_loss(tmp_path):
    for run_id, confidence in (("a", 0.5), ("b", 0.9), ("c", 0.3)):
        write(tmp_path, run_id, confidence)
    runs, _ = studies.read_runs(tmp_path, STUDY.run_ids)
    best = studies.best_run(runs)
    assert best.record.run_id == "b"
    assert studies.validation_loss(best.predictions) == pytest.approx(-np.log(0.9))
    assert studies.best_run([]) is None


def test_what_cannot_be_read_is_said(tmp_path):
    with pytest.raises(DataError, match=r"study one in .*Studies there: none"):
        studies.read_study(tmp_path, "one")
    with pytest.raises(DataError, match="without slashes"):
        studies.read_study(tmp_path, "../one")
    file = studies.write_study(tmp_path, STUDY) / "study.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"schema_version": 99}))
    with pytest.raises(DataError, match="has version 99"):
        studies.read_study(tmp_path, "one")
    del content["run_ids"]
    file.write_text(json.dumps(content))
    with pytest.raises(DataError, match="run_ids"):
        studies.read_study(tmp_path, "one")


def test_a_status_that_is_not_there_or_damaged_is_none(tmp_path):
    folder = studies.write_study(tmp_path, STUDY)
    assert studies.read_status(tmp_path, "one") is None
    (folder / "status.json").write_text('{"state": ')
    assert studies.read_status(tmp_path, "one") is None


def test_a_copied_run_is_read_once_and_named(tmp_path):
    (name, *others) = write_study(tmp_path, cycles=1)
    shutil.copytree(tmp_path / "runs" / name, tmp_path / "runs" / "a-backup")
    runs, problems = studies.read_all_runs(tmp_path)
    assert [run.folder.name for run in runs] == [name, *others]
    assert problems == [f"a-backup is a copy of {name}."]
