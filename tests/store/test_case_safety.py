"""What befalls saved cases: processes that are killed, commits that fail, two windows at once."""

import contextlib
import hashlib
import os
import signal
import time
from datetime import timedelta

import pytest

from kneeoa.store import database
from kneeoa.store.cases import keeping, readers, windows
from kneeoa.store.cases.case import OwnGrade
from kneeoa.store.cases.films import FilmFileError, FilmFiles, Put
from kneeoa.store.database import StoreError, writing
from tests.support.cases import NOW, new_case

BY = {"client": "10.0.0.7", "now": NOW}
FILM = b"the bytes of a film" * 100
MINUTE = timedelta(minutes=1)
HOURS = 2 * 3600

KILLED = """
import os, signal, sys
from pathlib import Path
from kneeoa.store import database
from kneeoa.store.cases import films, keeping
from tests.support.cases import NOW, new_case

url, folder, what, when = sys.argv[1:]
kind, name = {"saving": (films.Put, "__call__"), "deleting": (films.FilmFiles, "put_aside")}[what]
done = getattr(kind, name)

def killed(*args):
    if when == "after":
        done(*args)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(kind, name, killed)
db, files = database.open_store(url), films.FilmFiles(Path(folder), b"k" * 32)
if what == "saving":
    keeping.add(db, files, new_case(), b"the bytes of a film" * 100, NOW)
keeping.remove(db, files, [one.case_id for one in keeping.cases(db)], client="x", now=NOW)
"""


@pytest.fixture
def files(tmp_path):
    return FilmFiles(tmp_path / "films", b"k" * 32)


def in_folder(files):
    """All files but the folder's own key."""
    found = [file for file in files.folder.rglob("*") if file.is_file()]
    return [file for file in found if file.name != "patients.key"]


def grow_old(files):
    for file in in_folder(files):
        os.utime(file, times=(time.time() - HOURS,) * 2)


@pytest.fixture
def kill_while(forks, db_url, files):
    """Have a process be killed at what it does."""

    def kill_while(what, when):
        (done,) = forks.run(KILLED, [db_url, str(files.folder), what, when])
        assert done.returncode == -signal.SIGKILL, done.said

    return kill_while


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_case_whose_deleting_was_killed_is_there_with_its_film(db, files, kill_while, when):
    case = keeping.add(db, files, new_case(), FILM, NOW)
    kill_while("deleting", when)
    assert keeping.cases(db) == [case]
    keeping.tidy(db, files, NOW)
    assert files.read(case.film) == FILM
    keeping.remove(db, files, [case.case_id], **BY)
    assert in_folder(files) == []


def test_a_film_that_could_not_be_deleted_after_its_case_goes_later(db, files, monkeypatch):
    case = keeping.add(db, files, new_case(), FILM, NOW)

    def refuses(*_, **__):
        raise FilmFileError("Expected to delete a film.")

    with monkeypatch.context() as there:
        there.setattr(FilmFiles, "settle_aside", refuses)
        keeping.remove(db, files, [case.case_id], **BY)
    assert len(in_folder(files)) == 1
    keeping.tidy(db, files, NOW)
    assert in_folder(files) == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_film_whose_saving_was_killed_goes_and_its_next_saving_keeps_it(
    db_url, files, kill_while, when
):
    kill_while("saving", when)
    db = database.open_store(db_url)
    assert keeping.count(db) == 0
    left = [file for file in in_folder(files) if file.suffix == ".film"]
    assert len(left) == (when == "after")
    keeping.tidy(db, files, NOW)  # it may be on its way still
    assert [file for file in in_folder(files) if file.suffix == ".film"] == left
    grow_old(files)
    keeping.tidy(db, files, NOW)
    assert [file for file in in_folder(files) if not file.name.startswith(".new.")] == []
    case = keeping.add(db, files, new_case(), FILM, NOW)
    assert files.read(case.film) == FILM
    db.dispose()


def test_a_film_that_a_case_has_stays_whoever_was_killed(db, files, monkeypatch):
    monkeypatch.setattr(Put, "settled", lambda self: None)
    case = keeping.add(db, files, new_case(), FILM, NOW)
    grow_old(files)
    assert len(files.unsettled()) == 1
    keeping.tidy(db, files, NOW)
    assert files.read(case.film) == FILM
    assert files.unsettled() == []


def test_where_what_was_written_is_taken_back_its_film_goes(db, files, monkeypatch):
    fails = [True]

    @contextlib.contextmanager
    def taken_back(engine):
        with writing(engine) as connection:
            yield connection
            if fails.pop() if fails else False:
                raise StoreError("The disk is full.")

    monkeypatch.setattr(keeping, "writing", taken_back)
    with pytest.raises(StoreError, match="The disk is full"):
        keeping.add(db, files, new_case(), FILM, NOW)
    assert in_folder(files) == []
    assert keeping.count(db) == 0


def test_where_the_database_is_gone_the_film_waits_to_be_tidied(db, files, monkeypatch):
    def gone(engine):
        raise StoreError("The connection was lost.")

    @contextlib.contextmanager
    def lost(engine):
        with writing(engine) as connection:
            yield connection
            monkeypatch.setattr(keeping, "writing", gone)
            raise StoreError("The connection was lost.")

    monkeypatch.setattr(keeping, "writing", lost)
    with pytest.raises(StoreError, match="connection was lost"):
        keeping.add(db, files, new_case(), FILM, NOW)
    assert files.read(hashlib.sha256(FILM).hexdigest()) == FILM
    monkeypatch.setattr(keeping, "writing", writing)
    grow_old(files)
    keeping.tidy(db, files, NOW)
    assert in_folder(files) == []


def test_a_window_is_told_before_it_has_anything_to_say(db, files):
    case = keeping.add(db, files, new_case(), FILM, NOW)
    windows.expect_unchanged(db, case)
    keeping.mark_read(db, [case.case_id], False)
    windows.expect_unchanged(db, case)  # whether it is read is nothing that it shows
    keeping.change(db, case, NOW, is_read=True)
    with pytest.raises(StoreError, match="Another window has changed"):
        windows.expect_unchanged(db, case)
    keeping.remove(db, files, [case.case_id], **BY)
    with pytest.raises(StoreError, match="was deleted"):
        windows.expect_unchanged(db, case)


def test_a_grade_of_an_old_window_does_not_take_the_place_of_a_later_one(db, files):
    case = keeping.add(db, files, new_case(), FILM, NOW)
    later = OwnGrade(4, NOW + MINUTE)
    readers.put_grade(db, case.case_id, 0, "", later)
    assert readers.put_grade(db, case.case_id, 0, "", OwnGrade(1, NOW)) == (later, later)
    assert keeping.get(db, case.case_id).own(0) == later


def test_what_was_seen_in_one_window_makes_no_free_grade_of_another(db, files):
    case = keeping.add(db, files, new_case(), FILM, NOW)
    readers.put_grade(db, case.case_id, 0, "", OwnGrade(seen_at=NOW))
    # A window that does not know of it: she gave a grade, and then saw the answer there.
    free = OwnGrade().given(3, NOW + MINUTE).seen(NOW + 2 * MINUTE)
    assert free.committed == 3
    assert readers.put_grade(db, case.case_id, 0, "", free).own.committed is None
    assert keeping.get(db, case.case_id).own(0) == OwnGrade(3, NOW + MINUTE, None, None, NOW)
