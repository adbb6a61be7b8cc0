"""What a folder of graded films says, and which of its films are used."""

import numpy as np
import pytest
from PIL import Image

from kneeoa.adaptation.films import framed_by, open_films
from kneeoa.adaptation.framed import Framed
from kneeoa.adaptation.gathering import graded
from kneeoa.adaptation.listing import list_films
from kneeoa.errors import DataError
from kneeoa.films.phantom import draw_knee
from kneeoa.graders.locating.localiser import Localiser
from tests.support.films import dicom_dataset, dicom_file


def write(file, grade, seed):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(draw_knee(grade, seed=seed, side=64, marked=False)).save(file)


def corner(radiograph, side):
    """Frame without looking: these films are small."""
    return Framed(np.resize(radiograph.pixels, (224, 224)))


@pytest.fixture
def few(monkeypatch):
    """Let few films be enough."""
    monkeypatch.setattr(graded, "LEAST_FILMS", 3)


def table(folder, text):
    (folder / "grades.csv").write_text(text, "utf-8")


def test_sub_folders_give_the_grade(tmp_path):
    for grade in (0, 2, 4):
        write(tmp_path / str(grade) / f"{grade}.png", grade, grade)
    write(tmp_path / "other" / "x.png", 1, 9)
    listed, left_out = list_films(tmp_path)
    assert [(one.name, one.grade) for one in listed] == [
        ("0/0.png", 0),
        ("2/2.png", 2),
        ("4/4.png", 4),
    ]
    assert left_out == ()


def test_a_table_gives_grade_patient_and_side(tmp_path):
    table(tmp_path, "File;Grade;Patient;Side\r\nsub\\a.png;3;p 1;left\r\nb.png;;p 2;\r\n;;;\r\n")
    listed, left_out = list_films(tmp_path)
    (one,) = listed
    assert (one.name, one.grade, one.patient, one.side) == ("sub/a.png", 3, "p 1", "L")
    assert one.file == tmp_path / "sub/a.png"
    assert [(out.name, out.reason) for out in left_out] == [("b.png", "It has no grade.")]


SPREADSHEETS = {
    "tabs": "file\tgrade\tpatient\na, b.png\t3\tp 1\n",
    "numbers with a point": 'file,grade,patient\n"a, b.png",3.0,p 1\n',
    "numbers with a comma": "file;grade;patient\na, b.png;3,00;p 1\n",
    "grades in words": "file;grade;patient\na, b.png;KL 3;p 1\n",
    "a note of the separator": "sep=;\r\n\r\nFILE; Grade ;Patient\r\na, b.png;3;p 1\r\n;;\r\n\r\n",
    "files below each other": "file;grade;patient\n.\\a, b.png;3;p 1\n",
}


@pytest.mark.parametrize("text", SPREADSHEETS.values(), ids=SPREADSHEETS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_is_read_as_spreadsheets_save_it(tmp_path, text, encoding):
    (tmp_path / "Grades.CSV").write_bytes(text.encode(encoding))
    (one,), left_out = list_films(tmp_path)
    assert (one.file, one.grade, one.patient) == (tmp_path / "a, b.png", 3, "p 1")
    assert left_out == ()


def test_the_line_that_is_named_is_that_of_the_file(tmp_path):
    table(tmp_path, "sep=,\n\nfile,grade\na.png,1\nb.png,7\n")
    with pytest.raises(DataError, match="in line 5 of"):
        list_films(tmp_path)


def test_a_table_in_no_known_encoding_says_how_to_save_it(tmp_path):
    (tmp_path / "grades.csv").write_bytes("file,grade\nMüller.png,1\n".encode("cp1252"))
    with pytest.raises(DataError, match="save it as CSV in UTF-8"):
        list_films(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,grade,Grade\na.png,1,3\n", "one column grade.*Received 2"),
        ("file,grade\na.png,1.5\n", "grade 0 to 4"),
        ("file,grade\na.png,20\n", "grade 0 to 4"),
        ("file,grade\na.png,²\n", "grade 0 to 4"),
        ("file|grade\na.png|1\n", "Missing: file.*commas, semicolons or tabs"),
        ("name,grade\na.png,1\n", "Missing: file"),
        ("file,grade\na.png,5\n", r"Expected a grade 0 to 4 in line 2 of \S+/grades.csv\. Found"),
        ("file,grade\na.png,2.5\n", "Expected a grade 0 to 4"),
        ("file,grade\n../a.png,2\n", "Expected a file below"),
        ("file,grade\n/etc/a.png,2\n", "Expected a file below"),
        ("file,grade\n", "Found none"),
        ("", "Missing"),
        ("file,grade\nb\x00.png,1\n", "Expected a file below"),
        ("file,grade" + ",x" * 1000 + "\na.png,1\n", "at most 1000 columns"),
        ("file,grade\n" + "a,\n" * 100_001, "at most 100000 rows"),
    ],
    ids=lambda text: text[:40],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, text, said):
    table(tmp_path, text)
    with pytest.raises(DataError, match=said):
        list_films(tmp_path)


def test_no_folder_and_an_empty_one_are_refused(tmp_path):
    with pytest.raises(DataError, match="Found none"):
        list_films(tmp_path)
    with pytest.raises(DataError, match="is none"):
        list_films(tmp_path / "absent")


def test_each_film_counts_once_and_what_cannot_be_read_is_named(tmp_path, few):
    for grade in range(4):
        write(tmp_path / f"{grade}.png", grade, grade)
    (tmp_path / "again.png").write_bytes((tmp_path / "0.png").read_bytes())
    Image.open(tmp_path / "3.png").save(tmp_path / "other.tif")
    (tmp_path / "text.png").write_text("hello")
    rows = ["0.png,0", "1.png,1", "2.png,2", "again.png,0", "3.png,3", "other.tif,1", "text.png,1"]
    write(tmp_path / "5.png", 1, 5)
    table(tmp_path, "\n".join(["file,grade", *rows, "5.png,1", "absent.png,1"]))
    found = open_films(*list_films(tmp_path), framing=corner)
    assert found.names == ("0.png", "1.png", "2.png", "5.png")
    reasons = {one.name: one.reason for one in found.left_out}
    assert "same film as 0.png" in reasons["again.png"]
    assert "different grades" in reasons["3.png"]
    assert "different grades" in reasons["other.tif"]
    assert reasons.keys() == {"again.png", "3.png", "other.tif", "text.png", "absent.png"}
    assert any("KL 3 and KL 4" in note for note in found.notes)


def test_patients_are_told_by_the_table_the_header_or_the_name(tmp_path, few):
    names = ["9001695L.png", "9001695R.png", "x.png", "y.png", "z.png"]
    for number, name in enumerate(names):
        write(tmp_path / name, number % 3, number)
    for number in (7, 8):
        film = draw_knee(1, seed=number, side=64, marked=False)
        (tmp_path / f"d{number}.dcm").write_bytes(dicom_file(dicom_dataset(film)))
    rows = [f"{name},{number % 3}," for number, name in enumerate(names[:3])]
    rows += ["y.png,0,p", "z.png,1,p", "d7.dcm,1,", "d8.dcm,1,"]
    table(tmp_path, "\n".join(["file,grade,patient", *rows]))
    found = open_films(*list_films(tmp_path), framing=corner)
    owner = dict(zip(found.names, found.patient_ids, strict=True))
    assert owner["9001695L.png"] == owner["9001695R.png"]
    assert owner["y.png"] == owner["z.png"]
    assert owner["d7.dcm"] == owner["d8.dcm"]
    assert len(set(owner.values())) == 4
    assert any("patient of 1 film is not known" in note for note in found.notes)


def test_too_few_films_or_grades_are_refused(tmp_path, monkeypatch):
    for number in range(4):
        write(tmp_path / str(number % 2) / f"{number}.png", number % 2, number)
    with pytest.raises(DataError, match=r"at least 25 graded films.*Received 4"):
        open_films(*list_films(tmp_path), framing=corner)
    monkeypatch.setattr(graded, "LEAST_FILMS", 3)
    with pytest.raises(DataError, match=r"at least 3 grades. Received KL 0 and KL 1 alone"):
        open_films(*list_films(tmp_path), framing=corner)


def test_films_are_framed_as_in_reading(tmp_path, few):
    for grade in range(3):
        (tmp_path / str(grade)).mkdir()
        Image.fromarray(draw_knee(grade, seed=grade)).save(tmp_path / str(grade) / "a.png")
    both = np.hstack([draw_knee(1), draw_knee(2, laterality="L")])
    Image.fromarray(both).save(tmp_path / "2" / "both.png")
    found = open_films(*list_films(tmp_path), framing=framed_by(Localiser()))
    np.testing.assert_array_equal(found.images[1], draw_knee(1, seed=1))
    assert [one.name for one in found.left_out] == ["2/both.png"]
