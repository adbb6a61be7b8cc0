"""Films by the ids that predictions name."""

import pytest

from kneeoa.data.film_folder import open_folder
from kneeoa.errors import DataError
from kneeoa.films.phantom import draw_knee
from tests.support.films import dicom_dataset, dicom_file


def test_films_are_found_at_any_depth_by_their_names(tmp_path):
    for name in ("val/0/1L.png", "test/3/2R.PNG", "test/3/.3L.png", "test/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    films = open_folder(tmp_path)
    assert sorted(films.files) == ["1L", "2R"]
    assert films.read("1L") == b"val/0/1L.png"
    with pytest.raises(DataError, match="9L"):
        films.read("9L")
    films.files["1L"].unlink()
    with pytest.raises(DataError, match=r"1L\.png"):
        films.read("1L")


def test_a_folder_without_films_is_refused(tmp_path):
    with pytest.raises(DataError, match="Found none"):
        open_folder(tmp_path)
    with pytest.raises(DataError, match="KNEEOA_DATASET"):
        open_folder(tmp_path / "nowhere")


def test_films_without_suffix_are_found_by_their_content(tmp_path):
    film = dicom_file(dicom_dataset(draw_knee(1)))
    for name in ("93100L", "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.2"):
        (tmp_path / name).write_bytes(film)
    assert sorted(open_folder(tmp_path).files) == [
        "1.2.826.0.1.3680043.8.498.1",
        "1.2.826.0.1.3680043.8.498.2",
        "93100L",
    ]
