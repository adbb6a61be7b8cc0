"""Practice: learners under personal codes, their sessions and answers, and when films come again.

Times are given by the caller, in UTC. Nothing is ordered by them, so a clock may jump: sessions are
by their ids, and which appearance of a film was its first is told by the numbers of the answers
(`kneeoa.teaching.answers.first_seen`).
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from kneeoa.files import record_of
from kneeoa.networks import ARCHITECTURES
from kneeoa.store import audit, tables
from kneeoa.store.answers import (
    GONE,
    Answer,
    GoneError,
    answers_in,
    answers_of,
    answers_of_sessions,
    record_answer,
)
from kneeoa.store.codes import new_code, read_code
from kneeoa.store.database import StoreError, forget_log, insert_into, reading, writing
from kneeoa.store.values import each_of, read_exam
from kneeoa.teaching import exam as exams
from kneeoa.teaching.exam import Exam
from kneeoa.teaching.swayed import Round

__all__ = [
    "Answer",
    "GoneError",
    "Learner",
    "PracticeOptions",
    "PracticeSession",
    "answers_of",
    "answers_of_sessions",
    "begin_session",
    "cards_of",
    "damaged_sessions",
    "delete_learner",
    "export_learner",
    "find_learner",
    "finish_session",
    "new_learner",
    "open_session",
    "put_card",
    "record_answer",
    "reopen_session",
    "sessions_of",
]

CODE_LENGTH = 8
"""Letters of 5 bits: 40 bits are not guessed over a network."""


@dataclass(frozen=True, slots=True)
class Learner:
    """Who practises: a personal code, and no name."""

    code: str
    learner_id: int


@dataclass(frozen=True, slots=True)
class PracticeOptions:
    """How a session is played: `rounds` and `network` have a part in ``ai`` alone.

    `left_out` is how many films of an exam from a file could not be given.
    """

    mode: Literal["plain", "ai"]
    feedback: Literal["each", "end"]
    seconds_per_film: float | None = None
    network: str | None = None
    rounds: tuple[Round, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class PracticeSession:
    """A session, begun and maybe finished."""

    session_id: int
    exam: Exam
    options: PracticeOptions
    started_at: datetime
    finished_at: datetime | None


def new_learner(db: Engine, now: datetime) -> Learner:
    """Return a new learner with a code that nobody has."""
    table = tables.learner
    with writing(db) as connection:
        while True:
            code = new_code(CODE_LENGTH)
            row = insert_into(db, table).values(code=code, created_at=now)
            new = row.on_conflict_do_nothing(index_elements=["code"]).returning(table.c.id)
            learner_id = connection.scalar(new)
            if learner_id is not None:
                return Learner(_shown(code), learner_id)


def find_learner(db: Engine, code: str) -> Learner:
    """Return the learner who has `code`, in whatever case and with or without hyphens.

    Raises `StoreError` where nobody has.
    """
    table = tables.learner
    with reading(db) as connection:
        row = connection.execute(select(table).where(table.c.code == read_code(code))).first()
    if row is None:
        raise StoreError(
            "No learner has this code. Check it letter by letter, or begin without one."
        )
    return Learner(_shown(row.code), row.id)


def _shown(code: str) -> str:
    return f"{code[:4]}-{code[4:]}"


def begin_session(
    db: Engine, learner: Learner, exam: Exam, options: PracticeOptions, now: datetime
) -> PracticeSession:
    """Return a new session; raise `GoneError` where the learner has been deleted."""
    table = tables.practice_session
    text = exams.to_json(exam)
    kept = read_exam(text)
    row = {
        "learner_id": learner.learner_id,
        "exam": text,
        "options": json.dumps(asdict(options)),
        "started_at": now,
    }
    try:
        with writing(db) as connection:
            session_id = connection.scalar(table.insert().values(row).returning(table.c.id))
    except IntegrityError:
        raise GoneError(GONE) from None
    return PracticeSession(session_id, kept, options, now, None)


def finish_session(db: Engine, session_id: int, now: datetime) -> None:
    """Mark a session as finished; one that is already stays as it is."""
    table = tables.practice_session
    unfinished = (table.c.id == session_id) & table.c.finished_at.is_(None)
    with writing(db) as connection:
        connection.execute(update(table).where(unfinished).values(finished_at=now))


def reopen_session(db: Engine, session_id: int) -> None:
    """Mark a session as not finished, so that the films that are left can be graded."""
    table = tables.practice_session
    with writing(db) as connection:
        connection.execute(update(table).where(table.c.id == session_id).values(finished_at=None))


def open_session(db: Engine, learner: Learner) -> PracticeSession | None:
    """Return the learner's latest session that is not finished, if there is one."""
    table = tables.practice_session
    mine = (table.c.learner_id == learner.learner_id) & table.c.finished_at.is_(None)
    with reading(db) as connection:
        latest = select(table).where(mine).order_by(table.c.id.desc())
        return next(iter(each_of(connection, latest, _session)), None)


def sessions_of(db: Engine, learner: Learner) -> list[PracticeSession]:
    """Return the learner's sessions that can be read, finished or not, the oldest first."""
    with reading(db) as connection:
        return _sessions(connection, learner)


def damaged_sessions(db: Engine, learner: Learner) -> int:
    """Return how many of the learner's sessions cannot be read."""
    every = select(func.count()).where(tables.practice_session.c.learner_id == learner.learner_id)
    with reading(db) as connection:
        return connection.scalars(every).one() - len(_sessions(connection, learner))


def _sessions(connection: Connection, learner: Learner) -> list[PracticeSession]:
    table = tables.practice_session
    mine = select(table).where(table.c.learner_id == learner.learner_id)
    return each_of(connection, mine.order_by(table.c.id), _session)


def cards_of(db: Engine, learner: Learner) -> dict[str, str]:
    """Return the learner's cards of `kneeoa.teaching.repetition`, as JSON, by image id."""
    with reading(db) as connection:
        return _cards(connection, learner)


def _cards(connection: Connection, learner: Learner) -> dict[str, str]:
    table = tables.practice_card
    mine = table.c.learner_id == learner.learner_id
    rows = select(table.c.image_id, table.c.card).where(mine).order_by(table.c.image_id)
    return dict(connection.execute(rows).all())


def put_card(db: Engine, learner: Learner, image_id: str, card: str) -> None:
    """Keep a film's card instead of the one before; raise `GoneError` for a deleted learner."""
    row = insert_into(db, tables.practice_card)
    row = row.values(learner_id=learner.learner_id, image_id=image_id, card=card)
    row = row.on_conflict_do_update(index_elements=["learner_id", "image_id"], set_={"card": card})
    try:
        with writing(db) as connection:
            connection.execute(row)
    except IntegrityError:
        raise GoneError(GONE) from None


def export_learner(db: Engine, learner: Learner) -> dict[str, Any]:
    """Return everything that is kept of a learner, ready for JSON; times in ISO 8601."""
    table = tables.learner
    with reading(db) as connection:
        created_at = connection.scalar(
            select(table.c.created_at).where(table.c.id == learner.learner_id)
        )
        if created_at is None:
            raise GoneError(GONE)
        sessions = []
        for session in _sessions(connection, learner):
            answers = [asdict(answer) for answer in answers_in(connection, session.session_id)]
            sessions.append({**asdict(session), "answers": answers})
        cards = {name: json.loads(card) for name, card in _cards(connection, learner).items()}
    kept = {"code": learner.code, "created_at": created_at, "sessions": sessions, "cards": cards}
    return json.loads(json.dumps(kept, default=datetime.isoformat))


def delete_learner(db: Engine, learner: Learner, *, client: str, now: datetime) -> None:
    """Delete a learner with everything kept under the code, for good; the log says that."""
    table = tables.learner
    with writing(db) as connection:
        gone = delete(table).where(table.c.id == learner.learner_id)
        if connection.execute(gone).rowcount:
            number = f"learner {learner.learner_id}"
            audit.note(connection, "practice deleted", client=client, now=now, about=number)
    forget_log(db)


def _session(row: Row) -> PracticeSession:
    options = record_of(PracticeOptions, json.loads(row.options), "The session")
    if not isinstance(row.started_at, datetime) or options.network not in (None, *ARCHITECTURES):
        raise TypeError("Expected when the session was begun, and a network that there is.")
    return PracticeSession(row.id, read_exam(row.exam), options, row.started_at, row.finished_at)
