"""``python -m kneeoa report``: files that are named by no patient, and overwrite nothing."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from kneeoa.__main__ import main
from kneeoa.errors import DataError
from kneeoa.films.phantom import draw_knee, knee_png
from kneeoa.graders.cards.signature import Signature
from kneeoa.graders.grading import Graders
from kneeoa.reports import exports
from kneeoa.reports.dicom.pseudonyms import SETTING
from kneeoa.reports.dicom.source import source_of
from tests.support.dicom_programs import dciodvfy
from tests.support.films import dicom_dataset, dicom_file
from tests.support.report_films import PLANTED, knee_file

USUAL = {"report.pdf", "report.txt", "report.json", "sr.dcm", "sc.dcm"}


@pytest.fixture(autouse=True)
def stay(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(SETTING, raising=False)


@pytest.fixture(scope="module")
def graders(networks_asked_once):
    """The published networks, loaded once."""
    return Graders()


@pytest.fixture(autouse=True)
def loaded(monkeypatch, graders):
    monkeypatch.setattr("kneeoa.commands.loading.graders", lambda options, profile=None: graders)


@pytest.fixture(scope="module")
def knee():
    return knee_file(3)


@pytest.fixture
def film(tmp_path, knee):
    # As hospitals call them.
    file = tmp_path / "Plantagenet_Eleonora_SECRET-4711.dcm"
    file.write_bytes(knee)
    return file


def report(*arguments):
    return main(["report", *map(str, arguments)])


def endings(folder):
    return {re.sub(r"^[0-9a-f]{12}-(left|right|knee|image-\w+)-", "", one.name) for one in folder}


def json_of(folder):
    (file,) = folder.glob("*report.json")
    return json.loads(file.read_text())


def test_a_file_s_name_that_is_no_text_is_written_as_what_can_be_read_of_it(tmp_path):
    film, out = tmp_path / os.fsdecode(b"M\xfcller.png"), tmp_path / "out"
    film.write_bytes(knee_png(2, seed=0))
    assert report(film, "--out", out, "--json", "--with-patient") == 0
    assert json_of(out)["film"]["name"] == "M\ufffdller.png"


@pytest.mark.parametrize("told", [True, False])
def test_a_drawing_that_says_so_is_reported_as_one(tmp_path, told):
    film, out = tmp_path / "film.png", tmp_path / "out"
    film.write_bytes(knee_png(2, seed=0, told=told))
    assert report(film, "--out", out, "--json", "--text") == 0
    assert json_of(out)["film"]["drawn"] is told
    (text,) = (file.read_text() for file in out.glob("*report.txt"))
    assert ("a drawing, no film" in text) is told
    assert ("was the one grade" in text) is not told, "no track record of a drawing"


def test_millimetres_that_no_knee_has_are_in_no_form(tmp_path):
    film, out = tmp_path / "film.dcm", tmp_path / "out"
    film.write_bytes(knee_file(2, height=300, ImagerPixelSpacing=None, PixelSpacing=[0.9, 0.9]))
    assert report(film, "--out", out, "--json", "--text") == 0
    content = json_of(out)
    assert content["film"]["spacing"] is None
    assert content["film"]["spacing_from"] == ""
    (text,) = (" ".join(file.read_text().split()) for file in out.glob("*report.txt"))
    assert "a side of 270 mm" in text
    assert "size of a pixel not known" in text


def test_a_report_says_of_millimetres_what_the_film_does(tmp_path, knee):
    film, out = tmp_path / "film.dcm", tmp_path / "out"
    # As some programs write a number.
    film.write_bytes(knee.replace(b"0.2\\0.2", b"0,2\\0,2"))
    assert report(film, "--out", out, "--json") == 0
    content = json_of(out)
    assert content["film"]["spacing"] == [0.2, 0.2]
    assert content["film"]["spacing_from"] == "ImagerPixelSpacing"


def test_all_forms_are_written_and_none_names_the_patient(film, tmp_path, capsys):
    out = tmp_path / "out"
    assert report(film, "--out", out) == 0
    files = sorted(out.iterdir())
    assert endings(files) == USUAL
    told = capsys.readouterr()
    assert sorted(told.out.split()) == sorted(map(str, files))
    assert "left knee (as the file says): KL " in told.err
    for file in files:
        data = file.read_bytes()
        hidden = [one for one in PLANTED if one.encode() in data or one in file.name]
        assert hidden == [], file.name
        if file.suffix == ".dcm":
            assert dciodvfy(data) == []
    assert "Plantagenet" not in told.out + told.err


def test_with_the_patient_they_name_her_and_belong_to_her_study(film, tmp_path, capsys):
    assert report(film, "--out", tmp_path / "out", "--with-patient", "--json", "--sr") == 0
    files = {one.name[31:]: one for one in (tmp_path / "out").iterdir()}
    content = json.loads(files["report.json"].read_text("utf-8"))
    assert content["patient"] == {
        "name": "Plantagenet, Eleonora",
        "born": "1952-03-17",
        "number": "SECRET-4711",
        "examined": "2024-02-29",
        "accession": "ACC-99",
    }
    assert content["film"]["spacing_from"] == "ImagerPixelSpacing"
    said = source_of(files["sr.dcm"].read_bytes())
    assert said.study == source_of(film.read_bytes()).study
    assert said.patient_id == "SECRET-4711"


def test_the_film_itself_fits_its_report(film, tmp_path, capsys):
    assert report(film, "--out", tmp_path / "out", "--film", "--sr", "--sc") == 0
    files = {one.name[18:]: one.read_bytes() for one in (tmp_path / "out").iterdir()}
    hidden = source_of(files["film.dcm"])
    for name in ("sr.dcm", "sc.dcm"):
        assert hidden.sop_instance.encode() in files[name]
        assert source_of(files[name]).study == hidden.study


def test_the_name_of_any_file_may_be_a_patient_s(tmp_path, capsys):
    (tmp_path / "Plantagenet_19520317.png").write_bytes(knee_png(2, seed=1))
    forms = ("--text", "--json", "--pdf", "--sc", "--film")
    for _ in range(2):  # the film, too, is written over its older self
        assert report("Plantagenet_19520317.png", "--out", "out", *forms) == 0
    assert len(list(Path("out").iterdir())) == len(forms)
    for file in Path("out").iterdir():
        assert b"Plantagenet" not in file.read_bytes() + file.name.encode()
    assert report("Plantagenet_19520317.png", "--out", "out", "--json", "--with-patient") == 0
    (named,) = Path("out").glob("*with-patient*")
    assert json.loads(named.read_text("utf-8"))["film"]["name"] == "Plantagenet_19520317.png"
    assert len(list(Path("out").iterdir())) == len(forms) + 1


def test_of_two_knees_the_place_in_the_picture_says_the_side(tmp_path, capsys):
    knees = [draw_knee(g, side=512, laterality=s, marked=False) for g, s in ((1, "R"), (3, "L"))]
    for name, tags in (
        ("plain", {}),
        # It may be two films of one knee.
        ("of_one_side", {"ImageLaterality": "R"}),
        ("mirrored", {"PatientOrientation": ["R", "F"]}),
    ):
        film = dicom_dataset(np.hstack(knees), **tags)
        (tmp_path / f"{name}.dcm").write_bytes(dicom_file(film))
        assert report(f"{name}.dcm", "--out", name, "--text") == 0
    said = capsys.readouterr().err
    assert said.count("(by where it lies in the film)") == 2
    assert "as the file says" not in said
    assert said.count("side unknown, the knee on the") == 4
    assert "mirror image (PatientOrientation)" in said
    assert len(list(Path("mirrored").iterdir())) == 2


def test_networks_that_nobody_stands_for_are_said_to_be_such(film, tmp_path, monkeypatch, capsys):
    unsigned = Signature("unsigned")
    monkeypatch.setattr("kneeoa.commands.loading.signature", lambda options: unsigned)
    assert report(film, "--out", tmp_path / "out", "--text", "--json") == 0
    (text,) = (tmp_path / "out").glob("*.txt")
    against, models = text.read_text("utf-8").split("To bear in mind")[1].split("Models")
    assert unsigned.warning in " ".join(against.split())
    assert "signed" not in models
    assert unsigned.warning in capsys.readouterr().err


def test_other_files_get_what_they_allow(tmp_path, capsys):
    (tmp_path / "a.png").write_bytes(knee_png(2, seed=1))
    assert report("a.png", "--out", "out") == 0
    assert endings(Path("out").iterdir()) == USUAL - {"sr.dcm"}
    capsys.readouterr()
    assert report("a.png", "--out", "asked", "--sr", "--text") == 1
    assert endings(Path("asked").iterdir()) == {"report.txt"}
    assert "a structured report has to refer to one" in capsys.readouterr().err
    assert report("a.png", "--out", "none", "--sr") == 2
    assert not Path("none").exists()
    # DICOM that does not say which instance it is.
    (tmp_path / "b.dcm").write_bytes(
        dicom_file(
            dicom_dataset(draw_knee(1, side=300), StudyInstanceUID=None, SeriesInstanceUID=None)
        )
    )
    capsys.readouterr()
    assert report("b.dcm", "--out", "bare") == 0
    assert endings(Path("bare").iterdir()) == USUAL - {"sr.dcm"}


def test_a_refused_film_has_a_report_that_says_why(tmp_path, capsys):
    upside_down = draw_knee(2, side=400)[::-1].copy()
    (tmp_path / "u.dcm").write_bytes(dicom_file(dicom_dataset(upside_down)))
    assert report("u.dcm", "--out", "out", "--json", "--text") == 1
    (file,) = Path("out").glob("*.json")
    content = json.loads(file.read_text("utf-8"))
    assert content["answer"] is None
    assert content["networks"] == []
    assert "Not graded." in capsys.readouterr().err
    assert report("u.dcm", "--out", "out", "--json", "--grade-anyway") == 0
    content = json.loads(file.read_text("utf-8"))
    assert content["anyway"] is True
    assert content["answer"]["grade"] in range(5)
    assert "Graded although it was refused." in capsys.readouterr().err


def test_older_reports_are_replaced_and_nothing_else_is(film, tmp_path, capsys):
    out = tmp_path / "out"
    forms = [f"--{kind}" for kind in exports.KINDS]
    assert report(film, "--out", out, *forms) == 0
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    assert len(before) == len(exports.KINDS)
    assert {one.name for one in exports.write(out, before)} == set(before)
    others = (b"a letter", b"{}", b"%PDF-1.4 of somebody", b"\0" * 128 + b"DICM", b"")
    for name in before:
        place = out / name
        for other in others:
            place.write_bytes(other)
            with pytest.raises(DataError, match="holds something else"):
                exports.write(out, before)
            assert place.read_bytes() == other
        place.unlink()
        place.symlink_to(film)
        with pytest.raises(DataError, match="holds something else"):
            exports.write(out, before)
        assert place.is_symlink()
        place.unlink()
        place.write_bytes(before[name])
    place.write_bytes(b"a letter")
    assert report(film, "--out", out, *forms) == 2
    assert "holds something else" in capsys.readouterr().err
    assert place.read_bytes() == b"a letter"
    assert film.read_bytes() == knee_file(3)


def test_what_cannot_be_done_is_said(film, tmp_path, capsys):
    cases = [
        (tmp_path / "absent.png", tmp_path / "out", "absent.png cannot be opened"),
        (tmp_path, tmp_path / "out", "is a folder"),
        (film, film, "something else"),
    ]
    (tmp_path / "text.png").write_text("no film")
    cases.append((tmp_path / "text.png", tmp_path / "out", "Received text"))
    for source, out, said in cases:
        assert report(source, "--out", out, "--text") == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert film.read_bytes() == knee_file(3)


def test_a_key_ties_the_exports_of_several_runs_together(film, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(SETTING, "a key that the owner chose")
    for name in ("one", "two"):
        assert report(film, "--out", name, "--film") == 0
    (one,), (two,) = (tmp_path.glob(f"{name}/*film.dcm") for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    monkeypatch.setenv(SETTING, "short")
    assert report(film, "--out", "three", "--film") == 2
    assert SETTING in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_said(film, tmp_path, capsys):
    if os.geteuid() == 0:
        place = Path("/proc/nowhere")
    else:
        place = tmp_path / "closed"
        place.mkdir(mode=0o500)
    assert report(film, "--out", place, "--text") == 2
    assert f"Expected to write the report into {place}." in capsys.readouterr().err
