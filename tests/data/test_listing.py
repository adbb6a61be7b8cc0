"""Films without the suffix of one: what they are called, and that they are found."""

import pytest

from kneeoa.data.dataset import read_dataset
from kneeoa.data.listing import film_name
from kneeoa.films.phantom import draw_knee
from tests.support.films import dicom_dataset, dicom_file
from tests.support.graded_films import patients


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KNEEOA_CACHE", str(tmp_path / "cache"))


def test_films_of_a_scanner_have_no_suffix(tmp_path):
    folder = tmp_path / "scans"
    for grade in range(5):
        (folder / str(grade)).mkdir(parents=True)
        for patient in range(4):
            for side in "LR":
                film = dicom_dataset(draw_knee(grade, seed=patient, side=64, laterality=side))
                file = folder / str(grade) / f"9{grade}{patient}00{side}"
                file.write_bytes(dicom_file(film))
        (folder / str(grade) / "DICOMDIR").write_text("no film")
    found = read_dataset(folder)
    assert len(found.table) == 40
    assert len(set.union(*patients(found).values())) == 20
    assert found.ignored == ("Files that are no PNG, JPEG, TIFF or DICOM film: 5.",)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("0/9001695L.png", "9001695L"),
        ("0/9001695L", "9001695L"),
        ("0/knee.l.JPG", "knee.l"),
        ("0/7R.ima", "7R"),
        ("1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.1"),
    ],
)
def test_a_film_is_named_by_its_file_and_by_the_whole_of_a_uid(file, name):
    assert film_name(file) == name
