"""Cases in the database and their films beside it: added, changed, graded, found, deleted.

A film's row is locked while a case of it comes or goes, so that no film is deleted that a case was
just given, be it by another server. Times are given by the caller, in UTC.
"""

import contextlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, delete, func, select, update

from kneeoa.errors import DataError, KneeOAError
from kneeoa.store import audit, tables
from kneeoa.store.cases import looking, readers
from kneeoa.store.cases.case import (
    LONGEST_NAME,
    Case,
    FilmState,
    NewCase,
    from_json,
    to_json,
)
from kneeoa.store.cases.disk import drop_half_written
from kneeoa.store.cases.films import FilmFileError, FilmFiles
from kneeoa.store.cases.windows import overtaken
from kneeoa.store.database import StoreError, forget_log, insert_into, reading, writing
from kneeoa.store.values import each_of
from kneeoa.wording import plain

MOST = 20_000
"""Cases that are listed, the newest."""
_AT_ONCE = 500
"""Cases that are asked for by their numbers at once."""
_PLAIN = (
    *("film", "digest", "name", "source", "patient", "issuer", "born"),
    *("study_date", "is_read", "revision"),
)
_TIMES = ("created_at", "updated_at")


def add(
    db: Engine,
    files: FilmFiles,
    new: NewCase,
    content: bytes,
    now: datetime,
    *,
    picture: bytes = b"",
) -> Case:
    """Keep a film, whose file has `content`, as a new case; return the case.

    `picture` is a small one of it, for the list.

    Either all of it is kept or nothing. Raises `StoreError` or `FilmFileError` with what stands
    against it.
    """
    table = tables.reading_case
    row: dict[str, Any] = {
        "digest": new.digest,
        "name": plain(new.name, LONGEST_NAME),
        "source": new.source,
        "patient": new.patient,
        "issuer": new.issuer,
        "born": new.born,
        "study_date": new.study_date,
        "is_read": new.is_read,
        "revision": 1,
        "created_at": now,
        "updated_at": now,
    }
    state = to_json(new.state)
    tidy(db, files, now)
    with files.written(content) as put:
        try:
            with writing(db) as connection:
                _lock_film(db, connection, put.digest, len(content), now)
                put()
                files.keep_picture(put.digest, picture)
                values = row | {"film": put.digest, "state": state} | looking.words_of(new)
                case_id = connection.scalar(table.insert().values(values).returning(table.c.id))
                looking.put_knees(connection, case_id, new.state)
        except BaseException:
            # Its row is taken back, or its fate not known: `tidy` sees to what cannot be asked now.
            with contextlib.suppress(KneeOAError):
                _drop_unless_kept(db, files, put.digest, now)
                put.settled()
            raise
        put.settled()
    return Case(case_id, film=put.digest, state=from_json(state), **row)


def tidy(db: Engine, files: FilmFiles, now: datetime) -> None:
    """Settle what a process that was killed left in the folder.

    A film that it put there goes, where no case has it, and so does one that it had half written;
    one that it was about to delete is put back where a case has it still.
    """
    drop_half_written(files.folder, now)
    for digest in files.aside():
        _settle_aside(db, files, digest, now)
    for digest, mark in files.unsettled():
        _drop_unless_kept(db, files, digest, now)
        with contextlib.suppress(OSError):
            mark.unlink(missing_ok=True)


def _settle_aside(db: Engine, files: FilmFiles, digest: str, now: datetime) -> None:
    film = tables.kept_film
    with writing(db) as connection:
        # Waits for whoever is about to delete it.
        is_nobodys = _lock_film(db, connection, digest, 0, now)
        files.settle_aside(digest, stays=not is_nobodys)
        if is_nobodys:
            connection.execute(delete(film).where(film.c.digest == digest))


def _drop_unless_kept(db: Engine, files: FilmFiles, digest: str, now: datetime) -> None:
    film = tables.kept_film
    with writing(db) as connection:
        # Whoever is about to keep the same film waits, and then puts it there anew.
        if _lock_film(db, connection, digest, 0, now):
            files.drop(digest)
            connection.execute(delete(film).where(film.c.digest == digest))


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

    `case` is what this window shows. Raises `OvertakenError` where another window has
    changed or deleted it meanwhile; then nothing is changed.
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
            if state is not None:
                looking.put_knees(connection, case.case_id, state)
            return case.revision + 1
        there = connection.scalar(select(table.c.id).where(here))
    raise overtaken(is_gone=there is None)


def mark_read(db: Engine, case_ids: Iterable[int], is_read: bool) -> None:
    """Mark cases as read or unread; those that are gone are passed over.

    That is no change to what a window shows, which may go on with its case.
    """
    table = tables.reading_case
    with writing(db) as connection:
        for case_id in case_ids:
            there = table.c.id == case_id
            connection.execute(update(table).where(there).values(is_read=is_read))


def get(db: Engine, case_id: int, reader: str = "") -> Case:
    """Return a case with the grades of `reader`; raise `StoreError` where there is none."""
    table = tables.reading_case
    there = table.c.id == case_id
    with reading(db) as connection:
        cases = _cases(connection, select(table).where(there), reader)
        if not cases and connection.scalar(select(table.c.id).where(there)) is not None:
            raise StoreError(
                "What is kept of this case is damaged and cannot be read. It can be deleted."
            )
    if not cases:
        raise StoreError("This case is no longer there: it was deleted.")
    return cases[0]


def of_film(db: Engine, digest: str, reader: str = "", *, mark: str = "") -> Case | None:
    """Return the newest case of a film by the SHA-256 of its file; None where it was not saved.

    `mark`, as of `FilmFiles.marks_of_films`, tells it where it is kept without its patient.
    """
    table = tables.reading_case
    rows = select(table).where(table.c.digest.in_({digest, mark}) | (table.c.film == digest))
    with reading(db) as connection:
        return next(iter(_cases(connection, rows.order_by(table.c.id.desc()), reader)), None)


def cases(db: Engine, reader: str = "", *, most: int = MOST) -> list[Case]:
    """Return the cases that can be read, the newest first."""
    table = tables.reading_case
    with reading(db) as connection:
        return _cases(connection, select(table).order_by(table.c.id.desc()).limit(most), reader)


def some(db: Engine, case_ids: Iterable[int], reader: str = "") -> list[Case]:
    """Return those cases of `case_ids` that can be read, in their order.

    Those that are missing are gone, or damaged by another program, and can be deleted.
    """
    table, numbers = tables.reading_case, list(dict.fromkeys(case_ids))
    cases: dict[int, Case] = {}
    with reading(db) as connection:
        for start in range(0, len(numbers), _AT_ONCE):
            here = table.c.id.in_(numbers[start : start + _AT_ONCE])
            rows = select(table).where(here).order_by(table.c.id)
            cases |= {case.case_id: case for case in _cases(connection, rows, reader)}
    return [cases[number] for number in numbers if number in cases]


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
    try:
        for case_id in case_ids:
            with writing(db) as connection:
                film = _remove(connection, files, case_id, client, now)
            # Once nobody can have it any more; what a kill leaves of it here is seen to by `tidy`.
            if film is not None:
                with contextlib.suppress(FilmFileError):
                    files.settle_aside(film, stays=False)
    finally:
        forget_log(db)


def _remove(
    connection: Connection, files: FilmFiles, case_id: int, client: str, now: datetime
) -> str | None:
    """Delete a case; return the film that was put aside with it, None where others have it."""
    table, film = tables.reading_case, tables.kept_film
    digest = connection.scalar(select(table.c.film).where(table.c.id == case_id))
    if digest is None:
        return None
    connection.execute(select(film.c.digest).where(film.c.digest == digest).with_for_update())
    if not connection.execute(delete(table).where(table.c.id == case_id)).rowcount:
        return None
    audit.note(connection, "case deleted", client=client, now=now, about=f"case {case_id}")
    others = select(func.count()).select_from(table).where(table.c.film == digest)
    if connection.scalar(others):
        return None
    connection.execute(delete(film).where(film.c.digest == digest))
    files.put_aside(digest)
    return digest


def _cases(connection: Connection, rows: Select[Any], reader: str) -> list[Case]:
    cases = each_of(connection, rows, _case)
    if not cases:
        return []
    only = [case.case_id for case in cases] if len(cases) <= _AT_ONCE else None
    grades = readers.grades_of(connection, reader, only)
    for case in cases:
        case.grades.update(grades.get(case.case_id, {}))
    return cases


def _case(row: Row) -> Case:
    if not all(isinstance(getattr(row, name), datetime) for name in _TIMES):
        raise DataError("Expected when a case was saved.")
    known = {name: getattr(row, name) for name in (*_PLAIN, *_TIMES)}
    known["name"] = plain(known["name"], LONGEST_NAME)
    return Case(row.id, state=from_json(row.state), **known)
