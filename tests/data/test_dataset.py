"""A source of films -> a data set: what is kept, drawn, refused, ignored and said."""

import shutil

import numpy as np
import pandas as pd
import pytest

from kneeoa.data import dataset
from kneeoa.data.arrays import Films
from kneeoa.data.dataset import read_dataset, read_ungraded, write_split
from kneeoa.data.report import report
from kneeoa.errors import ConfigError, DataError
from tests.support.graded_films import patients, write_film


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KNEEOA_CACHE", str(tmp_path / "cache"))


# What is read


def test_a_tree_keeps_its_splits(tree):
    found = read_dataset(tree)
    assert patients(found)["val"] == {str(number) for number in range(200, 210)}
    assert found.counts["train"] == {"0": 2, "1": 4, "2": 4, "3": 4, "4": 6}
    assert found.split_from == "the folders"
    films = found.splits["val"]
    assert films.image_ids[:2] == ("200L", "205L")
    assert films.images.shape == (20, 224, 224)
    assert np.array_equal(films.grades, found.table.query("split == 'val'")["grade"])
    assert (found.warnings, found.problems, found.ignored) == ((), (), ())


def test_the_arrays_are_slices_of_the_cache(tree):
    splits = read_dataset(tree).splits
    assert all(not films.images.flags.owndata for films in splits.values())
    assert not any(films.images.flags.writeable for films in splits.values())
    assert len({id(films.images.base) for films in splits.values()}) == 1


def test_the_order_is_by_grade_and_name_as_in_published_runs(tree):
    table = read_dataset(tree).table
    assert table.groupby("split").apply(lambda t: t["grade"].is_monotonic_increasing).all()
    assert (
        table.groupby(["split", "grade"]).apply(lambda t: t["file"].is_monotonic_increasing).all()
    )


def test_the_hash_is_that_of_published_cards():
    splits = {
        name: Films(np.zeros((1, 2, 2), np.uint8), np.array([grade]), (image,), (image,))
        for name, image, grade in (("train", "1L", 0), ("val", "2R", 4))
    }
    expected = "576807c645aed2b8d8f2dc7b53787fddffcd20e4b108958ff2cbe88f2a29defc"
    assert dataset.split_hash(splits) == expected
    table = pd.DataFrame({"split": ["val", "train"], "image_id": ["2R", "1L"], "grade": [4, 0]})
    assert dataset.split_hash_of(table) == expected


def test_a_flat_folder_is_split_by_patient_from_the_seed(flat):
    found = read_dataset(flat, seed=3)
    assert set.union(*patients(found).values()) == {str(n) for n in range(100, 120)}
    assert sum(map(len, patients(found).values())) == 20
    assert all(len(films) for films in found.splits.values())
    assert found.split_hash == read_dataset(flat, seed=3).split_hash
    assert found.split_hash != read_dataset(flat, seed=4).split_hash
    assert found.split_from == "drawn by patient, stratified by grade, 70/15/15, seed 3"


def test_a_tree_is_split_anew_when_asked(tree, tmp_path):
    anew = read_dataset(tree, resplit=True, seed=1)
    assert patients(anew) != patients(read_dataset(tree))
    # The same films in other folders, listed in another order: the same split.
    flat = tmp_path / "other"
    for file in sorted(tree.glob("*/*/*.png"), reverse=True):
        (flat / file.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, flat / file.parent.name)
    assert read_dataset(flat, seed=1).split_hash == anew.split_hash
    shutil.rmtree(tree / "val")
    assert read_dataset(tree, resplit=True).splits["val"]


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".tif", ".TIFF", ".PNG"])
def test_every_kind_of_film_is_read_and_other_files_are_counted(suffix, tree):
    first = next((tree / "train" / "0").iterdir())
    first.unlink()
    write_film(first.with_suffix(suffix), 5)
    (tree / "train" / "0" / "Thumbs.db").touch()
    (tree / "train" / "._1L.png").touch()
    found = read_dataset(tree)
    assert len(found.table) == 60
    assert found.ignored == ("Files that are no PNG, JPEG, TIFF or DICOM film: 2.",)


def test_a_folder_that_cannot_be_written_is_enough(tree, tmp_path):
    before = sorted(tree.rglob("*"))
    for folder in (tree, *filter(lambda path: path.is_dir(), before)):
        folder.chmod(0o555)
    try:
        write_split(read_dataset(tree), tmp_path / "split.csv")
    finally:
        for folder in (tree, *filter(lambda path: path.is_dir(), before)):
            folder.chmod(0o755)
    assert sorted(tree.rglob("*")) == before


def test_auto_test_is_ignored_and_the_reason_is_said(tree):
    shutil.copytree(tree / "test", tree / "auto_test")
    shutil.copytree(tree / "test", tree / "blind")
    write_film(tree / "train" / "5" / "777L.png", 1)
    write_film(tree / "train" / "778L.png", 2)
    found = read_dataset(tree)
    assert len(found.table) == 60
    assert "the same test knees cropped again by a detector" in found.ignored[0]
    assert (
        found.ignored[1]
        == "Folders other than train, val and test and the grades 0 to 4 in them: blind, train/5."
    )
    assert found.ignored[2] == "Films outside the grade folders: train/778L.png."
    assert all(f"Ignored: {sentence}" in report(found) for sentence in found.ignored)
    with pytest.raises(DataError, match="cropped again"):
        read_dataset(tree / "auto_test")


# Patients and sides


@pytest.mark.parametrize(
    ("name", "patient", "side"),
    [
        ("9001695L", "9001695", "L"),
        ("P12_L", "P12", "L"),
        ("case7-right", "case7", "R"),
        ("case 7 LEFT", "case 7", "L"),
        ("knee_l", "knee", "L"),
        ("WILL", "WILL", ""),
        ("9001695l", "9001695l", ""),
        ("scan_003", "scan_003", ""),
        ("P12_lateral", "P12_lateral", ""),
    ],
)
def test_the_patient_is_in_the_name(name, patient, side, flat):
    write_film(flat / "2" / f"{name}.png", 9999)
    found = read_dataset(flat, check=False).table.set_index("image_id").loc[name]
    assert (found["patient_id"], found["side"]) == (patient, side)


def test_names_without_a_patient_are_counted_and_said(flat):
    write_film(flat / "2" / "scan_003.png", 9999)
    found = read_dataset(flat)
    assert "41 films do not tell the patient (the first: 2/scan_003.png)" in found.warnings[0]
    assert "--patient-pattern" in found.warnings[0]
    assert "20 left, 20 right, 1 of unknown side" in report(found)


def test_a_pattern_may_tell_the_patient(flat):
    for file in list(flat.glob("*/*.png")):
        file.rename(file.with_name(f"x{file.stem[:-1]}-{file.stem[-1].lower()}-2019.png"))
    found = read_dataset(flat, patient_pattern=r"x(?P<patient>\d+)-(?P<side>[lr])")
    assert set.union(*patients(found).values()) == {str(n) for n in range(100, 120)}
    assert found.table["side"].value_counts().to_dict() == {"L": 20, "R": 20}
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [("(", "to be a regular expression. Received '\\('"), (r"\d+", "a group named patient")],
)
def test_a_pattern_that_cannot_work_is_refused(pattern, sentence, flat):
    with pytest.raises(DataError, match=sentence):
        read_dataset(flat, patient_pattern=pattern)


# What is refused


def test_a_patient_in_two_splits_is_refused_by_name(tree):
    (tree / "val" / "1" / "200R.png").rename(tree / "val" / "1" / "100R.png")
    (tree / "train" / "1" / "100R.png").unlink()
    with pytest.raises(DataError, match="every patient in one split") as caught:
        read_dataset(tree)
    assert "patient 100 in train (train/0/100L.png, KL 0)" in str(caught.value)
    assert "in val (val/1/100R.png, KL 1)" in str(caught.value)


def test_an_identical_image_in_two_splits_is_refused_by_name(tree):
    # Another file with the same pixels: it is the pixels that count.
    write_film(tree / "test" / "0" / "999L.tif", 2 * 100)
    with pytest.raises(DataError, match="every image in one split") as caught:
        read_dataset(tree)
    assert "train (train/0/100L.png, KL 0) and in test (test/0/999L.tif, KL 0)" in str(caught.value)
    found = read_dataset(tree, check=False)
    assert f"Not to be trained on: {found.problems[0]}" in report(found)


def test_an_identical_image_in_one_split_is_said(tree):
    write_film(tree / "train" / "3" / "999L.png", 2 * 100)
    (warning,) = read_dataset(tree).warnings
    assert "train/0/100L.png and train/3/999L.png (KL 0 and KL 3)" in warning


def test_one_name_for_two_films_is_refused(tree):
    write_film(tree / "train" / "3" / "100L.png", 9999)
    with pytest.raises(DataError, match=r"a name of its own. Received 100L in train \(train/0/"):
        read_dataset(tree)


def test_missing_splits_are_refused(tree, tmp_path):
    shutil.rmtree(tree / "val")
    with pytest.raises(DataError, match=r"Missing: val\. Found: test, train\..*--resplit"):
        read_dataset(tree)
    with pytest.raises(DataError, match=r"Missing: train, val, test\..*tree holds such folders"):
        read_dataset(tmp_path)
    with pytest.raises(DataError, match="There is no "):
        read_dataset(tmp_path / "nowhere")


def test_empty_folders_are_refused(tmp_path):
    (tmp_path / "0").mkdir()
    with pytest.raises(DataError, match=r"films in the grade folders.*Found none"):
        read_dataset(tmp_path)


def test_no_validation_film_is_refused(tree):
    for file in (tree / "val").glob("*/*"):
        file.unlink()
    with pytest.raises(DataError, match="There is none in val: add some"):
        read_dataset(tree)


def test_a_grade_that_is_missing_in_training_is_refused(tree):
    shutil.rmtree(tree / "train" / "3")
    with pytest.raises(DataError, match=r"every KL grade in train. There is none of KL 3,"):
        read_dataset(tree)


def test_a_grade_that_is_missing_in_a_test_is_said(tree):
    shutil.rmtree(tree / "test" / "3")
    assert read_dataset(tree).warnings[0].startswith("No film of KL 3 is in test")


def test_a_single_patient_is_refused(tmp_path):
    for grade in range(5):
        write_film(tmp_path / "one" / str(grade) / f"7_{grade}.png", grade)
    with pytest.raises(DataError, match=r"at least three patients, one for each.*Received: 1"):
        read_dataset(tmp_path / "one", patient_pattern="(?P<patient>7)")


def test_unreadable_films_are_reported_and_too_many_are_refused(tree):
    bad = tree / "train" / "0" / "100L.png"
    bad.write_bytes(b"no film")
    with pytest.raises(DataError, match=r"at most 1% unreadable films. Received: 1 of 60, the fi"):
        read_dataset(tree)
    found = read_dataset(tree, max_unreadable=0.02)
    assert list(found.unreadable) == ["train/0/100L.png"]
    assert len(found.table) == sum(map(len, found.splits.values())) == 59
    assert "100L" not in found.splits["train"].image_ids
    assert "Unreadable, left out: 1\n  train/0/100L.png: Expected PNG" in report(found)
    with pytest.raises(ConfigError, match=r"from 0 to 1. Received: 5"):
        read_dataset(tree, max_unreadable=5)


def test_nothing_readable_is_refused(tmp_path):
    for name in ("0/1L.png", "4/2R.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"no film")
    with pytest.raises(DataError, match="2 of 2"):
        read_dataset(tmp_path)


# The rest


def test_a_rehearsal_takes_some_of_every_grade(tree):
    found = read_dataset(tree).first(8)
    assert [len(films) for films in found.splits.values()] == [8, 8, 8]
    assert set(found.splits["train"].grades.tolist()) == {0, 1, 2, 3, 4}
    assert found.split_hash == dataset.split_hash_of(found.table)
    ids = [image_id for films in found.splits.values() for image_id in films.image_ids]
    assert found.table["image_id"].tolist() == ids
    assert found.split_hash != read_dataset(tree).split_hash


def test_films_without_grades(tmp_path):
    for seed, name in enumerate(["1L.png", "1R.tif", "2L.png"]):
        write_film(tmp_path / "blind" / name, seed)
    films = read_ungraded(tmp_path / "blind")
    assert films.grades.tolist() == [-1, -1, -1]
    assert films.patient_ids == ("1", "1", "2")
    (tmp_path / "blind" / "2L.png").write_bytes(b"no film")
    with pytest.raises(DataError, match="1 of 3"):
        read_ungraded(tmp_path / "blind")
    assert len(read_ungraded(tmp_path / "blind", max_unreadable=0.5)) == 2
    write_film(tmp_path / "blind" / "1L.jpg", 5)
    with pytest.raises(DataError, match=r"a name of its own. Received 1L"):
        read_ungraded(tmp_path / "blind", max_unreadable=0.5)
    with pytest.raises(DataError, match="films directly in"):
        read_ungraded(tmp_path)


def test_the_report_counts(tree):
    lines = report(read_dataset(tree)).splitlines()
    assert lines[0].startswith("60 films of 30 patients in ")
    assert lines[0].endswith("30 left, 30 right")
    assert lines[1:3] == ["Split: the folders", f"Split hash: {read_dataset(tree).split_hash}"]
    counted = next(line for line in lines if line.startswith("train")).split()
    numbers = [int(word) for word in counted[1:] if word.isdigit()]
    assert numbers == [2, 4, 4, 4, 6, 20, 10, 10, 10]


def test_reading_tells_how_far_it_is(tree):
    told = []
    for _ in "12":
        read_dataset(tree, progress=lambda done, total: told.append((done, total)))
    assert told == [(60, 60)]
