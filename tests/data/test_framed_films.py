"""Films that are no squares are framed, and refused, as a reading does it."""

import numpy as np
import pytest
from PIL import Image

from kneeoa.data import cache
from kneeoa.data.dataset import read_dataset, read_ungraded
from kneeoa.data.source import Source
from kneeoa.errors import DataError
from kneeoa.films.frames import network_input
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import open_radiograph
from kneeoa.graders.locating.localiser import Localiser


def knee(seed=5, side="R", grade=3):
    return draw_knee(grade, seed=seed, marked=False, laterality=side).astype(np.uint8)


def tall():
    return np.pad(knee(), ((60, 60), (0, 0)), mode="edge")


def both():
    return np.concatenate([knee(), knee(6, "L", 0)], axis=1)


@pytest.fixture
def decode(tmp_path):
    """Write films of these pixels, and decode them, each for a side."""

    def run(pixels, *sides):
        Image.fromarray(np.ascontiguousarray(pixels)).save(tmp_path / "a.png")
        files, folder = ["a.png"] * len(sides), tmp_path / "cache"
        return cache.decode(tmp_path, files, "hash", sides=sides, cache=folder)

    return run


def test_of_a_negative_the_positive_is_learnt_from(decode, tmp_path):
    (seen,) = decode(255 - tall(), "R").images
    film = open_radiograph(tmp_path / "a.png")
    located = Localiser().find(film)
    assert located.negative
    positive = network_input(located.to_grade(film), located.frames[0])
    np.testing.assert_array_equal(seen, positive.round())


def test_what_a_reading_refuses_is_not_readable(decode, tmp_path):
    decoded = decode(np.rot90(tall()), "R")
    refusal = Localiser().find(open_radiograph(tmp_path / "a.png")).refusal
    assert decoded.readable == (False,)
    assert decoded.reasons == {"a.png": refusal.sentence}


def test_what_was_refused_is_not_looked_at_again_and_what_could_not_be_read_is(
    decode, tmp_path, monkeypatch
):
    files, folder = ["a.png", "b.png"], tmp_path / "cache"
    Image.fromarray(np.rot90(tall())).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("no picture")
    cache.decode(tmp_path, files, "hash", cache=folder)
    asked = []
    monkeypatch.setattr(cache, "open_radiograph", lambda path: asked.append(path) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cache.decode(tmp_path, files, "hash", cache=folder)
    assert [path.name for path in asked] == ["b.png"]


def test_each_row_of_a_film_of_two_knees_is_its_own_knee(decode, tmp_path):
    right, left = decode(both(), "R", "L").images
    film = open_radiograph(tmp_path / "a.png")
    located = Localiser().find(film)
    assert [each.side for each in located.knees] == ["R", "L"]
    for seen, each in zip((right, left), located.knees, strict=True):
        np.testing.assert_array_equal(seen, network_input(film, each.frame).round())


def test_two_knees_without_a_side_are_not_guessed_and_each_is_counted(decode):
    decoded = decode(both(), "R", "", "")
    assert decoded.readable == (True, False, False)
    assert all("add a column `side`" in reason for reason in decoded.reasons.values())


def test_the_side_is_part_of_what_is_kept(decode):
    first, second = decode(both(), "R"), decode(both(), "L")
    assert first.pixel_hashes != second.pixel_hashes


def test_a_square_is_a_crop_as_it_is_whatever_its_side(decode):
    np.testing.assert_array_equal(decode(knee(), "L").images[0], knee())


def test_a_table_says_which_knee_of_a_film_a_grade_is_of(tmp_path):
    Image.fromarray(both()).save(tmp_path / "both.png")
    lines = ["file,grade,patient_id,side,image_id"]
    lines += ["both.png,3,P,R,P_R", "both.png,0,P,L,P_L"]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    table = read_dataset(tmp_path / "t.csv", check=False, cache_folder=tmp_path / "cache").table
    assert table["pixels"].nunique() == 2


def test_more_unreadable_films_to_predict_are_taken_where_that_is_asked_for(tmp_path):
    for number in range(4):
        Image.fromarray(knee(number)).save(tmp_path / f"{number}.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nxx")
    with pytest.raises(DataError, match="raise --max-unreadable"):
        read_ungraded(tmp_path)
    films = Source(tmp_path, max_unreadable=0.5).read_ungraded((tmp_path,))
    assert len(films[tmp_path.name]) == 4
