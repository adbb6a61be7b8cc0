"""The saved cases of a session's films: who may save, what is kept of a film, and its way back."""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.graders.profile import Profile
from kneeoa.store.cases import identity, settings
from kneeoa.store.cases.case import LEARNT_FROM, Case, FilmState, KneeState, NewCase
from pages.shared import cached, session_films
from pages.shared.access import sign_in
from pages.shared.cases import book, same_films, states, whose_marks
from pages.shared.profiles import in_use
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
BEHIND_KEY, LISTS = "films_behind_key", "lists_behind_key"
OF_LIST = "films_of_list"
_MARKS = "marks_of_profiles"
LEAVING = "signing_out"
"""Where the session notes that the list is being closed: it is open no more."""


def is_on() -> bool:
    """Return whether the server's owner lets cases be saved."""
    return not sign_in.refusal(DOOR)


def is_open() -> bool:
    """Return whether this session may save cases and see those that are saved."""
    return sign_in.is_open(DOOR) and LEAVING not in st.session_state


def reader() -> str:
    """Return the initials under which her grades are kept; empty where she gave none."""
    return st.session_state.get(book.READER, "")


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
            st.session_state[book.READER] = readers.reader_of(given)
        except KneeOAError as error:
            st.error(str(error))
            return False
        return True

    sign_in.show_form(DOOR, initials)


def behind_key() -> set[str]:
    """Return which films of this session came from where only the key of the list leads."""
    return st.session_state.setdefault(BEHIND_KEY, set())


def note_of_list(digest: str) -> None:
    """Note that a film was opened from the list: whatever becomes of its case, it goes with it."""
    st.session_state.setdefault(OF_LIST, set()).add(digest)


def is_from_archive(digest: str) -> bool:
    """Return whether a film came from an archive, or was pushed by a modality."""
    return digest in st.session_state.get(BEHIND_KEY, ())


def goes_without_patient(film: Film) -> bool:
    """Return whether the patient is taken out of a film when it is saved."""
    policy = identity.policy_from(os.environ)
    return identity.is_removed(policy, from_archive=is_from_archive(film.digest))


def keep_until_sign_out(key: str, value: Any) -> None:
    """Keep what is shown behind the key in the session's `key`, until the list is closed."""
    st.session_state[key] = value
    st.session_state.setdefault(LISTS, set()).add(key)


def case_of(digest: str) -> Case | None:
    """Return the case that this session saved or opened of a film.

    A film that was taken away and comes in again is another one here: nothing is known of how it
    was looked at before, and the case is not to be overwritten by that.
    """
    entry: book.Entry | None = st.session_state.get(book.CASES, {}).get(digest)
    if entry is None or entry.film() is not session_films.all_films().get(digest):
        return None
    return entry.case


def note_case(film: Film, case: Case) -> None:
    """Note that a film of this session is `case`, whose changes are kept from now on."""
    known, stands = book.opened(), book.stands_as(film)
    known.note(film, case, stands)


def forget(digest: str) -> None:
    """Let a film of this session belong to no saved case any more, until it is looked for."""
    known = book.opened()
    known.entries.pop(digest, None)
    known.known.pop(digest, None)


def look_for_cases() -> None:
    """Look anew for the cases of films that were saved in other sessions."""
    st.session_state.setdefault(book.KNOWN, {}).clear()


def save(film: Film, tell: Callable[[str], None] = lambda step: None) -> Case:
    """Keep a film as a case, or the changes to the case it has; return the case.

    `tell` is told what is being done, where that may take long. Whatever it raises, nothing is kept
    yet then.

    Raises `KneeOAError` where it cannot be kept, and where it is kept already as a case that this
    session did not open: what it holds is not to be lost to how the film stands here.
    """
    from kneeoa.store.cases import keeping, windows

    db, files, now = cached.store(), settings.files_from(os.environ), datetime.now(UTC)
    # From here on nothing is asked of the session after something is kept, see `book`.
    known, stands = book.opened(), book.stands_as(film)
    entry = known.entry_of(film.digest)
    case = entry.case if entry else None
    if case is None and (there := same_films.kept_as(film, files, known.reader)) is not None:
        known.known[film.digest] = there.case_id
        raise KneeOAError(
            f"It is saved already, as case {there.case_id}, and nothing of that is overwritten: "
            "open that case, and go on there."
        )
    state = state_of(film, case.state if case else None)
    try:
        if case is None:
            new, content = _as_kept(film, state, files, tell)
            picture = film.small_picture()
            case = keeping.add(db, files, new, content, now, picture=picture)
        elif state != case.state or case.is_read < film.looked_at:
            is_read = case.is_read or film.looked_at
            revision = keeping.change(db, case, now, state=state, is_read=is_read)
            case = replace(case, state=state, is_read=is_read, revision=revision, updated_at=now)
        else:
            windows.expect_unchanged(db, case)
    except windows.OvertakenError:
        with contextlib.suppress(windows.OvertakenError):  # it was deleted
            known.keep_grades(db, film.digest)  # hers stand beside whatever another window keeps
        raise
    known.note(film, case, stands)
    known.keep_grades(db, film.digest)
    return case


def _as_kept(film, state, files, tell) -> tuple[NewCase, bytes]:
    """Return what is kept of a film that is saved for the first time, and its file."""
    whose = whose_marks.of_file(film, files)
    marks = (whose.patient, whose.day, film.looked_at, whose.issuer, whose.born)
    new = NewCase(film.digest, film.name, film.source, state, *marks)
    if not goes_without_patient(film):
        return new, film.data
    before = film.as_it_came()
    return identity.without_patient(new, film.data, files, os.environ, before=before, tell=tell)


def is_kept_film(film: Film) -> bool:
    """Return whether a film was opened from the list, where it is kept without its patient."""
    case = case_of(film.digest)
    return case is not None and identity.is_without_patient(case) and case.film == film.digest


def learnt_from(film: Film) -> bool:
    """Return whether the profile that readings follow was learnt from this very film."""
    profile = in_use.current()
    if profile is not None and is_kept_film(film):
        return was_learnt_from(profile, film)
    return in_use.learnt_from(film.digest)


def was_learnt_from(profile: Profile, film: Film) -> bool:
    """Return whether a profile was learnt from this very film.

    Of a film that is kept without its patient, from the file as it came.
    """
    if profile.learnt_from(film.digest):
        return True
    if not (contents := profile.record.learnt_from) or not is_kept_film(film):
        return False
    case, marks = case_of(film.digest), st.session_state.get(_MARKS, {})
    if profile.digest not in marks:  # which takes a while, and is asked of every film of a list
        made = settings.files_from(os.environ).marks_of_films(contents).values()
        keep_until_sign_out(_MARKS, marks := marks | {profile.digest: frozenset(made)})
    return case is not None and case.digest in marks[profile.digest]


def marked(film: Film, knee: KneeState) -> KneeState:
    """Return a knee of a film as the networks answered it, marked where they learnt from it."""
    if not knee.profile_said or knee.learnt_from or not learnt_from(film):
        return knee
    return replace(knee, profile_said=f"{knee.profile_said}{LEARNT_FROM}")


def state_of(film: Film, before: FilmState | None = None) -> FilmState:
    """Return all that brings a film back as it is now; `before` is what was kept of it."""
    seen = book.seen_of(film)
    if seen is None and before is not None and before.quarters == film.quarters:
        view, measured = before.view, before.measurements
    else:
        view, measured = _plain(seen)
    then = before and (before.quarters, before.changes)
    is_same = then == (film.quarters, film.changes)
    now = [marked(film, states.state_of(film, place)) for place in range(len(film.frames))]
    knee_states = tuple(
        _kept(knee, before.knees[place], is_same=is_same)
        if before and place < len(before.knees)
        else knee
        for place, knee in enumerate(now)
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
    if before.learnt_from and now.graded_by.get("profile") == before.graded_by["profile"]:
        # Told when the film was saved, of what it was then.
        now = replace(now, profile_said=before.profile_said)
    if not is_same or now.frame != before.frame or not is_by_others(before):
        return now
    return replace(before, side=now.side, side_set=now.side_set, findings=now.findings)


def is_by_others(knee: KneeState) -> bool:
    """Return whether other networks, or another profile, than this session's graded a knee."""
    return knee.said is not None and knee.graded_by != states.graded_by()


def note_seen(digest: str, seen: Seen) -> None:
    """Keep how a film of this session is looked at as it stands, and what was measured on it."""
    if film := session_films.all_films().get(digest):
        st.session_state.setdefault(book.VIEWS, {})[digest, film.quarters] = seen


def _plain(seen):
    """Return view and measurements as a case has them, which is as JSON would give them back."""
    if seen is None:
        return None, ()
    record = json.loads(json.dumps(asdict(seen)))
    return record["view"], tuple(record["measured"])


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
    case_ids = st.session_state.setdefault(book.KNOWN, {})
    if film.digest not in case_ids:
        case = same_films.kept_as(film, settings.files_from(os.environ), reader())
        case_ids[film.digest] = case and case.case_id
    return case_ids[film.digest]
