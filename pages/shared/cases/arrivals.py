"""Films that are read behind the pages, until this session takes them in."""

from collections import deque
from collections.abc import Collection
from typing import Protocol

import streamlit as st

from kneeoa.errors import KneeOAError
from pages.shared import session_films
from pages.shared.session_films import Film

_ARRIVING, _BEHIND = "arriving", "read_behind"


def arriving() -> deque[Film | tuple[str, KneeOAError]]:
    """Return where films that were read behind the pages wait to be taken in.

    In the place of one that could not be read stands its name, and why.
    """
    return st.session_state.setdefault(_ARRIVING, deque())


def take_arrivals() -> None:
    """Take in the films that were read behind the pages; at the start of a run, and only there."""
    waiting, films, refused = arriving(), session_films.all_films(), session_films.refusals()
    while waiting:
        # From here on nothing asks Streamlit: a run that is cut off would lose what it holds.
        film = waiting.popleft()
        if isinstance(film, Film):
            films.setdefault(film.digest, film).came_as(film.name)
        else:
            name, error = film
            refused.append((name, str(error)))


class Behind(Protocol):
    """Who reads films behind the pages."""

    @property
    def left(self) -> int:
        """How many films are still to be read."""

    def leave(self) -> None:
        """Leave unread, or hand over no more, what came from behind the key of the list."""


def note_behind(work: Behind) -> None:
    """Note who reads films behind the pages for this session."""
    st.session_state[_BEHIND] = work


def coming() -> int:
    """Return how many films are still to be read behind the pages, or taken in."""
    work: Behind | None = st.session_state.get(_BEHIND)
    return len(arriving()) + (work.left if work else 0)


def leave(behind_key: Collection[str]) -> None:
    """Take in no film that came from behind the key of the list: `behind_key` are those noted."""
    work: Behind | None = st.session_state.get(_BEHIND)
    waiting = arriving()
    if work is not None:
        work.leave()
    # One by one, because others are read and arrive meanwhile.
    for _ in range(len(waiting)):
        film = waiting.popleft()
        # Why one was not read is said only of those.
        if isinstance(film, Film) and film.digest not in behind_key:
            waiting.append(film)
