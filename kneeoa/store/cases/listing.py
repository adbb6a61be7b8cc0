"""The list of cases as a table, a row a knee, and what can be looked for in it. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

import pandas as pd

from kneeoa.films.frames import Frame
from kneeoa.store.cases.case import Case, KneeState, NewCase

Doubt = Literal["in doubt", "clear", "refused"]
DOUBTS: tuple[Doubt, ...] = ("in doubt", "clear", "refused")
SortedBy = Literal[
    "case",
    "film",
    "side",
    "patient",
    "study_date",
    "answer",
    "doubt",
    "own_grade",
    "saved_at",
]
SORTED_BY: tuple[SortedBy, ...] = get_args(SortedBy)
SIDES = {"R": "right", "L": "left", "unknown": "unknown"}
PATIENT_LETTERS, BIRTH_LETTERS = 6, 3
"""Of a patient's marks, in the list: enough to see which films are of one patient."""
DIGEST_LETTERS = 12
"""Of the SHA-256 of who graded, as in the table of `kneeoa.graders.batch`."""
COLUMNS = {
    "case": "int64",
    "place": "int64",
    "knee": "str",
    "film": "str",
    "side": "str",
    "patient": "str",
    "study_date": "str",
    "networks": "str",
    "answer": "Int64",
    "low": "Int64",
    "high": "Int64",
    "doubt": "str",
    "refused": "str",
    "warning": "str",
    "graded_by": "str",
    "profile": "str",
    "own_grade": "Int64",
    "own_before": "Int64",
    "reference": "Int64",
    "unread": "bool",
    "source": "str",
    "saved_at": "datetime64[us, UTC]",
    "changed_at": "datetime64[us, UTC]",
}
"""What `table` has, as docs/cases.md says of each that is taken along. What `kneeoa.graders.batch`
has a column of that name for is worded as there, of both networks together. ``place`` counts the
knees of a film from its left, from 0 on."""
WARNED = "warned"
"""The doubt that a warning is, in a word."""
ANYWAY = "Graded all the same, as asked."
"""As in `kneeoa.graders.batch`, with which ONNX Runtime would come."""

NOT_LOOKED_AT = KneeState("unknown", Frame(0, 0, 1, 1))
"""Stands for the knees of a case that came in by itself and was not read yet."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which knees are looked for; what is empty or None leaves all in.

    Attributes
    ----------
    text : words that name, number, patient's mark, answer or source must have, in any case
    grades : those whose answer holds one of these grades
    doubts : those of any of these kinds
    sides : ``"R"``, ``"L"``, ``"unknown"``
    since, until : day of the study, of the saving where that is not known, both included
    unread : only those that nobody has read
    """

    text: str = ""
    grades: tuple[int, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    sides: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    unread: bool = False


EVERY = Filters()
"""Leave all in."""


@dataclass(frozen=True, slots=True)
class Sort:
    """By which column the list is in order; what is not known stands last, whichever way."""

    name: SortedBy
    down: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for, by whom, and in which order.

    Attributes
    ----------
    reader : whose own grades are in the list
    sort : None: the newest first
    seen : knees, by film and place, whose answers may be shown and looked for, besides those that
        the reader saw before; None: all
    passed : knees whose answers she came past and did not open: they wait, though she saw them
    """

    reader: str = ""
    filters: Filters = EVERY
    sort: Sort | None = None
    seen: frozenset[tuple[str, int]] | None = None
    passed: frozenset[tuple[str, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """Knees of one page, by case and place, of how many that were found, and of all there are."""

    knees: tuple[tuple[int, int], ...]
    matches: int
    all: int


def hides(asked: Asked, case: Case, knee: int) -> bool:
    """Return whether the list may not show what the networks say of a knee."""
    if asked.seen is None:
        return False
    if (case.film, knee) in asked.passed:
        return True
    own = case.own(knee)
    was_opened = own.seen_at is not None and not own.passed
    return not was_opened and (case.film, knee) not in asked.seen


def mark_of(case: Case | NewCase) -> str:
    """Return by what the list tells a patient's films, for example ``3f2a91.0c7``.

    The same number begins alike; what stands behind it tells two patients of one number who were
    not born on one day. Empty where no number is known.
    """
    born = f".{case.born[:BIRTH_LETTERS]}" if case.born else ""
    return case.patient and case.patient[:PATIENT_LETTERS] + born


def doubt_of(knee: KneeState) -> str:
    """Return what the networks say that makes an answer doubtful, in a few words; else nothing."""
    if knee.said is None:
        return ""
    doubts = ["more than one grade"] * (knee.low != knee.high)
    if knee.apart:
        doubts.append(f"networks {knee.apart} apart")
    if knee.learnt_from:
        doubts.append("the profile learnt from it")
    return ", ".join(doubts)


def warning_of(knee: KneeState) -> str:
    """Return what to bear in mind with a grade, in sentences; where it was refused, why, too.

    All of it is about the film and the box, and nothing about the answer, which it may precede.
    """
    if not knee.refused:
        return " ".join(finding.sentence for finding in knee.warnings)
    if knee.said is None:
        return ""
    return " ".join([ANYWAY, *(finding.sentence for finding in knee.findings)])


def graded_by(knee: KneeState) -> str:
    """Return what tells who gave the answer: both networks together, and a profile."""
    if knee.said is None:
        return ""
    by = knee.graded_by
    return ".".join(by[name][:DIGEST_LETTERS] for name in ("together", "profile") if name in by)


def knee_of(case: Case, knee: KneeState) -> str:
    """Return which of a film's knees one is: its side, else where it lies where there are two."""
    if knee.side != "unknown":
        return knee.side
    return knee.frame.name if len(case.state.knees) > 1 else ""


def table(
    cases: Iterable[Case], *, hidden: Callable[[Case, int], bool] = lambda case, knee: False
) -> pd.DataFrame:
    """Return the knees of `cases` in their order, in `COLUMNS`.

    A case that came in by itself and was not read yet, so that its knees are not known, has a row
    with nothing of them. Where `hidden` says so, nothing of what the networks or a reference say is
    in the table; what the film itself gives reason to doubt is.
    """
    rows = [
        _row(case, place, knee, hidden(case, place))
        for case in cases
        for place, knee in enumerate(case.state.knees or (NOT_LOOKED_AT,))
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _row(case: Case, place: int, knee: KneeState, is_hidden: bool) -> dict[str, Any]:
    refusals = [finding.sentence for finding in knee.findings if finding.severity == "refused"]
    own = case.own(place)
    # A reference in sight makes a grade as little free as an answer does.
    answers: dict[str, Any] = {
        "networks": knee.answer,
        "answer": knee.said,
        "low": knee.low,
        "high": knee.high,
        "doubt": doubt_of(knee),
        "graded_by": graded_by(knee),
        "profile": knee.profile,
        "reference": knee.reference,
    }
    if is_hidden:
        answers = {name: "" if COLUMNS[name] == "str" else None for name in answers}
    if knee.warnings:
        answers["doubt"] = ", ".join(filter(None, [answers["doubt"], WARNED]))
    return {
        "case": case.case_id,
        "place": place,
        "knee": knee_of(case, knee),
        "film": case.name,
        "side": knee.side,
        "patient": mark_of(case),
        "study_date": case.study_date,
        **answers,
        "refused": " ".join(refusals),
        "warning": warning_of(knee),
        "own_grade": own.grade,
        "own_before": own.committed,
        "unread": not case.is_read,
        "source": case.source,
        "saved_at": case.created_at,
        "changed_at": case.updated_at,
    }


def to_take_along(knees: pd.DataFrame) -> pd.DataFrame:
    """Return a table as it is exported: times as text, and nothing that only this program knows."""
    knees = knees.drop(columns="place")
    times = {
        name: knees[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ").astype("str")
        for name in ("saved_at", "changed_at")
    }
    return knees.assign(**times)
