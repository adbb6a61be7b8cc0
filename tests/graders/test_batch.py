"""The command line on real files: rows, errors, exit codes."""

import csv
import io
import os

import numpy as np
import pytest
from PIL import Image

from kneeoa.__main__ import main
from kneeoa.films.formats import might_be_film
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders.batch import COLUMNS, Row, find_films, look_for_films, write_csv
from kneeoa.graders.grading import Graders
from tests.support.films import dicom_dataset, dicom_file, image_file

pytestmark = pytest.mark.usefixtures("networks_asked_once")


def write_film(file, pixels):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


@pytest.fixture
def folder(tmp_path):
    """Two good films, a text that claims to be one, one film too small, and bystanders."""
    films = tmp_path / "films"
    write_film(films / "a.png", draw_knee(0))
    write_film(films / "sub" / "b.png", draw_knee(4))
    (films / "bad.png").write_text("hello")
    write_film(films / "small.png", np.zeros((20, 20), np.uint8))
    (films / "notes.md").write_text("not a film")
    (films / ".hidden.png").write_text("not seen")
    return films


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_bad_file_gets_its_row_and_the_others_go_on(folder, capsys):
    assert main(["grade", str(folder)]) == 1
    out, err = capsys.readouterr()
    rows = read(out)
    assert tuple(rows[0]) == COLUMNS
    assert [(row["file"].split("/")[-1], row["architecture"]) for row in rows] == [
        (name, architecture)
        for name in ("a.png", "bad.png", "small.png", "b.png")
        for architecture in ("mobilenet", "resnet50")
    ]
    for row in rows:
        shares = [row[f"p{grade}"] for grade in range(5)]
        if row["file"].endswith(("a.png", "b.png")):
            assert row["error"] == ""
            assert sum(map(float, shares)) == pytest.approx(1, abs=1e-5)
            assert int(row["grade"]) == np.argmax([float(share) for share in shares])
        else:
            assert row["error"]
            assert row["grade"] == ""
            assert shares == [""] * 5
    assert "2 of 4 films could not be graded" in err


def test_rows_equal_single_readings(folder, capsys):
    film = folder / "a.png"
    assert main(["grade", str(film)]) == 0
    rows = read(capsys.readouterr().out)
    readings = Graders().read(read_radiograph(film.read_bytes(), "a.png"))
    for row, reading in zip(rows, readings, strict=True):
        shares = [float(row[f"p{grade}"]) for grade in range(5)]
        np.testing.assert_allclose(shares, reading.probabilities, atol=1e-5)


def test_a_table_goes_to_a_file(folder, tmp_path, capsys):
    target = tmp_path / "grades.csv"
    assert main(["grade", str(folder / "a.png"), "--csv", str(target)]) == 0
    assert capsys.readouterr().out == ""
    assert len(read(target.read_text())) == 2


def test_a_film_of_two_knees_has_rows_for_each(tmp_path, capsys):
    gap = np.full((224, 60), 30, np.uint8)
    both = np.hstack([draw_knee(1, marked=False), gap, draw_knee(2, laterality="L", marked=False)])
    write_film(tmp_path / "both.png", both)
    assert main(["grade", str(tmp_path / "both.png")]) == 0
    rows = read(capsys.readouterr().out)
    assert [(row["knee"], row["architecture"]) for row in rows] == [
        (knee, architecture) for knee in "RL" for architecture in ("mobilenet", "resnet50")
    ]
    assert all(row["grade"] for row in rows)


def test_two_knees_whose_sides_are_open_are_told_apart_by_their_places(tmp_path, capsys):
    gap = np.full((224, 60), 30, np.uint8)
    both = np.hstack([draw_knee(1, marked=False), gap, draw_knee(2, laterality="L", marked=False)])
    film = tmp_path / "both.dcm"
    film.write_bytes(dicom_file(dicom_dataset(both, ImageLaterality="R")))
    assert main(["grade", str(film)]) == 0
    places = ("left of the image", "right of the image")
    assert [row["knee"] for row in read(capsys.readouterr().out)] == [
        place for place in places for _ in range(2)
    ]
    film.write_bytes(dicom_file(dicom_dataset(draw_knee(1, marked=False))))
    assert main(["grade", str(film)]) == 0
    assert {row["knee"] for row in read(capsys.readouterr().out)} == {""}


def test_what_is_no_knee_is_refused_unless_it_is_to_be_graded_anyway(tmp_path, capsys):
    y, x = np.mgrid[:200, :300]
    write_film(tmp_path / "rings.png", ((np.hypot(y - 90, x - 100) % 40) * 6).astype(np.uint8))
    asked = ["grade", str(tmp_path / "rings.png")]
    assert main(asked) == 1
    for row in read(capsys.readouterr().out):
        assert "Expected a" in row["error"]
        assert row["grade"] == ""
    assert main([*asked, "--grade-anyway"]) == 0
    for row in read(capsys.readouterr().out):
        assert row["grade"]
        assert row["error"] == ""
        assert "Graded all the same" in row["warning"]


def test_what_cannot_be_done_is_said_with_exit_code_two(tmp_path, folder, capsys):
    assert main(["grade", str(tmp_path / "films" / "sub"), "--models", str(tmp_path)]) == 2
    assert "Expected a published model" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["grade", str(tmp_path / "empty")]) == 2
    assert "Found no PNG" in capsys.readouterr().err
    nowhere = str(tmp_path / "no" / "such" / "folder.csv")
    assert main(["grade", str(folder / "a.png"), "--csv", nowhere]) == 2
    assert "Expected to write the table" in capsys.readouterr().err


def test_a_missing_file_is_a_row_not_a_crash(tmp_path, capsys):
    assert main(["grade", str(tmp_path / "absent.png")]) == 1
    assert all(row["error"] for row in read(capsys.readouterr().out))


def test_films_are_found_once_and_in_order(folder):
    found = find_films([folder, folder / "a.png"])
    assert [file.name for file in found] == ["a.png", "bad.png", "small.png", "b.png"]


FILM = draw_knee(2)
WITHOUT_PICTURE = {
    "DICOMDIR": "1.2.840.10008.1.3.10",
    "SR000001": "1.2.840.10008.5.1.4.1.1.88.11",
    "PR000001.dcm": "1.2.840.10008.5.1.4.1.1.11.1",
}


def object_without_picture(kind):
    dataset = dicom_dataset(FILM)
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit"):
        del dataset[keyword]
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = kind
    return dicom_file(dataset)


@pytest.fixture
def disc(tmp_path):
    """A hospital's CD: two films without suffix, and what such discs hold besides."""
    top = tmp_path / "disc"
    films = top / "PT000000" / "ST000000"
    films.mkdir(parents=True)
    for name in ("IM000000", "IM000001"):
        (films / name).write_bytes(dicom_file(dicom_dataset(FILM)))
    for name, kind in WITHOUT_PICTURE.items():
        (top / name).write_bytes(object_without_picture(kind))
    (top / "LICENSE").write_text("Permission is granted")
    (top / "AUTORUN.INF").write_text("[autorun]")
    return top


def test_a_hospitals_disc_is_graded_and_the_rest_counted(disc, capsys):
    assert main(["grade", str(disc)]) == 0
    out, err = capsys.readouterr()
    assert [row["file"][-8:] for row in read(out)] == ["IM000000"] * 2 + ["IM000001"] * 2
    assert "passed over 5 files without a film" in err
    assert look_for_films([disc]).passed_over == 5
    # What is named itself is reported.
    assert main(["grade", str(disc / "DICOMDIR")]) == 1
    assert "without an image" in read(capsys.readouterr().out)[0]["error"]


def test_films_are_chosen_by_content_not_by_name(tmp_path):
    as_dicom, as_jpeg = dicom_file(dicom_dataset(FILM)), image_file(FILM, "JPEG")
    deflated = dicom_dataset(FILM)
    deflated.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    films = {
        "1.2.826.0.1.3680043.8.498.12345": as_dicom,
        "IM-0001": dicom_file(dicom_dataset(FILM), preamble=False),
        "a.jfif": as_jpeg,
        "b.jpe": as_jpeg,
        "c.JPG": as_jpeg,
        "d.jpg_large": as_jpeg,
        "e.txt": image_file(FILM),
        "f.ima": as_dicom,
        "g.dic": dicom_file(deflated),
        "text.dcm": b"claims to be a film, and is reported",
    }
    others = {"notes": b"text", "empty": b"", "table.csv": b"a,b\n", "binary": b"\x08\0" * 500}
    for name, data in (films | others).items():
        (tmp_path / name).write_bytes(data)
    found = look_for_films([tmp_path])
    assert {file.name for file in found.films} == set(films)
    assert found.passed_over == len(others)


def test_what_would_wait_or_cannot_be_read_is_no_film(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to(tmp_path / "absent")
    assert not might_be_film(tmp_path / "pipe")
    assert not might_be_film(tmp_path / "nowhere")
    assert look_for_films([tmp_path]).films == ()


def test_a_row_is_on_the_disk_before_the_next_is_made(tmp_path):
    table, seen = tmp_path / "table.csv", []

    def rows():
        for name in ("a.png", "b.png", "c.png"):
            yield Row(name, "mobilenet", None, "damaged")
            seen.append(read(table.read_text())[-1]["file"])

    with table.open("w") as stream:
        assert write_csv(rows(), stream) == 3
    assert seen == ["a.png", "b.png", "c.png"]
