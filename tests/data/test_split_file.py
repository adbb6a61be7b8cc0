"""CSV files as a source of films, and as the split of one."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kneeoa.data.dataset import read_dataset, split_hash_of, write_split
from kneeoa.errors import ConfigError, DataError
from tests.support.graded_films import patients, write_film


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KNEEOA_CACHE", str(tmp_path / "cache"))


def write_csv(folder, table, name="films.csv", **options):
    table.to_csv(folder / name, index=False, **options)
    return folder / name


@pytest.fixture
def table(flat):
    """The flat folder as a CSV, under names that do not tell the patient."""
    found = read_dataset(flat).table
    for row in found.itertuples():
        (flat / row.file).rename(flat / f"{row.Index}.png")
    return found.assign(file=[f"{i}.png" for i in found.index])[["file", "grade", "patient_id"]]


def test_a_csv_names_patients_that_file_names_do_not(flat, table):
    found = read_dataset(write_csv(flat, table), seed=2)
    assert set.union(*patients(found).values()) == {str(n) for n in range(100, 120)}
    assert sum(map(len, patients(found).values())) == 20
    assert found.warnings == ()


def test_a_csv_may_have_splits_sides_and_names(flat, table):
    table["split"] = ["train", "VAL", "test"] * 13 + ["train"]
    table["patient_id"] = [f"{split}{n}" for n, split in enumerate(table["split"])]
    table["side"], table["image_id"] = "left", [f"film {n}" for n in table.index]
    file = write_csv(flat, table)
    found = read_dataset(file)
    assert found.split_from == "films.csv"
    assert found.table["split"].value_counts().to_dict() == {"train": 14, "val": 13, "test": 13}
    assert set(found.table["side"]) == {"L"}
    assert "film 0" in found.splits["train"].image_ids
    assert read_dataset(file, resplit=True).split_from.startswith("drawn by patient")


def test_absolute_paths_and_other_spellings_of_csv_are_read(flat, table, tmp_path):
    table["file"] = [str(flat / name) for name in table["file"]]
    # As spreadsheets write it: a mark before the first letter, semicolons, decimals.
    table["grade"] = table["grade"].astype(float)
    table.columns = ["File", " grade", "Patient_ID"]
    file = write_csv(tmp_path, table, sep=";", encoding="utf-8-sig")
    assert len(read_dataset(file).table) == 40


def test_paths_of_windows_are_read(tmp_path, tree):
    table = read_dataset(tree).table
    table["file"] = table["file"].str.replace("/", "\\")
    assert read_dataset(write_csv(tree, table)).split_hash == read_dataset(tree).split_hash


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("grade", "5", r"Line 4: Expected a KL grade from 0 to 4\. Received: '5'"),
        ("grade", "x", r"Line 4: Expected a KL grade from 0 to 4\. Received: 'x'"),
        ("grade", "", r"Line 4: Expected a KL grade from 0 to 4\. Received: ''"),
        ("grade", "2.5", r"Line 4: Expected a KL grade"),
        ("file", "gone.png", r"Line 4: There is no file .*gone\.png.*--split-file"),
        ("file", "a" * 5000, r"Line 4: There is no file"),
        ("file", "", r"Line 4: Expected a file and a patient_id"),
        ("patient_id", "", r"Line 4: Expected a file and a patient_id"),
        ("split", "holdout", r"Line 4: Expected the split train, val or test\. .*'holdout'"),
        ("split", "", r"Line 4: Expected the split"),
        ("side", "middle", r"Line 4: Expected the side L or R\. Received: 'middle'"),
    ],
)
def test_a_faulty_line_is_named(column, value, sentence, flat, table):
    table = table.astype(str).assign(split="train", side="L")
    table.loc[2, column] = value
    with pytest.raises(DataError, match=sentence):
        read_dataset(write_csv(flat, table))


def test_many_faulty_lines_are_counted(flat, table):
    with pytest.raises(DataError, match=r"Line 2: .* Line 4: .* And 37 more lines have faults"):
        read_dataset(write_csv(flat, table.assign(grade=9)))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Missing: file, grade, patient_id. Found: nothing"),
        (b"path,kl\na.png,2\n", "Missing: file, grade, patient_id. Found: path, kl"),
        (b"file,grade,patient_id\n", "one line per film"),
        (b"file,grade,patient_id\na.png,2\n", r"3 cells.*Line 2 has 2"),
        (b"file,grade,patient_id,grade\na.png,2,1,3\n", "each column once"),
        (b"file,grade,patient_id\na.png,2,1\nb.png,2,M\xfcller\n", "not, from line 3 on.*UTF-8"),
        (b"PK\x03\x04\xff\xff", "in UTF-8"),
    ],
)
def test_a_csv_that_is_none_is_refused(content, sentence, tmp_path):
    (tmp_path / "films.csv").write_bytes(content)
    with pytest.raises(DataError, match=sentence):
        read_dataset(tmp_path / "films.csv")


def test_auto_test_in_a_csv_is_left_out(tree):
    table = read_dataset(tree).table
    shutil.copytree(tree / "test", tree / "auto_test")
    again = table.query("split == 'test'")
    again = again.assign(file="auto_" + again["file"], split="train")
    found = read_dataset(write_csv(tree, pd.concat([table, again])))
    assert len(found.table) == 60
    assert found.ignored[0].endswith("Lines left out: 20.")


# Split files


def test_a_written_split_is_read_again(flat, tmp_path):
    found = read_dataset(flat, seed=7)
    file = tmp_path / "new" / "split.csv"
    write_split(found, file)
    assert file.read_text().splitlines()[0] == "image_id,file,patient_id,side,grade,split"
    assert [path.name for path in file.parent.iterdir()] == ["split.csv"]
    again = read_dataset(flat, split_file=file)
    assert again.split_hash == found.split_hash == split_hash_of(pd.read_csv(file))
    assert again.split_from == "split.csv"
    np.testing.assert_array_equal(again.splits["val"].images, found.splits["val"].images)
    # Beside the films, it is a source itself.
    assert read_dataset(Path(shutil.copy(file, flat))).split_hash == found.split_hash


def test_a_split_file_imposes_its_split_on_a_tree(tree, tmp_path):
    anew = read_dataset(tree, resplit=True)
    write_split(anew, tmp_path / "split.csv")
    assert read_dataset(tree, split_file=tmp_path / "split.csv").split_hash == anew.split_hash
    write_film(tree / "train" / "0" / "998L.png", 9999)
    found = read_dataset(tree, split_file=tmp_path / "split.csv")
    assert found.split_hash == anew.split_hash
    assert found.ignored == ("Films that split.csv does not name: 1.",)


def test_a_split_file_serves_a_folder_of_any_shape(flat, table, tmp_path):
    write_split(read_dataset(write_csv(flat, table)), tmp_path / "split.csv")
    shutil.rmtree(flat / "0")
    for grade in "1234":
        shutil.rmtree(flat / grade)
    assert len(read_dataset(flat, split_file=tmp_path / "split.csv").table) == 40


def test_a_split_file_of_other_films_is_refused(tree, tmp_path):
    file = tmp_path / "split.csv"
    write_split(read_dataset(tree), file)
    with pytest.raises(DataError, match="There is no file"):
        read_dataset(tree / "train", split_file=file)
    (tree / "val" / "1" / "200R.png").rename(tree / "200R.png")
    file.write_text(file.read_text().replace("val/1/200R", "200R"))
    with pytest.raises(DataError, match=r"1 of 60 are not among its graded films.*200R\.png"):
        read_dataset(tree, split_file=file)
    (tree / "200R.png").rename(tree / "val" / "1" / "200R.png")
    file.write_text(file.read_text().replace("200R.png,200,R,1", "val/1/200R.png,200,R,2"))
    with pytest.raises(DataError, match=r"the same grades .* val/1/200R.png with KL 2 and KL 1"):
        read_dataset(tree, split_file=file)
    without = write_csv(tmp_path, read_dataset(tree).table.drop(columns="split"))
    with pytest.raises(DataError, match="Expected the column split"):
        read_dataset(tree, split_file=without)
    with pytest.raises(ConfigError, match="Received both"):
        read_dataset(tree, split_file=file, resplit=True)


def test_a_split_that_cannot_be_written_is_said(flat, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="Expected to write the table to"):
        write_split(read_dataset(flat), tmp_path / "file" / "split.csv")
