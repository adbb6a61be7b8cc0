"""The list of films that were pushed: which were opened, and why one was not taken."""

import contextlib

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from kneeoa.pacs.inbox import FullInboxError
from pages.shared.pacs import running
from tests.support.archive import film


@pytest.fixture
def inbox(monkeypatch):
    """What is pushed to a server, with nothing in it; pages send their reader nowhere."""
    monkeypatch.setattr(st, "switch_page", lambda *_, **_more: None)
    monkeypatch.setenv("KNEEOA_RECEIVER_PORT", "0")
    running.stop()
    yield running.running().inbox
    running.stop()


def test_a_film_that_could_not_be_opened_is_not_marked_as_opened(inbox):
    inbox.take_in(film("1.2.3.2", SeriesDescription="whole"))
    inbox.take_in(film("1.2.3.1", SeriesDescription="cut off")[:-3000])

    def page():
        import streamlit as st

        from pages.cases import pacs_inbox
        from pages.shared import session_films
        from pages.shared.pacs.running import running

        films = running().inbox.listed()
        pacs_inbox._open(films)
        st.session_state["seen"] = pacs_inbox.table_of(films, pacs_inbox._opened(), {})
        session_films.all_films().clear()
        st.session_state["later"] = pacs_inbox.table_of(films, pacs_inbox._opened(), {})

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    for table in (app.session_state["seen"], app.session_state["later"]):
        states = dict(zip(table["Description"], table["Opened"], strict=True))
        assert states == {"whole": "opened", "cut off": ""}
    assert "inbox_opened" in app.session_state["lists_behind_key"]  # and goes with them


def test_a_film_for_which_there_was_no_room_is_said(inbox, monkeypatch):
    monkeypatch.setattr(inbox, "_settings", running.running().pacs.receiver.__class__(most_films=1))
    inbox.take_in(film("1.2.3.1"))
    with contextlib.suppress(FullInboxError):
        inbox.take_in(film("1.2.3.2"))

    def page():
        from pages.cases import pacs_inbox

        pacs_inbox.show()

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    assert "was not taken. Expected at most 1 films" in app.warning[0].value
    inbox.remove(next(iter(inbox.digests())))
    assert [*app.run().warning] == []


def test_a_film_is_described_as_in_the_list_of_an_archive(inbox):
    inbox.take_in(film("1.2.3.1", StudyDescription="Knee, standing", SeriesDescription="AP"))

    def page():
        import streamlit as st

        from pages.cases import pacs_inbox
        from pages.shared.pacs.running import running

        st.session_state["table"] = pacs_inbox.table_of(running().inbox.listed(), set(), {})

    app = AppTest.from_function(page, default_timeout=60).run()
    assert list(app.session_state["table"]["Description"]) == ["Knee, standing, AP"]
