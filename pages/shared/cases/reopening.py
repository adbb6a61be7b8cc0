"""A saved case on its way back into a session, as it was left."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from kneeoa.films.frames import Frame
from kneeoa.graders.locating.found import Knee
from kneeoa.graders.locating.header_gate import is_of_header
from kneeoa.store.cases import identity, settings
from pages.shared import cached, session_films
from pages.shared.cases import knees, own_grades, same_films, saved
from pages.shared.profiles import in_use
from pages.shared.viewer.seen import seen_from

AT = "cases_at"
"""Where the session keeps the row of the list that was opened last."""
_WANTED, _IN_ORDER = "wanted_case", "cases_in_order"


def want(case_id: int, knee: int = 0) -> None:
    """Have the reading page open a case at one of its knees."""
    st.session_state[_WANTED] = case_id, knee
    st.session_state[AT] = f"{case_id}.{knee}"


def note_order(knees: Iterable[tuple[int, int]]) -> None:
    """Note in which order the list shows knees, by case and place: so they can be gone through."""
    first: dict[int, int] = {}
    for case_id, knee in knees:
        first.setdefault(case_id, knee)
    saved.keep_until_sign_out(_IN_ORDER, first)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Which case of the list comes before another and which after it, with the knee to show.

    `place` is that of the case itself, from 1 on, of `count`.
    """

    before: tuple[int, int] | None
    after: tuple[int, int] | None
    place: int
    count: int


def neighbours(case_id: int) -> Neighbours | None:
    """Return what is around a case in the list as it was last seen; None where it was not there."""
    order = list(st.session_state.get(_IN_ORDER, {}).items())
    numbers = [number for number, _ in order]
    if case_id not in numbers:
        return None
    here = numbers.index(case_id)
    before = order[here - 1] if here else None
    after = order[here + 1] if here + 1 < len(order) else None
    return Neighbours(before, after, here + 1, len(order))


def is_wanted() -> bool:
    """Return whether the reading page is to open a case."""
    return _WANTED in st.session_state


def wanted() -> tuple[int, int] | None:
    """Return which case the reading page is to open, and at which knee, once."""
    return st.session_state.pop(_WANTED, None)


def bring_back(case_id: int, knee: int = 0) -> list[str]:
    """Have a case's film in this session as it was saved; return what is not as it was.

    Raises `KneeOAError` where the case or its film cannot be had.
    """
    from kneeoa.store.cases import keeping

    saved.look_for_cases()
    db, files = cached.store(), settings.files_from(os.environ)
    case = keeping.get(db, case_id, saved.reader())
    # The file as it came, where this session has it; else as it is kept.
    film, state = same_films.film_here(case), case.state
    digest = film.digest if film else session_films.take_in(case.name, files.read(case.film))
    film = session_films.all_films()[digest]
    if digest == case.film and identity.is_without_patient(case):
        # What its file said against it when it was saved, and does not say any more.
        film.know(
            finding for knee in state.knees for finding in knee.findings if is_of_header(finding)
        )
    own_grades.are_same(digest, case.film)
    session_films.restore(film, state.quarters, state.changes)
    film.anyway, film.drawn = state.anyway, state.drawn
    differences = _restore_knees(film, state)
    if len(film.frames) > 1:
        st.session_state[knees.knee_key(film)] = min(knee, len(film.frames) - 1)
    for place, own in case.grades.items():
        own_grades.put(digest, place, own_grades.of(digest, place).joined(own))
    if seen := seen_from({"view": state.view, "measured": list(state.measurements)}):
        saved.note_seen(digest, seen)
    if not case.is_read:
        keeping.mark_read(db, [case_id], True)
        case = keeping.get(db, case_id, saved.reader())
    saved.note_case(film, case)
    st.session_state[session_films.NEXT] = digest
    return differences


def _restore_knees(film, state):
    if not state.knees:  # it came in by itself
        return []
    differences = []
    if len(state.knees) != len(film.frames):
        differences = [
            "Another number of knees would be found on it today than when it was saved: its boxes "
            "are those of then."
        ]
        then = [Knee(knee.frame, 1.0, knee.side, knee.findings) for knee in state.knees]
        session_films.have_knees(film, then)
    for place, knee in enumerate(state.knees):
        proposed = knees.proposal(film, place, in_use.current())
        frame = Frame(**{name: getattr(knee.frame, name) for name in _SIDES}, name=proposed.name)
        if frame != proposed:
            knees.move(film, place, frame)
        if knee.side != film.localised.knees[place].side:
            st.session_state[knees.side_key(film, place)] = knee.side
    return differences


_SIDES = ("top", "left", "height", "width")
