"""What this browser session holds of its own films: in memory only, gone with the session.

Nothing of it goes into a cache of the server, which other sessions share.
"""

from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from kneeoa.adaptation.adapting import Adaptation
from kneeoa.adaptation.curve import LearningCurve
from kneeoa.adaptation.gathering.graded import GradedFilms, gather, lacking
from kneeoa.adaptation.listing import LeftOut
from kneeoa.adaptation.sheet import LONGEST, SheetFilm, boxed
from kneeoa.graders.framing import WHOLE
from kneeoa.networks import INPUT_SIDE
from pages.shared import session_films
from pages.shared.memory.holding import holding
from pages.shared.memory.limits import FullError
from pages.shared.research import own_measured
from pages.shared.research.own_measured import Kept

MOST_FILMS = 600
"""On this page; the pictures of all of them are kept in memory. The command line takes any number.
"""
A_FILM = 2 * 4 * INPUT_SIDE**2 + LONGEST**2
"""Bytes that a film takes: its box and the whole of it as the networks see them, and its picture.
"""
_KEY = "own_films"


@dataclass(eq=False)
class Work:
    """Films that were looked at, and what came of them.

    Attributes
    ----------
    source : what the films were taken from, as text
    films : those that can be learnt from, as the reader has framed them
    left_out : those that cannot, and why
    without : digests of films that the reader left out
    adaptation, measured : what was learnt, and how the published networks do, until a frame is
        changed
    used : digest of the profile of it that readings were last made to follow; empty: none
    """

    source: str
    films: list[SheetFilm]
    left_out: tuple[LeftOut, ...]
    without: set[str] = field(default_factory=set)
    adaptation: Adaptation | None = None
    curve: LearningCurve | None = None
    measured: Kept | None = None
    used: str = ""

    @property
    def gathered(self) -> GradedFilms:
        """The films that are learnt from; raises `DataError` where they are too few."""
        by_reader = [
            LeftOut(film.listed.name, "Left out by the reader.", "reader")
            for film in self.films
            if film.opened.digest in self.without
        ]
        return gather([film.opened for film in self.chosen], (*self.left_out, *by_reader))

    @property
    def chosen(self) -> list[SheetFilm]:
        """The films that are learnt from."""
        return [film for film in self.films if film.opened.digest not in self.without]

    @property
    def by_whole_film(self) -> bool:
        """Whether what was learnt was learnt from whole films: no frame had a part in it."""
        return self.adaptation is not None and self.adaptation.framing == WHOLE

    def shown(self, film: SheetFilm) -> np.ndarray:
        """Return a film's picture, with its frame where that is what was learnt from, or will be.

        ``(h, w)`` or ``(h, w, 3) uint8``.
        """
        if self.by_whole_film:
            return film.picture
        return boxed(film.picture, film.shape, film.frame)

    @property
    def lacking(self) -> str:
        """What the films lack to learn from, or to measure on, in a sentence; empty: nothing."""
        return lacking([film.listed.grade for film in self.chosen])

    def replace(self, film: SheetFilm, new: SheetFilm) -> None:
        """Put another frame in a film's place; what was learnt before does not hold any more."""
        self.films[self.films.index(film)] = new
        self.forget_learnt()

    def leave_out(self, film: SheetFilm, *, out: bool) -> None:
        """Leave a film out, or take it in again."""
        (self.without.add if out else self.without.discard)(film.opened.digest)
        self.forget_learnt()

    def forget_learnt(self) -> None:
        """Drop what was learnt from other films or frames."""
        self.adaptation = self.curve = self.measured = None
        self.used = ""
        own_measured.keep(None)

    def let_go(self) -> None:
        """It has no pixels that would come back."""

    def film_of(self, digest: str) -> SheetFilm:
        """Return the film of a row of what was learnt."""
        return next(film for film in self.films if film.opened.digest == digest)


def current() -> Work | None:
    """Return this session's films, or None before any were looked at."""
    return st.session_state.get(_KEY)


def room_for(source: str, films: int, size: int) -> Work:
    """Return work to put so many films into, which the server keeps room for from now on.

    `size` are the bytes of the ZIP that they are read from again. Raises `FullError` without room.
    """
    session, kept = session_films.holder(), films * A_FILM + size
    try:
        holding().expect_room(session, kept)
    except FullError:
        raise FullError(
            f"Expected films that there is room for. These {films} take {kept / 1e6:.0f} MB, more "
            "than this session or the server has left: choose fewer, or use the command line "
            "(python -m kneeoa adapt)."
        ) from None
    work = Work(source, [], ())
    holding().keep(work, session, kept)
    return work


def begin(work: Work) -> None:
    """Take other films."""
    st.session_state[_KEY] = work


def forget() -> None:
    """Let the films go."""
    own_measured.keep(None)
    st.session_state.pop(_KEY, None)
