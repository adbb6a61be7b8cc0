"""A saved case on its way back into a session, as it was left."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import streamlit as st

from kneeoa.films.frames import Frame
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.each_knee import seen_in, shape_of
from kneeoa.graders.locating.found import Knee
from kneeoa.graders.locating.header_gate import is_of_header
from kneeoa.grades import KLGrade
from kneeoa.store.cases import identity, settings
from kneeoa.store.cases.case import Case, KneeState
from kneeoa.store.cases.films import FilmFiles
from pages.shared import cached, session_films
from pages.shared.cases import ahead, book, knees, own_grades, same_films, saved
from pages.shared.memory.film import Film
from pages.shared.memory.holding import holding
from pages.shared.profiles import in_use
from pages.shared.viewer.seen import seen_from

AT = "cases_at"
"""Where the session keeps the row of the list that was opened last."""
_WANTED, _IN_ORDER = "wanted_case", "cases_in_order"
_NOT_TAKEN_OVER = "grades_not_taken_over"


def want(case_id: int, knee: int = 0) -> None:
    """Have the reading page open a case at one of its knees."""
    saved.keep_until_sign_out(_WANTED, (case_id, knee))
    st.session_state[AT] = f"{case_id}.{knee}"


def note_order(knees: Iterable[tuple[int, int]]) -> None:
    """Note in which order the list shows knees, by case and place: so they can be gone through."""
    places: dict[int, list[int]] = {}
    for case_id, knee in knees:
        places.setdefault(case_id, []).append(knee)
    saved.keep_until_sign_out(_IN_ORDER, places)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Which case of the list comes before another and which after it, with the knee to show.

    `place` is that of the case itself, from 1 on, of `count`. `knee` is a knee of it further on in
    the list whose answer waits for her grade: it comes before the next case.
    """

    before: tuple[int, int] | None
    after: tuple[int, int] | None
    place: int
    count: int
    knee: int | None = None


def neighbours(case: Case, film: Film) -> Neighbours | None:
    """Return what is around a case in the list as it was last seen; None where it was not there.

    `film` is that of the case, as it is looked at.
    """
    places: dict[int, list[int]] = st.session_state.get(_IN_ORDER, {})
    if case.case_id not in places:
        return None
    order = [(number, shown[0]) for number, shown in places.items()]
    here = list(places).index(case.case_id)
    before = order[here - 1] if here else None
    after = order[here + 1] if here + 1 < len(order) else None
    waiting = _waiting(case, film, places[case.case_id])
    return Neighbours(before, after, here + 1, len(order), waiting)


def _waiting(case, film, listed):
    """Return which of the `listed` knees after the one that is looked at waits for her grade."""
    looked_at = knees.knee_of(film)
    if looked_at not in listed:
        return None
    # The film may show fewer knees by now than when the list was drawn.
    count = min(len(case.state.knees), len(film.frames))
    for place in listed[listed.index(looked_at) + 1 :]:
        if place >= count:
            continue
        is_hidden = own_grades.hides(film.digest, place)
        if not is_hidden or own_grades.of(film.digest, place).grade is not None:
            continue
        if knees.may_be_graded(film, case.state.knees[place].findings):
            return place
    return None


def wanted() -> tuple[int, int] | None:
    """Return which case the reading page is to open, and at which knee."""
    return st.session_state.get(_WANTED) if saved.is_open() else None


def forget_wanted() -> None:
    """Open no case any more: it is there, it cannot be had, or the reader turned elsewhere."""
    st.session_state.pop(_WANTED, None)


@contextlib.contextmanager
def once(key: str = _WANTED) -> Iterator[None]:
    """Take what is wanted, at a place of the session, away once it is done or went wrong.

    It stays where something else that the reader does ends this run before: the next one does it.
    """
    try:
        yield
    except Exception:  # what ends a run is none
        st.session_state.pop(key, None)
        raise
    st.session_state.pop(key, None)


def bring_back(case_id: int, knee: int = 0) -> list[str]:
    """Turn to a case's film as it was saved; return what is not as it was.

    Raises `KneeOAError` where the case or its film cannot be had.
    """
    from kneeoa.store.cases import keeping

    film, differences = bring_here(case_id, knee)
    case = saved.case_of(film.digest)
    if case is not None and not case.is_read:
        keeping.mark_read(cached.store(), [case_id], True)
        saved.note_case(film, replace(case, is_read=True))
    st.session_state[session_films.NEXT] = film.digest
    return differences


def bring_here(case_id: int, knee: int = 0) -> tuple[Film, list[str]]:
    """Have a case's film in this session as it was saved, without turning to it.

    Return it with what is not as it was, and what of hers it does not take over; raises as
    `bring_back`.
    """
    from kneeoa.store.cases import keeping

    saved.look_for_cases()
    db, files = cached.store(), settings.files_from(os.environ)
    case = keeping.get(db, case_id, saved.reader())
    # The file as it came, where this session has it; else as it is kept.
    state, digest = case.state, _have_here(case, files)
    film = session_films.all_films()[digest]
    if digest == case.film and identity.is_without_patient(case):
        # What its file said against it when it was saved, and does not say any more.
        film.know(
            finding for knee in state.knees for finding in knee.findings if is_of_header(finding)
        )
    in_sight = book.opened().is_open(case_id)
    not_taken: dict[int, str] = st.session_state.get(_NOT_TAKEN_OVER, {})
    saved.keep_until_sign_out(_NOT_TAKEN_OVER, not_taken)
    if not same_films.lies_as(film, case):
        # Before it lies otherwise: should this run end on the way, the next one takes none either.
        if given := own_grades.hers().given_to(digest):
            not_taken[case_id] = _not_taken_over([grade for _, grade in given])
        own_grades.count_anew(digest)
    own_grades.are_same(digest, case.film)
    session_films.restore(film, state.quarters, state.changes)
    film.anyway, film.drawn = state.anyway, film.drawn or state.drawn
    differences = _restore_knees(film, state)
    differences += [not_taken[case_id]] if case_id in not_taken else []
    knees.turn_to(film, knee)
    for place, own in case.grades.items():
        own_grades.hers().meet(digest, place, own, in_sight=in_sight)
    if seen := seen_from({"view": state.view, "measured": list(state.measurements)}):
        saved.note_seen(digest, seen)
    saved.note_case(film, case)
    return film, differences


def _not_taken_over(grades):
    labels, is_one = ", ".join(KLGrade(grade).label for grade in grades), len(grades) == 1
    return (
        f"{labels} {'is' if is_one else 'are'} not taken over: you gave "
        f"{'it' if is_one else 'them'} before this case was opened, which counts its knees "
        f"otherwise. Give {'it' if is_one else 'them'} again."
    )


def has_told(case_id: int) -> None:
    """Note that what `bring_back` returned of a case is kept to be said."""
    st.session_state.get(_NOT_TAKEN_OVER, {}).pop(case_id, None)


def _have_here(case: Case, files: FilmFiles) -> str:
    """Have the film of a case be one of this session; return its digest."""
    films, ready = session_films.all_films(), ahead.taken(case)
    film = same_films.film_here(case)
    if film is not None:
        return film.digest
    saved.note_of_list(case.film)
    if ready is not None:
        _make_room()
        films[ready.digest] = ready
        return ready.digest
    data = files.read(case.film)
    _make_room(len(data))
    return session_films.take_in(case.name, data)


def _make_room(more: int = 0) -> None:
    """Let go of films that were opened from the list, the oldest first, while they fill the half.

    Who goes through a long list would else come to its end in the middle. Of what she opened in
    another way, nothing goes, nor what is not kept as she left it.
    """
    held, most = holding(), holding().limits.films / 2
    for digest in list(session_films.all_films()):
        if held.kept(session_films.holder()) + more <= most:
            return
        case = saved.case_of(digest)
        if case is not None and case.film == digest and book.is_kept(digest):
            session_films.let_go(digest)


def _restore_knees(film, state):
    if not state.knees:  # it came in by itself
        return []
    differences = []
    if len(state.knees) != len(film.frames):
        differences = [
            "Another number of knees would be found on it today than when it was saved: its boxes "
            "are those of then."
        ]
        session_films.have_knees(film, [_as_then(film, knee) for knee in state.knees])
    for place, knee in enumerate(state.knees):
        proposed = knees.proposal(film, place, in_use.current())
        frame = Frame(**{name: getattr(knee.frame, name) for name in _SIDES}, name=proposed.name)
        if frame != proposed:
            knees.move(film, place, frame)
        side = film.localised.knees[place].side
        # Of two knees, sides once were those of where they lay, be the film turned or refused.
        by_place = len(state.knees) == 2 and knee.side == ("R", "L")[place] and side == "unknown"
        if knee.side != side and (knee.side_set or not by_place):
            st.session_state[knees.side_key(film, place)] = knee.side
    return differences


def _as_then(film: Film, knee: KneeState) -> Knee:
    """Return a knee as it was saved; its side is doubted by what is set from now on."""
    # A note is told of the film, as it is read now.
    told_anew = (gate.SIDE, gate.NOTE)
    findings = tuple(finding for finding in knee.findings if finding.code not in told_anew)
    as_saved = Knee(knee.frame, 1.0, knee.side, findings)
    # The film is shown as it is graded.
    (seen,) = seen_in(film.radiograph, [as_saved.frame])
    return replace(as_saved, shape=shape_of(seen, as_saved, negative=False))


_SIDES = ("top", "left", "height", "width")
