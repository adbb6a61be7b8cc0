"""Which knee it is: what a turned film leaves open, and what the reader sets stays set."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from kneeoa.films.frames import Frame
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders.grading import Graders
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.localiser import LEFT, RIGHT
from kneeoa.store.cases import keeping
from kneeoa.store.cases.case import KneeState
from pages.shared.memory import shown_as
from pages.shared.memory.film import Film
from tests.support.case_pages import (
    arrived,
    at_list,
    opened,
    started,
    upload,
)
from tests.support.cases import NOW, new_case
from tests.support.films import dicom_dataset, dicom_file, image_file
from tests.support.teaching_pages import called, html, press

BOTH = np.hstack([draw_knee(1, seed=1), draw_knee(3, seed=2, laterality="L")])
ALONE = draw_knee(1, seed=3, side=512)


@pytest.fixture(scope="module")
def localiser():
    return Graders().localiser


def received(pixels, localiser):
    data = image_file(pixels)
    radiograph = read_radiograph(data, "one.png")
    return Film.received(data, radiograph, localiser.find(radiograph), "a session")


def sides(film):
    return [knee.side for knee in film.localised.knees]


def button(app, label):
    return next(shown for shown in app.button if shown.label == label)


def side_control(app, knee):
    (control,) = (c for c in app.segmented_control if called(c) == "side" and f"_{knee}_" in c.key)
    return control


def side_kept(app, knee):
    """The side that the session keeps of a knee; None where it keeps none."""
    (digest,) = app.session_state["films"]
    try:
        return app.session_state[f"side_{digest[:12]}_{knee}"]
    except KeyError:
        return None


@pytest.mark.parametrize("wrong", [lambda film: film[::-1], lambda film: np.rot90(film, 2)])
def test_a_film_of_both_that_stood_wrong_may_have_been_flipped_so_its_sides_stay_open(
    wrong, localiser
):
    film = received(np.ascontiguousarray(wrong(BOTH)), localiser)
    shown_as.turn_right(film, localiser)
    assert film.changes == ("turned by 180 degrees",)
    assert sides(film) == ["unknown", "unknown"]
    again = received(np.ascontiguousarray(wrong(BOTH)), localiser)
    shown_as.restore(again, localiser, 2, film.changes)
    assert sides(again) == ["unknown", "unknown"]


def test_a_film_of_both_that_stands_right_shows_which_is_which(localiser):
    film = received(BOTH, localiser)
    assert sides(film) == ["R", "L"]


def test_a_side_that_was_set_is_kept_where_the_film_of_one_knee_is_turned():
    app = upload(started(), "one.png", image_file(np.ascontiguousarray(ALONE[::-1])))
    side_control(app, 0).set_value("L").run()
    button(app, "Turn it right").click().run()
    assert not app.exception
    assert side_kept(app, 0) == "L"
    button(app, "Read the film as it came").click().run()
    assert side_kept(app, 0) == "L"


def test_a_side_that_the_knee_is_not_shaped_like_is_warned_of_until_it_is_set_right(db):
    app = arrived(name="one.dcm", data=dicom_file(dicom_dataset(ALONE, ImageLaterality="L")))
    warned_of = "Called a left knee. By its shape it is a right one"
    assert warned_of in html(app)
    side_control(app, 0).set_value("R").run()
    assert "Called a" not in html(app)
    side_control(app, 0).set_value("L").run()
    assert warned_of in html(app)
    press(app, "save_case")
    (case,) = keeping.cases(db)
    assert [finding.code for finding in case.state.knees[0].findings] == ["side"]


def test_a_knee_is_of_the_shape_that_it_has_on_the_film_as_it_is_read(localiser):
    film = received(255 - ALONE, localiser)
    assert [knee.shape for knee in film.localised.knees] == ["R"]
    shown_as.no_negative(film, localiser)
    assert [knee.shape for knee in film.localised.knees] == ["L"]


def test_of_a_knee_that_is_as_it_was_saved_a_side_is_doubted_as_it_is_set(db, files):
    doubt, data = gate.other_side("L", "R"), image_file(ALONE)
    frames = [Frame(0, 0, *ALONE.shape, name) for name in (LEFT, RIGHT)]
    doubted, other = (KneeState(side, frame) for side, frame in zip("LR", frames, strict=True))
    new = new_case(
        hashlib.sha256(data).hexdigest(), knees=[replace(doubted, findings=(doubt,)), other]
    )
    app = opened(at_list(), keeping.add(db, files, new, data, NOW).case_id)
    assert doubt.sentence in html(app)
    side_control(app, 0).set_value("R").run()
    assert "Called a" not in html(app)
    side_control(app, 0).set_value("L").run()
    assert doubt.sentence in html(app)


def test_a_side_that_was_set_of_one_of_two_knees_goes_with_their_places():
    app = upload(started(), "both.png", image_file(np.ascontiguousarray(BOTH[::-1])))
    side_control(app, 0).set_value("L").run()
    button(app, "Turn it right").click().run()
    assert side_kept(app, 0) != "L"


def test_of_two_knees_of_a_patient_the_other_one_is_of_the_other_side():
    app = upload(started(), "both.png", image_file(BOTH))
    side_control(app, 0).set_value("L").run()
    assert not app.exception
    assert (side_kept(app, 0), side_kept(app, 1)) == ("L", "R")


def test_two_films_of_one_knee_in_a_picture_may_be_of_one_side():
    data = dicom_file(dicom_dataset(BOTH, ImageLaterality="L"))
    app = upload(started(), "both.dcm", data)
    side_control(app, 0).set_value("L").run()
    assert not app.exception
    assert side_kept(app, 1) is None


def saved(pixels):
    app = arrived(name="one.png", data=image_file(np.ascontiguousarray(pixels)))
    return press(app, "save_case")


@pytest.mark.parametrize("turned", [{}, {"quarters": 2, "changes": ("turned by 180 degrees",)}])
@pytest.mark.parametrize(
    ("set_by_her", "then", "expected"),
    [
        (None, "RL", ["unknown", None]),  # as they once were, by where they lay
        (False, "RL", ["unknown", None]),
        (True, "RL", ["R", "L"]),
        (None, "LR", ["L", "R"]),
    ],
)
def test_sides_that_nobody_set_do_not_come_back_as_the_readers(
    db, turned, set_by_her, then, expected
):
    saved(np.rot90(BOTH, 2))
    (case,) = keeping.cases(db)
    knees = zip(case.state.knees, then, strict=True)
    knees = tuple(replace(knee, side=side, side_set=set_by_her) for knee, side in knees)
    keeping.change(db, case, NOW, state=replace(case.state, knees=knees, **turned))
    app = opened(at_list(), case.case_id)
    assert [side_kept(app, knee) for knee in (0, 1)] == expected


def test_a_case_keeps_whether_its_reader_set_a_side(db):
    app = saved(np.rot90(BOTH, 2))
    (case,) = keeping.cases(db)
    assert [knee.side_set for knee in case.state.knees] == [False, False]
    side_control(app, 0).set_value("R").run()
    (case,) = keeping.cases(db)
    assert [(knee.side, knee.side_set) for knee in case.state.knees] == [("R", True), ("L", True)]
