"""The saved cases of a session's films: who may save, what is kept of a film, and its way back."""

import contextlib
import hashlib
import json
import os
from dataclasses import asdict, replace
from datetime import UTC, datetime

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.films.apart.pool import workers
from kneeoa.films.dicom.patient import PATIENT
from kneeoa.films.frames import Frame
from kneeoa.store.cases import settings
from kneeoa.store.cases.case import Case, FilmState, KneeState, NewCase
from pages.shared import cached, session_films
from pages.shared.access import sign_in
from pages.shared.cases import knees, own_grades, states
from pages.shared.profiles import in_use
from pages.shared.session_films import Film
from pages.shared.viewer.seen import Seen, seen_from

DOOR = sign_in.Door(
    "case_list",
    settings.KEY,
    "Key of the case list",
    settings.check_key,
    "case list opened",
    "wrong key of the case list",
)
READER = "reader_initials"
_CASES, _VIEWS, _WANTED, _KNOWN = "saved_cases", "film_views", "wanted_case", "known_cases"


def is_on() -> bool:
    """Return whether the server's owner lets cases be saved."""
    return not sign_in.refusal(DOOR)


def is_open() -> bool:
    """Return whether this session may save cases and see those that are saved."""
    return sign_in.is_open(DOOR)


def reader() -> str:
    """Return the initials under which her grades are kept; empty where she gave none."""
    return st.session_state.get(READER, "")


def show_sign_in() -> None:
    """Ask for the key and, for her own grades, for the reader's initials."""
    from kneeoa.store.cases import keeping  # late, as the store itself

    def initials() -> bool:
        given = st.text_input(
            "Your initials (optional)",
            key="initials",
            help="Your own grades are kept under them, apart from other readers'.",
        )
        try:
            st.session_state[READER] = keeping.reader_of(given)
        except KneeOAError as error:
            st.error(str(error))
            return False
        return True

    sign_in.show_form(DOOR, initials)


def sign_out() -> None:
    """Close the list for this session; the next reader's grades are not those of this one."""
    sign_in.leave(DOOR)
    own_grades.forget()
    for key in (READER, _CASES, _KNOWN, _VIEWS):
        st.session_state.pop(key, None)


def case_of(digest: str) -> Case | None:
    """Return the case that this session saved or opened of a film."""
    return _cases().get(digest)


def _cases() -> dict[str, Case]:
    return st.session_state.setdefault(_CASES, {})


def forget(digest: str) -> None:
    """Let a film of this session belong to no saved case any more, until it is looked for."""
    _cases().pop(digest, None)
    st.session_state.get(_KNOWN, {}).pop(digest, None)


def forget_case(case_id: int) -> None:
    """Let the films of a case that was deleted belong to none any more."""
    for digest in [digest for digest, case in _cases().items() if case.case_id == case_id]:
        forget(digest)
    st.session_state.pop(_KNOWN, None)


def save(film: Film) -> Case:
    """Keep a film as a case, or the changes to the case it has; return the case.

    Raises `KneeOAError` where it cannot be kept.

    A film that was saved in another session goes on as that case.
    """
    from kneeoa.store.cases import keeping

    db, files, now = cached.store(), settings.files_from(os.environ), datetime.now(UTC)
    case = case_of(film.digest) or keeping.of_film(db, film.digest, reader())
    state = state_of(film, case.state if case else None)
    if case is None:
        patient, day = _study_of(film, files)
        new = NewCase(film.digest, film.name, film.source, state, patient, day)
        case = keeping.add(db, files, new, film.data, now)
    elif state != case.state or not case.is_read:
        revision = keeping.change(db, case, now, state=state, is_read=True)
        case = replace(case, state=state, is_read=True, revision=revision, updated_at=now)
    _cases()[film.digest] = case
    _save_grades(film, case)
    return case


def _save_grades(film, case):
    from kneeoa.store.cases import keeping

    for place in range(len(case.state.knees)):
        own, before = own_grades.of(film.digest, place), case.own(place)
        joined = own.joined(before)
        if joined != before:
            keeping.put_grade(cached.store(), case.case_id, place, reader(), joined)
            case.grades[place] = joined
        if joined != own:
            own_grades.put(film.digest, place, joined)


def state_of(film: Film, before: FilmState | None = None) -> FilmState:
    """Return all that brings a film back as it is now; `before` is what was kept of it."""
    seen = seen_of(film.digest)
    if seen is None and before is not None:
        view, measured = before.view, before.measurements
    else:
        view, measured = _plain(seen)
    found = tuple(
        _kept(states.state_of(film, place), before.knees[place])
        if before and place < len(before.knees)
        else states.state_of(film, place)
        for place in range(len(film.frames))
    )
    if not (before and before.knees) and len(found) == 1:
        found = (replace(found[0], reference=_reference_of(film)),)
    return FilmState(
        found,
        quarters=film.quarters,
        changes=film.changes,
        anyway=film.anyway,
        drawn=film.drawn,
        view=view,
        measurements=measured,
    )


def _kept(now: KneeState, before: KneeState) -> KneeState:
    """Return a knee as it is now; what others said of the same box stays what was said of it."""
    now = replace(now, reference=before.reference)
    if now.frame != before.frame or not is_by_others(before):
        return now
    return replace(before, side=now.side, findings=now.findings)


def is_by_others(knee: KneeState) -> bool:
    """Return whether other networks, or another profile, than this session's graded a knee."""
    return knee.said is not None and knee.graded_by != states.graded_by()


def seen_of(digest: str) -> Seen | None:
    """Return how a film was last looked at and measured, where the viewer or its case says so."""
    return st.session_state.get(_VIEWS, {}).get(digest)


def note_seen(digest: str, seen: Seen) -> None:
    """Keep how a film is looked at, and what was measured on it."""
    st.session_state.setdefault(_VIEWS, {})[digest] = seen


def _plain(seen):
    """Return view and measurements as a case has them, which is as JSON would give them back."""
    if seen is None:
        return None, ()
    found = json.loads(json.dumps(asdict(seen)))
    return found["view"], tuple(found["measured"])


def _study_of(film, files):
    if film.source != "DICOM":
        return "", ""
    said = workers().run(PATIENT, film.data).said
    return files.mark_of(str(said["id"])), str(said["date"])


def _reference_of(film):
    """Return the grade in the data set of a film that is one of its films, byte by byte."""
    with contextlib.suppress(KneeOAError):
        films = cached.teaching_set()
        known = None if films.is_synthetic else films.films.get(film.name.rpartition(".")[0])
        if known and hashlib.sha256(films.read(known.image_id)[1]).hexdigest() == film.digest:
            return int(known.grade)
    return None


def known(film: Film) -> int | None:
    """Return the case of a film that was saved in another session; looked for once."""
    from kneeoa.store.cases import keeping

    found = st.session_state.setdefault(_KNOWN, {})
    if film.digest not in found:
        case = keeping.of_film(cached.store(), film.digest, reader())
        found[film.digest] = case and case.case_id
    return found[film.digest]


def want(case_id: int, knee: int = 0) -> None:
    """Have the reading page open a case at one of its knees."""
    st.session_state[_WANTED] = case_id, knee


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

    db, files = cached.store(), settings.files_from(os.environ)
    case = keeping.get(db, case_id, reader())
    content = files.read(case.film)
    digest = session_films.take_in(case.name, content)
    film, state = session_films.all_films()[digest], case.state
    session_films.restore(film, state.quarters, state.changes)
    film.anyway, film.drawn = state.anyway, state.drawn
    said = _restore_knees(film, state)
    if len(film.frames) > 1:
        st.session_state[knees.knee_key(film)] = min(knee, len(film.frames) - 1)
    for place, own in case.grades.items():
        own_grades.put(digest, place, own_grades.of(digest, place).joined(own))
    if seen := seen_from({"view": state.view, "measured": list(state.measurements)}):
        note_seen(digest, seen)
    if not case.is_read:
        keeping.mark_read(db, [case_id], True)
        case = keeping.get(db, case_id, reader())
    _cases()[digest] = case
    st.session_state[session_films.NEXT] = digest
    return said


def _restore_knees(film, state):
    if not state.knees:  # it came in by itself
        return []
    if len(state.knees) != len(film.frames):
        return [
            "Another number of knees is found on it than when it was saved: its boxes are those "
            "found now."
        ]
    for place, knee in enumerate(state.knees):
        proposed = knees.proposal(film, place, in_use.current())
        frame = Frame(**{name: getattr(knee.frame, name) for name in _SIDES}, name=proposed.name)
        if frame != proposed:
            knees.move(film, place, frame)
        if knee.side != film.found.knees[place].side:
            st.session_state[knees.side_key(film, place)] = knee.side
    return []


_SIDES = ("top", "left", "height", "width")
