"""A film that is turned, or said to be no negative: what was kept of it as it stood goes with that.

And a button that is pressed twice does once what it says, to the film that it says it of.
"""

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from kneeoa.films.phantom import draw_knee, knee_png
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders.grading import Graders
from kneeoa.store.cases import keeping
from pages.shared import session_films
from pages.shared.memory import shown_as
from pages.shared.memory.film import Film
from tests.support.case_pages import (
    arrived,
    at_list,
    opened,
    started,
    upload,
)
from tests.support.cases import NOW
from tests.support.films import image_file
from tests.support.teaching_pages import html, keyed, press
from tests.support.viewer import viewers

RULER = {"kind": "ruler", "points": [[100, 250], [100, 275]], "value": 25, "unit": "px"}
BOTH = np.rot90(np.hstack([draw_knee(1, seed=1), draw_knee(3, seed=2, laterality="L")]), 2)
ALONE = draw_knee(1, seed=3, side=512)[::-1]
NEGATIVE = 255 - draw_knee(0, seed=3, side=512, marked=False)


def button(app, label):
    return next(shown for shown in app.button if shown.label == label)


def saved(db, pixels, **state):
    """A film that was saved by a session, with a ruler on it; return its case."""
    app = press(arrived(name="one.png", data=image_file(pixels)), "save_case")
    assert "Saved as case" in html(app)
    (case,) = keeping.cases(db)
    measured = replace(case.state, measurements=(RULER,), **state)
    return replace(case, revision=keeping.change(db, case, NOW, state=measured), state=measured)


def reopened(case):
    app = opened(at_list(), case.case_id)
    assert "Saved as case" in html(app)
    return app


def rulers(app):
    """How many lines the viewer is told to draw on the film."""
    (data,) = viewers(app)
    return len((data["films"][0]["seen"] or {"measured": ()})["measured"])


def reported(app):
    app.session_state["report"] = True
    app.run().toggle(key="report_text").set_value(True).run()
    assert not app.exception
    return " ".join(app.code[0].value.split())


def test_a_ruler_does_not_go_over_to_the_other_knee_of_a_film_that_is_turned(db):
    app = reopened(saved(db, BOTH))
    assert rulers(app) == 1
    assert "Length 25.0 pixels" in reported(app)
    button(app, "Turn it right").click().run()
    assert rulers(app) == 0
    for knee in (0, 1):
        (digest,) = app.session_state["films"]
        app.session_state[f"knee_{digest[:12]}"] = knee
        assert "Length" not in reported(app)


def test_a_ruler_is_where_the_film_stands_as_it_was_drawn_on_and_nowhere_else(db):
    app = reopened(saved(db, ALONE))
    button(app, "Turn it right").click().run()
    assert rulers(app) == 0
    (case,) = keeping.cases(db)
    assert case.state.measurements == ()
    assert case.state.quarters == 2
    button(app, "Read the film as it came").click().run()
    assert rulers(app) == 1
    assert keeping.cases(db)[0].state.measurements == (RULER,)


def test_a_film_that_was_turned_and_comes_in_again_has_no_ruler_of_then(db):
    app = reopened(saved(db, ALONE, quarters=2, changes=("turned by 180 degrees",)))
    assert rulers(app) == 1
    button(app, "Remove film").click().run()
    upload(app, "one.png", image_file(ALONE))
    assert rulers(app) == 0


def test_what_is_no_negative_keeps_its_ruler(db):
    app = reopened(saved(db, NEGATIVE))
    button(app, "It is no negative").click().run()
    assert rulers(app) == 1


class ReadWhile:
    """Networks whose reading takes so long that something else is done meanwhile."""

    profile = None

    def __init__(self, meanwhile):
        self._meanwhile = meanwhile

    def read_both(self, radiograph, frame):
        seen = radiograph.pixels
        self._meanwhile()
        return (seen,), None


def received(pixels, localiser):
    data = image_file(pixels)
    radiograph = read_radiograph(data, "one.png")
    return Film.received(data, radiograph, localiser.find(radiograph), "a session")


@pytest.mark.parametrize("let_go", [False, True])
def test_a_reading_that_was_under_way_is_none_of_the_film_as_it_stands_afterwards(let_go):
    localiser = Graders().localiser
    film = received(NEGATIVE, localiser)
    frame = film.frames[0]
    if let_go:
        film.let_go()
    said = ReadWhile(lambda: shown_as.no_negative(film, localiser))
    (seen,) = session_films.read(film, frame, said)
    np.testing.assert_array_equal(seen, 255.0 - NEGATIVE)
    assert film.frames[0] == frame
    (seen,) = session_films.read(film, frame, ReadWhile(lambda: None))
    np.testing.assert_array_equal(seen, NEGATIVE)


def test_pixels_that_come_back_late_are_none_of_the_film_as_it_stands_afterwards(monkeypatch):
    localiser = Graders().localiser
    film = received(NEGATIVE, localiser)
    film.let_go()
    decoded = film.original

    def slow():
        monkeypatch.setattr(film, "original", decoded)
        came = decoded()
        shown_as.take_back(film, localiser)
        shown_as.no_negative(film, localiser)
        return came

    monkeypatch.setattr(film, "original", slow)
    np.testing.assert_array_equal(film.radiograph.pixels, 255.0 - NEGATIVE)
    np.testing.assert_array_equal(film.radiograph.pixels, NEGATIVE)


def late_news():
    """A page whose viewer tells what it saw before the film was turned, after that."""
    import streamlit as st

    from kneeoa.films.frames import Frame
    from pages.reading import frame_control, reading_viewer
    from pages.shared import session_films
    from pages.shared.cases import book, saved
    from pages.shared.viewer.seen import Drawn, How, Measured, Told, View
    from tests.pages.test_turned import ALONE
    from tests.support.films import image_file

    told = {}
    reading_viewer.viewer.show = lambda *films, **options: told.update(options)
    saved.is_open = lambda: True
    film = session_films.all_films()[session_films.take_in("one.png", image_file(ALONE))]
    reading_viewer.show(film, 0, film.frames[0])
    stood = reading_viewer.key_of(film)
    session_films.turn_right(film)
    view = View(How(True, 0, False, 0), "whole", True)
    ruler = Measured("ruler", ((1, 2), (3, 4)), 5, "px")
    told["on_seen"](Told(view, (Drawn(stood, (ruler,)),)))
    st.session_state["seen_of_it"] = book.seen_of(film)
    told["on_seen"](Told(None, (Drawn(reading_viewer.key_of(film), (ruler,)),)))
    told["on_move"](Frame(1, 2, 300, 300))
    st.session_state["seen"] = book.seen_of(film)
    st.session_state["frame"] = frame_control.frame_of(film, 0) == film.frames[0]


def test_what_the_viewer_tells_of_a_film_as_it_stood_before_is_not_taken(monkeypatch):
    # What the page puts in their place comes back with the test's end.
    for name in ("reading_viewer.viewer.show", "reading_viewer.saved.is_open"):
        monkeypatch.setattr(f"pages.reading.{name}", None)
    app = AppTest.from_function(late_news, default_timeout=60).run()
    assert not app.exception
    assert app.session_state["seen_of_it"] is None
    assert len(app.session_state["seen"].measured) == 1
    assert app.session_state["frame"]


def test_what_a_profile_said_of_a_film_as_it_was_read_is_not_kept_of_it_read_otherwise(db):
    case = saved(db, NEGATIVE)
    (knee,) = case.state.knees
    other = replace(knee, said=4, low=4, high=4, graded_by={"profile": "0" * 64})
    keeping.change(db, case, NOW, state=replace(case.state, knees=(other,)))
    app = reopened(case)
    assert keeping.cases(db)[0].state.knees[0] == other
    button(app, "It is no negative").click().run()
    (state,) = keeping.cases(db)[0].state.knees
    assert state.frame == other.frame
    assert state.graded_by == knee.graded_by
    assert state.findings != other.findings
    button(app, "Read the film as it came").click().run()
    assert keeping.cases(db)[0].state.knees[0].said == knee.said


def pressed_twice():
    """A page on which each button of a film that was refused or looks negative is pressed twice."""
    import numpy as np
    import streamlit as st
    from streamlit.delta_generator import DeltaGenerator

    from kneeoa.films.phantom import knee_png
    from pages.reading import frame_control, gate_strip
    from pages.shared import session_films
    from tests.pages.test_turned import ALONE, NEGATIVE
    from tests.support.films import image_file

    def press_twice(label, film):
        def press(*texts, **options):
            if label in texts:
                for _ in range(2):
                    options["on_click"](*options["args"])

        plain = st.button, DeltaGenerator.button
        st.button, DeltaGenerator.button = press, lambda place, *a, **options: press(*a, **options)
        try:
            frame = film.frames[0]
            findings = frame_control.findings_of(film, 0, frame)
            gate_strip.show_gate(film, frame, findings)
        finally:
            st.button, DeltaGenerator.button = plain
        return film

    def taken_in(pixels):
        return session_films.all_films()[session_films.take_in("film", image_file(pixels))]

    film = press_twice("It is no negative", taken_in(NEGATIVE))
    st.session_state["negative"] = film.changes, np.array_equal(film.radiograph.pixels, NEGATIVE)
    film = press_twice("Grade anyway", taken_in(ALONE))
    st.session_state["anyway"] = film.anyway
    film = press_twice("Turn it right", film)
    st.session_state["turned"] = film.changes
    session_films.take_in("other", knee_png(1, seed=5))
    session_films.remove(film.digest)
    for _ in range(2):
        session_films.bring_back(film.digest)
    st.session_state["back"] = film.digest in session_films.all_films()
    session_films.remove(film.digest, for_good=True)
    session_films.bring_back(film.digest)


def test_a_button_that_is_pressed_twice_does_what_it_says_once():
    app = AppTest.from_function(pressed_twice, default_timeout=60).run()
    assert not app.exception
    assert app.session_state["negative"] == (("said to be no negative",), True)
    assert app.session_state["anyway"]
    assert app.session_state["turned"] == ("turned by 180 degrees",)
    assert app.session_state["back"]


@pytest.mark.parametrize("label", ["Remove film", "Grade anyway"])
def test_a_button_of_one_film_is_none_of_the_next(label):
    app = started()
    for seed in (5, 3):
        upload(app, f"{seed}.png", image_file(draw_knee(1, seed=seed, side=512)[::-1]))
    first = button(app, label).proto.id
    upload(app, "fine.png", knee_png(1, seed=5))
    films = list(app.session_state["films"])
    keyed(app.selectbox, "film").set_value(films[0]).run()
    assert button(app, label).proto.id != first
