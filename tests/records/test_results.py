"""The contract on disk: whole folders or none, and unknown versions refused by name."""

import json

import numpy as np
import pandas as pd
import pytest

from kneeoa.errors import DataError
from kneeoa.records import results
from tests.support.records import record


@pytest.fixture
def parts(tmp_path):
    predictions = results.predictions_table(
        ["0012345L", "0012345R"], ["0012345"] * 2, "test", np.array([3, -1]), np.full((2, 5), 0.2)
    )
    model = tmp_path / "model.keras"
    model.write_bytes(b"weights")
    return pd.DataFrame({"epoch": [1], "val_loss": [1.0]}), predictions, model


def test_a_run_reads_back_as_written(tmp_path, parts):
    folder = results.write_run(tmp_path, record(), *parts)
    assert folder == tmp_path / "runs" / "mobilenet-seed0-abc"
    assert results.read_record(folder) == record()
    table = results.read_predictions(folder / "predictions.csv")
    assert table["patient_id"].tolist() == ["0012345"] * 2
    assert table["true_grade"].tolist() == [3, pd.NA]
    assert (folder / "model.keras").read_bytes() == b"weights"


def test_a_run_that_cannot_be_finished_leaves_nothing(tmp_path, parts):
    history, predictions, _ = parts
    with pytest.raises(FileNotFoundError):
        results.write_run(tmp_path, record(), history, predictions, tmp_path / "absent.keras")
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_run_is_never_overwritten(tmp_path, parts):
    results.write_run(tmp_path, record(), *parts)
    with pytest.raises(DataError, match="already in"):
        results.write_run(tmp_path, record(), *parts)


def test_damaged_and_unknown_records_are_refused(tmp_path, parts):
    folder = results.write_run(tmp_path, record(), *parts)
    file = folder / "run.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"schema_version": 7}))
    with pytest.raises(DataError, match=r"version 1\..* has version 7"):
        results.read_record(folder)
    del content["seed"]
    file.write_text(json.dumps(content))
    with pytest.raises(DataError, match="seed"):
        results.read_record(folder)
    file.write_text("{")
    with pytest.raises(DataError, match="Expected a training run"):
        results.read_record(folder)
    with pytest.raises(DataError, match="Expected a training run"):
        results.read_record(tmp_path / "absent")


def test_a_table_without_its_columns_is_refused(tmp_path):
    file = tmp_path / "predictions.csv"
    file.write_text("image_id,p0\n1L,0.5\n")
    with pytest.raises(DataError, match="patient_id, split, true_grade, p1"):
        results.read_predictions(file)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.200000,0.200000,0.200000,0.200000,0.200000", "0.200000,0.2"),
        ("0.200000", "0.300000"),
        (",3,0.2", ",7,0.2"),
        (",0012345,", ",,"),
        ("0.200000,0.200000,0.200000", "x,0.2,0.2"),
    ],
)
def test_a_damaged_line_is_refused_by_its_number(tmp_path, parts, old, new):
    folder = results.write_run(tmp_path, record(), *parts)
    file = folder / "predictions.csv"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match="Line 2 is damaged"):
        results.read_predictions(file)


def test_grades_that_are_no_numbers_and_images_named_twice_are_refused(tmp_path, parts):
    file = tmp_path / "predictions.csv"
    results.write_predictions(file, parts[1])
    text = file.read_text()
    for wrong in ("2.5", "inf", "x"):
        file.write_text(text.replace(",3,0.2", f",{wrong},0.2", 1))
        with pytest.raises(DataError, match="Expected a table of predictions"):
            results.read_predictions(file)
    file.write_text(text + text.splitlines()[1] + "\n")
    with pytest.raises(DataError, match="Expected every image once"):
        results.read_predictions(file)


@pytest.mark.parametrize("name", ["NA", "NULL", "nan", "None", "n/a"])
def test_what_pandas_takes_for_nothing_is_a_name(name, tmp_path):
    answers = np.full((2, 5), 0.2)
    table = results.predictions_table([name, "b"], ["P", name], name, np.array([0, -1]), answers)
    results.write_predictions(tmp_path / "p.csv", table)
    back = results.read_predictions(tmp_path / "p.csv")
    assert back["image_id"].tolist() == [name, "b"]
    assert back["patient_id"].tolist() == ["P", name]
    assert back["split"].tolist() == [name, name]
    assert back["true_grade"].tolist() == [0, pd.NA]
