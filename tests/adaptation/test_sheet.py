"""The contact sheet: frames as reading finds them, and as a reader corrects them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from kneeoa.adaptation import sheet
from kneeoa.adaptation.films import framed_by, knee_graded, opened, read
from kneeoa.adaptation.framed import Framed
from kneeoa.adaptation.gathering.graded import gather
from kneeoa.adaptation.listing import LeftOut, Listed
from kneeoa.errors import RadiographError
from kneeoa.films.frames import Frame, network_input
from kneeoa.films.phantom import DEMO_NAMES, demo_film, draw_knee
from kneeoa.films.shape.border import NO_BORDER
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.localiser import Localiser


@pytest.fixture(scope="module")
def localiser():
    return Localiser()


@pytest.fixture
def listed(tmp_path):
    """A drawn knee, its negative, and a text."""
    film = draw_knee(2, seed=3, marked=False)
    Image.fromarray(film).save(tmp_path / "a.png")
    Image.fromarray(255 - film).save(tmp_path / "negative.png")
    (tmp_path / "text.png").write_text("hello")
    return [Listed(tmp_path / f"{name}.png", name, 2) for name in ("a", "negative", "text")]


@pytest.fixture
def looked(listed, localiser):
    return list(sheet.look(listed, localiser))


def test_every_film_is_framed_as_in_reading_or_left_out_by_name(looked, listed, localiser):
    film, negative, text = looked
    framing = framed_by(localiser)
    for one in (film, negative):
        radiograph, _ = read(one.listed)
        np.testing.assert_array_equal(one.opened.framed.image, framing(radiograph, "").image)
        assert one.shape == (224, 224)
        assert not one.is_moved
    assert isinstance(text, LeftOut)
    assert text.name == "text"
    assert "Received text" in text.reason


def test_a_border_has_no_room_for_another_knee(tmp_path, localiser):
    knee = draw_knee(2, seed=3, marked=False)
    page = np.pad(knee, ((300, 276), (1000, 176)))
    Image.fromarray(page).save(tmp_path / "page.png")
    listed = Listed(tmp_path / "page.png", "page", 2, side="R")
    (film,) = sheet.look([listed], localiser)
    radiograph, _ = read(listed)
    framed = framed_by(localiser)(radiograph, "R")
    np.testing.assert_array_equal(film.opened.framed.image, framed.image)
    assert abs(film.frame.left - 1000) < 60
    # Without a border such a knee lies aside, as it did.
    aside = replace(radiograph, border=NO_BORDER)
    with pytest.raises(RadiographError, match="lies at a side of this film"):
        knee_graded(aside, localiser.find(radiograph), "R")


def test_a_demo_film_is_no_readers_film(tmp_path, localiser):
    (tmp_path / "demo.png").write_bytes(demo_film(DEMO_NAMES[2]))
    (left,) = sheet.look([Listed(tmp_path / "demo.png", "demo", 2)], localiser)
    assert isinstance(left, LeftOut)
    assert "drawn" in left.reason


def test_a_negative_is_shown_as_it_is_graded(looked):
    film, negative, _ = looked
    assert any("negative" in one for one in negative.warnings)
    np.testing.assert_allclose(negative.picture, film.picture, atol=1)
    np.testing.assert_allclose(
        sheet.radiograph_of(negative).pixels, sheet.radiograph_of(film).pixels, atol=1
    )


def test_a_side_that_the_knee_is_not_shaped_like_is_remarked(tmp_path, localiser):
    Image.fromarray(draw_knee(1, seed=3, side=512)).save(tmp_path / "right.png")
    listed = [Listed(tmp_path / "right.png", "right", 1, "", side) for side in ("L", "R", "")]
    left, *others = sheet.look(listed, localiser)
    assert "Called a left knee. By its shape it is a right one" in " ".join(left.warnings)
    assert not any("Called" in remark for film in others for remark in film.warnings)
    nudged = sheet.moved(left, left.frame.moved(1, 1))
    assert "Called a left knee" in " ".join(nudged.warnings)


def test_a_corrected_frame_is_what_is_learnt_from(looked):
    film = looked[0]
    frame = Frame.around(112, 112, 180, film.frame.name)
    other = sheet.moved(film, frame)
    assert other.is_moved
    assert other.proposed == film.frame
    np.testing.assert_array_equal(
        other.opened.framed.image, network_input(sheet.radiograph_of(film), frame)
    )
    back = sheet.moved(other, film.frame)
    np.testing.assert_array_equal(back.opened.framed.image, film.opened.framed.image)
    assert back.warnings == film.warnings


@pytest.mark.parametrize("frame", [Frame(0, 0, 20, 20), Frame(500, 500, 100, 100)])
def test_a_frame_that_cannot_be_graded_is_refused(looked, frame):
    with pytest.raises(RadiographError):
        sheet.moved(looked[0], frame)


def test_a_frame_that_shows_a_spoilt_knee_is_refused_as_in_reading(looked):
    everything_is = SimpleNamespace(against=lambda seen: [gate.SPOILT] * len(seen))
    with pytest.raises(RadiographError, match="taken"):
        sheet.moved(looked[0], Frame(4, 4, 210, 210), everything_is)


def test_a_frame_without_the_joint_is_refused_as_in_reading(looked):
    with pytest.raises(RadiographError, match="joint"):
        sheet.moved(looked[0], Frame(140, 0, 160, 224))


@pytest.mark.parametrize("side", ["L", "R"])
def test_a_frame_that_shows_the_other_knee_is_refused_as_in_reading(tmp_path, localiser, side):
    knees = [draw_knee(2, seed=3, laterality=each, marked=False) for each in "RL"]
    Image.fromarray(np.concatenate(knees, axis=1)).save(tmp_path / "both.png")
    (film,) = sheet.look([Listed(tmp_path / "both.png", "both", 2, "", side)], localiser)
    (other,) = (frame for frame in film.frames if frame != film.frame)
    with pytest.raises(RadiographError, match="other knee"):
        sheet.moved(film, other)


def test_a_frame_is_drawn_where_it_lies():
    picture = np.zeros((50, 100), np.uint8)
    drawn = sheet.boxed(picture, (100, 200), Frame(20, 40, 60, 100), line=1)
    rows, columns = np.nonzero(drawn.any(axis=2))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (10, 39, 20, 69)
    assert not drawn[15:35, 25:65].any()
    beyond = sheet.boxed(picture, (100, 200), Frame(-50, -50, 400, 400), line=1)
    assert beyond[0].any() and beyond[-1].any() and not beyond[10:40, 10:90].any()


def test_both_knees_of_one_film_are_two_films_with_two_names(looked, monkeypatch):
    from kneeoa.adaptation.gathering import graded

    monkeypatch.setattr(graded, "LEAST_FILMS", 2)
    monkeypatch.setattr(graded, "LEAST_GRADES", 1)
    radiograph, _ = read(looked[0].listed)
    both = []
    for side, shift in (("L", 0), ("R", 1)):
        one = Listed(looked[0].listed.file, "both", 2, "p", side)
        both.append(opened(one, Framed(looked[0].opened.framed.image + shift), radiograph, "p"))
    found = gather(both)
    assert len(set(found.digests)) == 2
    assert len(set(found.patient_ids)) == 1
