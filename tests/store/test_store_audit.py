"""The audit log, the places of one client, and rows that another program has changed."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, text

from kneeoa.store import audit, migrate, practice
from kneeoa.store import group as store
from kneeoa.store.database import StoreError, open_store, reading, writing
from kneeoa.teaching import exam as exams
from kneeoa.teaching.exam import Exam, ExamFilm

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
BY = {"client": "10.0.0.7", "now": NOW}
EXAM = Exam("Monday", 7, (0,), (ExamFilm("f0", 0), ExamFilm("f1", 0)))
OPTIONS = practice.PracticeOptions("plain", "each")


def events(db):
    return list(audit.entries(db)["event"])


def test_what_is_kept_says_when_what_from_where_and_about_what(db):
    audit.record(db, "wrong teacher's key", **BY)
    audit.record(db, "votes exported", about="ABCDEF", **BY)
    log = audit.entries(db)
    assert list(log.columns) == list(audit.COLUMNS)
    assert list(log["event"]) == ["votes exported", "wrong teacher's key"]
    assert list(log["about"]) == ["ABCDEF", ""]
    assert set(log["client"]) == {"10.0.0.7"}
    assert [one.tz_convert(UTC) for one in log["happened_at"]] == [NOW, NOW]
    assert len(audit.entries(db, 1)) == 1


def test_only_what_is_known_to_hold_no_name_is_an_event(db):
    with pytest.raises(ValueError, match="Received: Anna left"):
        audit.record(db, "Anna left", **BY)


def test_deletions_are_logged_with_what_they_delete_and_once(db):
    group = store.open_group(db, EXAM, NOW)
    anna = store.join(db, group.code, "Anna", NOW)
    for _ in range(2):
        store.remove_participant(db, group.group_id, anna.participant_id, **BY)
        store.delete_group(db, group.group_id, **BY)
    learner = practice.new_learner(db, NOW)
    practice.delete_learner(db, learner, **BY)
    log = audit.entries(db)
    assert list(log["event"]) == [
        "practice deleted",
        "session deleted",
        "learner removed from a session",
    ]
    assert list(log["about"]) == [f"learner {learner.learner_id}", group.code, group.code]
    assert not any(word in log.to_csv() for word in ("Anna", "Monday", learner.code))


def test_what_is_not_deleted_is_not_logged(db, monkeypatch):
    group = store.open_group(db, EXAM, NOW)
    monkeypatch.setattr(audit, "EVENTS", ())
    with pytest.raises(ValueError, match="session deleted"):
        store.delete_group(db, group.group_id, **BY)
    assert [one.code for one in store.groups(db)] == [group.code]
    assert events(db) == []


def test_the_log_does_not_grow_without_end(db, monkeypatch):
    monkeypatch.setattr(audit, "MOST", 3)
    for number in range(5):
        audit.record(db, "votes exported", about=str(number), **BY)
    assert list(audit.entries(db)["about"]) == ["4", "3", "2"]


def test_one_client_cannot_take_all_places(db):
    group = store.open_group(db, EXAM, NOW)
    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(store.join, db, group.code, f"n{i}", NOW, client="a" * 32, most_a_client=4)
            for i in range(12)
        ]
        refused = [one.exception() for one in asked if one.exception()]
    assert len(store.participants(db, group.group_id)) == 4
    assert all("From this network 4 take part" in str(one) for one in refused)
    store.join(db, group.code, "Ben", NOW, client="b" * 32, most_a_client=4)
    # A place that is given back can be had again; other sessions have places of their own.
    left = store.participants(db, group.group_id)[0]
    store.remove_participant(db, group.group_id, left.participant_id, **BY)
    store.join(db, group.code, "again", NOW, client="a" * 32, most_a_client=4)
    other = store.open_group(db, EXAM, NOW)
    store.join(db, other.code, "there", NOW, client="a" * 32, most_a_client=4)


def broken(table, column, value):
    return f"UPDATE {table} SET {column} = {value}"


def exam_with(**changed):
    content = {"title": "t", "seed": 1, "grades": [0], "schema_version": 1}
    content |= {"kind": "knee reading room exam", "films": [{"image_id": "a", "grade": 0}]}
    return json.dumps(content | changed)


BAD_EXAMS = {
    "no exam": "{}",
    "half a pair": exam_with(title="\ud800"),
    "turned text": exam_with(title="a\u202eb"),
    "a control": exam_with(films=[{"image_id": "a\0", "grade": 0}]),
    "a grade that is none": exam_with(grades=[9]),
    "too long": exam_with(title="x" * 121),
    "no text at all": "",
    "NaN": exam_with(seed=float("nan")),
}


@pytest.mark.parametrize("kind", BAD_EXAMS)
def test_a_damaged_session_is_left_out_and_the_others_stand(db, kind):
    bad, good = (store.open_group(db, EXAM, NOW) for _ in range(2))
    learner = practice.new_learner(db, NOW)
    for _ in range(2):
        practice.begin_session(db, learner, EXAM, OPTIONS, NOW)
    first = practice.sessions_of(db, learner)[0].session_id
    with writing(db) as connection:
        for table, number in (("teaching_group", bad.group_id), ("practice_session", first)):
            change = text(f"UPDATE {table} SET exam = :exam WHERE id = :id")
            connection.execute(change, {"exam": BAD_EXAMS[kind], "id": number})
    assert [one.group_id for one in store.groups(db)] == [good.group_id]
    assert store.damaged_groups(db) == [bad.group_id]
    with pytest.raises(StoreError, match="is damaged"):
        store.find_group(db, bad.code)
    assert [one.session_id for one in practice.sessions_of(db, learner)] == [first + 1]
    assert practice.open_session(db, learner).session_id == first + 1
    store.delete_group(db, bad.group_id, **BY)
    assert store.damaged_groups(db) == []


@pytest.mark.parametrize(
    "change",
    [
        "opened_at = 'yesterday'",
        "opened_at = '2030-13-45 99:99:99'",
        "opened_at = x'ff'",
        "opened_at = 17",
        "position = 99",
        "position = 'third'",
        "exam = x'ff00ff'",
        "exam = CAST(x'ff' AS TEXT)",
        "code = CAST(x'ff' AS TEXT)",
        "code = 'a b'",
    ],
)
def test_what_sqlite_keeps_and_no_column_allows_is_left_out(sqlite_url, change):
    db = open_store(sqlite_url)
    bad, good = (store.open_group(db, EXAM, NOW) for _ in range(2))
    with writing(db) as connection:
        connection.exec_driver_sql(f"UPDATE teaching_group SET {change} WHERE id = {bad.group_id}")
    assert [one.group_id for one in store.groups(db)] == [good.group_id]
    assert store.damaged_groups(db) == [bad.group_id]
    with pytest.raises(StoreError):
        store.find_group(db, bad.code)
    db.dispose()


def test_a_database_of_the_version_before_is_brought_up_to_date(url):
    opened = create_engine(url.replace("postgres:", "postgresql+pg8000:"))
    if opened.dialect.name == "sqlite":
        from pathlib import Path

        Path(opened.url.database).parent.mkdir()
    with opened.begin() as connection:
        migrate.upgrade(connection, "0001")
        connection.execute(
            text("INSERT INTO learner (code, created_at) VALUES ('OLD', '2029-01-01 00:00:00')")
        )
    opened.dispose()
    db = open_store(url)
    with reading(db) as connection:
        assert connection.scalar(text("SELECT code FROM learner")) == "OLD"
    group = store.open_group(db, EXAM, NOW)
    store.join(db, group.code, "Anna", NOW)
    store.delete_group(db, group.group_id, **BY)
    assert events(db) == ["session deleted"]
    db.dispose()


def test_films_that_were_closed_before_the_database_knew_of_it_are_closed(url, tmp_path):
    opened = create_engine(url.replace("postgres:", "postgresql+pg8000:"))
    (tmp_path / "kept").mkdir(exist_ok=True)
    with opened.begin() as connection:
        migrate.upgrade(connection, "0007")
        row = {"exam": exams.to_json(EXAM), "at": "2029-01-01 00:00:00"}
        connection.execute(
            text(
                "INSERT INTO teaching_group (code, exam, state, position, round, opened_at) "
                "VALUES ('ABCDEF', :exam, 'closed', 1, 4, :at)"
            ),
            row,
        )
        number = connection.scalar(text("SELECT id FROM teaching_group"))
        for position, told in ((0, True), (1, False)):
            connection.execute(
                text("INSERT INTO group_film (group_id, position, told) VALUES (:g, :p, :t)"),
                {"g": number, "p": position, "t": told},
            )
    opened.dispose()
    db = open_store(url)
    group = store.find_group(db, "ABCDEF")
    for position, state in ((0, "told"), (1, "closed")):
        group = store.change_group(db, group, position=position)
        assert group.state == state
    db.dispose()


def test_answers_and_sessions_from_before_they_were_counted_are_in_order(url, tmp_path):
    opened = create_engine(url.replace("postgres:", "postgresql+pg8000:"))
    (tmp_path / "kept").mkdir(exist_ok=True)
    with opened.begin() as connection:
        migrate.upgrade(connection, "0009")
        row = {
            "exam": exams.to_json(EXAM),
            "at": "2029-01-01 00:00:00",
            "options": json.dumps(asdict(OPTIONS)),
        }
        for line in (
            "INSERT INTO learner (code, created_at) VALUES ('OLDOLDOL', :at)",
            "INSERT INTO practice_session (learner_id, exam, options, started_at) "
            "SELECT id, :exam, :options, :at FROM learner",
            "INSERT INTO teaching_group (code, exam, state, position, round, opened_at) "
            "VALUES ('ABCDEF', :exam, 'waiting', 0, 0, :at)",
        ):
            connection.execute(text(line), row)
        number = connection.scalar(text("SELECT id FROM practice_session"))
        for position, hour in ((0, 12), (1, 11)):
            connection.execute(
                text(
                    "INSERT INTO practice_answer (session_id, position, image_id, reference, "
                    "grade, shown_when, answered_at) VALUES (:s, :p, :i, :r, 1, 'never', :at)"
                ),
                {
                    **{"s": number, "p": position, "i": EXAM.films[position].image_id},
                    **{"r": EXAM.films[position].grade, "at": f"2029-01-01 {hour}:00:00"},
                },
            )
    opened.dispose()
    db = open_store(url)
    assert practice.answers_of(db, number)["number"].tolist() == [2, 1]
    assert store.find_group(db, "ABCDEF").left_out == 0
    new = store.open_group(db, EXAM, NOW, left_out=3)
    assert store.find_group(db, new.code) == new and new.left_out == 3
    db.dispose()


def test_what_was_deleted_for_good_is_not_left_beside_the_database(sqlite_url, tmp_path):
    db = open_store(sqlite_url)
    group = store.open_group(db, EXAM, NOW)
    anna, _ = (store.join(db, group.code, name, NOW) for name in ("Annabella", "Barnabas"))
    learner = practice.new_learner(db, NOW)
    code = learner.code.replace("-", "")

    def kept():
        files = sorted((tmp_path / "kept").iterdir())
        content = b"".join(file.read_bytes() for file in files)
        return [name for name in ("Annabella", "Barnabas", code) if name.encode() in content]

    assert kept() == ["Annabella", "Barnabas", code]
    store.remove_participant(db, group.group_id, anna.participant_id, **BY)
    assert kept() == ["Barnabas", code]
    store.delete_group(db, group.group_id, **BY)
    assert kept() == [code]
    practice.delete_learner(db, learner, **BY)
    assert kept() == []
    db.dispose()
