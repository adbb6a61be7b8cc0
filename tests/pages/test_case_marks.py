"""Marks in the list of saved cases are of cases, whatever page of the list they stand on."""

import pytest

from kneeoa.store.cases import keeping
from pages.cases import saved_actions, saved_list
from tests.support.case_pages import FILM, labels, listed, sign_in, started
from tests.support.cases import NOW, knee, new_case
from tests.support.rows import tables
from tests.support.teaching_pages import html, press, text

pytestmark = pytest.mark.usefixtures("kept")


@pytest.fixture
def app(db, files, monkeypatch):
    """A list of five films of both knees, two films a page."""
    for module in (saved_actions, saved_list):
        monkeypatch.setattr(module, "PAGE", 4)
    for number in range(5):
        new = new_case(name=f"{number}.png", knees=[knee(1), knee(2)])
        keeping.add(db, files, new, FILM + bytes([number]), NOW)
    return sign_in(started("cases"))


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
    assert "**3 cases marked**, 1 not in sight" in text(app)
    # Cases count from 1, films from 0.
    assert (
        "3 cases with film, boxes and grades will be deleted **for good**: 4\\.png, 2\\.png, "
        in (text(app))
    )
    press(app, "cases_delete")
    assert [case.case_id for case in keeping.cases(db)] == [4, 1]
    assert "marked" not in text(app)


def test_marks_are_there_for_who_comes_back_and_cleared_at_once(app):
    mark(app, 5, 2)
    app.switch_page("about/page.py").run()
    app.switch_page("cases/page.py").run()
    assert set(marked(app)) == {"5", "2"}
    assert "**2 cases marked**" in text(app)
    press(app, "cases_rows_clear")
    assert marked(app) == []
    assert "Clear marks" not in labels(app)
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
    assert app.button(key="case_after").help.startswith("This is 2 of 2")
    assert app.button(key="case_after").disabled
    press(app, "case_before")
    assert "Saved as case 5" in html(app)
    assert app.button(key="case_before").disabled
    press(app, "case_after")
    assert "Saved as case 4" in html(app)
    # The list then points at the case that was looked at last.
    app.switch_page("cases/page.py").run()
    (table,) = tables(app)
    assert table["at"] == "4.0"
