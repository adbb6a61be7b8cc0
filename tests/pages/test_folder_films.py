"""Films of the server's folder: shown and answered on all pages as on the reading page."""

import html

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders.grading import Graders
from kneeoa.graders.locating import gate
from pages.shared import cached, known_film
from pages.shared.memory.folder_film import AS_IT_LIES
from tests.support.films import dicom_dataset, dicom_file, image_file
from tests.support.places import MAIN_SCRIPT
from tests.support.practice_pages import begin, opened, press
from tests.support.stores import new_store
from tests.support.teaching_pages import html as html_of

FILM = draw_knee(0, seed=3, side=512, marked=False)
NEGATIVE, TURNED = 255 - FILM, np.ascontiguousarray(draw_knee(1, seed=3, side=512)[::-1])


def dataset(folder, pixels):
    """A folder with `pixels` as the one film of KL 2."""
    place = folder / "films" / "test" / "2"
    place.mkdir(parents=True)
    (place / "9001L.png").write_bytes(image_file(pixels))
    return folder / "films"


@pytest.fixture
def store(tmp_path, monkeypatch):
    engine = new_store(tmp_path)
    monkeypatch.setenv("KNEEOA_DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite")
    yield engine
    engine.dispose()


def answered(film):
    return html.unescape(
        known_film.refusal_html(film)
        + known_film.answers_html(film.readings, film.together)
        + known_film.warnings_html(film)
    )


def test_of_a_negative_the_positive_is_shown_and_answered_and_that_is_said():
    film = cached.read_film("9001L.png", image_file(NEGATIVE))
    np.testing.assert_array_equal(film.radiograph.pixels, FILM)
    graders = Graders()
    radiograph = read_radiograph(image_file(NEGATIVE), "9001L.png")
    for ours, theirs in zip(film.readings, graders.read(radiograph), strict=True):
        np.testing.assert_array_equal(ours.probabilities, theirs.probabilities)
    both = graders.read_both(radiograph)[1]
    np.testing.assert_array_equal(film.together.probabilities, both.probabilities)
    assert gate.NEGATIVE.sentence in answered(film)
    assert AS_IT_LIES in answered(film)
    plain = cached.read_film("9001L.png", image_file(FILM))
    assert plain.warnings == ()


def test_a_film_that_the_reading_page_refuses_has_no_answer_but_the_reason():
    film = cached.read_film("9001L.png", image_file(TURNED))
    assert film.readings == ()
    assert film.together is None
    assert "Not graded." in answered(film)
    assert "kl-grade" not in answered(film)
    assert film.refused in answered(film)


def test_what_a_file_says_of_its_picture_stands_beside_the_answer():
    made = dicom_dataset(FILM, PresentationIntentType="FOR PROCESSING")
    film = cached.read_film("film.dcm", dicom_file(made))
    assert film.readings
    assert "FOR PROCESSING" in answered(film)


def test_a_class_sees_the_positive_that_the_teacher_sees(tmp_path, monkeypatch):
    monkeypatch.setenv("KNEEOA_DATASET", str(dataset(tmp_path, NEGATIVE)))
    films = cached.teaching_set()
    (name,) = films.films
    feed = cached.teaching_feed(films.folder, name, 512)
    np.testing.assert_array_equal(np.frombuffer(feed.pixels, np.uint8).reshape(512, 512), FILM)


@pytest.mark.parametrize("pixels", [NEGATIVE, TURNED])
def test_a_learner_is_told_what_the_reading_page_says_against_a_film(
    pixels, store, tmp_path, monkeypatch
):
    monkeypatch.setenv("KNEEOA_DATASET", str(dataset(tmp_path, pixels)))
    app = begin(opened())
    assert "negative" not in html_of(app)
    assert "Not graded." not in html_of(app)
    press(app, "grade_1", "on")
    shown = html.unescape(html_of(app))
    if pixels is NEGATIVE:
        assert gate.NEGATIVE.sentence in shown
        assert "Both together" in shown
    else:
        assert "Not graded." in shown
        assert "Both together" not in shown
    press(app, "next")
    assert "1 of 1 films graded" in " ".join(str(one.value) for one in app.caption)


@pytest.mark.parametrize("pixels", [NEGATIVE, TURNED])
def test_the_atlas_says_it_too(pixels, store, tmp_path, monkeypatch):
    monkeypatch.setenv("KNEEOA_DATASET", str(dataset(tmp_path, pixels)))
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120).run().switch_page("atlas/page.py")
    app.query_params["part"] = "films"
    app.query_params["grade"] = "2"
    app.run()
    assert not app.exception
    shown = html.unescape(html_of(app))
    assert (gate.NEGATIVE.sentence if pixels is NEGATIVE else "Not graded.") in shown


def told_on_the_projector():
    """What a class is told of a film."""
    from types import SimpleNamespace

    import streamlit as st

    from pages.shared import cached
    from pages.teach import projector
    from tests.support.films import image_file

    known = cached.read_film("9001L.png", image_file(st.session_state["pixels"]))
    projector.show_reference(SimpleNamespace(grade=2), known)


@pytest.mark.parametrize(
    ("pixels", "told", "graded"),
    [(NEGATIVE, gate.NEGATIVE.sentence, True), (TURNED, "Not graded.", False)],
)
def test_a_class_is_told_it_beside_the_reference(pixels, told, graded):
    app = AppTest.from_function(told_on_the_projector, default_timeout=60)
    app.session_state["pixels"] = pixels
    app.run()
    assert not app.exception
    assert told in html.unescape(html_of(app))
    assert any("The networks:" in str(block.value) for block in app.markdown) == graded
