"""On the reading page: the joint space beside the answer, and two knees beside each other."""

import html

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from kneeoa.films.phantom import draw_knee, knee_png
from kneeoa.graders.answer import Answer
from kneeoa.graders.profile import unpack_profile
from kneeoa.grades import KLGrade
from pages.reading.beside import Other
from pages.reading.joint_space import TICK
from pages.reading.pair import differing
from pages.shared import cached
from tests.support.films import dicom_dataset, dicom_file, image_file
from tests.support.places import MAIN_SCRIPT
from tests.support.profiles import profile_zip
from tests.support.teaching_pages import keyed
from tests.support.viewer import viewers

MARKS_OF_A_KNEE = 6
"""Four edges and two widths."""


def dicom(grade, day="", *, laterality="R", patient="P-77-SECRET", seed=3, **tags):
    film = draw_knee(grade, seed=seed, side=512, laterality=laterality, marked=False)
    made = dicom_dataset(film, StudyDate=day, ImageLaterality=laterality, **tags)
    made.PatientID = patient
    return dicom_file(made)


def opened(*files):
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()
    app.file_uploader[0].set_value([(name, data, "image/png") for name, data in files])
    return app.run()


def shown(app):
    assert not app.exception
    return " ".join(block.body for block in app.get("html"))


def lines(app):
    """What the folded lines of the joint space say, which are Markdown that shows them as is."""
    labels = [one.label.replace("\\", "") for one in app.expander]
    return [label for label in labels if label.startswith("Joint space")]


def choice_of(app):
    return next(box for box in app.selectbox if box.label == "Prior film, or other knee")


def put_beside(app, name):
    films = app.session_state["films"]
    (digest,) = [digest for digest, film in films.items() if film.name == name]
    choice_of(app).set_value(Other(digest, 0)).run()
    return app


def current(app, name):
    films = app.session_state["films"]
    (digest,) = [digest for digest, film in films.items() if film.name == name]
    keyed(app.selectbox, "film").set_value(digest).run()
    return app.run()


@pytest.fixture(autouse=True)
def published(monkeypatch):
    """Whether widths are good enough is asked of the published table; here they are."""
    monkeypatch.setattr(cached, "joint_space_is_good", lambda: True)


@pytest.fixture
def one():
    return opened(("one.png", knee_png(0, seed=3)))


def test_no_width_is_measured_or_drawn_until_it_is_asked_for(one):
    assert lines(one) == []
    (data,) = viewers(one)
    assert data["films"][0]["marks"] == []
    one.toggle(key=TICK).set_value(True).run()
    (line,) = lines(one)
    assert "px" in line
    assert " mm" not in line
    text = shown(one)
    assert "there are no millimetres" in text
    assert "set it under Box and side" in text
    (data,) = viewers(one)
    marks = data["films"][0]["marks"]
    assert len(marks) == MARKS_OF_A_KNEE
    labels = [mark["label"] for mark in marks if mark["kind"] == "measured"]
    assert [label.split()[0] for label in labels] == ["left", "right"]


def test_millimetres_at_the_detector_are_called_that():
    app = opened(("knee.dcm", dicom(0, ImagerPixelSpacing=["0.2", "0.2"])))
    app.toggle(key=TICK).set_value(True).run()
    (line,) = lines(app)
    assert "medial" in line
    assert line.endswith("at the detector")
    assert "ImagerPixelSpacing" in shown(app)


def test_the_sides_of_a_knee_name_its_compartments(one):
    one.toggle(key=TICK).set_value(True).run()
    side = next(control for control in one.segmented_control if control.label == "Side")
    side.set_value("R").run()
    (line,) = lines(one)
    assert line.startswith("Joint space: medial")


def test_a_film_that_looks_like_a_negative_is_not_measured_as_it_is():
    negative = image_file(255 - draw_knee(0, seed=3, side=512, marked=False), "PNG")
    app = opened(("one.png", negative))
    app.toggle(key=TICK).set_value(True).run()
    assert "px" in lines(app)[0]
    (button,) = [one for one in app.button if one.label == "It is no negative"]
    button.click().run()
    assert "px" not in lines(app)[0]
    (data,) = viewers(app)
    assert data["films"][0]["marks"] == []


def test_one_film_alone_has_nothing_to_be_put_beside(one):
    assert [box for box in one.selectbox if "Prior" in box.label] == []


def test_films_of_one_patient_come_first_and_in_order_of_time():
    app = opened(
        ("other.png", knee_png(3, seed=2)),
        ("old.dcm", dicom(0, "20190102", PatientBirthDate="19600229")),
        ("new.dcm", dicom(3, "20230304", PatientBirthDate="19600229")),
    )
    current(app, "new.dcm")
    assert choice_of(app).options[0] == "2019-01-02, right knee, same patient, old.dcm"
    put_beside(app, "old.dcm")
    (data,) = viewers(app)
    assert [film["label"] for film in data["films"]] == [
        "prior, 2019-01-02: old.dcm",
        "current, 2023-03-04: new.dcm",
    ]
    assert [pane["film"] for pane in data["panes"]] == [0, 1]
    text = shown(app)
    assert "Joint space, medial" in text
    assert "\u2193 Narrower than before" in text
    # What compares them keeps nobody's id.
    kept = app.session_state["visits"]
    assert "SECRET" not in repr(kept)


def test_the_same_knee_twice_is_no_change_and_has_no_arrow():
    film = draw_knee(0, seed=3, side=512, marked=False)
    grain = np.random.default_rng(0).normal(0, 1.5, film.shape)
    again = dicom_dataset(np.clip(film + grain, 0, 255).astype(np.uint8), StudyDate="20230304")
    again.PatientID, again.ImageLaterality = "P-77-SECRET", "R"
    app = opened(("old.dcm", dicom(0, "20190102")), ("new.dcm", dicom_file(again)))
    put_beside(current(app, "new.dcm"), "old.dcm")
    text = shown(app)
    assert "no difference of grade is said" in text
    assert text.count("No difference beyond that of measuring again") == 2
    assert "\u2191" not in text
    assert "\u2193" not in text


def test_two_patients_are_shown_and_never_compared():
    app = opened(
        ("one.dcm", dicom(0, "20190102", patient="A")),
        ("two.dcm", dicom(3, "20230304", patient="B")),
    )
    put_beside(current(app, "two.dcm"), "one.dcm")
    assert any("two different patients" in error.value for error in app.error)
    text = shown(app)
    assert "Narrower" not in text
    assert "than before" not in text


def test_the_two_knees_of_a_film_have_no_arrow_while_their_sides_are_not_known():
    sides = ((0, "R"), (3, "L"))
    knees = [draw_knee(g, seed=3, side=512, laterality=s, marked=False) for g, s in sides]
    film = dicom_dataset(np.hstack(knees), PatientOrientation=["R", "F"], StudyDate="20230304")
    app = opened(("both.dcm", dicom_file(film)))
    choice_of(app).set_value(Other(next(iter(app.session_state["films"])), 1)).run()
    (data,) = viewers(app)
    assert [film["label"] for film in data["films"]] == [
        "left of the image: both.dcm",
        "right of the image: both.dcm",
    ]
    text = shown(app)
    assert "than before" not in text
    assert "\u2191" not in text
    assert any("Both knees are of one film" in warning.value for warning in app.warning)


def test_a_refused_film_has_no_arrow_and_one_that_waits_is_not_called_ungraded():
    old = dicom_dataset(draw_knee(0, seed=3, side=512)[::-1].copy(), StudyDate="20190102")
    old.PatientID = "P-77-SECRET"
    app = opened(("old.dcm", dicom_file(old)), ("new.dcm", dicom(3, "20230304")))
    put_beside(current(app, "new.dcm"), "old.dcm")
    assert "not graded" in shown(app)
    films = app.session_state["films"].values()
    next(film for film in films if film.name == "old.dcm").anyway = True
    app.run()
    assert any("Graded although it was refused" in one.value for one in app.warning)
    assert "\u2191" not in shown(app)


def test_millimetres_that_no_knee_has_are_not_shown_beside_another():
    app = opened(
        ("old.dcm", dicom(0, "20190102", PixelSpacing=["0.2", "0.2"])),
        ("new.dcm", dicom(3, "20230304", PixelSpacing=["1", "1"])),
    )
    put_beside(current(app, "new.dcm"), "old.dcm")
    (data,) = viewers(app)
    assert [film["spacing"] for film in data["films"]] == [[0.2, 0.2], None]


def test_under_a_profile_the_promise_is_that_of_its_films(monkeypatch):
    profile = unpack_profile(profile_zip())
    grades = {"old.dcm": KLGrade(1), "new.dcm": KLGrade(4)}
    monkeypatch.setattr(
        differing, "_answer", lambda film, _: Answer(*[grades[film.name]] * 3, "median", 0.9)
    )
    app = opened(("old.dcm", dicom(0, "20190102")), ("new.dcm", dicom(3, "20230304")))
    put_beside(current(app, "new.dcm"), "old.dcm")
    assert "on films like the OAI" in shown(app)
    app.session_state["profiles"] = {profile.digest: profile}
    app.session_state["profile"] = profile.digest
    text = shown(app.run())
    assert "on films like the 50 of the profile" in text
    assert "on films like the OAI" not in text


def test_a_left_knee_stands_beside_a_right_one_without_arrows():
    app = opened(
        ("left.dcm", dicom(3, "20190102", laterality="L")),
        ("right.dcm", dicom(0, "20190102")),
    )
    put_beside(current(app, "left.dcm"), "right.dcm")
    (data,) = viewers(app)
    assert data["films"][0]["label"].startswith("right knee")
    text = shown(app)
    assert "Narrower in the left knee" in text
    assert "\u2193" not in text


def test_pictures_of_nobody_knows_whom_are_no_prior_and_current(monkeypatch):
    grades = {"old.png": KLGrade(1), "new.png": KLGrade(4)}
    monkeypatch.setattr(
        differing, "_answer", lambda film, _: Answer(*[grades[film.name]] * 3, "median", 0.9)
    )
    app = opened(("old.png", knee_png(0, seed=1)), ("new.png", knee_png(3, seed=2)))
    put_beside(current(app, "new.png"), "old.png")
    (data,) = viewers(app)
    assert [film["label"] for film in data["films"]] == [
        "other film: old.png",
        "this film: new.png",
    ]
    assert [pane["saved"] for pane in data["panes"]] == ["Other film", "This film"]
    text = html.unescape(shown(app))
    assert "The higher grade is that of this film." in text
    assert "than before" not in text
    assert "\u2191" not in text


def test_the_name_of_a_film_is_text_in_the_comparison():
    app = opened(("<b>old.png", knee_png(0, seed=1)), ("new.png", knee_png(3, seed=2)))
    put_beside(current(app, "new.png"), "<b>old.png")
    assert "<b>old" not in shown(app)
    choice_of(app).set_value(None).run()
    assert "Joint space, left" not in shown(app)


def test_widths_that_are_not_good_enough_are_shown_nowhere(monkeypatch):
    monkeypatch.setattr(cached, "joint_space_is_good", lambda: False)
    app = opened(("old.dcm", dicom(0, "20190102")), ("new.dcm", dicom(3, "20230304")))
    assert [toggle for toggle in app.toggle if toggle.key == TICK] == []
    put_beside(current(app, "new.dcm"), "old.dcm")
    text = shown(app)
    assert "Joint space" not in text
    assert "Grade" in text
    (data,) = viewers(app)
    assert [film["marks"] for film in data["films"]] == [[], []]
