"""Values on their way in and out: what may be written, and rows that are a record again."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, func, select
from sqlalchemy.exc import DBAPIError

from kneeoa.errors import DataError
from kneeoa.store.database import StoreError
from kneeoa.teaching import exam as exams
from kneeoa.teaching.exam import Exam

Made = TypeVar("Made")

_UNREADABLE = (DataError, ValueError, TypeError, AttributeError, OverflowError)


@lru_cache(maxsize=64)
def read_exam(text: str) -> Exam:
    """Return the exam of a text; a class asks for the same one each second."""
    return exams.from_json(text)


def grade_of(value: int) -> int:
    """Return a KL grade as a plain int; raise `StoreError` for anything else."""
    if value not in range(5):
        raise StoreError(f"Expected a KL grade from 0 to 4. Received: {value}.")
    return int(value)


def each_of(connection: Connection, rows: Select[Any], make: Callable[[Row], Made]) -> list[Made]:
    """Return what `make` makes of each of `rows`, which are in an order; damaged ones are left out.

    SQLite keeps, and other programs write, what no column here allows.
    """
    try:
        stored: Sequence[Row] = connection.execute(rows).all()
    except (DBAPIError, *_UNREADABLE) as problem:
        if isinstance(problem, DBAPIError) and connection.dialect.name != "sqlite":
            raise
        count = connection.scalars(select(func.count()).select_from(rows.subquery())).one()
        stored = [row for place in range(count) if (row := _row_at(connection, rows, place))]
    made = []
    for row in stored:
        try:
            made.append(make(row))
        except _UNREADABLE:
            continue
    return made


def _row_at(connection: Connection, rows: Select[Any], place: int) -> Row | None:
    try:
        return connection.execute(rows.limit(1).offset(place)).first()
    except (DBAPIError, *_UNREADABLE):
        return None
