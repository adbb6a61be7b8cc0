"""What keeps a class and its teacher's page safe: tries, places, the log, damaged sessions."""

from datetime import UTC, datetime

import pytest

from kneeoa.spreadsheet import csv_text
from kneeoa.store import audit, tables
from kneeoa.store import group as store
from kneeoa.store.database import writing
from kneeoa.teaching import keys
from kneeoa.teaching.exam import draw_exam
from kneeoa.teaching.films import read_set, synthetic_set
from kneeoa.teaching.wording import DRAWN
from pages.shared import clients
from pages.teach import group_results
from tests.support.graded_films import write_flat
from tests.support.interrupted import pressed_after
from tests.support.teaching_pages import (
    KEY,
    class_store,
    opened,
    pdf_text,
    press,
    signed_in,
    submit,
    text,
)

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
    monkeypatch.setenv(keys.PLACES, "2")
    for name in ("Ann", "Ben", "Cy"):
        app = opened("join", code=group.code)
        app.text_input(key="nickname").set_value(name)
        submit(app)
    assert "From this network 2 take part" in text(app)
    assert len(store.participants(db, group.group_id)) == 2


def entered(app, name):
    app.text_input(key="nickname").set_value(name)
    return submit(app)


def test_a_press_that_comes_while_she_joins_leaves_one_of_her_and_lets_her_in(
    db, group, monkeypatch
):
    app = opened("join", code=group.code)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(store, "join", pressed_after(store.join))
        entered(app, "Anna")
    assert "You are in" in text(entered(app, "Anna"))
    assert [one.nickname for one in store.participants(db, group.group_id)] == ["Anna"]


def test_a_press_that_comes_while_a_session_is_opened_opens_no_other(db, monkeypatch):
    app = signed_in()
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(store, "open_group", pressed_after(store.open_group))
        press(app, "open")
    (group,) = store.groups(db)
    assert app.query_params["session"] == group.code


def test_after_a_session_there_is_a_way_into_the_next_that_deletes_nothing(db, group):
    app = entered(opened("join", code=group.code), "Anna")
    store.change_group(db, group, position=0)
    press(app.run(), "vote_0_2")
    store.change_group(db, store.find_group(db, group.code), state="ended")
    press(app.run(), "another")
    assert "Join a session" in text(app)
    assert store.tally(db, group.group_id, 0) == [0, 0, 1, 0, 0]
    other = store.open_group(db, group.exam, NOW)
    app.text_input(key="code").set_value(other.code)
    assert "You are in" in text(entered(app, "Anna"))


def test_the_code_of_another_session_in_the_address_leads_into_that_one(db, group):
    app = entered(opened("join", code=group.code), "Anna")
    other = store.open_group(db, group.exam, NOW)
    app.query_params.clear()
    assert "You are in" in text(app.run())
    app.query_params.clear()
    app.query_params["code"] = other.code
    assert "Join a session" in text(app.run())


def test_a_film_whose_votes_were_shown_is_not_opened_by_the_arrows(db, group):
    anna = store.join(db, group.code, "Anna", NOW)
    app = signed_in(session=group.code)
    press(app, "begin")
    store.vote(db, anna, 0, 2, datetime.now(UTC))
    for step in ("close", "skip", "back"):
        press(app, step)
    assert store.find_group(db, group.code).state == "closed"
    press(app, "reopen")
    store.vote(db, anna, 0, 4, datetime.now(UTC))
    for step in ("close", "tell", "end"):
        press(app, step)
    assert "opened again after the votes were shown: film 1" in text(app)
    assert list(app.dataframe[0].value["again"]) == [True, False]
    votes = store.votes_of(db, group.group_id)
    first = csv_text(group_results.numbered(votes)).splitlines()[1]
    assert first.startswith("1,") and first.endswith(",4,True")
    films = group_results.films_of(votes)
    said = pdf_text(group_results.made_of(group, votes, films, {}, ""))
    assert "opened again after the votes were shown: film 1." in said
    assert DRAWN in said


def test_a_learners_kappa_says_what_its_interval_is_over(db, tmp_path, monkeypatch):
    folder = write_flat(tmp_path / "flat")
    monkeypatch.setenv("KNEEOA_DATASET", str(folder))
    group = store.open_group(db, draw_exam(read_set(folder).films.values(), 5, seed=0), NOW)
    real = voted_right_once(db, group)
    assert "bootstrap over patients" in text(real)
    monkeypatch.setenv("KNEEOA_DATASET", str(tmp_path / "gone"))
    assert "bootstrap over films" in text(real.run())


def test_a_learners_kappa_of_drawn_films_knows_no_patients(db, group):
    app = voted_right_once(db, group)
    assert DRAWN in text(app)
    assert "bootstrap over films" in text(app)


def voted_right_once(db, group):
    """Return the page of a learner who graded all as the reference, and one film otherwise."""
    anna = store.join(db, group.code, "Anna", NOW)
    here = group
    for position, film in enumerate(group.exam.films):
        here = store.change_group(db, here, position=position)
        store.vote(db, anna, position, int(film.grade), NOW)
    store.change_group(db, here, state="ended")
    app = opened("join", code=group.code, token=anna.token)
    assert "no grade differs: no interval" in text(app)
    with writing(db) as connection:
        connection.execute(tables.vote.update().where(tables.vote.c.grade == 4).values(grade=3))
    return app.run()
