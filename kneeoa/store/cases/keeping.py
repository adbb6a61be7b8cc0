"""Cases in the database and their films beside it: added, changed, graded, found, deleted.

A film's row is locked while a case of it comes or goes, so that no film is deleted that a case was
just given, be it by another server. Times are given by the caller, in UTC.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, delete, func, select, update

from kneeoa.errors import DataError
from kneeoa.store import audit, tables
from kneeoa.store.cases.case import (
    LONGEST_NAME,
    LONGEST_READER,
    Case,
    FilmState,
    NewCase,
    OwnGrade,
    from_json,
    to_json,
)
from kneeoa.store.cases.films import FilmFiles
from kneeoa.store.database import StoreError, forget_log, insert_into, reading, writing
from kneeoa.store.values import each_of, grade_of
from kneeoa.wording import entered, plain

GONE = "This case was deleted in another window. Save the film again to keep it."
CHANGED = (
    "Another window has changed this case. Nothing of it is overwritten: open it again from Cases, "
    "and go on there."
)
MOST = 20_000
"""Cases that are listed, the newest."""
_PLAIN = ("film", "digest", "name", "source", "patient", "study_date", "is_read", "revision")
_TIMES = ("created_at", "updated_at")


def add(db: Engine, files: FilmFiles, new: NewCase, content: bytes, now: datetime) -> Case:
    """Keep a film, whose file has `content`, as a new case; return the case.

    Either all of it is kept or nothing. Raises `StoreError` or `FilmFileError` with what stands
    against it.
    """
    table = tables.reading_case
    row: dict[str, Any] = {
        "digest": new.digest,
        "name": plain(new.name, LONGEST_NAME),
        "source": new.source,
        "patient": new.patient,
        "study_date": new.study_date,
        "is_read": new.is_read,
        "revision": 1,
        "created_at": now,
        "updated_at": now,
    }
    state = to_json(new.state)
    with files.written(content) as put, writing(db) as connection:
        is_new = _lock_film(db, connection, put.digest, len(content), now)
        try:
            put()
            values = row | {"film": put.digest, "state": state}
            case_id = connection.scalar(table.insert().values(values).returning(table.c.id))
        except BaseException:
            if is_new:  # its row is taken back, so its file goes, too
                files.drop(put.digest)
            raise
    return Case(case_id, film=put.digest, state=from_json(state), **row)


def _lock_film(db: Engine, connection: Connection, digest: str, size: int, now: datetime) -> bool:
    """Have the film's row be there, and nobody else change it; return whether it was not there."""
    film = tables.kept_film
    row = insert_into(db, film).values(digest=digest, size=size, kept_at=now)
    row = row.on_conflict_do_nothing(index_elements=["digest"])
    while True:
        is_new = connection.execute(row).rowcount > 0
        lock = select(film.c.digest).where(film.c.digest == digest).with_for_update()
        # Between the two, another server may have deleted it.
        if connection.scalar(lock) is not None:
            return is_new


def change(
    db: Engine,
    case: Case,
    now: datetime,
    *,
    state: FilmState | None = None,
    is_read: bool | None = None,
) -> int:
    """Keep a case as it now is; return its new revision.

    `case` is what this window shows. Raises `StoreError` where another window has changed or
    deleted it meanwhile; then nothing is changed.
    """
    table = tables.reading_case
    changed: dict[str, Any] = {"revision": case.revision + 1, "updated_at": now}
    if state is not None:
        changed["state"] = to_json(state)
    if is_read is not None:
        changed["is_read"] = is_read
    here = table.c.id == case.case_id
    with writing(db) as connection:
        row = update(table).where(here & (table.c.revision == case.revision)).values(changed)
        if connection.execute(row).rowcount:
            return case.revision + 1
        there = connection.scalar(select(table.c.id).where(here))
    raise StoreError(GONE if there is None else CHANGED)


def mark_read(db: Engine, case_ids: Iterable[int], is_read: bool) -> None:
    """Mark cases as read or unread; those that are gone are passed over."""
    table = tables.reading_case
    with writing(db) as connection:
        for case_id in case_ids:
            there = (table.c.id == case_id) & (table.c.is_read != is_read)
            values = {"is_read": is_read, "revision": table.c.revision + 1}
            connection.execute(update(table).where(there).values(values))


def put_grade(db: Engine, case_id: int, knee: int, reader: str, own: OwnGrade) -> None:
    """Keep what a reader says of one knee; what she committed before stays as it was.

    `reader` is as from `reader_of`. Raises `StoreError` where the case is deleted.
    """
    table, case = tables.case_grade, tables.reading_case
    key = {"case_id": case_id, "knee": knee, "reader": reader}
    kept = asdict(own)
    for name in ("grade", "committed"):
        kept[name] = None if kept[name] is None else grade_of(kept[name])
    with writing(db) as connection:
        # Deleting it waits for this, or this for it.
        there = select(case.c.id).where(case.c.id == case_id).with_for_update(read=True)
        if connection.scalar(there) is None:
            raise StoreError(GONE)
        row = insert_into(db, table).values(**key, **kept)
        # A grade from before the networks' was seen is never replaced by one from after.
        first = {
            name: func.coalesce(table.c[name], row.excluded[name])
            for name in ("committed", "committed_at", "seen_at")
        }
        row = row.on_conflict_do_update(index_elements=list(key), set_=kept | first)
        connection.execute(row)


def reader_of(text: str) -> str:
    """Return initials as they are kept, in capitals; raise `DataError` for what is none."""
    return entered(text, LONGEST_READER, "initials").upper()


def get(db: Engine, case_id: int, reader: str = "") -> Case:
    """Return a case with the grades of `reader`; raise `StoreError` where there is none."""
    table = tables.reading_case
    there = table.c.id == case_id
    with reading(db) as connection:
        found = _cases(connection, select(table).where(there), reader)
        if not found and connection.scalar(select(table.c.id).where(there)) is not None:
            raise StoreError(
                "What is kept of this case is damaged and cannot be read. It can be deleted."
            )
    if not found:
        raise StoreError("This case is no longer there: it was deleted.")
    return found[0]


def of_film(db: Engine, digest: str, reader: str = "") -> Case | None:
    """Return the newest case of a film by the SHA-256 of its file; None where it was not saved."""
    table = tables.reading_case
    rows = select(table).where((table.c.digest == digest) | (table.c.film == digest))
    with reading(db) as connection:
        return next(iter(_cases(connection, rows.order_by(table.c.id.desc()), reader)), None)


def cases(db: Engine, reader: str = "", *, most: int = MOST) -> list[Case]:
    """Return the cases that can be read, the newest first; `damaged` are the others."""
    table = tables.reading_case
    with reading(db) as connection:
        return _cases(connection, select(table).order_by(table.c.id.desc()).limit(most), reader)


def damaged(db: Engine) -> list[int]:
    """Return the ids of cases that cannot be read, as after a change by another program."""
    table = tables.reading_case
    whole = {case.case_id for case in cases(db)}
    newest = select(table.c.id).order_by(table.c.id.desc()).limit(MOST)
    with reading(db) as connection:
        return [number for number in connection.scalars(newest) if number not in whole]


def count(db: Engine) -> int:
    """Return how many cases there are."""
    with reading(db) as connection:
        return connection.scalars(select(func.count()).select_from(tables.reading_case)).one()


def remove(
    db: Engine, files: FilmFiles, case_ids: Iterable[int], *, client: str, now: datetime
) -> None:
    """Delete cases with their grades for good, and films that no other case has.

    The log says that `client` did. A case whose film cannot be deleted stays, and `FilmFileError`
    says why.
    """
    for case_id in case_ids:
        with writing(db) as connection:
            _remove(connection, files, case_id, client, now)
    forget_log(db)


def _remove(
    connection: Connection, files: FilmFiles, case_id: int, client: str, now: datetime
) -> None:
    table, film = tables.reading_case, tables.kept_film
    digest = connection.scalar(select(table.c.film).where(table.c.id == case_id))
    if digest is None:
        return
    connection.execute(select(film.c.digest).where(film.c.digest == digest).with_for_update())
    if not connection.execute(delete(table).where(table.c.id == case_id)).rowcount:
        return
    audit.note(connection, "case deleted", client=client, now=now, about=f"case {case_id}")
    others = select(func.count()).select_from(table).where(table.c.film == digest)
    if connection.scalar(others) == 0:
        connection.execute(delete(film).where(film.c.digest == digest))
        files.drop(digest)


def _cases(connection: Connection, rows: Select[Any], reader: str) -> list[Case]:
    found = each_of(connection, rows, _case)
    if not found:
        return []
    table = tables.case_grade
    mine = select(table).where(table.c.reader == reader)
    if len(found) == 1:
        mine = mine.where(table.c.case_id == found[0].case_id)
    grades: dict[int, dict[int, OwnGrade]] = {}
    for case_id, knee, own in each_of(connection, mine.order_by(table.c.case_id), _own_grade):
        grades.setdefault(case_id, {})[knee] = own
    for case in found:
        case.grades.update(grades.get(case.case_id, {}))
    return found


def _case(row: Row) -> Case:
    if not all(isinstance(getattr(row, name), datetime) for name in _TIMES):
        raise DataError("Expected when a case was saved.")
    known = {name: getattr(row, name) for name in (*_PLAIN, *_TIMES)}
    known["name"] = plain(known["name"], LONGEST_NAME)
    return Case(row.id, state=from_json(row.state), **known)


def _own_grade(row: Row) -> tuple[int, int, OwnGrade]:
    own = OwnGrade(row.grade, row.given_at, row.committed, row.committed_at, row.seen_at)
    for grade in (own.grade, own.committed):
        if grade is not None:
            grade_of(grade)
    return row.case_id, row.knee, own
