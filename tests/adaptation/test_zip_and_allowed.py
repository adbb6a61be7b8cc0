"""Graded films and profiles from a ZIP, and what of a server's folders may be read."""

import io
import json
import os

import numpy as np
import pytest
from PIL import Image

from kneeoa.adaptation import allowed
from kneeoa.adaptation.films import framed_by, open_films
from kneeoa.adaptation.gathering import graded
from kneeoa.adaptation.listing import list_films, list_zip
from kneeoa.errors import DataError, ModelError
from kneeoa.films.phantom import draw_knee
from kneeoa.graders.locating.localiser import Localiser
from kneeoa.graders.profile import read_profile, unpack_profile
from tests.support.profiles import profile_files, profile_zip
from tests.support.zips import zipped


def png(grade, seed):
    stream = io.BytesIO()
    Image.fromarray(draw_knee(grade, seed=seed, marked=False)).save(stream, "PNG")
    return stream.getvalue()


def names(listed):
    return [(one.name, one.grade) for one in listed]


def test_sub_folders_give_the_grade_wherever_they_lie_in_the_zip():
    found = {"study/4/b.png": b"x", "study/0/x/a.png": b"x", "study/read.me": b"x", "0.png": b"x"}
    listed, left_out = list_zip(zipped(found))
    assert sorted(names(listed)) == [("0/x/a.png", 0), ("4/b.png", 4)]
    assert left_out == ()


def test_folders_of_visits_are_not_taken_for_grades(tmp_path):
    """Visits 0 to 2, and in each the grades."""
    visits = {f"{visit}/{grade}/a.png": png(grade, 1) for visit in range(3) for grade in (1, 3)}
    with pytest.raises(DataError, match="lies in two of them, and which is the grade"):
        list_zip(zipped(visits))
    for name, content in visits.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match="rename the folders that are none"):
        list_films(tmp_path)


WRITTEN = {
    "without suffix": ("P1.png", "P1"),
    "suffix in capitals": ("P1.png", "P1.PNG"),
    "name in capitals": ("sub/P1.png", "SUB/p1.png"),
    "accents in two parts": ("Mu\u0308ller.png", "M\u00fcller.png"),
}


@pytest.mark.parametrize(("name", "row"), WRITTEN.values(), ids=WRITTEN)
def test_a_file_is_known_by_what_a_spreadsheet_makes_of_its_name(name, row, tmp_path):
    table = f"file,grade\n{row},3\n".encode()
    (listed,), left_out = list_zip(zipped({f"x/{name}": b"a", "x/grades.csv": table}))
    assert (listed.grade, listed.file.read_bytes(), left_out) == (3, b"a", ())
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"a")
    (tmp_path / "grades.csv").write_bytes(table)
    (listed,), _ = list_films(tmp_path)
    assert listed.file == tmp_path / name


def test_a_name_that_may_be_two_files_is_none():
    contents = {"p1.png": b"a", "p1.dcm": b"b", "grades.csv": "file,grade\nP1,3\np1.png,2\n"}
    (listed,), (left,) = list_zip(zipped(contents))
    assert (listed.file.read_bytes(), left.name) == (b"a", "P1")


def test_a_table_gives_the_grade_and_names_what_is_missing():
    table = "file,grade,patient,side\na.png,3,p,L\nsub/b.png,1,,\nabsent.png,2,,\n"
    found = {"x/grades.csv": table, "x/a.png": b"a", "x/sub/b.png": b"b", "y/grades.csv/z": b""}
    listed, left_out = list_zip(zipped(found))
    assert names(listed) == [("a.png", 3), ("sub/b.png", 1)]
    assert (listed[0].patient, listed[0].side) == ("p", "L")
    assert listed[1].file.read_bytes() == b"b"
    assert [(one.name, one.reason) for one in left_out] == [("absent.png", "It is not in the ZIP.")]


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        ({"a.png": b"x"}, "Found none"),
        ({"grades.csv": b"file,grade\n../x.png,1\n"}, "below the table's folder"),
        ({"grades.csv": b"file,grade\n/etc/passwd,1\n"}, "below the table's folder"),
        ({"grades.csv": b"file,grade\na.png,9\n"}, "grade 0 to 4"),
        ({"grades.csv": b"\xff\xfe\x00"}, "UTF-8"),
        ({"grades.csv": b"file,grade\n"}, "Found none"),
        (
            {"grades.csv": b"file,grade\na.png,1\nb.png,2\n", "c.png": b"x"},
            r"None of the 2 rows.*first is a\.png: It is not in the ZIP",
        ),
        ({"grades.csv": b"file,grade\na.png,\n", "a.png": b"x"}, "a.png: It has no grade"),
    ],
)
def test_a_zip_that_cannot_be_used_is_refused(contents, said):
    with pytest.raises(DataError, match=said):
        list_zip(zipped(contents))


def test_films_of_a_zip_and_of_a_folder_are_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(graded, "LEAST_FILMS", 3)
    contents = {f"{grade}/a{grade}.png": png(grade, grade) for grade in range(3)}
    contents["1/damaged.png"] = contents["1/a1.png"][:2000]
    for name, content in contents.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    framing = framed_by(Localiser())
    below = open_films(*list_films(tmp_path), framing=framing)
    packed = open_films(*list_zip(zipped(contents)), framing=framing)
    np.testing.assert_array_equal(below.images, packed.images)
    assert below.digests == packed.digests
    assert [one.name for one in packed.left_out] == ["1/damaged.png"]


def test_a_profile_comes_back_from_the_zip_that_was_made_of_it(tmp_path):
    files = profile_files("County *hospital*")
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    found = unpack_profile(profile_zip("County *hospital*"))
    assert found.name == "County *hospital*"
    assert found.digest == read_profile(tmp_path).digest
    assert unpack_profile(zipped(files)).digest == found.digest


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda files: {"profile.json": files["profile.json"]}, "weights.npz beside"),
        (lambda files: {"weights.npz": files["weights.npz"]}, "one profile in the ZIP"),
        (lambda files: files | {"b/profile.json": b"{}"}, "one profile in the ZIP. Received 2"),
        (lambda files: files | {"weights.npz": b"other"}, "damaged or was put together"),
        (lambda files: files | {"profile.json": b"[" * 100_000}, "cannot be read"),
        (lambda files: files | {"profile.json": b"\xff"}, "cannot be read"),
        (lambda files: files | {"profile.json": b" " * 1_000_001}, "more than 1 MB"),
        (lambda files: files | {str(number): b"" for number in range(30)}, "at most 20 files"),
    ],
)
def test_a_zip_that_is_no_profile_is_refused(change, said):
    with pytest.raises(ModelError, match=said):
        unpack_profile(zipped(change(profile_files())))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"created_at": "<b>now</b>"}, "a date"),
        ({"of": {"films": 10**9, "patients": 1, "by_grade": [10**9, 0, 0, 0, 0]}}, "at most"),
        (
            {
                "track_record": {
                    name: [{"value": 1}] * 5 for name in ("mobilenet", "resnet50", "together")
                }
            },
            "each grade",
        ),
    ],
)
def test_what_stands_beside_readings_is_checked(fields, said):
    with pytest.raises(ModelError, match=said):
        unpack_profile(profile_zip(**fields))


@pytest.fixture
def root(tmp_path):
    """A folder that may be read, beside one that may not."""
    inside, outside = tmp_path / "allowed", tmp_path / "secret"
    for folder in (inside / "a" / "2", inside / "val" / "0", inside / "train" / "0", outside / "1"):
        folder.mkdir(parents=True)
        (folder / "film.png").write_bytes(png(1, 1))
    (outside / "grades.csv").write_text("file,grade\nfilm.png,1\n")
    (inside / "listed").mkdir()
    (inside / "listed" / "grades.csv").write_text("file,grade\nlink.png,1\nown.png,2\n")
    (inside / "listed" / "own.png").write_bytes(png(2, 2))
    (inside / "listed" / "link.png").symlink_to(outside / "1" / "film.png")
    (inside / "linked").symlink_to(outside)
    for name, content in profile_files().items():
        (inside / "a" / "profile").mkdir(exist_ok=True)
        (inside / "a" / "profile" / name).write_bytes(content)
    return inside


def test_what_lies_in_the_named_folders_is_offered_and_nothing_by_a_link(root):
    found = allowed.offered(allowed.roots_of(None, "", f" {root} {os.pathsep}/no/such/folder"))
    # What the networks learned from is not offered beside what was kept back.
    assert list(found.films) == ["allowed/a", "allowed/listed", "allowed/val"]
    assert list(found.profiles) == ["allowed/a/profile"]
    assert allowed.read_offered(found.profiles["allowed/a/profile"]).name == "County hospital"


def test_folders_of_one_name_are_told_by_those_they_lie_in(tmp_path):
    named = [tmp_path / place for place in ("a/films", "b/films", "b/more", "link")]
    for place in named[:3]:
        (place / "0").mkdir(parents=True)
    named[3].symlink_to(named[0])
    found = allowed.offered([*named, named[1]]).data_sets
    assert {label: place.folder for label, place in found.items()} == {
        "a/films": named[0],
        "b/films": named[1],
        "more": named[2],
    }


def test_films_that_a_link_leads_to_are_left_out(root):
    place = allowed.offered([root]).films["allowed/listed"]
    listed, left_out = list_films(place.folder, inside=place.root)
    assert names(listed) == [("own.png", 2)]
    assert "link" in left_out[0].reason
    with pytest.raises(DataError, match="is none"):
        list_films(root / "linked", inside=root)


def test_a_profile_that_a_link_leads_to_is_refused(root, tmp_path):
    place = allowed.offered([root]).profiles["allowed/a/profile"]
    weights = place.folder / "weights.npz"
    weights.rename(tmp_path / "weights.npz")
    weights.symlink_to(tmp_path / "weights.npz")
    with pytest.raises(ModelError, match="is a link"):
        allowed.read_offered(place)


def test_deep_and_hidden_folders_are_not_offered(tmp_path):
    for place in ("a/b/c/d/e", ".hidden", "fine"):
        (tmp_path / place / "3").mkdir(parents=True)
    assert list(allowed.offered([tmp_path]).films) == [f"{tmp_path.name}/fine"]


def test_json_of_a_profile_has_no_numbers_that_are_none():
    content = json.loads(profile_files()["profile.json"])
    content["figures"]["together"]["coverage"]["after"][0] = float("nan")
    files = profile_files() | {"profile.json": json.dumps(content).encode()}
    with pytest.raises(ModelError, match="not finite"):
        unpack_profile(zipped(files))


def test_links_in_a_circle_are_refused_as_any_other_that_cannot_be_opened(tmp_path):
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "round.png").symlink_to(tmp_path / "0" / "round.png")
    allowed.check_links(allowed.Place("films", tmp_path, tmp_path))
    with pytest.raises(DataError, match="Expected a folder of graded films"):
        list_films(tmp_path / "0" / "round.png")
    (tmp_path / "grades.csv").write_text("file,grade\n0/round.png,0\n")
    listed, left_out = list_films(tmp_path, inside=tmp_path)
    assert ("0/round.png", 0) in names(listed) or left_out
