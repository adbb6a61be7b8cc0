"""What a page must not do to a case: overwrite it, tell of it too early, delete another one."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from streamlit.elements.lib import policies
from streamlit.testing.v1 import AppTest

from kneeoa.films.frames import Frame
from kneeoa.films.phantom import draw_knee, knee_png
from kneeoa.graders.locating import gate
from kneeoa.store import tables
from kneeoa.store.cases import keeping, listing, readers
from kneeoa.store.cases.case import Case, OwnGrade
from kneeoa.store.database import writing
from pages.shared import style
from tests.support.case_pages import (
    FILM,
    arrived,
    asked,
    at_list,
    listed,
    opened,
    read_and_saved,
    sign_in,
    started,
    upload,
)
from tests.support.cases import NOW, knee, new_case
from tests.support.films import image_file
from tests.support.places import MAIN_SCRIPT
from tests.support.rows import tables as shown_tables
from tests.support.teaching_pages import called, html, keyed, press, text

pytestmark = pytest.mark.usefixtures("kept")
BY = {"client": "test", "now": NOW}
HOUR = timedelta(hours=1)
LATER = NOW + HOUR


def view(app, name):
    app.switch_page("cases/page.py").run()
    return app.segmented_control(key="view").set_value(name).run()


def test_a_film_that_is_saved_already_is_not_overwritten_from_the_list_of_a_session(db):
    app = read_and_saved("ab")
    digest = next(iter(app.session_state["films"]))
    app.session_state[f"frame_{digest[:12]}_0"] = Frame(-20, -10, 220, 210, "whole")
    app.run()
    (case,) = keeping.cases(db)
    assert case.state.knees[0].frame.top == -20
    # The same film, pushed or uploaded again on another day, saved with many others.
    other = view(arrived("cd", name="again.png"), "session")
    (row,) = listed(other)
    assert row["cells"]["saved"] == f"case {case.case_id}"
    other.session_state["session_rows"] = {"at": row["key"], "marked": None}
    press(other.run(), "session_save")
    assert f"saved already, as case {case.case_id}" in text(other)
    assert keeping.cases(db) == [case]


def test_a_film_that_another_session_saves_meanwhile_is_not_overwritten(db, files):
    app = arrived("ab")
    digest = next(iter(app.session_state["films"]))
    keeping.add(db, files, new_case(digest, knees=[knee(4)]), FILM, NOW)
    press(app, "save_case")
    assert "Not saved" in text(app)
    assert any(called(button) == "open_known" for button in app.button)
    (case,) = keeping.cases(db)
    assert case.state.knees == (knee(4),)


def test_a_case_that_was_deleted_elsewhere_is_not_said_to_be_saved(db, files):
    app = read_and_saved()
    (case,) = keeping.cases(db)
    keeping.remove(db, files, [case.case_id], **BY)
    app.run()
    assert "Saved as case" not in html(app)
    assert "was deleted in another window" in text(app)


def test_who_marks_a_case_as_unread_goes_on_with_it(db):
    app = read_and_saved()
    (case,) = keeping.cases(db)
    keeping.mark_read(db, [case.case_id], False)
    side = keyed(app.segmented_control, "side")
    side.set_value("L").run()
    assert "Another window" not in text(app)
    assert keeping.get(db, case.case_id).state.knees[0].side == "L"


def test_where_more_knees_were_found_than_today_the_case_stays_as_it_was(db, files):
    box = Frame(10, 10, 100, 100, "left of the image")
    noted = gate.note("Something of then.")
    two = [knee(1, side="R"), replace(knee(3, side="L"), frame=box, findings=(noted, gate.IMPLANT))]
    digest = new_case().digest
    case = keeping.add(db, files, new_case(digest, knees=two), FILM, NOW)
    readers.put_grade(db, case.case_id, 1, "", OwnGrade(2, NOW))
    app = opened(at_list(), case.case_id, 1)
    assert "Another number of knees would be found" in text(app)
    # A note is the film's, which is read anew.
    told = " ".join(warning.value for warning in app.warning)
    assert "There seems to be metal" in told
    assert "Something of then" not in told
    found = keeping.get(db, case.case_id)
    assert [one.frame for one in found.state.knees] == [one.frame for one in two]
    assert [one.side for one in found.state.knees] == ["R", "L"]
    assert found.own(1).grade == 2


def test_what_other_networks_said_waits_for_her_grade_as_well(db):
    read_and_saved()
    (case,) = keeping.cases(db)
    (state,) = case.state.knees
    other = replace(state, said=0, low=0, high=0, graded_by={"together": "0" * 64})
    keeping.change(db, case, NOW, state=replace(case.state, knees=(other,)))
    app = started("cases")
    app.query_params["reveal"] = "after"
    sign_in(app.run(), "cd")
    opened(app, case.case_id)
    assert "Saved as case" in html(app)
    assert "The list keeps" not in text(app)
    press(app, "own_1")
    press(app, "own_commit")
    assert "The list keeps KL 0" in text(app)


@pytest.mark.parametrize("first", ["reading", "cases", "about"])
def test_what_the_address_asks_for_holds_on_all_pages(first):
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120)
    app.query_params["reveal"] = "after"
    app.switch_page(f"{first}/page.py").run()
    # A link to another page leaves the address behind.
    app.query_params.clear()
    app.switch_page("reading/page.py").run()
    upload(app)
    assert "shown after yours" in html(app)
    assert 'class="kl-grade"' not in html(app)


def test_what_is_deleted_is_named_where_it_is_asked_for(db, files):
    for number in range(7):
        keeping.add(db, files, new_case(name=f"*{number}*.png"), FILM + bytes([number]), NOW)
    app = at_list()
    keys = [row["key"] for row in listed(app)]
    app.session_state["cases_rows"] = {"at": keys[0], "marked": None}
    question = text(asked(app.run(), "cases_delete"))
    assert "1 case with film, boxes and grades will be deleted **for good**: case 7 " in question
    assert "\\*6\\*\\.png" in question
    app.session_state["cases_delete_asked_0"] = False
    app.run()
    wholes = [row["whole"] for row in listed(app)]
    app.session_state["cases_rows"] = {"at": keys[0], "marked": {"round": 0, "keys": wholes}}
    assert "\\*2\\*\\.png\\), and 2 more" in text(asked(app.run(), "cases_delete"))
    press(app, "cases_delete")
    assert keeping.count(db) == 0


def test_a_list_points_at_the_case_that_was_opened_last(db, files):
    for number in range(3):
        keeping.add(db, files, new_case(name=f"{number}.png"), FILM + bytes([number]), NOW)
    app = at_list()
    key = listed(app)[1]["key"]
    app.session_state["cases_at"] = key
    app.run()
    (table,) = shown_tables(app)
    assert table["at"] == key
    assert not app.button(key="cases_open").disabled


def test_a_reference_waits_for_her_grade_in_the_list_as_well():
    state = replace(new_case().state, knees=(knee(2, reference=3),))
    case = Case(1, "f", "d", "n", "PNG", "", "", True, 1, state, NOW, NOW)
    hidden = listing.table([case], hidden=lambda *_: True)
    assert hidden["reference"].isna().all()
    assert listing.table([case])["reference"].tolist() == [3]


def test_a_film_of_two_knees_is_opened_at_the_one_of_its_row(caplog, monkeypatch):
    monkeypatch.setattr(policies, "_shown_default_value_warning", False)  # it is given once
    both = np.hstack([draw_knee(1, seed=1), draw_knee(3, seed=2, laterality="L")])
    app = upload(started(), "two.png", image_file(both))
    digest, film = next(iter(app.session_state["films"].items()))
    assert len(film.frames) == 2
    app.session_state["open_film"] = f"{digest}.1"
    app.switch_page("cases/page.py").run()
    assert app.session_state[f"knee_{digest[:12]}"] == 1
    app.switch_page("reading/page.py").run()
    app.session_state[f"side_{digest[:12]}_1"] = "L"  # as a case brings it back
    app.run()
    assert "default value" not in caplog.text


def saved_with_another_box_and_removed(db):
    app = read_and_saved()
    digest = next(iter(app.session_state["films"]))
    app.session_state[f"frame_{digest[:12]}_0"] = Frame(-20, -10, 220, 210, "whole")
    app.run()
    (case,) = keeping.cases(db)
    next(button for button in app.button if button.label == "Remove film").click().run()
    return app, case, digest


def test_a_film_that_was_taken_away_comes_back_with_its_box_and_its_case(db):
    app, case, _ = saved_with_another_box_and_removed(db)
    press(app, "bring_back")
    assert "Saved as case" in html(app)
    assert keeping.cases(db) == [case]


def test_a_film_that_comes_in_again_is_not_saved_over_what_was_kept_of_it(db):
    app, case, digest = saved_with_another_box_and_removed(db)
    upload(app)
    assert keeping.cases(db) == [case]
    press(app, "open_known")
    assert "Saved as case" in html(app)
    assert app.session_state[f"frame_{digest[:12]}_0"].top == -20


def test_a_film_whose_case_was_deleted_before_it_was_opened_can_be_saved(db, files):
    read_and_saved()
    (case,) = keeping.cases(db)
    app = upload(arrived(name="x.png", data=knee_png(1, seed=5)), "again.png")
    keeping.remove(db, files, [case.case_id], **BY)
    press(app, "open_known")
    assert "was deleted" in text(app)
    press(app.run(), "save_case")
    assert "Saved as case" in html(app)


def test_a_grade_is_free_until_the_answer_is_seen_and_knees_of_a_film_are_of_one_patient(db, files):
    film = new_case("d" * 64, knees=[knee(1, reference=1), knee(3, reference=2)])
    case = keeping.add(db, files, film, FILM, NOW)
    readers.put_grade(db, case.case_id, 0, "AB", OwnGrade(2, NOW))
    readers.put_grade(db, case.case_id, 1, "AB", OwnGrade(seen_at=NOW).given(3, LATER))
    older = keeping.cases(db, "AB")
    app = AppTest.from_function(agreement_rows, default_timeout=60).run()
    assert not app.exception
    first, second = app.session_state["rows"]
    assert (first["committed"], first["reference"], first["patient"]) == (2, 1, case.film)
    assert pd.isna(first["networks"])
    assert pd.isna(second["committed"])
    assert (second["grade"], second["networks"], second["patient"]) == (3, 3, case.film)
    # The film is in a second case, which she graded before: it is there once, with both.
    again = keeping.add(db, files, film, FILM, NOW)
    readers.put_grade(db, again.case_id, 1, "AB", OwnGrade(1, NOW - HOUR))
    rows = app.run().session_state["rows"]
    assert len(rows) == 2 == len(older[0].state.knees)
    assert (rows[1]["grade"], rows[1]["committed"]) == (3, 1)


def agreement_rows():
    import streamlit as st

    from pages.cases import agreement

    st.session_state["reader_initials"] = "AB"
    st.session_state["rows"] = agreement.of_saved()[0].sort_values("knee").to_dict("records")


def test_the_tick_of_a_saved_case_is_one():
    # A backslash that Python reads makes "\2713" of CSS another letter and a digit.
    assert style.STYLE.isascii()
    assert '"\\2713  "' in style.STYLE


def test_who_signs_out_leaves_no_film_of_the_list_but_those_that_are_nowhere_else(db):
    app = read_and_saved()
    upload(app, "two.png", knee_png(1, seed=5))
    saved_one, other = app.session_state["films"]
    app.session_state["lists_behind_key"] = {"archive_found"}
    app.session_state["films_behind_key"] = {saved_one}
    app.session_state["archive_found"] = ("archive", "Muster, Anna")
    app.switch_page("cases/page.py").run()
    press(app, "sign_out")
    assert list(app.session_state["films"]) == [other]
    assert "archive_found" not in app.session_state
    # The same file, added here afterwards, is no film of the archive.
    assert "films_behind_key" not in app.session_state
    app.switch_page("reading/page.py").run()
    assert "two.png" in html(app)
    assert not any(called(button) == "bring_back" for button in app.button)
    assert keeping.count(db) == 1
    assert saved_one not in app.session_state["films"]


def test_what_is_damaged_is_named_before_it_is_deleted_and_the_others_stay(db, files):
    bad, good = (keeping.add(db, files, new_case(name=n), FILM, NOW) for n in ("a", "b"))
    with writing(db) as connection:
        table = tables.reading_case
        connection.execute(table.update().where(table.c.id == bad.case_id).values(state="{"))
    app = at_list()
    assert "1 case left out" in text(app)
    asked(app, "delete_damaged")
    assert f"**for good**: case {bad.case_id}. Where there is a backup" in text(app)
    press(app, "delete_damaged")
    assert keeping.count(db) == 1
    assert keeping.cases(db, "CD") == [good]


def test_a_list_shows_the_answers_of_its_rows_and_no_others(db, files):
    for number, name in enumerate(("one", "two")):
        new = new_case(str(number) * 64, name=name)
        keeping.add(db, files, new, FILM + bytes([number]), NOW)
    app = started("cases")
    app.session_state["cases_text"] = "two"
    sign_in(app)
    assert [row["cells"]["film"] for row in listed(app)] == ["two"]
    (shown,) = keeping.cases(db, most=1)
    assert set(app.session_state["own_grades"]) == {(shown.film, 0)}


def test_a_grade_does_not_go_over_to_the_other_knee_of_a_film_that_is_turned(db):
    both = np.rot90(np.hstack([draw_knee(1, seed=1), draw_knee(3, seed=2, laterality="L")]))
    app = arrived(name="two.png", data=image_file(both))
    press(app, "own_1")
    press(app, "save_case")
    (case,) = keeping.cases(db)
    assert case.own(0).grade == 1
    next(button for button in app.button if button.label == "Turn it right").click().run()
    (film,) = app.session_state["films"].values()
    assert len(film.frames) == 2
    assert all(own.grade is None for own in app.session_state["own_grades"].values())
    press(app, "own_3")
    assert keeping.cases(db) == [case]
    assert any(called(button) == "open_known" for button in app.button)
