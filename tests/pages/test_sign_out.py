"""What only the key of the list showed goes with it, whatever became of it meanwhile."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from kneeoa.films.frames import Frame
from kneeoa.films.phantom import draw_knee, knee_png
from kneeoa.store.cases import keeping
from tests.support.case_pages import (
    arrived,
    at_list,
    labels,
    opened,
    read_and_saved,
)
from tests.support.cases import NOW
from tests.support.films import image_file
from tests.support.teaching_pages import press

pytestmark = pytest.mark.usefixtures("kept")
BY = {"client": "test", "now": NOW}


@pytest.fixture
def case(db):
    """A case that another session saved."""
    read_and_saved("ab")
    return keeping.cases(db)[0]


def names_after_sign_out(app):
    app.switch_page("cases/page.py").run()
    press(app, "sign_out")
    app.switch_page("reading/page.py").run()
    assert not app.exception
    return [film.name for film in app.session_state["films"].values()]


def test_a_film_of_the_list_that_was_removed_is_not_brought_back(case):
    app = opened(arrived("cd", name="own.png", data=knee_png(1, seed=5)), case.case_id)
    press(app, f"remove_{case.film}")
    assert any("Bring back" in label for label in labels(app))
    assert names_after_sign_out(app) == ["own.png"]
    assert not any("Bring back" in label for label in labels(app))


def test_one_of_her_own_still_is(case):
    app = arrived("cd", name="own.png", data=knee_png(1, seed=5))
    (digest,) = app.session_state["films"]
    press(app, f"remove_{digest}")
    assert names_after_sign_out(app) == []
    press(app, "bring_back")
    assert [*app.session_state["films"]] == [digest]


def test_a_film_of_the_list_whose_case_was_deleted_goes_as_well(case, db, files):
    app = opened(at_list("cd"), case.case_id)
    keeping.remove(db, files, [case.case_id], **BY)
    press(app, "own_2")
    press(app, "save_anew")
    assert any(label == "Save this case" for label in labels(app))
    assert names_after_sign_out(app) == []


@pytest.mark.parametrize("removed", [False, True])
def test_a_box_that_she_moved_is_not_the_next_readers(removed):
    app = arrived("ab", name="own.png", data=knee_png(1, seed=5))
    (digest,) = app.session_state["films"]
    key = f"frame_{digest[:12]}_0"
    app.session_state[key] = Frame(9, 9, 190, 190, "whole")
    app.run()
    if removed:
        press(app, f"remove_{digest}")
    names_after_sign_out(app)
    if removed:
        press(app, "bring_back")
    assert [*app.session_state["films"]] == [digest]
    assert key not in app.session_state


def test_a_refused_film_that_she_wanted_graded_is_refused_for_the_next_reader():
    rows, columns = np.mgrid[:200, :300]
    rings = ((np.hypot(rows - 90, columns - 100) % 40) * 6).astype(np.uint8)
    app = arrived("ab", name="own.png", data=image_file(rings))
    press_labelled(app, "Grade anyway")
    (film,) = app.session_state["films"].values()
    assert film.anyway
    names_after_sign_out(app)
    assert not film.anyway
    assert any(button.label == "Grade anyway" for button in app.button)


@pytest.mark.parametrize("removed", [False, True])
@pytest.mark.parametrize("label", ["Turn it right", "It is no negative"])
def test_a_film_that_she_turned_or_said_to_be_no_negative_is_as_it_came(label, removed):
    pixels = draw_knee(0, seed=3, side=512, marked=False)
    pixels = 255 - pixels if "negative" in label else pixels[::-1]
    app = arrived("ab", name="own.png", data=image_file(pixels))
    press_labelled(app, label)
    ((digest, film),) = app.session_state["films"].items()
    assert film.changes
    if removed:
        press(app, f"remove_{digest}")
    names_after_sign_out(app)
    assert (film.changes, film.quarters) == ((), 0)
    if removed:
        press(app, "bring_back")
    press_labelled(app, label)


def press_labelled(app, label):
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def test_what_she_drew_is_not_taken_for_the_next_readers():
    app = AppTest.from_function(two_readers, default_timeout=60).run()
    assert not app.exception
    assert app.session_state["hers"] == 1
    assert app.session_state["next"] is None


def two_readers():
    """A page whose viewer tells after the sign-out what it knows of a film from before."""
    import streamlit as st

    from kneeoa.films.phantom import knee_png
    from pages.reading import reading_viewer
    from pages.shared import session_films
    from pages.shared.cases import book, unsaved
    from pages.shared.viewer.seen import Drawn, Measured, Told

    film = session_films.all_films()[session_films.take_in("own.png", knee_png(1, seed=5))]
    ruler = Measured("ruler", ((1, 2), (3, 4)), 5, "px")
    told = Told(None, (Drawn(reading_viewer.key_of(film), (ruler,)),))
    reading_viewer.note_drawn(told)
    st.session_state["hers"] = len(book.seen_of(film).measured)
    unsaved.sign_out()
    reading_viewer.note_drawn(told)
    st.session_state["next"] = book.seen_of(film)


def test_what_was_to_be_opened_is_not(case):
    app = at_list("cd")
    app.session_state["lists_behind_key"] = {"wanted_case"}
    app.session_state["wanted_case"] = case.case_id, 0
    press(app, "sign_out")
    assert app.switch_page("reading/page.py").run().session_state["films"] == {}
    app.session_state["wanted_case"] = case.case_id, 0
    assert app.run().session_state["films"] == {}
