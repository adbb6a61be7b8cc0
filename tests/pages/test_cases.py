"""Saving on Read and the list of cases, without a browser."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from kneeoa.films.frames import Frame
from kneeoa.films.phantom import knee_png
from kneeoa.films.radiograph import read_radiograph
from kneeoa.store import audit
from kneeoa.store.cases import keeping, settings
from kneeoa.teaching import keys
from tests.support.case_pages import (
    FILM,
    KEY,
    arrived,
    asked,
    at_list,
    kept_name,
    labels,
    listed,
    opened,
    read_and_saved,
    sign_in,
    started,
    upload,
)
from tests.support.cases import NOW, knee, new_case
from tests.support.films import dicom_dataset, dicom_file
from tests.support.rows import tables
from tests.support.teaching_pages import called, html, keyed, press, submit, text

pytestmark = pytest.mark.usefixtures("kept")
BY = {"client": "test", "now": NOW}


def test_nothing_is_saved_where_the_owner_did_not_turn_it_on(monkeypatch, tmp_path):
    monkeypatch.delenv(settings.KEY)
    app = upload(started())
    assert not {"Save this case", "Save"} & labels(app)
    app.switch_page("cases/page.py").run()
    app.segmented_control(key="view").set_value("saved").run()
    assert "KNEEOA\\_CASES\\_KEY" in text(app)
    assert not (tmp_path / "kept").exists()


def test_nothing_is_saved_or_shown_without_the_key(db, files):
    app = upload(started())
    assert "Save this case" not in labels(app)
    keeping.add(db, files, new_case(name="secret"), FILM, NOW)
    app = started("cases")
    assert tables(app) == []
    app.text_input(key="key").set_value("not this one")
    assert "not the key of the case list" in text(submit(app))
    assert tables(app) == []
    assert list(audit.entries(db)["event"]) == ["wrong key of the case list"]


def test_the_key_cannot_be_guessed(db):
    for _ in range(keys.AT_ONCE):
        app = started("cases")
        app.text_input(key="key").set_value("wrong")
        submit(app)
    app.text_input(key="key").set_value(KEY)
    assert "Too many tries" in text(submit(app))


def test_a_film_is_saved_when_asked_for_and_its_changes_from_then_on(db, files):
    app = sign_in(upload(started()))
    assert keeping.count(db) == 0
    press(app, "save_case")
    assert "Saved as case" in html(app)
    (case,) = keeping.cases(db)
    assert (case.name, case.source, case.is_read) == (kept_name(case), "PNG", True)
    before, after = (read_radiograph(one, "") for one in (FILM, files.read(case.film)))
    assert np.array_equal(before.pixels, after.pixels)
    (state,) = case.state.knees
    assert state.said is not None
    assert state.low <= state.said <= state.high
    assert set(state.networks) == {"mobilenet", "resnet50"}
    digest = next(iter(app.session_state["films"]))
    assert "moved by hand" not in html(app)
    app.session_state[f"frame_{digest[:12]}_0"] = Frame(-40, -20, 500, 480, "whole")
    app.run()
    assert "moved by hand" in html(app)
    assert keeping.get(db, case.case_id).state.knees[0].frame.top == -40
    side = keyed(app.segmented_control, "side")
    side.set_value("L").run()
    assert keeping.get(db, case.case_id).state.knees[0].side == "L"
    before = keeping.get(db, case.case_id).revision
    app.run()
    assert keeping.get(db, case.case_id).revision == before


def test_a_case_opens_again_as_it_was(db):
    app = read_and_saved("ab")
    digest = next(iter(app.session_state["films"]))
    box = app.session_state["films"][digest].frames[0]
    app.session_state[f"frame_{digest[:12]}_0"] = replace(box, top=box.top - 8)
    press(app, "own_1")
    side = keyed(app.segmented_control, "side")
    side.set_value("L").run()
    (case,) = keeping.cases(db, "AB")
    assert case.own(0).grade == 1
    other = at_list("ab")
    (row,) = listed(other)
    assert row["cells"]["film"] == kept_name(case)
    assert row["cells"]["own_grade"] == "KL 1"
    assert row["cells"]["side"] == "left"
    opened(other, case.case_id)
    assert kept_name(case) in html(other)
    assert "left knee" in html(other)
    assert other.session_state[f"frame_{case.film[:12]}_0"].top == box.top - 8
    assert "Saved as case" in html(other)
    assert [one.value for one in other.warning] == [one.value for one in app.warning]
    assert keeping.get(db, case.case_id, "AB") == case


def test_a_turned_film_comes_back_turned(db):
    stream = io.BytesIO()
    Image.fromarray(np.rot90(np.asarray(Image.open(io.BytesIO(FILM))))).save(stream, "PNG")
    app = arrived(data=stream.getvalue())
    next(button for button in app.button if button.label == "Turn it right").click().run()
    press(app, "save_case")
    (case,) = keeping.cases(db)
    assert case.state.quarters
    other = at_list()
    opened(other, case.case_id)
    assert "turned by" in html(other)
    assert keeping.get(db, case.case_id).state == case.state


def test_what_others_said_of_a_box_stays_until_it_is_moved(db):
    read_and_saved()
    (case,) = keeping.cases(db)
    (state,) = case.state.knees
    other = replace(state, said=0, low=0, high=0, graded_by={"together": "0" * 64})
    keeping.change(db, case, NOW, state=replace(case.state, knees=(other,)))
    app = opened(at_list(), case.case_id)
    assert "The list keeps KL 0" in text(app)
    assert keeping.get(db, case.case_id).state.knees == (other,)
    digest = next(iter(app.session_state["films"]))
    app.session_state[f"frame_{digest[:12]}_0"] = Frame(-40, -20, 500, 480, "whole")
    app.run()
    (moved,) = keeping.get(db, case.case_id).state.knees
    assert moved.graded_by == state.graded_by
    assert "The list keeps" not in text(app)


def test_a_film_that_was_saved_before_is_offered_as_it_was(db):
    read_and_saved()
    app = upload(arrived(name="x.png", data=knee_png(1, seed=5)), "again.png")
    assert "Save this case" not in labels(app)
    press(app, "open_known")
    assert "Saved as case" in html(app)
    assert keeping.count(db) == 1


def test_readers_keep_their_grades_apart(db):
    app = read_and_saved("ab")
    press(app, "own_1")
    (case,) = keeping.cases(db)
    other = at_list("cd")
    assert listed(other)[0]["cells"]["own_grade"] == ""
    opened(other, case.case_id)
    press(other, "own_3")
    assert keeping.get(db, case.case_id, "AB").own(0).grade == 1
    assert keeping.get(db, case.case_id, "CD").own(0).grade == 3


def test_films_of_one_patient_have_one_mark_and_no_name(db, files):
    pixels = np.asarray(Image.open(io.BytesIO(FILM)).convert("L"))
    data = dicom_file(dicom_dataset(pixels, StudyDate="20260304"))
    app = read_and_saved(name="IM0001", data=data)
    (case,) = keeping.cases(db)
    assert case.study_date == "2026-03-04"
    assert case.patient == files.mark_of("SECRET-ID")
    assert "SECRET" not in str(case)
    app = at_list()
    assert listed(app)[0]["cells"]["patient"] == case.patient[:6]


def test_the_list_is_looked_through(db, files):
    for number, said in enumerate((0, 2, 4)):
        new = new_case(name=f"{number}.png", knees=[knee(said)], is_read=number != 1)
        keeping.add(db, files, new, FILM + bytes([number]), NOW)
    app = at_list()
    assert [row["cells"]["film"] for row in listed(app)] == ["2.png", "1.png", "0.png"]
    assert [row["tone"] for row in listed(app)] == ["", "unread", ""]
    app.text_input(key="cases_text").set_value("1.PNG").run()
    assert [row["cells"]["film"] for row in listed(app)] == ["1.png"]
    app.text_input(key="cases_text").set_value("").run()
    app.toggle(key="cases_unread").set_value(True).run()
    assert [row["cells"]["film"] for row in listed(app)] == ["1.png"]


def test_a_film_that_came_in_by_itself_is_read_when_it_is_opened(db, files):
    case = keeping.add(db, files, new_case("c" * 64, knees=[], is_read=False), FILM, NOW)
    app = at_list()
    assert listed(app)[0]["cells"]["answer"] == "not read yet"
    assert listed(app)[0]["tone"] == "unread"
    opened(app, case.case_id)
    assert "Saved as case" in html(app)
    assert not app.warning
    found = keeping.get(db, case.case_id)
    assert found.is_read
    assert found.state.knees[0].said is not None


def test_a_case_is_deleted_for_good_and_the_film_in_the_session_stays(db, tmp_path):
    app = read_and_saved()
    (case,) = keeping.cases(db)
    app.switch_page("cases/page.py").run()
    app.session_state["cases_rows"] = {"at": f"{case.case_id}.0", "marked": None}
    app.run()
    assert app.button(key="cases_delete").disabled
    press(asked(app, "cases_delete"), "cases_delete")
    assert "No case is saved yet" in text(app)
    assert [toast.value for toast in app.toast] == [
        f"Deleted: case {case.case_id} \\({kept_name(case)}\\)."
    ]
    assert keeping.count(db) == 0
    assert list((tmp_path / "kept").rglob("*.film")) == []
    assert audit.entries(db)["event"][0] == "case deleted"
    app.switch_page("reading/page.py").run()
    assert "one.png" in html(app)
    assert "Save this case" in labels(app)


def test_a_film_whose_file_is_gone_is_said_and_the_list_stays(db, tmp_path):
    read_and_saved()
    next((tmp_path / "kept").rglob("*.film")).unlink()
    (case,) = keeping.cases(db)
    app = at_list()
    opened(app, case.case_id)
    assert "file is missing" in text(app)
    assert keeping.count(db) == 1


def test_a_wrong_secret_is_said(db, monkeypatch):
    read_and_saved()
    (case,) = keeping.cases(db)
    monkeypatch.setenv(settings.SECRET, "0e" * 32)
    app = at_list()
    opened(app, case.case_id)
    assert "another key than this" in text(app)


def test_where_it_cannot_be_saved_that_is_said_and_the_film_stays(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(settings.FOLDER, str(tmp_path / "file" / "films"))
    app = read_and_saved()
    assert "Not saved" in text(app)
    assert "one.png" in html(app)


def test_another_window_that_changed_the_case_is_said_and_not_overwritten(db):
    app = read_and_saved()
    (case,) = keeping.cases(db)
    keeping.change(db, case, NOW, is_read=False)
    side = keyed(app.segmented_control, "side")
    side.set_value("L").run()
    assert "Another window has changed" in text(app)
    assert keeping.get(db, case.case_id).state.knees[0].side != "L"
    press(app, "save_anew")
    assert any(called(button) == "open_known" for button in app.button)


def test_who_signs_out_leaves_nothing_of_her_own_to_the_next(db):
    app = read_and_saved("ab")
    press(app, "own_1")
    app.switch_page("cases/page.py").run()
    press(app, "sign_out")
    assert tables(app) == []
    assert not app.session_state["own_grades"]
    assert "Save this case" not in labels(app.switch_page("reading/page.py").run())
