"""What keeps a class and its teacher's page safe: tries, places, the log, damaged sessions."""

from datetime import UTC, datetime

import pytest

from kneeoa.store import audit
from kneeoa.store import group as store
from kneeoa.store.database import writing
from kneeoa.teaching import keys
from kneeoa.teaching.exam import draw_exam
from kneeoa.teaching.films import synthetic_set
from pages.shared import clients
from tests.support.teaching_pages import KEY, class_store, opened, press, signed_in, submit, text

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def db(tmp_path, monkeypatch):
    with class_store(tmp_path, monkeypatch) as engine:
        yield engine


@pytest.fixture
def group(db):
    return store.open_group(db, draw_exam(synthetic_set().films.values(), 5, seed=0), NOW)


def test_keys_are_tried_a_few_times_right_and_wrong_alike(db):
    for _ in range(keys.AT_ONCE):
        app = opened("teach")
        app.text_input(key="key").set_value("not this one")
        assert "not the teacher's key" in text(submit(app))
    app.text_input(key="key").set_value(KEY)
    submit(app)
    assert "Too many tries" in text(app)
    assert "A new session" not in text(app)
    assert list(audit.entries(db)["event"]) == ["wrong teacher's key"] * keys.AT_ONCE


def test_the_log_says_who_signed_in_and_deleted(db, group):
    app = signed_in()
    press(app, f"delete_{group.code}")
    log = audit.entries(db)
    assert list(log["event"]) == ["session deleted", "teacher signed in"]
    assert list(log["about"]) == [group.code, ""]
    # Streamlit's tests come from no address.
    assert set(log["client"]) == {clients.UNKNOWN}
    app.session_state["log"] = True
    assert list(app.run().dataframe[-1].value["event"]) == list(log["event"])


def test_a_damaged_session_leaves_the_others_on_the_page(db, group):
    bad = store.open_group(db, group.exam, NOW)
    with writing(db) as connection:
        connection.exec_driver_sql(
            f"UPDATE teaching_group SET exam = '{{}}' WHERE id = {bad.group_id}"
        )
    app = signed_in()
    assert "1 session left out" in text(app)
    assert app.button(key=f"go_{group.code}")
    press(app, "delete_damaged")
    assert "left out" not in text(app)
    assert [one.code for one in store.groups(db)] == [group.code]


def test_one_browser_after_another_cannot_fill_a_class(db, group, monkeypatch):
    monkeypatch.setenv(clients.PLACES, "2")
    for name in ("Ann", "Ben", "Cy"):
        app = opened("join", code=group.code)
        app.text_input(key="nickname").set_value(name)
        submit(app)
    assert "From this network 2 take part" in text(app)
    assert len(store.participants(db, group.group_id)) == 2
