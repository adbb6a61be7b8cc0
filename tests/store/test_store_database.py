"""Opening the store: anew, again, at once, and where it cannot be used."""

import os
import sqlite3
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from kneeoa.store import address, database, migrate, tables
from kneeoa.store.database import StoreError, open_store, reading, writing
from kneeoa.store.practice import find_learner, new_learner

NOW = datetime(2030, 1, 2, tzinfo=UTC)


def test_the_newest_migration_makes_the_tables(db):
    assert migrate.known_revisions()[0] == tables.REVISION
    with reading(db) as connection:
        options = {"version_table": tables.VERSION_TABLE}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, tables.metadata) == []
        checks = {
            name: {one["name"] for one in inspect(connection).get_check_constraints(name)}
            for name in tables.metadata.tables
        }
    for name, table in tables.metadata.tables.items():
        parts = table.constraints.union(*(column.constraints for column in table.columns))
        assert {one.name for one in parts if str(one.name).startswith("ck_")} == checks[name]


def test_what_was_kept_is_there_after_a_restart(url):
    first = open_store(url)
    learner = new_learner(first, NOW)
    first.dispose()
    again = open_store(url)
    assert find_learner(again, learner.code) == learner
    again.dispose()


def test_a_database_of_a_newer_version_is_refused(url):
    db = open_store(url)
    with writing(db) as connection:
        connection.execute(text(f"UPDATE {tables.VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(StoreError, match="9999, of a newer program"):
        open_store(url)
    db.dispose()


def test_a_database_of_another_program_is_refused(sqlite_url, tmp_path):
    (tmp_path / "kept").mkdir()
    other = sqlite3.connect(tmp_path / "kept" / "store.sqlite")
    other.execute("CREATE TABLE participant (shoe_size INTEGER)")
    other.close()
    with pytest.raises(StoreError, match=r"another one \(participant\)"):
        open_store(sqlite_url)


def open_and_close(url):
    open_store(url).dispose()
    return url


def test_threads_that_open_at_once_do_not_collide(url):
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(open_and_close, [url] * 8)) == [url] * 8


def test_processes_that_open_at_once_do_not_collide(url, forks):
    code = "import sys; from kneeoa.store.database import open_store; open_store(sys.argv[1])"
    ended = forks.run(code, *[[url]] * 4)
    assert [(one.said, one.returncode) for one in ended] == [("", 0)] * 4


def test_a_thing_that_goes_wrong_leaves_nothing_half_done(db):
    with pytest.raises(ZeroDivisionError), writing(db) as connection:
        row = {"code": "HALF", "created_at": NOW}
        connection.execute(tables.learner.insert().values(row))
        _ = 1 / 0
    with pytest.raises(StoreError, match="No learner has this code"):
        find_learner(db, "HALF")


def test_a_time_without_its_zone_is_a_bug(db):
    with pytest.raises(Exception, match="Expected a time with its zone"):
        new_learner(db, datetime(2030, 1, 2))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://me:s3cret@here/db", "Received: mysql"),
        ("postgresql://me:s3cret@here:port/db", "Received: something else"),
        ("sqlite://", "Received: no file"),
        ("nonsense s3cret", "Received: something else"),
        ("postgresql://me:s3cret@127.0.0.1:1/db", "on 127.0.0.1:1. The server cannot be reached"),
        ("postgresql://me:s3cret@127.0.0.1:1/db?sslmode=maybe", "Received: maybe"),
        ("postgresql://me@127.0.0.1:1/db?password=s3cret", "cannot be reached"),
        ("postgresql://me@127.0.0.1:1/d?sslmode=verify-full&sslrootcert=/none", "None found"),
        (
            "postgresql://me@127.0.0.1:1/d?sslmode=verify-ca&sslrootcert=/a&sslrootcert=/none",
            "in /none. None found",
        ),
    ],
)
def test_a_server_that_cannot_be_used_is_said_without_the_password(url, said):
    with pytest.raises(StoreError) as refusal:
        open_store(url)
    assert said in str(refusal.value)
    assert "s3cret" not in str(refusal.value)
    assert "s3cret" not in "".join(traceback.format_exception(refusal.value))


def test_a_server_without_the_database_is_said(postgres_url):
    missing = postgres_url.replace("kneeoa_test_", "kneeoa_none_")
    for _ in range(8):  # pg8000 does not always say why
        with pytest.raises(StoreError, match="no such database"):
            open_store(missing)


def test_a_lost_connection_is_made_again(postgres_url):
    db, other = open_store(postgres_url), open_store(postgres_url)
    learner = new_learner(db, NOW)
    with reading(other) as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert find_learner(db, learner.code) == learner
    db.dispose()
    other.dispose()


def test_a_connection_lost_midway_is_said(postgres_url):
    db = open_store(postgres_url)
    with pytest.raises(StoreError, match=r"reached|lost|broken off"), writing(db) as connection:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        connection.execute(text("SELECT 1"))
    db.dispose()


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"this is a letter and no database" * 40, "is none, or damaged"), (None, "cannot be opened")],
)
def test_a_file_that_is_no_database_is_said(tmp_path, content, said):
    file = tmp_path / "store.sqlite"
    file.mkdir() if content is None else file.write_bytes(content)
    with pytest.raises(StoreError, match=said):
        open_store(f"sqlite:///{file}")


def test_a_damaged_file_is_said(sqlite_url, tmp_path):
    open_and_close(sqlite_url)
    file = tmp_path / "kept" / "store.sqlite"
    file.write_bytes(file.read_bytes()[:4096] + b"\xff" * 60_000)
    with pytest.raises(StoreError, match="damaged"):
        open_store(sqlite_url)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="folder cannot be made"):
        open_store(f"sqlite:///{tmp_path}/file/store.sqlite")


def test_a_file_that_cannot_be_written_is_said(sqlite_url):
    open_and_close(sqlite_url)
    path = sqlite_url.removeprefix("sqlite:///")
    with pytest.raises(StoreError, match="can be read only"):
        open_store(f"sqlite:///file:{path}?mode=ro&uri=true")


def test_reading_waits_for_no_one_who_writes_and_writing_not_for_ever(sqlite_url, monkeypatch):
    monkeypatch.setattr(database, "LOCK_SECONDS", 0.3)
    db, other = open_store(sqlite_url), open_store(sqlite_url)
    learner = new_learner(db, NOW)
    with ThreadPoolExecutor() as pool, writing(db) as connection:
        connection.execute(tables.learner.delete())
        for where, said in ((db, "Too many use it at once"), (other, "held it for too long")):
            assert find_learner(where, learner.code) == learner
            with pytest.raises(StoreError, match=said):
                pool.submit(new_learner, where, NOW).result()
    db.dispose()
    other.dispose()


def test_the_default_is_a_file_of_the_project(tmp_path, monkeypatch):
    assert address.DEFAULT_FILE.parts[-2:] == ("var", "reading-room.sqlite")
    monkeypatch.setattr(address, "DEFAULT_FILE", tmp_path / "var" / "reading-room.sqlite")
    for unset in (None, ""):
        open_store(unset).dispose()
    assert address.DEFAULT_FILE.is_file()


def test_a_database_is_its_users_alone_and_no_older_one_is_everybodys(tmp_path):
    file = tmp_path / "kept" / "store.sqlite"
    old = os.umask(0o022)
    try:
        db = open_store(f"sqlite:///{file}")
        new_learner(db, NOW)
        parts = [file.with_name(file.name + part) for part in ("", "-wal", "-shm")]
        assert [one.stat().st_mode & 0o077 for one in (file.parent, *parts)] == [0] * 4
        db.dispose()
        file.chmod(0o664)  # a group's, as its owner may want it
        open_store(f"sqlite:///{file}").dispose()
    finally:
        os.umask(old)
    assert file.stat().st_mode & 0o777 == 0o660
