"""Films that are taught with: a folder's held-out films, or synthetic ones; what is left out."""

import pytest

from kneeoa.errors import DataError
from kneeoa.films.radiograph import read_radiograph
from kneeoa.grades import GRADES
from kneeoa.teaching import films
from tests.support.graded_films import lay


def test_without_a_folder_there_are_synthetic_films_of_every_grade():
    found = films.open_set("")
    assert found.is_synthetic
    assert films.are_drawn(["9000001L", *list(found.films)[:1]])
    assert not films.are_drawn(["9000001L", "synthetic-999"])
    assert not found.missing_grades
    assert len(found.films) == len(GRADES) * films.SYNTHETIC_A_GRADE
    name, data = found.read("synthetic-007")
    assert read_radiograph(data, name).pixels.shape == (512, 512)
    assert found.read("synthetic-008")[1] != data


def test_only_held_out_films_are_taught_with(tmp_path):
    lay(tmp_path, "train/0/1L.png", "val/0/2L.png", "test/3/3R.png", "auto_test/1/3R.png")
    found = films.open_set(str(tmp_path))
    assert sorted(found.films) == ["2L", "3R"]
    assert found.films["3R"].patient_id == "3"
    assert found.films["3R"].grade == 3
    assert found.read("2L")[0] == "2L.png"
    assert not found.may_be_learnt and not films.synthetic_set().may_be_learnt
    # Learners read what concerns them; what lies in the folder besides is for who keeps it.
    assert found.notes == ("There is no film of KL 1, KL 2 or KL 4.",)
    assert "auto_test" in " ".join(found.left_out)


def test_a_folder_without_splits_is_used_whole_and_that_is_said(tmp_path):
    found = films.open_set(str(lay(tmp_path, "0/1L.png", "4/2L.png")))
    assert sorted(found.films) == ["1L", "2L"]
    assert "may have learned from them" in " ".join(found.notes)


def test_films_of_one_name_are_left_out(tmp_path):
    found = films.open_set(str(lay(tmp_path, "val/0/1L.png", "test/1/1L.png", "test/2/2L.png")))
    assert sorted(found.films) == ["2L"]
    assert "1L" in " ".join(found.left_out)


def test_what_cannot_be_taught_with_is_refused(tmp_path):
    with pytest.raises(DataError, match="tell whoever runs the dashboard"):
        films.open_set(str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="train, val and test"):
        films.open_set(str(lay(tmp_path, "films/1L.png")))
    found = films.open_set(str(lay(tmp_path / "some", "test/2/2L.png")))
    (tmp_path / "some" / "test" / "2" / "2L.png").unlink()
    with pytest.raises(DataError, match="No such file"):
        found.read("2L")
    with pytest.raises(DataError, match="among those taught with"):
        found.read("3L")
