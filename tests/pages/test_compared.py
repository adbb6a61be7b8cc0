"""On the reading page: what is said of two knees beside each other, and what takes it away."""

import html

import numpy as np
import pytest

from kneeoa.films.phantom import draw_knee
from kneeoa.graders.answer import Answer
from kneeoa.graders.locating import gate
from kneeoa.grades import KLGrade
from pages.reading.pair import differing
from pages.shared import cached
from tests.pages.test_beside import current, dicom, opened, put_beside
from tests.support.films import dicom_dataset, dicom_file
from tests.support.viewer import viewers

UP = "\u2191"


@pytest.fixture(autouse=True)
def published(monkeypatch):
    monkeypatch.setattr(cached, "joint_space_is_good", lambda: True)


@pytest.fixture
def apart(monkeypatch):
    """The answers to two films that are far apart."""
    grades = {"old.dcm": KLGrade(1), "new.dcm": KLGrade(4)}
    monkeypatch.setattr(
        differing, "_answer", lambda film, _: Answer(*[grades[film.name]] * 3, "median", 0.9)
    )


def films(**tags):
    tags = {"PatientBirthDate": "19600229"} | tags
    return (
        ("old.dcm", dicom(1, "20190102", **tags)),
        ("new.dcm", dicom(4, "20230304", **tags)),
    )


def film_of(app, name):
    return next(film for film in app.session_state["films"].values() if film.name == name)


def compared(app):
    """What is said below two films; nothing where they are not compared."""
    assert not app.exception
    blocks = [block.body for block in app.get("html") if "<td class='kl-told'>" in block.body]
    return html.unescape(" ".join(blocks))


def test_films_without_a_doubt_have_an_arrow_and_a_promise_for_films_like_the_oais(apart):
    app = opened(*films())
    text = compared(put_beside(current(app, "new.dcm"), "old.dcm"))
    assert f"{UP} Higher than before." in text
    assert "90% hold the reference's grade on films like the OAI's." in text


def test_what_is_said_against_either_film_is_listed_and_takes_arrow_and_promise_away(apart):
    app = opened(*films())
    film_of(app, "old.dcm").know([gate.DOUBTFUL])
    text = compared(put_beside(current(app, "new.dcm"), "old.dcm"))
    assert UP not in text
    assert "90%" not in text
    assert "Higher than before." in text
    assert f"Prior, 2019-01-02: {gate.DOUBTFUL.sentence}" in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda film: setattr(film, "drawn", True), differing.DRAWN),
        (lambda film: setattr(film, "changes", ("turned by 90 degrees",)), "turned by 90 degrees"),
    ],
)
def test_so_does_what_was_done_to_a_film(apart, change, said):
    app = opened(*films())
    change(film_of(app, "new.dcm"))
    text = compared(put_beside(current(app, "new.dcm"), "old.dcm"))
    assert UP not in text
    assert "90%" not in text
    assert said in text


def test_so_does_what_its_file_says_of_a_picture(apart):
    app = opened(*films(PresentationIntentType="FOR PROCESSING"))
    text = compared(put_beside(current(app, "new.dcm"), "old.dcm"))
    assert UP not in text
    assert "90%" not in text
    assert "Prior, 2019-01-02: The file says that it is unprocessed detector data" in text


def test_nothing_is_compared_with_a_replaced_knee(apart):
    app = opened(*films())
    film_of(app, "new.dcm").know([gate.IMPLANT])
    text = compared(put_beside(current(app, "new.dcm"), "old.dcm"))
    assert "Higher" not in text
    assert "than before" not in text
    assert "a grade says nothing about a replaced knee" in text


def test_two_names_are_one_patient_s_only_with_a_word_of_doubt():
    app = opened(
        ("old.dcm", dicom(0, "20190102", PatientName="MEIER^ANNA")),
        ("new.dcm", dicom(4, "20230304", PatientName="SCHULZ^ANNA")),
    )
    put_beside(current(app, "new.dcm"), "old.dcm")
    assert UP not in compared(app)
    assert any("two names" in warning.value for warning in app.warning)
    options = next(box for box in app.selectbox if box.label.startswith("Prior film")).options
    assert not any("same patient" in option for option in options)


def test_a_number_that_stands_for_nobody_makes_no_one_patient():
    app = opened(
        ("old.dcm", dicom(0, "20190102", patient="ANONYMOUS", PatientName="MEIER^ANNA")),
        ("new.dcm", dicom(4, "20230304", patient="ANONYMOUS", PatientName="SCHULZ^KARL")),
    )
    put_beside(current(app, "new.dcm"), "old.dcm")
    assert compared(app) == ""
    assert any("two different patients" in error.value for error in app.error)


def test_a_film_that_is_not_graded_stands_beside_the_other_all_the_same():
    turned = dicom_dataset(draw_knee(3, seed=3, side=512)[::-1].copy(), StudyDate="20230304")
    turned.PatientID = "P-77-SECRET"
    app = opened(("old.dcm", dicom(0, "20190102")), ("new.dcm", dicom_file(turned)))
    put_beside(current(app, "new.dcm"), "old.dcm")
    (data,) = viewers(app)
    assert len(data["films"]) == 2
    assert "not graded" in compared(app)


def test_back_to_the_proposal_moves_the_box_of_this_knee_alone():
    pair = [draw_knee(1, seed=3, side=512, laterality=side, marked=False) for side in "RL"]
    app = opened(("both.dcm", dicom_file(dicom_dataset(np.hstack(pair)))))
    (digest,) = app.session_state["films"]
    film = app.session_state["films"][digest]
    moved = [
        type(frame)(
            frame.top + 20, frame.left + 10, frame.height - 20, frame.width - 20, frame.name
        )
        for frame in film.frames
    ]
    begin = digest[:12]
    app.session_state[f"knee_{begin}"] = 1
    for place, frame in enumerate(moved):
        app.session_state[f"frame_{begin}_{place}"] = frame
    app.session_state[f"side_{begin}_0"] = "L"
    app.run()
    next(button for button in app.button if button.label == "Back to the proposal").click().run()
    assert f"frame_{begin}_1" not in app.session_state
    assert app.session_state[f"frame_{begin}_0"] == moved[0]
    assert app.session_state[f"side_{begin}_0"] == "L"
    assert app.session_state[f"knee_{begin}"] == 1
