"""The archive's part of the case list: asked, opened, pushed, sent back; and where it fails."""

import asyncio
import os
import socket
import time
from datetime import UTC, datetime

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from kneeoa.pacs import outbox
from kneeoa.pacs.problems import PacsError
from kneeoa.store import tables
from kneeoa.store.database import open_store, writing
from pages.shared.pacs import running
from tests.support.archive import PATIENT, film, report
from tests.support.case_pages import asked, read_behind

SECONDS = 60
NOW = datetime(2030, 1, 2, tzinfo=UTC)


def page():
    from pages.cases import pacs
    from pages.shared import session_films, style

    style.apply_style()
    pacs.show()
    session_films.show_refusals()


@pytest.fixture
def db():
    """The store of the pages, with an empty outbox."""
    engine = open_store(os.environ["KNEEOA_DATABASE_URL"])
    with writing(engine) as connection:
        connection.execute(tables.outgoing.delete())
    yield engine
    engine.dispose()


@pytest.fixture
def went(monkeypatch):
    """Where pages send their reader."""
    places = []
    monkeypatch.setattr(st, "switch_page", lambda page, **_: places.append(page))
    return places


def ran(part=""):
    app = AppTest.from_function(page, default_timeout=SECONDS)
    if part:
        app.query_params["archive"] = part
    return app.run()


def texts(app):
    shown = [*app.markdown, *app.caption, *app.warning, *app.error, *app.info]
    text = "\n".join(element.value for element in shown)
    return text.replace("\\", "").replace("\u2060", "")


def find(app, **asked):
    for key, value in asked.items():
        app.text_input(key=f"archive_{key}").input(value)
    app.button[0].click().run()
    assert not app.exception
    return app


def test_without_an_archive_nothing_is_shown(monkeypatch):
    running.stop()
    app = ran()
    assert not app.exception
    assert [*app.segmented_control, *app.button, *app.warning] == []


def test_settings_that_cannot_work_are_said(monkeypatch):
    running.stop()
    monkeypatch.setenv("KNEEOA_PACS_URL", "http://pacs.example/dicom-web")
    app = ran()
    running.stop()
    assert "Expected https://" in texts(app)


def test_films_of_a_patient_are_found_and_opened(configured, went):
    configured.films = {
        "1": film("1.2.3.1"),
        "2": film("1.2.3.2"),
        "3": film("1.2.9.1", study="1.2.9", series="1.2.9.1", BodyPartExamined="CHEST"),
    }
    app = find(ran(), patient=PATIENT)
    (table,) = app.dataframe
    assert table.value[["Patient", "Number", "Body part"]].values.tolist() == [
        ["SECRET, PATIENT", PATIENT, "KNEE"]
    ]
    assert app.button(key="archive_open").disabled
    assert dict(app.query_params) == {}
    app.toggle[0].set_value(True).run()
    assert len(app.dataframe[0].value) == 2


def test_what_was_chosen_is_opened_in_read(configured, went):
    from pages.cases import pacs_query
    from pages.shared import session_films

    configured.films = {uid: film(uid) for uid in ("1.2.3.1", "1.2.3.2")}

    def page():
        from kneeoa.pacs.query import Search
        from kneeoa.pacs.web import Web
        from pages.cases import pacs_query
        from pages.shared.pacs.running import running

        server = running().pacs.server()
        pacs_query._open(server, list(Web(server).find(Search(patient_id="SECRET-ID")).series))

    app = AppTest.from_function(page, default_timeout=SECONDS).run()
    assert not app.exception
    assert went == ["reading/page.py"]
    films = app.session_state["films"]
    # The two are one picture, in two files. She begins with the first; the other is read behind.
    assert len(films) == 1
    kept = [one.name for one in (*films.values(), *read_behind(app))]
    assert len(kept) == 2
    assert all(name.startswith("2026-01-02") for name in kept)
    assert PATIENT not in "".join(kept)
    assert app.session_state[session_films.NEXT] in films
    assert pacs_query.table_of([]).empty


def test_an_archive_that_does_not_answer_is_said_on_the_page(configured, monkeypatch):
    monkeypatch.setenv("KNEEOA_PACS_URL", "http://127.0.0.1:1/dicom-web")
    running.stop()
    app = find(ran(), patient=PATIENT)
    assert "Nobody answers there" in texts(app)
    assert [*app.dataframe] == []


def test_a_search_for_nobody_is_said(configured):
    app = find(ran())
    assert "Expected a patient, an accession number or a date" in texts(app)


def test_which_of_several_archives_is_asked_is_chosen_before_what_it_is_asked(
    configured, monkeypatch, tmp_path
):
    file = tmp_path / "pacs.toml"
    file.write_text("".join(f'[servers.{name}]\nurl = "{configured.url}"\n' for name in "ab"))
    for name in ("KNEEOA_PACS_URL", "KNEEOA_RECEIVER_PORT"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("KNEEOA_PACS", str(file))
    running.stop()
    asked = [element.key for element in ran().main if str(element.key).startswith("archive_")]
    assert asked[:3] == ["archive_query", "archive_server", "archive_patient"]


def test_markup_of_an_archive_is_text(configured):
    configured.films = {"1": film(PatientName="**A**^<b>", SeriesDescription="[x](http://y) knee")}
    app = find(ran(), patient=PATIENT)
    (row,) = app.dataframe[0].value.to_dict("records")
    assert row["Patient"] == "**A**, <b>"
    assert "http" not in texts(app)


def chosen(rows):
    return {"selection": {"rows": rows, "columns": [], "cells": []}}


def test_pushed_films_come_into_the_list_but_not_while_a_row_is_chosen(
    configured, went, monkeypatch
):
    inbox = running.running().inbox
    app = ran("Pushed here")
    assert "No film waits" in texts(app)
    inbox.take_in(film("1.2.3.1"))
    app.run()
    (row,) = app.dataframe[0].value.to_dict("records")
    assert (row["Number"], row["Day"], row["Opened"]) == (PATIENT, "2026-01-02", "")
    # Rows do not move under the hand.
    first = [one.digest for one in inbox.listed()]
    monkeypatch.setattr(
        "pages.cases.opening.choose_rows",
        lambda table, columns, *, key: [0] if len(table) == len(first) else [],
    )
    app.run()
    inbox.take_in(film("1.2.3.2"))
    app.run()
    (new,) = [one for one in app.button if one.key == "inbox_new"]
    assert new.label == "1 film came: show"
    assert len(app.session_state["inbox_shown"]) == 1
    new.click().run()
    assert len(app.session_state["inbox_shown"]) == 2
    assert not [one for one in app.button if one.key == "inbox_new"]


def test_a_header_that_cannot_be_read_is_no_endless_news(configured, went, monkeypatch):
    inbox = running.running().inbox
    inbox.take_in(film("1.2.3.1"))
    monkeypatch.setattr(inbox, "_about", lambda digest, last: {})
    app = ran("Pushed here")
    assert len(app.dataframe) == 1
    assert not [one for one in app.button if one.key == "inbox_new"]


def test_pushed_films_are_opened_and_removed(configured, went):
    running.running().inbox.take_in(film("1.2.3.1"))

    def page():
        from pages.cases import pacs_inbox
        from pages.shared.pacs.running import running

        films = running().inbox.listed()
        pacs_inbox._open(films)
        pacs_inbox._remove([film.digest for film in films])
        pacs_inbox._open(films)

    app = AppTest.from_function(page, default_timeout=SECONDS).run()
    assert not app.exception
    assert went == ["reading/page.py"]
    assert len(app.session_state["films"]) == 1
    assert "removed from the list meanwhile" in texts(app)
    assert running.running().inbox.listed() == []


def test_a_film_that_cannot_be_removed_is_said_in_words(configured, monkeypatch):
    def locked(digest):
        raise PacsError("The folder is locked.")

    inbox = running.running().inbox
    inbox.take_in(film("1.2.3.1"))
    monkeypatch.setattr(inbox, "remove", locked)

    def page():
        from pages.cases import pacs_inbox
        from pages.shared.pacs.running import running

        pacs_inbox._remove(running().inbox.listed())

    app = AppTest.from_function(page, default_timeout=SECONDS).run()
    assert not app.exception
    assert "The folder is locked" in texts(app)


def test_a_report_that_waits_can_be_tried_again_and_discarded(configured, db):
    server = running.running().pacs.server()
    configured.mood = "refuses"
    for number in (1, 2):
        outbox.put(db, server, report(f"1.2.5.{number}"), datetime.now(UTC), about="<b>case</b> 7")
    running.running().wake()
    wait_for(lambda: {one.state for one in outbox.entries(db)} == {"failed"})
    app = ran("Sent to the archive")
    assert "2 refused, 0 in the archive." in texts(app)
    assert "Structured report, <b>case</b> 7" in texts(app)
    assert "refuses (0122)" in texts(app)
    configured.mood = "well"
    first, second = [one.entry_id for one in outbox.entries(db)]
    asked(app, f"outbox_away_{second}").button(key=f"outbox_away_{second}").click().run()
    app.button(key=f"outbox_try_{first}").click().run()
    wait_for(lambda: [one.state for one in outbox.entries(db)] == ["sent"])
    assert "1 in the archive." in texts(app.run())


def wait_for(is_so):
    last = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < last
        time.sleep(0.05)


def test_what_was_refused_stands_before_what_waits_by_itself(configured, db):
    server = running.running().pacs.server()
    running.stop()
    first, *_ = [outbox.put(db, server, report(f"1.2.5.{n}"), NOW) for n in (1, 2, 3)]
    refused = tables.outgoing.update().where(tables.outgoing.c.id == first)
    with writing(db) as connection:
        connection.execute(refused.values(state="failed"))
    assert [entry.state for entry in outbox.entries(db)] == ["failed", "waiting", "waiting"]


def test_the_receiver_listens_as_long_as_the_server_runs(configured):
    running.stop()

    async def live():
        async with running.lifespan(None):
            port = running.running()._receiver.port
            with socket.create_connection(("127.0.0.1", port)):
                return port

    port = asyncio.run(live())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_port_that_is_taken_is_said_and_the_rest_goes_on(configured, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("KNEEOA_RECEIVER_PORT", str(taken.getsockname()[1]))
        running.stop()
        app = ran()
    assert "Another program listens there" in texts(app)
    assert app.segmented_control[0].options == [
        "From the archive",
        "Pushed here",
        "Sent to the archive",
    ]
