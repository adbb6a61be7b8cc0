"""The list of cases a page at a time: the database looks through it, orders and counts it.

What is looked through stands beside the cases in `case_knee`, a row a knee, kept with each change:
no case has to be opened for it but those of the page that is shown.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    case,
    delete,
    func,
    not_,
    null,
    or_,
    select,
    true,
    tuple_,
)

from kneeoa.store import tables
from kneeoa.store.cases import sought
from kneeoa.store.cases.case import FINDINGS_IN_JSON, WARNED_IN_JSON, FilmState, NewCase
from kneeoa.store.cases.listing import (
    EVERY,
    NOT_LOOKED_AT,
    WARNED,
    Asked,
    Found,
    SortedBy,
    doubt_of,
    mark_of,
)
from kneeoa.store.database import reading
from kneeoa.wording import plain

MOST_VISITS = 12
_AT_ONCE = 500
"""Numbers in one question to a database."""
_DIGITS = re.compile(r"\d+")
_CASE, _KNEE, _OWN = tables.reading_case, tables.case_knee, tables.case_grade
_REFUSED, _IS_GRADED = _KNEE.c.refused.is_(True), _KNEE.c.said.is_not(None)


def find(db: Engine, asked: Asked, *, first: int = 0, most: int | None = None) -> Found:
    """Return which knees are looked for: `most` of them from the `first` on, in their order."""
    wanted = _filtered(select(_KNEE.c.case_id, _KNEE.c.knee), asked)
    wanted = wanted.order_by(*_order(asked)).limit(most).offset(first)
    counted = _filtered(select(func.count()), asked)
    with reading(db) as connection:
        knees = tuple((row.case_id, row.knee) for row in connection.execute(wanted))
        every = connection.scalars(select(func.count()).select_from(_KNEE)).one()
        is_all = asked.filters == EVERY
        count = every if is_all else connection.scalars(counted).one()
    return Found(knees, count, every)


@dataclass(frozen=True, slots=True)
class Named:
    """What a case is called, and whether somebody has read it."""

    name: str
    is_read: bool


def named(db: Engine, case_ids: Collection[int]) -> dict[int, Named]:
    """Return those of `case_ids` that are still there, the newest first."""
    rows = select(_CASE.c.id, _CASE.c.name, _CASE.c.is_read)
    numbers, cases = sorted(set(case_ids), reverse=True), dict[int, Named]()
    with reading(db) as connection:
        for start in range(0, len(numbers), _AT_ONCE):
            here = _CASE.c.id.in_(numbers[start : start + _AT_ONCE])
            for row in connection.execute(rows.where(here).order_by(_CASE.c.id.desc())):
                cases[row.id] = Named(row.name, row.is_read)
    return cases


@dataclass(frozen=True, slots=True)
class Visit:
    """A knee of a saved case, as it is told from others of its patient."""

    case_id: int
    knee: int
    side: str
    study_date: str
    film: str
    digest: str


def visits(
    db: Engine, patient: str, *, issuer: str = "", born: str = "", most: int = MOST_VISITS
) -> list[Visit]:
    """Return saved knees of a patient, by her mark, the latest study first; none of an empty one.

    Those of which the day is not known come last. Two hospitals give one number to two patients:
    what was kept with another `issuer` or day of birth (`born`), as marks, is of somebody else.
    """
    if not patient:
        return []
    of_case = (_CASE.c.study_date, _CASE.c.film, _CASE.c.digest)
    rows = select(_CASE.c.id, _KNEE.c.knee, _KNEE.c.side, *of_case)
    rows = rows.join_from(_CASE, _KNEE, _KNEE.c.case_id == _CASE.c.id)
    rows = rows.where(_CASE.c.patient == patient)
    for column, known in ((_CASE.c.issuer, issuer), (_CASE.c.born, born)):
        if known:
            rows = rows.where(func.coalesce(column, "").in_(["", known]))
    rows = rows.order_by(_CASE.c.study_date.desc(), _CASE.c.id.desc(), _KNEE.c.knee).limit(most)
    with reading(db) as connection:
        return [Visit(*row) for row in connection.execute(rows)]


def cases_of(db: Engine, names: Collection[str]) -> dict[str, int]:
    """Return the newest case of each film that is saved, by the digest or mark it is known by."""
    wanted, cases = sorted(set(names)), dict[str, int]()
    with reading(db) as connection:
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            rows = select(_CASE.c.id, _CASE.c.film, _CASE.c.digest)
            rows = rows.where(_CASE.c.film.in_(some) | _CASE.c.digest.in_(some))
            for case_id, *known_by in connection.execute(rows.order_by(_CASE.c.id)):
                cases |= dict.fromkeys(set(known_by) & set(some), case_id)
    return cases


def words_of(new: NewCase) -> dict[str, str]:
    """Return what a case is looked for and in order by, for its row."""
    name = plain(new.name).casefold()
    return {
        "searched": f"{name} {mark_of(new)} {new.source}".casefold(),
        # So that film 2 comes before film 10.
        "name_order": _DIGITS.sub(lambda match: match[0].zfill(12), name),
    }


def put_knees(connection: Connection, case_id: int, state: FilmState) -> None:
    """Keep what the knees of a case are looked for by, instead of what was kept of them."""
    connection.execute(delete(_KNEE).where(_KNEE.c.case_id == case_id))
    rows: list[dict[str, Any]] = [
        {
            "case_id": case_id,
            "knee": place,
            "side": knee.side,
            "said": knee.said,
            "low": knee.low,
            "high": knee.high,
            "answer": knee.answer.casefold(),
            "doubt": doubt_of(knee),
            "refused": knee.refused,
        }
        for place, knee in enumerate(state.knees or (NOT_LOOKED_AT,))
    ]
    connection.execute(_KNEE.insert(), rows)


def _filtered(rows: Select[Any], asked: Asked) -> Select[Any]:
    mine = (_OWN.c.case_id == _KNEE.c.case_id) & (_OWN.c.knee == _KNEE.c.knee)
    mine &= _OWN.c.reader == asked.reader
    joined = _KNEE.join(_CASE, _CASE.c.id == _KNEE.c.case_id).outerjoin(_OWN, mine)
    return rows.select_from(joined).where(*_conditions(asked))


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    filters, told = asked.filters, _is_told(asked)
    wanted: list[ColumnElement[bool]] = []
    wanted += sought.words(filters.text, told)
    if filters.grades:
        wanted += [told, or_(*map(sought.holds, filters.grades))]
    if filters.doubts:
        kinds: dict[str, ColumnElement[bool]] = {
            "in doubt": or_(and_(told, _KNEE.c.doubt != ""), _IS_WARNED),
            "clear": and_(told, _IS_GRADED, _KNEE.c.doubt == "", not_(_REFUSED), not_(_IS_WARNED)),
            "refused": _REFUSED,
        }
        wanted.append(or_(*(kinds[kind] for kind in filters.doubts)))
    if filters.sides:
        wanted.append(_KNEE.c.side.in_(filters.sides))
    wanted += sought.days(filters)
    if filters.unread:
        wanted.append(_CASE.c.is_read.is_(False))
    return wanted


def _is_told(asked: Asked) -> ColumnElement[bool]:
    """Return whether what the networks say of a knee may be shown."""
    if asked.seen is None:
        return true()
    knee = tuple_(_CASE.c.film, _KNEE.c.knee)
    was_opened = and_(_OWN.c.seen_at.is_not(None), not_(_OWN.c.passed))
    seen = or_(was_opened, knee.in_(sorted(asked.seen)))
    return and_(seen, knee.not_in(sorted(asked.passed)))


def _middle(asked: Asked) -> ColumnElement[Any]:
    return case((_is_told(asked), sought.LOW + sought.HIGH), else_=null())


def _doubt(asked: Asked) -> ColumnElement[Any]:
    has_doubt = and_(_is_told(asked), _KNEE.c.doubt != "")
    others = (_IS_WARNED, WARNED), (_REFUSED, "refused")
    return case((has_doubt, _KNEE.c.doubt), *others, else_=null())


def _is_warned() -> ColumnElement[bool]:
    """Return whether `KneeState.warnings` has any: by the state, as cases from before have it, too.

    It is looked through as text, in which a damaged one stops nobody. A film has two knees at most.
    """
    begin, warned = FINDINGS_IN_JSON, WARNED_IN_JSON
    state = _CASE.c.state
    is_first = or_(state.like(f"%{warned}%{begin}%"), not_(state.like(f"%{begin}%{begin}%")))
    is_second = state.like(f"%{begin}%{begin}%{warned}%")
    of_this = case((_KNEE.c.knee == 0, is_first), else_=is_second)
    return and_(or_(_IS_GRADED, not_(_REFUSED)), state.contains(warned), of_this)


_IS_WARNED = _is_warned()
_SIDES = case((_KNEE.c.side == "R", "right"), (_KNEE.c.side == "L", "left"), else_=null())
_BY: dict[SortedBy, Callable[[Asked], ColumnElement[Any]]] = {
    "case": lambda asked: _CASE.c.id,
    "film": lambda asked: _CASE.c.name_order,
    "side": lambda asked: _SIDES,
    "patient": lambda asked: func.nullif(_CASE.c.patient, ""),
    "study_date": lambda asked: func.nullif(_CASE.c.study_date, ""),
    "answer": _middle,
    "doubt": _doubt,
    "own_grade": lambda asked: _OWN.c.grade,
    "saved_at": lambda asked: _CASE.c.created_at,
}


def _order(asked: Asked) -> list[ColumnElement[Any]]:
    newest = [_CASE.c.id.desc(), _KNEE.c.knee]
    if asked.sort is None:
        return newest
    by = _BY[asked.sort.name](asked)
    return [by.is_(None), by.desc() if asked.sort.down else by.asc(), *newest]
