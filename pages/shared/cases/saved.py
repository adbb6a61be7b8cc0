"""The saved cases of a session's films: who may save, what is kept of a film, and its way back."""

import contextlib
import hashlib
import json
import os
import weakref
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.films.apart.pool import workers
from kneeoa.films.dicom.patient import PATIENT
from kneeoa.store.cases import identity, settings
from kneeoa.store.cases.case import Case, FilmState, KneeState, NewCase
from pages.shared import cached, session_films
from pages.shared.access import sign_in
from pages.shared.cases import own_grades, same_films, states
from pages.shared.session_films import Film
from pages.shared.viewer.seen import Seen

DOOR = sign_in.Door(
    "case_list",
    settings.KEY,
    "Key of the case list",
    settings.check_key,
    "case list opened",
    "wrong key of the case list",
)
READER = "reader_initials"
_CASES, _VIEWS, _KNOWN = "saved_cases", "film_views", "known_cases"
_BEHIND_KEY, _LISTS = "films_behind_key", "lists_behind_key"


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
    from kneeoa.store.cases import readers  # late, as the store itself

    def initials() -> bool:
        given = st.text_input(
            "Your initials (optional)",
            key="initials",
            help="Your own grades are kept under them, apart from other readers'.",
        )
        try:
            st.session_state[READER] = readers.reader_of(given)
        except KneeOAError as error:
            st.error(str(error))
            return False
        return True

    sign_in.show_form(DOOR, initials)


def sign_out() -> None:
    """Close the list for this session, and take away what only its key showed.

    Films of saved cases, and those of an archive, go; what was uploaded here and not saved stays.
    The next reader's grades are not those of this one.
    """
    sign_in.leave(DOOR)
    own_grades.forget()
    for digest in [*_cases(), *st.session_state.get(_BEHIND_KEY, ())]:
        session_films.remove(digest, for_good=True)
    lists = st.session_state.get(_LISTS, ())
    for key in (READER, _CASES, _KNOWN, _VIEWS, _BEHIND_KEY, *lists, _LISTS):
        st.session_state.pop(key, None)


def note_behind_key(digest: str) -> None:
    """Note that a film of this session came from where only the key of the list leads."""
    st.session_state.setdefault(_BEHIND_KEY, set()).add(digest)


def is_from_archive(digest: str) -> bool:
    """Return whether a film came from an archive, or was pushed by a modality."""
    return digest in st.session_state.get(_BEHIND_KEY, ())


def goes_without_patient(film: Film) -> bool:
    """Return whether the patient is taken out of a film when it is saved."""
    policy = identity.policy_from(os.environ)
    return identity.is_removed(policy, from_archive=is_from_archive(film.digest))


def keep_until_sign_out(key: str, value: Any) -> None:
    """Keep what is shown behind the key in the session's `key`, until the list is closed."""
    st.session_state[key] = value
    st.session_state.setdefault(_LISTS, set()).add(key)


def case_of(digest: str) -> Case | None:
    """Return the case that this session saved or opened of a film.

    A film that was taken away and comes in again is another one here: nothing is known of how it
    was looked at before, and the case is not to be overwritten by that.
    """
    case, film = _cases().get(digest, (None, lambda: None))
    return case if film() is session_films.all_films().get(digest) else None


def note_case(film: Film, case: Case) -> None:
    """Note that a film of this session is `case`, whose changes are kept from now on."""
    _cases()[film.digest] = case, weakref.ref(film)
    own_grades.are_same(film.digest, case.film)
    st.session_state.setdefault(_KNOWN, {})[film.digest] = case.case_id


def _cases() -> dict[str, tuple[Case, Callable[[], Film | None]]]:
    return st.session_state.setdefault(_CASES, {})


def forget(digest: str) -> None:
    """Let a film of this session belong to no saved case any more, until it is looked for."""
    _cases().pop(digest, None)
    st.session_state.get(_KNOWN, {}).pop(digest, None)


def forget_case(case_id: int) -> None:
    """Let the films of a case that was deleted belong to none any more."""
    for digest in [digest for digest, (case, _) in _cases().items() if case.case_id == case_id]:
        forget(digest)
    look_for_cases()


def look_for_cases() -> None:
    """Look anew for the cases of films that were saved in other sessions."""
    st.session_state.pop(_KNOWN, None)


def save(film: Film, tell: Callable[[str], None] = lambda step: None) -> Case:
    """Keep a film as a case, or the changes to the case it has; return the case.

    `tell` is told what is being done, where that may take long. Whatever it raises, nothing is kept
    yet then.

    Raises `KneeOAError` where it cannot be kept, and where it is kept already as a case that this
    session did not open: what it holds is not to be lost to how the film stands here.
    """
    from kneeoa.store.cases import keeping

    db, files, now = cached.store(), settings.files_from(os.environ), datetime.now(UTC)
    case = case_of(film.digest)
    if case is None and (there := same_films.kept_as(film, files, reader())) is not None:
        st.session_state.setdefault(_KNOWN, {})[film.digest] = there.case_id
        raise KneeOAError(
            f"It is saved already, as case {there.case_id}, and nothing of that is overwritten: "
            "open that case, and go on there."
        )
    state = state_of(film, case.state if case else None)
    if case is None:
        patient, day = _study_of(film, files)
        is_read = film.looked_at
        new = NewCase(film.digest, film.name, film.source, state, patient, day, is_read)
        content = film.data
        if goes_without_patient(film):
            before = film.as_it_came()
            new, content = identity.without_patient(
                new, content, files, os.environ, before=before, tell=tell
            )
        case = keeping.add(db, files, new, content, now, picture=film.small_picture())
    elif state != case.state or case.is_read < film.looked_at:
        is_read = case.is_read or film.looked_at
        revision = keeping.change(db, case, now, state=state, is_read=is_read)
        case = replace(case, state=state, is_read=is_read, revision=revision, updated_at=now)
    else:
        keeping.expect_unchanged(db, case)
    note_case(film, case)
    _save_grades(film, case)
    return case


def _save_grades(film, case):
    from kneeoa.store.cases import readers

    for place in range(len(case.state.knees)):
        own, before = own_grades.of(film.digest, place), case.own(place)
        joined = own.joined(before)
        if joined != before:
            joined = readers.put_grade(cached.store(), case.case_id, place, reader(), joined)
            case.grades[place] = joined
        if joined != own:
            own_grades.put(film.digest, place, joined)


def state_of(film: Film, before: FilmState | None = None) -> FilmState:
    """Return all that brings a film back as it is now; `before` is what was kept of it."""
    seen = seen_of(film)
    if seen is None and before is not None and before.quarters == film.quarters:
        view, measured = before.view, before.measurements
    else:
        view, measured = _plain(seen)
    then = before and (before.quarters, before.changes)
    is_same = then == (film.quarters, film.changes)
    knee_states = tuple(
        _kept(states.state_of(film, place), before.knees[place], is_same=is_same)
        if before and place < len(before.knees)
        else states.state_of(film, place)
        for place in range(len(film.frames))
    )
    if not (before and before.knees) and len(knee_states) == 1:
        knee_states = (replace(knee_states[0], reference=_reference_of(film)),)
    return FilmState(
        knee_states,
        quarters=film.quarters,
        changes=film.changes,
        anyway=film.anyway,
        drawn=film.drawn,
        view=view,
        measurements=measured,
    )


def _kept(now: KneeState, before: KneeState, *, is_same: bool) -> KneeState:
    """Return a knee as it is now; what others said of the same box of a film that `is_same`, which
    is shown as it was, stays what was said of it."""
    now = replace(now, reference=before.reference)
    if not is_same or now.frame != before.frame or not is_by_others(before):
        return now
    return replace(before, side=now.side, findings=now.findings)


def is_by_others(knee: KneeState) -> bool:
    """Return whether other networks, or another profile, than this session's graded a knee."""
    return knee.said is not None and knee.graded_by != states.graded_by()


def seen_of(film: Film) -> Seen | None:
    """Return how a film that stands as it does was last looked at and measured, where that is
    known: what was measured on it before it was turned is in other places now."""
    return st.session_state.get(_VIEWS, {}).get((film.digest, film.quarters))


def note_seen(digest: str, seen: Seen) -> None:
    """Keep how a film of this session is looked at as it stands, and what was measured on it."""
    if film := session_films.all_films().get(digest):
        st.session_state.setdefault(_VIEWS, {})[digest, film.quarters] = seen


def _plain(seen):
    """Return view and measurements as a case has them, which is as JSON would give them back."""
    if seen is None:
        return None, ()
    record = json.loads(json.dumps(asdict(seen)))
    return record["view"], tuple(record["measured"])


def _study_of(film, files):
    if film.source != "DICOM":
        return "", ""
    facts = workers().run(PATIENT, film.data).facts
    return files.mark_of(str(facts["id"])), str(facts["date"])


def mark_of_patient(patient_id: str) -> str:
    """Return a patient's mark as the list has it; her id where the list is not open."""
    if is_open():
        with contextlib.suppress(KneeOAError):  # said where a film is saved
            return settings.files_from(os.environ).mark_of(patient_id)
    return patient_id


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
    case_ids = st.session_state.setdefault(_KNOWN, {})
    if film.digest not in case_ids:
        case = same_films.kept_as(film, settings.files_from(os.environ), reader())
        case_ids[film.digest] = case and case.case_id
    return case_ids[film.digest]
