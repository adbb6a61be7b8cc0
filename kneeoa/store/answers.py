"""What was said to the films of a practice session: each once, and the first time counts."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from operator import attrgetter

import pandas as pd
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import IntegrityError

from kneeoa.store import tables
from kneeoa.store.database import StoreError, insert_into, reading, writing
from kneeoa.store.values import each_of, grade_of, read_exam

GONE = "The practice under this code was deleted. Begin a new session."


class GoneError(StoreError):
    """What was kept of a learner has been deleted, in another window maybe."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said to a film of a session; see `kneeoa.teaching.answers` for one without a grade.

    ``first_grade`` came before the network's answer was seen; ``shown_grade`` is that of the
    network, shown or not. ``number`` counts the learner's answers in the order in which they came,
    whatever the clock says; the store gives it.
    """

    position: int
    image_id: str
    reference: int
    grade: int | None
    seconds: float | None
    first_grade: int | None
    shown_when: str
    shown_grade: int | None
    network: str | None
    answered_at: datetime
    number: int = 0


_COLUMNS = {
    "position": "int64",
    "image_id": "str",
    "reference": "int64",
    "grade": "Int64",
    "seconds": "float64",
    "first_grade": "Int64",
    "shown_when": "str",
    "shown_grade": "Int64",
    "network": "str",
    "answered_at": "datetime64[us, UTC]",
    "number": "int64",
}


def record_answer(db: Engine, session_id: int, answer: Answer) -> bool:
    """Keep an answer; return whether it was: where the film has one already, that stands.

    A first grade alone is kept until a grade is given, and stands as the first one.

    Raises `GoneError` where the session has been deleted, `StoreError` where it has no such film.
    """
    try:
        with writing(db) as connection:
            return _record(db, connection, session_id, answer)
    except IntegrityError:
        raise GoneError(GONE) from None


def _record(db: Engine, connection: Connection, session_id: int, answer: Answer) -> bool:
    session = tables.practice_session
    is_session = session.c.id == session_id
    kept_session = connection.execute(
        select(session.c.exam, session.c.learner_id).where(is_session)
    ).first()
    if kept_session is None:
        raise GoneError(GONE)
    text, learner = kept_session
    films = dict(enumerate(read_exam(text).films))
    film = films.get(answer.position)
    if film is None or (film.image_id, film.grade) != (answer.image_id, answer.reference):
        raise StoreError(
            f"Expected an answer to one of the {len(films)} films of this session. Received "
            f"one to {answer.image_id} as film {answer.position + 1}: begin a new session."
        )
    row = asdict(answer)
    for name in ("reference", "grade", "first_grade", "shown_grade"):
        row[name] = None if row[name] is None else grade_of(row[name])
    table = tables.practice_answer
    hers = select(func.coalesce(func.max(table.c.number), 0) + 1).join(session)
    row["number"] = connection.scalar(hers.where(session.c.learner_id == learner))
    new = insert_into(db, table).values(session_id=session_id, **row)
    if answer.grade is None:
        kept = new.on_conflict_do_nothing()
    else:
        keys = ["session_id", "position"]
        # What came before the network's answer stays, and when: by that films are first seen.
        stay = {"first_grade", "answered_at", "number", *keys}
        later = {name: value for name, value in row.items() if name not in stay}
        thought_over = table.c.grade.is_(None) & table.c.first_grade.is_not(None)
        kept = new.on_conflict_do_update(index_elements=keys, set_=later, where=thought_over)
    return connection.scalar(kept.returning(table.c.position)) is not None


def answers_of(db: Engine, session_id: int) -> pd.DataFrame:
    """Return the answers of a session, one row each, by position; the fields of `Answer`.

    Films without an answer have no row. Grades are Int64, empty where none was given.
    """
    return answers_of_sessions(db, [session_id])[session_id]


def answers_of_sessions(db: Engine, session_ids: Sequence[int]) -> dict[int, pd.DataFrame]:
    """Return `answers_of` each of the sessions, by its id, asked for at once."""
    with reading(db) as connection:
        stored = _stored(connection, session_ids)
    # All of them in one table first: what a table costs, it costs whatever its length.
    rows = [(session_id, *_values(answer)) for session_id, answer in stored]
    every = pd.DataFrame(rows, columns=["session_id", *_COLUMNS]).astype(_COLUMNS)
    places = every.groupby("session_id").indices
    return {
        session_id: every.iloc[places.get(session_id, [])][list(_COLUMNS)].reset_index(drop=True)
        for session_id in session_ids
    }


def answers_in(connection: Connection, session_id: int) -> list[Answer]:
    """Return the answers of a session by position, those that can be read."""
    return [answer for _, answer in _stored(connection, [session_id])]


_values = attrgetter(*_COLUMNS)


def _stored(connection: Connection, session_ids: Sequence[int]) -> list[tuple[int, Answer]]:
    table = tables.practice_answer
    columns = [table.c[field.name] for field in fields(Answer)]
    rows = select(table.c.session_id, *columns).where(table.c.session_id.in_(session_ids))
    rows = rows.order_by(table.c.session_id, table.c.position)
    return each_of(connection, rows, lambda row: (row[0], Answer(*row[1:])))
