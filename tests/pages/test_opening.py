"""Several films from an archive: the first is there at once, the others are read behind it."""

import hashlib

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared.pacs import running
from tests.support.archive import film
from tests.support.case_pages import (
    at_list,
    read_behind,
    upload,
)
from tests.support.teaching_pages import press, text


@pytest.fixture
def went(monkeypatch):
    """Where pages send their reader."""
    places = []
    monkeypatch.setattr(st, "switch_page", lambda page, **_: places.append(page))
    return places


def test_a_pushed_film_that_cannot_be_read_holds_up_no_other_and_is_named(went):
    def page():
        import streamlit as st

        from pages.cases import opening
        from pages.shared import session_films
        from pages.shared.cases import arrivals
        from tests.support.archive import film

        arrivals.take_arrivals()
        session_films.show_refusals()
        if "batch" not in st.session_state:
            noted = st.session_state["noted"] = []
            films = opening.Films(lambda: noted.append(len(session_films.all_films())))
            for data in (b"no film", film("1.2.3.1"), b"none either", film("1.2.3.2")):
                films.take("2026-01-02", "Knee", data)
            films.turn_to()

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    assert went == ["reading/page.py"]
    assert app.session_state["noted"] == [0]  # once, before the first of them is there
    assert len(app.session_state["films_behind_key"]) == 3
    behind = read_behind(app)
    assert len(app.session_state["films"]) == 1
    assert len(behind) == 2
    app.run()
    assert len(app.session_state["films"]) == 2
    assert len(app.error) == 2
    assert all("was not read" in error.value for error in app.error)


def test_an_empty_list_says_that_pushed_films_wait(kept, monkeypatch):
    monkeypatch.setenv("KNEEOA_RECEIVER_PORT", "0")
    running.stop()
    app = at_list()
    assert "No case is saved yet" in text(app)
    assert "modality" not in text(app)
    running.running().inbox.take_in(film("1.2.3.1"))
    assert "1 film came from a modality" in text(app.run())
    running.stop()


@pytest.mark.parametrize("policy", ["uploads", "remove"])
def test_a_pushed_film_that_is_saved_says_as_which_case(kept, policy, monkeypatch):
    monkeypatch.setenv("KNEEOA_RECEIVER_PORT", "0")
    monkeypatch.setenv("KNEEOA_CASES_IDENTITY", policy)
    running.stop()
    data = film("1.2.3.1")
    running.running().inbox.take_in(data)
    app = at_list()
    app.switch_page("reading/page.py").run()
    app.session_state["films_behind_key"] = {hashlib.sha256(data).hexdigest()}
    press(upload(app, "pushed.dcm", data), "save_case")
    assert not app.error
    app.switch_page("cases/page.py").run()
    app.segmented_control(key="view").set_value("archive").run()
    (row,) = app.dataframe[0].value.to_dict("records")
    assert row["Opened"] == "case 1"
    running.stop()
