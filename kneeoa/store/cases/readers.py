"""What readers say of the knees of saved cases: each her own, the first and the last of them."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine, Row, select, tuple_, update

from kneeoa.store import tables
from kneeoa.store.cases.case import LONGEST_READER, NO_GRADE, OwnGrade
from kneeoa.store.cases.windows import overtaken
from kneeoa.store.database import insert_into, reading, writing
from kneeoa.store.values import each_of, grade_of
from kneeoa.wording import entered

_AT_ONCE = 500
"""Knees in one question to a database."""


class Put(NamedTuple):
    """What is kept of a reader's of one knee, and what was kept before."""

    own: OwnGrade
    before: OwnGrade


def put_grade(db: Engine, case_id: int, knee: int, reader: str, own: OwnGrade) -> Put:
    """Keep what a reader says of one knee, joined with what was kept of hers meanwhile.

    What she committed before stays, and so does what she gave later in another window. `reader` is
    as from `reader_of`. Raises `OvertakenError` where the case is deleted.
    """
    table, case = tables.case_grade, tables.reading_case
    key = {"case_id": case_id, "knee": knee, "reader": reader}
    plain_grades = [
        None if grade is None else grade_of(grade) for grade in (own.grade, own.committed)
    ]
    own = replace(own, grade=plain_grades[0], committed=plain_grades[1])
    with writing(db) as connection:
        # Deleting it waits for this, or this for it; and so does her other window.
        there = select(case.c.id).where(case.c.id == case_id).with_for_update()
        if connection.scalar(there) is None:
            raise overtaken(is_gone=True)
        mine, before = select(table).filter_by(**key), NO_GRADE
        for _, _, before in each_of(connection, mine.order_by(table.c.knee), _own_grade):
            own = own.joined(before)
        kept = asdict(own)
        row = insert_into(db, table).values(**key, **kept)
        row = row.on_conflict_do_update(index_elements=list(key), set_=kept)
        connection.execute(row)
    return Put(own, before)


def came_past(db: Engine, reader: str, knees: Iterable[tuple[int, int]], now: datetime) -> None:
    """Keep that the networks' answers to `knees`, by case and place, stood in a list of a reader's.

    What she gave before is free from then on as `OwnGrade.seen` has it; answers that she saw before
    stay as they are, and so do cases that are gone.
    """
    table, case, every = tables.case_grade, tables.reading_case, sorted(set(knees))
    first = {"seen_at": now, "passed": True}
    for start in range(0, len(every), _AT_ONCE):
        some = every[start : start + _AT_ONCE]
        with writing(db) as connection:
            here = select(case.c.id).where(case.c.id.in_({case_id for case_id, _ in some}))
            there = set(connection.scalars(here.order_by(case.c.id).with_for_update()))
            rows = [
                {"case_id": case_id, "knee": knee, "reader": reader, **first}
                for case_id, knee in some
                if case_id in there
            ]
            if not rows:
                continue
            free = {"committed": table.c.grade, "committed_at": table.c.given_at}
            mine = (table.c.reader == reader) & table.c.seen_at.is_(None)
            mine &= tuple_(table.c.case_id, table.c.knee).in_(some)
            connection.execute(update(table).where(mine).values(**first, **free))
            connection.execute(insert_into(db, table).values(rows).on_conflict_do_nothing())


def reader_of(text: str) -> str:
    """Return initials as they are kept, in capitals; raise `DataError` for what is none."""
    once = entered(text, LONGEST_READER, "initials")
    return entered(once.upper(), LONGEST_READER, "initials")  # capitals may be more letters


def graded_by(db: Engine, reader: str) -> list[int]:
    """Return the numbers of the cases of which `reader` graded a knee, the newest first."""
    table = tables.case_grade
    hers = select(table.c.case_id).where(table.c.reader == reader, table.c.grade.is_not(None))
    with reading(db) as connection:
        return list(connection.scalars(hers.distinct().order_by(table.c.case_id.desc())))


def of_case(db: Engine, case_id: int, reader: str) -> dict[int, OwnGrade]:
    """Return what a reader said of the knees of one case; nothing where that is gone."""
    with reading(db) as connection:
        return grades_of(connection, reader, [case_id]).get(case_id, {})


def grades_of(
    connection: Connection, reader: str, case_ids: Collection[int] | None = None
) -> dict[int, dict[int, OwnGrade]]:
    """Return what a reader said, by case and knee, of all cases or of some."""
    table = tables.case_grade
    mine = select(table).where(table.c.reader == reader)
    if case_ids is not None:
        mine = mine.where(table.c.case_id.in_(case_ids))
    grades: dict[int, dict[int, OwnGrade]] = {}
    for case_id, knee, own in each_of(connection, mine.order_by(table.c.case_id), _own_grade):
        grades.setdefault(case_id, {})[knee] = own
    return grades


def _own_grade(row: Row) -> tuple[int, int, OwnGrade]:
    moments = row.committed_at, row.seen_at
    own = OwnGrade(row.grade, row.given_at, row.committed, *moments, bool(row.passed))
    for grade in (own.grade, own.committed):
        if grade is not None:
            grade_of(grade)
    return row.case_id, row.knee, own
