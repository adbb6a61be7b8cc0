"""Whatever a reader does while a page is at work, what she did before is kept and comes true."""

import pytest
import streamlit as st

from kneeoa.films.frames import Frame
from kneeoa.films.phantom import knee_png
from kneeoa.store.cases import keeping, windows
from kneeoa.store.database import StoreError
from pages.reading import gate_strip
from pages.shared.cases import book
from tests.support.case_pages import (
    arrived,
    asked,
    at_list,
    labels,
    listed,
    opened,
    read_and_saved,
    something_else_done_after,
)
from tests.support.cases import NOW, knee, new_case
from tests.support.teaching_pages import html, press

pytestmark = pytest.mark.usefixtures("kept")
BOX = Frame(-20, -10, 220, 210, "whole")


@pytest.fixture
def cases(db, files):
    """Two cases that were read, the first of the list first."""
    for grade, seed in ((3, 2), (1, 5)):
        new = new_case(f"{grade}" * 64, f"{grade}.png", [knee(grade)])
        keeping.add(db, files, new, knee_png(grade, seed=seed), NOW)
    return keeping.cases(db)


@pytest.fixture
def walking(cases):
    """The reading page at the first case of the list."""
    app = at_list("ab")
    listed(app)
    return opened(app, cases[0].case_id)


def errors(app):
    """What is said in red, as it is read."""
    assert not app.exception
    return " ".join(error.value.replace("\\", "") for error in app.error)


def hers(db, case, reader="AB"):
    return keeping.get(db, case.case_id, reader).own(0).grade


def box_of(app, case):
    return f"frame_{case.film[:12]}_0"


def test_a_film_that_is_kept_is_known_to_be(db):
    app = arrived("ab")
    press(app, "own_2")
    with something_else_done_after(keeping, "add"):
        press(app, "save_case")
    assert not app.error
    (case,) = keeping.cases(db)
    assert hers(db, case) == 2
    assert f"Saved as case {case.case_id}" in html(app)


def test_a_change_that_is_kept_is_no_other_window_s(db):
    app = read_and_saved("ab")
    (case,) = keeping.cases(db)
    app.session_state[box_of(app, case).replace(case.film[:12], next(iter(films(app)))[:12])] = BOX
    with something_else_done_after(keeping, "change"):
        app.run()
    press(app, "own_3")
    assert "Not saved" not in errors(app)
    case = keeping.get(db, case.case_id)
    assert (case.state.knees[0].frame.top, hers(db, case)) == (-20, 3)


def films(app):
    return app.session_state["films"]


def test_a_grade_is_kept_whatever_she_turns_to_before_it_is_shown(walking, cases, db, monkeypatch):
    def show_gate(*args, **options):
        if not turned:
            turned.append(True)
            # What the callback of the next key does, here of N.
            st.session_state["wanted_case"] = cases[1].case_id, 0
        return shown(*args, **options)

    shown, turned = gate_strip.show_gate, []
    with monkeypatch.context() as patched:
        patched.setattr(gate_strip, "show_gate", show_gate)
        with something_else_done_after(gate_strip, "show_gate"):
            press(walking, "own_3")
    assert walking.session_state["current_film"] == cases[1].film
    assert hers(db, cases[0]) == 3
    assert hers(db, cases[1]) is None


def test_a_grade_that_came_with_the_key_of_the_next_case_counts(walking, cases, db):
    walking.session_state["pressed"] = [(("own grade", cases[0].film, 0), 4)]
    walking.session_state["wanted_case"] = cases[1].case_id, 0
    walking.run()
    assert walking.session_state["current_film"] == cases[1].film
    assert (hers(db, cases[0]), hers(db, cases[1])) == (4, None)


@pytest.mark.parametrize("leave", ["next", "list", "sign out"])
def test_a_box_is_kept_whatever_she_turns_to(walking, cases, db, leave):
    walking.session_state[box_of(walking, cases[0])] = BOX
    if leave == "next":
        press(walking, "case_after")
    else:
        walking.switch_page("cases/page.py").run()
    if leave == "sign out":
        press(walking, "sign_out")
    assert "Not saved" not in errors(walking)
    assert keeping.get(db, cases[0].case_id).state.knees[0].frame.top == -20


def test_what_cannot_be_kept_is_said_and_tried_again(walking, cases, db, monkeypatch):
    def full(*_, **__):
        raise StoreError("The disk is full.")

    walking.session_state[box_of(walking, cases[0])] = BOX
    with monkeypatch.context() as patched:
        patched.setattr(keeping, "change", full)
        press(walking, "case_after")
        assert f"Not saved: {cases[0].name}. The disk is full." in errors(walking)
    walking.run()
    assert "Not saved" not in errors(walking)
    assert keeping.get(db, cases[0].case_id).state.knees[0].frame.top == -20


def test_what_is_lost_with_the_list_is_said_of_every_film(walking, cases, db, monkeypatch):
    def full(*_, **__):
        raise StoreError("The disk is full.")

    press(walking, "case_after")
    walking.switch_page("cases/page.py").run()
    monkeypatch.setattr(keeping, "change", full)
    for case in cases:
        walking.session_state[box_of(walking, case)] = BOX
    press(walking, "sign_out")
    for case in cases:
        assert case.name in errors(walking)
    assert errors(walking).count("It was closed with the list") == 2
    assert films(walking) == {}


def test_another_window_s_box_stays_and_her_grade_is_kept(db):
    app = read_and_saved("ab")
    (case,) = keeping.cases(db)
    second = opened(at_list("ab"), case.case_id)
    second.session_state[box_of(second, case)] = BOX
    second.run()
    press(app, "own_3")
    assert windows.CHANGED in errors(app)
    assert hers(db, case) == 3
    assert keeping.get(db, case.case_id).state.knees[0].frame.top == -20


def test_what_was_deleted_elsewhere_meanwhile_is_said_once(walking, cases, db, files):
    keeping.remove(db, files, [cases[0].case_id], client="test", now=NOW)
    walking.session_state["pressed"] = [(("own grade", cases[0].film, 0), 4)]
    press(walking, "case_after")
    assert f"Not saved: {cases[0].name}. This case was deleted" in errors(walking)
    assert "Not saved" not in errors(walking.run())


@pytest.mark.parametrize("meanwhile", ["get", "mark_read"])
def test_the_next_case_opens_whatever_she_does_meanwhile(walking, cases, db, meanwhile):
    keeping.mark_read(db, [cases[1].case_id], False)
    with something_else_done_after(keeping, meanwhile):
        press(walking, "case_after")
    assert walking.session_state["current_film"] == cases[1].film
    assert "wanted_case" not in walking.session_state


def test_who_turns_elsewhere_meanwhile_is_there(walking, cases):
    press(walking, "case_after")
    walking.session_state["wanted_case"] = cases[1].case_id, 0
    press(walking, f"turn_{cases[0].film}")
    assert walking.session_state["current_film"] == cases[0].film


def test_all_that_are_to_be_deleted_are(db, cases):
    app = at_list("ab")
    mark_all(app, cases)
    asked(app, "cases_delete")
    with something_else_done_after(keeping, "remove"):
        press(app, "cases_delete")
    assert keeping.cases(db) == []
    assert not app.error


def test_how_many_were_deleted_before_the_disk_refused_is_said(db, cases, monkeypatch):
    def remove(db_, files, case_ids, **by_whom):
        if case_ids == [cases[1].case_id]:
            raise StoreError("The disk is broken.")
        real(db_, files, case_ids, **by_whom)

    real = keeping.remove
    app = at_list("ab")
    mark_all(app, cases)
    monkeypatch.setattr(keeping, "remove", remove)
    press(asked(app, "cases_delete"), "cases_delete")
    assert "1 of 2 cases were deleted, the others stay. The disk is broken." in errors(app)
    assert [case.case_id for case in keeping.cases(db)] == [cases[1].case_id]
    assert errors(app.run()) == ""


def mark_all(app, cases):
    keys = [str(case.case_id) for case in cases]
    app.session_state["cases_rows"] = {"at": None, "marked": {"round": 0, "keys": keys}}
    app.run()


def test_signing_out_goes_on_where_it_was_cut_off(walking, cases, db):
    press(walking, "own_3")
    walking.switch_page("cases/page.py").run()
    with something_else_done_after(book, "opened"):
        press(walking, "sign_out")
    assert "case_list" not in walking.session_state
    assert "signing_out" not in walking.session_state
    assert films(walking) == {}
    assert hers(db, cases[0]) == 3


def test_films_that_wait_are_not_saved_by_nobody(db):
    app = arrived("ab")
    press(app, "own_2")
    (digest,) = films(app)
    app.switch_page("cases/page.py").run()
    app.session_state["to_be_saved"] = [digest]
    press(app, "sign_out")
    assert keeping.cases(db) == []
    assert "1 film that waited to be saved was not" in errors(app)
    app.run()
    assert keeping.cases(db) == []
    assert "Sign in" in labels(app)
