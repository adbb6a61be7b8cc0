"""What a browser asks before it leaves a page: whether work that is kept nowhere may be lost."""

import json

import pytest

from kneeoa.films.frames import Frame
from kneeoa.films.phantom import knee_png
from kneeoa.store.cases import keeping
from pages.shared.cases import book
from pages.shared.viewer.seen import Measured, Seen
from tests.support.case_pages import (
    at_list,
    opened,
    read_and_saved,
    started,
    upload,
)
from tests.support.teaching_pages import press


def asks(app):
    """What the browser is told: whether there is work, and on which films it may know of some."""
    assert not app.exception
    (data,) = [
        json.loads(part.proto.json)
        for part in app.get("bidi_component")
        if part.proto.component_name == "asks_before_leaving"
    ]
    assert data["films"] == [*app.session_state["films"]]
    return data["isWork"]


def test_where_nothing_is_saved_it_asks_while_a_film_has_a_grade_and_not_before_or_after():
    app = started()
    assert not asks(app)
    assert not asks(upload(app))
    press(app, "own_2")
    assert asks(app)
    assert asks(app.switch_page("about/page.py").run())
    app.switch_page("reading/page.py").run()
    press(app, f"remove_{next(iter(app.session_state['films']))}")
    assert not asks(app)
    press(app, "bring_back")
    assert asks(app)
    press(app, "own_2")
    assert asks(app)


@pytest.mark.parametrize("work", ["box", "side", "ruler"])
def test_a_box_and_a_measurement_are_work_and_a_look_is_none(work):
    app = upload(started())
    (film,) = app.session_state["films"].values()
    ruler = Measured("ruler", ((1.0, 2.0), (30.0, 40.0)), 47.6, "px")
    app.session_state[book.VIEWS] = {(film.digest, 0): Seen(told=True)}
    assert not asks(app.run())
    if work == "box":
        app.session_state[f"frame_{film.digest[:12]}_0"] = Frame(4, 4, 210, 210, "whole")
    elif work == "side":
        app.session_state[f"side_{film.digest[:12]}_0"] = "L"
    else:
        app.session_state[book.VIEWS] = {(film.digest, 0): Seen(None, (ruler,), told=True)}
    assert asks(app.run())


@pytest.mark.usefixtures("kept")
def test_what_is_kept_with_its_case_is_not_asked_about_and_what_is_beside_it_is():
    app = read_and_saved("ab")
    press(app, "own_2")
    assert not asks(app)
    upload(app, "other.png", knee_png(1, seed=5))
    assert not asks(app)
    press(app, "own_1")
    assert asks(app)


def moved(app, margin):
    (film,) = app.session_state["films"].values()
    frame = Frame(margin, margin, 210 - margin, 210 - margin, "whole")
    app.session_state[f"frame_{film.digest[:12]}_0"] = frame
    return app.run()


@pytest.mark.usefixtures("kept")
def test_what_another_window_overtook_is_asked_about_wherever_she_goes(db):
    app = read_and_saved("ab")
    (case,) = keeping.cases(db)
    other = opened(at_list("cd"), case.case_id)
    assert not asks(moved(other, 4).run())
    assert asks(moved(app, 9))
    assert asks(app.switch_page("about/page.py").run())
    assert asks(app.run()), "said once, and lost all the same"
