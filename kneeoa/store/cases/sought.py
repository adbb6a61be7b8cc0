"""What is sought in the list of cases, as conditions on the rows of the database."""

import re
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, String, and_, case, cast, func, or_

from kneeoa.store import tables
from kneeoa.store.cases.listing import Filters
from kneeoa.wording import plain

LONGEST_SEARCH = 200
_WORDS = re.compile(r"(?<!\S)(?:kl ?([0-4])(?: ?(?:to|-|\u2013) ?([0-4]))?|case ?(\d+))(?!\S)|\S+")
_DAY = re.compile(r"((?:19|20|21)\d\d)(?:-(\d\d))?(?:-(\d\d))?")
"""A day, a month or a year, as the list shows days."""
_CASE, _KNEE = tables.reading_case, tables.case_knee
LOW, HIGH = (func.coalesce(_KNEE.c[name], _KNEE.c.said) for name in ("low", "high"))


def words(text: str, told: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    """Return that a knee has each word of `text`; a grade, a range and a case are one word each.

    A number alone is sought in names and marks: its digits stand in most answers and cases, too. A
    year, a month and a day are those of the study, or of the saving. `told` is whether what the
    networks say may be shown.
    """
    answer, searched = case((told, _KNEE.c.answer), else_=""), _CASE.c.searched
    side = case((_KNEE.c.side == "R", "right"), (_KNEE.c.side == "L", "left"), else_="")
    parts = (part.rstrip(",;") for part in plain(text, LONGEST_SEARCH).casefold().split())
    matches = _WORDS.finditer(" ".join(part for part in parts if part))
    wanted = list[ColumnElement[bool]]()
    for word, low, high, number in (match.group(0, 1, 2, 3) for match in matches):
        is_in_name = searched.contains(word, autoescape=True)
        if low:
            is_it = and_(LOW == int(low), HIGH == int(high)) if high else holds(int(low))
            wanted.append(or_(and_(told, is_it), is_in_name))
        elif number or word.isdecimal():
            is_it = cast(_CASE.c.id, String) == (number or word).lstrip("0")
            wanted.append(or_(is_it, is_in_name, *_of_day(word)))
        elif word != "case":  # each row is one
            is_said = answer.contains(word, autoescape=True)
            wanted.append(or_(side == word, is_in_name, is_said, *_of_day(word)))
    return wanted


def holds(grade: int) -> ColumnElement[bool]:
    """Return whether what the networks say of a knee has room for `grade`."""
    return and_(LOW <= grade, HIGH >= grade)


def days(filters: Filters) -> list[ColumnElement[bool]]:
    """Return that the study, or where that is not known the saving, is of the days asked for."""
    day, is_known = _CASE.c.study_date, _CASE.c.study_date != ""
    wanted: list[ColumnElement[bool]] = []
    if filters.since:
        saved = _CASE.c.created_at >= _midnight(filters.since)
        wanted.append(case((is_known, day >= filters.since.isoformat()), else_=saved))
    if filters.until:
        saved = _CASE.c.created_at < _midnight(filters.until) + timedelta(days=1)
        wanted.append(case((is_known, day <= filters.until.isoformat()), else_=saved))
    return wanted


def _of_day(word: str) -> list[ColumnElement[bool]]:
    """Return that the study or the saving is of the day, month or year that a word is, if any."""
    if (asked := _DAY.fullmatch(word)) is None:
        return []
    year = int(asked[1])
    month, day = (None if part is None else int(part) for part in asked.group(2, 3))
    try:
        first = date(year, 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        return []
    if day is not None:
        after = first + timedelta(days=1)
    elif month is not None:
        after = date(year + month // 12, month % 12 + 1, 1)
    else:
        after = date(year + 1, 1, 1)
    saved = _CASE.c.created_at
    is_saved = and_(saved >= _midnight(first), saved < _midnight(after))
    return [_CASE.c.study_date.startswith(word, autoescape=True), is_saved]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
