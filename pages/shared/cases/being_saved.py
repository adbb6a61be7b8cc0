"""Films that were asked to be saved: saved one after the other, and the page says how far it is."""

from typing import NamedTuple

import streamlit as st

from kneeoa.errors import KneeOAError
from pages.shared import boundary, session_films
from pages.shared.cases import saved

_WAITING, _DONE, _FAILED = "to_be_saved", "saved_of_them", "not_saved"
_SAVED = "saved_names"
_UNWARNED = "saved_unwarned"


class Outcome(NamedTuple):
    """What the films that were saved are called now, and why others were not."""

    saved: list[str]
    failed: list[str]


def ask(digests: list[str]) -> None:
    """Have films of this session saved when the page gets there."""
    waiting = st.session_state.setdefault(_WAITING, [])
    waiting += [digest for digest in digests if digest not in waiting]


def waiting() -> int:
    """Return how many films wait to be saved."""
    return len(st.session_state.get(_WAITING, ()))


def is_waiting(digest: str) -> bool:
    """Return whether a film waits to be saved."""
    return digest in st.session_state.get(_WAITING, ())


def forget() -> None:
    """Save none of those that wait."""
    for key in (_WAITING, _DONE, _FAILED, _SAVED):
        st.session_state.pop(key, None)


def was_too_fast(digest: str) -> bool:
    """Return whether a film was saved here before text had been looked for in it."""
    return digest in st.session_state.get(_UNWARNED, ())


def go_on() -> Outcome:
    """Save what was asked for; return what became of it, once all of it is done.

    Where the reader does something else meanwhile, the next run of the page goes on: a film is off
    the list only once it is saved, or known why it was not.
    """
    wanted: list[str] = st.session_state.get(_WAITING, [])
    outcome = Outcome(*(st.session_state.get(key, []) for key in (_SAVED, _FAILED)))
    if not (wanted or any(outcome)) or not saved.is_open():
        return Outcome([], [])
    outcome = Outcome(*(st.session_state.setdefault(key, []) for key in (_SAVED, _FAILED)))
    unwarned: set[str] = st.session_state.setdefault(_UNWARNED, set())
    place = st.empty()
    while wanted:
        digest, done = wanted[0], st.session_state.get(_DONE, 0)
        film = session_films.all_films().get(digest)
        # From what was saved to the note of it nothing is asked of the session, see `book`.
        if film is not None:
            is_warned = film.text is not None
            try:
                case = saved.save(film, _teller(place, done, done + len(wanted), film.name))
                outcome.saved.append(f"{film.name} as case {case.case_id}")
                if not is_warned:
                    unwarned.add(digest)
            except KneeOAError as error:
                outcome.failed.append(f"Not saved: {film.name}. {error}")
        wanted.pop(0)
        st.session_state[_DONE] = done + 1
    place.empty()
    forget()
    return outcome


def _teller(place, done, count, name):
    """Return what says which step of a film is done, and how many films are."""
    from kneeoa.reports.deidentify import STEPS  # late: it decodes films

    def tell(step: str) -> None:
        words = f"Saved {done} of {count}. {boundary.escaped(name)}: {step.lower()}"
        share = (done + STEPS.index(step) / len(STEPS)) / count
        place.progress(share, words if count > 1 else step)

    return tell
