"""Marks in the list of saved cases are of cases, whatever page of the list they stand on."""

import pytest

from kneeoa.films.phantom import knee_png
from kneeoa.store.cases import keeping
from pages.cases import saved_actions, saved_list
from tests.support.case_pages import (
    FILM,
    asked,
    at_list,
    listed,
    read_behind,
    sign_in,
    upload,
)
from tests.support.cases import NOW, knee, new_case
from tests.support.rows import tables
from tests.support.teaching_pages import html, keyed, press, text

pytestmark = pytest.mark.usefixtures("kept")


@pytest.fixture
def app(db, files, monkeypatch):
    """A list of five films of both knees, two films a page."""
    for module in (saved_actions, saved_list):
        monkeypatch.setattr(module, "PAGE", 4)
    for number in range(5):
        new = new_case(name=f"{number}.png", knees=[knee(1), knee(2)])
        keeping.add(db, files, new, FILM + bytes([number]), NOW)
    return at_list()


def mark(app, *cases, at=None, marks_round=0):
    """Mark cases as the browser tells it."""
    told = {"round": marks_round, "keys": [str(case) for case in cases]}
    app.session_state["cases_rows"] = {"at": at, "marked": told}
    return app.run()


def marked(app):
    (table,) = tables(app)
    return table["marked"]


def test_marks_stay_on_all_pages_and_are_counted(app, db):
    assert {row["whole"] for row in listed(app)} == {"5", "4"}
    mark(app, 5, at="5.1")
    assert "**1 case marked**" in text(app)
    assert "not in sight" not in text(app)
    press(app, "cases_after")
    mark(app, 5, 3, 2)
    asked(app, "cases_delete")
    assert "**3 cases marked**, 1 not in sight" in text(app)
    # Cases count from 1, films from 0.
    assert (
        "3 cases with film, boxes and grades will be deleted **for good**: "
        "case 5 \\(4\\.png\\), case 3 \\(2\\.png\\), " in text(app)
    )
    press(app, "cases_delete")
    assert [case.case_id for case in keeping.cases(db)] == [4, 1]
    assert "marked" not in text(app)


def test_what_is_deleted_is_what_was_named_and_a_second_click_takes_nothing(app, db):
    mark(app, 5)
    asked(app, "cases_delete")
    mark(app, 4, at="4.0")  # a late word of the browser's table
    assert "will be deleted **for good**: case 5 \\(4\\.png\\)." in text(app)
    press(app, "cases_delete")
    assert [case.case_id for case in keeping.cases(db)] == [4, 3, 2, 1]
    assert [toast.value for toast in app.toast] == ["Deleted: case 5 \\(4\\.png\\)."]
    # Whatever is pointed at now, nothing is there to click until she asks anew.
    app.session_state["cases_delete_asked_0"] = True  # said once more with a second click
    mark(app, at="4.0", marks_round=1)
    assert app.button(key="cases_delete").disabled
    assert not app.toast
    assert "for good**: case 4 \\(3\\.png\\)." in text(asked(app, "cases_delete"))


def test_films_go_out_of_a_session_only_once_they_are_named(app):
    app.switch_page("reading/page.py").run()
    for number, (grade, seed) in enumerate(((0, 1), (3, 2))):
        upload(app, f"{number}.png", knee_png(grade, seed=seed))
    one, other = app.session_state["films"]
    app.session_state["view"] = "session"
    app.switch_page("cases/page.py").run()
    told = {"round": 0, "keys": [one]}
    app.session_state["session_rows"] = {"at": f"{other}.0", "marked": told}
    app.run()
    assert app.button(key="session_remove").disabled
    assert "1 film will be taken out of this session: 0\\.png." in text(
        asked(app, "session_remove")
    )
    press(app, "session_remove")
    assert list(app.session_state["films"]) == [other]
    assert app.button(key="session_remove").disabled


def test_of_a_session_films_are_counted_as_marked_and_those_saved_here_are_not_saved_anew(app, db):
    app.session_state["view"] = "session"
    files = [("notes.png", b"no film", "image/png"), ("one.png", FILM, "image/png")]
    app.switch_page("cases/page.py").run().file_uploader[0].set_value(files)
    app.run()
    assert len(read_behind(app)) == 1
    rows = [row["whole"] for row in listed(app.run())]
    assert len(rows) == 2
    app.session_state["session_rows"] = {"at": None, "marked": {"round": 0, "keys": rows}}
    app.run()
    assert "**1 film marked**" in text(app)
    assert "1 file not read" in text(app)
    press(app, "session_save")
    assert keeping.count(db) == 6
    assert app.button(key="session_save").disabled


def test_marks_are_there_for_who_comes_back_and_cleared_at_once(app):
    mark(app, 5, 2)
    app.switch_page("about/page.py").run()
    app.switch_page("cases/page.py").run()
    assert set(marked(app)) == {"5", "2"}
    assert "**2 cases marked**" in text(app)
    press(app, "cases_rows_clear")
    assert marked(app) == []
    assert app.button(key="cases_rows_clear").disabled
    # What the browser said before it knew of that is old.
    mark(app, 5, 2, marks_round=0)
    assert "cases marked" not in text(app)
    mark(app, 4, marks_round=1)
    assert "**1 case marked**" in text(app)


def test_of_what_is_gone_or_no_case_no_mark_stays(app, db, files):
    mark(app, 5, 4)
    keeping.remove(db, files, [5], client="test", now=NOW)
    assert "**1 case marked**" in text(app.run())
    mark(app, 4, "nonsense", "9" * 40, "²")
    assert "**1 case marked**" in text(app)


def test_one_case_that_is_marked_opens_wherever_it_stands(app):
    mark(app, 2, at="5.1")
    press(app, "cases_open")
    assert "Saved as case 2" in html(app.switch_page("reading/page.py").run())


def test_who_signs_out_leaves_no_marks(app):
    mark(app, 5)
    press(app, "sign_out")
    sign_in(app)
    assert "case marked" not in text(app)


def test_the_cases_of_the_list_are_gone_through_without_coming_back_to_it(app):
    """By one key each, in the list's order, past the second knee of a film."""
    mark(app, at="4.1")
    press(app, "cases_open")
    app.switch_page("reading/page.py").run()
    assert "Saved as case 4" in html(app)
    assert keyed(app.button, "case_after").help.startswith("This is 2 of 2")
    assert keyed(app.button, "case_after").disabled
    press(app, "case_before")
    assert "Saved as case 5" in html(app)
    assert keyed(app.button, "case_before").disabled
    press(app, "case_after")
    assert "Saved as case 4" in html(app)
    # The list then points at the case that was looked at last.
    app.switch_page("cases/page.py").run()
    (table,) = tables(app)
    assert table["at"] == "4.0"
