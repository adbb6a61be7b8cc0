"""Signing out asks for all that goes with it, and the next reader is told nothing of it."""

import pytest

from kneeoa.errors import ConfigError
from kneeoa.store.cases import keeping
from pages.shared.cases import being_saved, book, saved
from pages.shared.viewer.seen import Measured, Seen
from tests.pages.test_at_stake import asks
from tests.pages.test_kept_grades import image_file_of_nothing, text, toasts
from tests.support.case_pages import (
    arrived,
    labels,
    read_and_saved,
    sign_in,
    something_else_done_after,
)
from tests.support.teaching_pages import press

pytestmark = pytest.mark.usefixtures("kept")


def at_cases(app):
    return app.switch_page("cases/page.py").run()


def test_where_saving_first_fails_it_still_asks(monkeypatch):
    app = at_cases(press(arrived("ab"), "own_2"))

    def fails(film, tell=None):
        raise ConfigError("The disk is full.")

    monkeypatch.setattr(saved, "save", fails)
    press(app, "sign_out_save")
    assert "The disk is full" in text(app)
    assert ":red[Sign out anyway]" in labels(app)
    assert "one.png: KL 2" in text(app)


def test_a_grade_that_was_not_chosen_is_asked_about_once_the_case_is_open(db):
    press(read_and_saved("ab"), "own_3")
    app = press(arrived("ab"), "own_1")
    press(app, "open_known")
    assert asks(app)
    at_cases(app)
    assert "one.png: KL 1, not chosen. It is case 1" in text(app)
    press(app, "sign_out")
    assert "on 1 film was not kept" in text(app)
    assert keeping.cases(db, "AB")[0].own(0).grade == 3


def test_what_was_measured_on_a_known_film_is_not_offered_to_be_saved():
    read_and_saved("ab")
    app = arrived("ab")
    (digest,) = app.session_state["films"]
    ruler = Measured("ruler", ((1.0, 2.0), (30.0, 40.0)), 47.6, "px")
    app.session_state[book.VIEWS] = {(digest, 0): Seen(None, (ruler,), told=True)}
    at_cases(app)
    assert "one.png: what you measured. It is case 1: open it" in text(app)
    assert not any("first" in label for label in labels(app))


def test_a_grade_of_a_film_that_was_removed_is_asked_about():
    app = press(arrived("ab"), "own_2")
    press(app, f"remove_{next(iter(app.session_state['films']))}")
    at_cases(app)
    assert "one.png: KL 2. It was removed: bring it back" in text(app)
    assert not any("first" in label for label in labels(app))
    press(app, "sign_out")
    assert "on 1 film was not kept" in text(app)


def test_a_film_that_was_saved_and_removed_is_not():
    app = press(read_and_saved("ab"), "own_2")
    press(app, f"remove_{next(iter(app.session_state['films']))}")
    at_cases(app)
    assert ":red[Sign out anyway]" not in labels(app)


def test_the_next_reader_is_asked_anew_at_a_film_that_is_refused():
    app = arrived("ab", name="empty.png", data=image_file_of_nothing())
    press(app, "own_2")
    press(at_cases(app), "sign_out")
    sign_in(app.switch_page("reading/page.py").run(), "xy")
    assert "KL 2" not in toasts(app)
    press(app, "own_2")
    assert "KL 2 was not taken" in toasts(app)
    assert all(own.grade is None for own in app.session_state["own_grades"].values())


def test_the_browser_does_not_ask_for_a_grade_that_a_case_keeps():
    press(read_and_saved("ab"), "own_3")
    app = at_cases(arrived("ab"))
    assert not asks(app)
    assert asks(press(app.switch_page("reading/page.py").run(), "own_1"))


def test_a_film_whose_saving_is_cut_off_right_after_is_counted_once(monkeypatch):
    app = press(arrived("ab"), "own_2")
    (digest,) = app.session_state["films"]
    app.session_state["to_be_saved"] = [digest]
    go_on, told = being_saved.go_on, []
    monkeypatch.setattr(being_saved, "go_on", lambda: told.append(go_on()) or told[-1])
    with something_else_done_after(saved, "save"):
        at_cases(app)
    assert [name for outcome in told for name in outcome.saved] == ["one.png as case 1"]
