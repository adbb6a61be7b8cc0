"""What a session knows of its films' saved cases, as plain objects.

Streamlit ends a run of a page at the first access of its session, or element, once the reader does
something else. So all of this is taken out of the session before anything is kept, and nothing she
does comes between what is kept and the note of it.
"""

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from kneeoa.store.cases.case import Case
from pages.shared import session_films
from pages.shared.cases import knees, own_grades
from pages.shared.session_films import Film
from pages.shared.viewer.seen import Seen

if TYPE_CHECKING:
    from sqlalchemy import Engine

READER = "reader_initials"
CASES, KNOWN, VIEWS = "saved_cases", "known_cases", "film_views"
SIGN_OUTS = "sign_outs"

Stands = tuple[object, ...]
"""All that a reader does to a film, grades apart: told from how it stood before by being equal."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A case, the film of the session that it is, and how that stood when it was kept.

    `is_overtaken`: another window changed the case meanwhile, so that it was not kept, but said.
    """

    case: Case
    film: Callable[[], Film | None]
    stands: Stands
    is_overtaken: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """What is known of cases, by the digests of the session's films.

    Attributes
    ----------
    entries : what this session saved or opened
    known : the case of a film, be it saved elsewhere; None where it was looked for and not there
    films : those of the session
    hers, reader : the reader's grades, and her initials
    """

    entries: dict[str, Entry]
    known: dict[str, int | None]
    films: dict[str, Film]
    hers: own_grades.Hers
    reader: str

    def entry_of(self, digest: str) -> Entry | None:
        """Return what is known of a film; of one that came in again, nothing."""
        entry = self.entries.get(digest)
        return entry if entry and entry.film() is self.films.get(digest) else None

    def note(self, film: Film, case: Case, stands: Stands, *, is_overtaken: bool = False) -> None:
        """Note that a film is `case`, which was kept as the film `stands`, or `is_overtaken`."""
        self.entries[film.digest] = Entry(case, weakref.ref(film), stands, is_overtaken)
        # Of one that was just saved nothing was kept before; of others hers were met already.
        self.hers.are_same(film.digest, case.film, in_sight=True)
        self.known[film.digest] = case.case_id

    def is_open(self, case_id: int) -> bool:
        """Return whether a film of this session is that case: what is kept of it is in sight."""
        cases = (self.entry_of(digest) for digest in self.entries)
        return any(entry.case.case_id == case_id for entry in cases if entry)

    def forget_case(self, case_id: int) -> None:
        """Let the films of a case that was deleted belong to none any more."""
        mine = [digest for digest, entry in self.entries.items() if entry.case.case_id == case_id]
        for digest in mine:
            del self.entries[digest]
        self.known.clear()

    def has_grades(self, digest: str) -> bool:
        """Return whether she said or saw something of a film that is not kept with its case."""
        entry = self.entries[digest]
        return any(joined != before for _, joined, before in self._grades_of(digest, entry.case))

    def keep_grades(self, db: "Engine", digest: str) -> None:
        """Keep what she said and saw of a film's knees with its case; raises as the store does."""
        from kneeoa.store.cases import readers  # late, as the store itself

        case = self.entries[digest].case
        for knee, joined, before in self._grades_of(digest, case):
            own, meanwhile = joined, before
            if joined != before:
                own, meanwhile = readers.put_grade(db, case.case_id, knee, self.reader, joined)
                case.grades[knee] = own
            self.hers.put(digest, knee, own)
            if meanwhile.grade != before.grade:  # in another window
                self.hers.put_aside(digest, knee, meanwhile)
            if joined.grade != before.grade:
                self.hers.put_aside(digest, knee, joined)

    def _grades_of(self, digest, case):
        """Return hers of each knee, joined with what was kept, and what was."""
        if self.films.get(digest) not in (None, self.entries[digest].film()):
            return []  # it came in again, and is looked at anew
        count = max(1, len(case.state.knees))
        places = {*self.hers.knees_of(digest), *case.grades}
        return [
            (knee, self.hers.of(digest, knee).joined(case.own(knee)), case.own(knee))
            for knee in sorted(places)
            if knee < count
        ]


def opened() -> Book:
    """Return what this session knows."""
    state = st.session_state
    entries, known = state.setdefault(CASES, {}), state.setdefault(KNOWN, {})
    films = session_films.all_films()
    return Book(entries, known, films, own_grades.hers(), state.get(READER, ""))


def sign_outs() -> int:
    """Return how many readers left the list in this session before the one who is at it."""
    return st.session_state.get(SIGN_OUTS, 0)


def stands_as(film: Film) -> Stands:
    """Return how a film of this session stands as its reader left it."""
    places, state = range(len(film.frames)), st.session_state
    moved = tuple(state.get(knees.frame_key(film, knee)) for knee in places)
    sides = tuple(
        state.get(knees.side_key(film, knee)) or film.localised.knees[knee].side for knee in places
    )
    return moved, sides, film.quarters, film.changes, film.anyway, seen_of(film)


def is_touched(film: Film) -> bool:
    """Return whether a reader moved a box, set a side or measured on a film of the session."""
    seen = seen_of(film)
    return is_set(film) or bool(seen and seen.measured)


def is_set(film: Film) -> bool:
    """Return whether a reader moved a box or set a side on a film of the session."""
    places, state = range(len(film.frames)), st.session_state
    moved = any(state.get(knees.frame_key(film, knee)) for knee in places)
    sides = [state.get(knees.side_key(film, knee)) for knee in places]
    as_found = [each.side for each in film.localised.knees]
    return moved or any(
        side not in (None, there) for side, there in zip(sides, as_found, strict=True)
    )


def seen_of(film: Film) -> Seen | None:
    """Return how a film that stands as it does was last looked at and measured, where that is
    known: what was measured on it before it was turned is in other places now."""
    return st.session_state.get(VIEWS, {}).get((film.digest, film.quarters))


def is_kept(digest: str) -> bool:
    """Return whether all that the reader did to a film and said of it is kept with its case."""
    book = opened()
    is_known = digest in book.films and book.entry_of(digest) is not None
    return is_known and not (lacks(book, digest) or book.hers.put_aside_of(digest))


def lacks(book: Book, digest: str) -> bool:
    """Return whether a case lacks something that the reader did to its film or said of it."""
    if book.has_grades(digest):
        return True
    entry, film = book.entry_of(digest), book.films.get(digest)
    if entry is None or film is None:
        return False
    return entry.is_overtaken or stands_as(film) != entry.stands
