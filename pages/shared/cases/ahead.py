"""The next case of the list, made ready behind the page while a reader looks at this one.

It is no film of the session before she turns to it, so nothing of it is in sight anywhere; and no
answer counts as seen.
"""

import contextlib
import os
from concurrent.futures import Future
from dataclasses import dataclass, replace

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders.grading import Graders
from kneeoa.store.cases import settings
from kneeoa.store.cases.case import Case
from kneeoa.store.cases.films import FilmFiles
from pages.shared import cached, session_films
from pages.shared.cases import knees, same_films, saved
from pages.shared.memory import shown_as
from pages.shared.memory.film import Film
from pages.shared.memory.holding import holding
from pages.shared.memory.working import at_work
from pages.shared.profiles import in_use

_AHEAD = "case_ahead"
_TIMES_PIXELS = 2
"""What is held of a film: its pixels, and at most as much again of samples and of what is shown."""


@dataclass(frozen=True, slots=True)
class _Ahead:
    case_id: int
    film: Future[Film | None]


def begin(case_id: int, beside: Film) -> None:
    """Have the film of a case be decoded, searched and read behind this page, once.

    `beside` is what she looks at, whose pixels stay for it. What goes wrong is said where she turns
    to the case.
    """
    from kneeoa.store.cases import keeping  # late, as the store itself

    known: _Ahead | None = st.session_state.get(_AHEAD)
    if known is not None:
        if known.case_id == case_id:
            return
        known.film.cancel()
    try:
        case = keeping.get(cached.store(), case_id)
        files = settings.files_from(os.environ)
    except KneeOAError:
        return
    holder = session_films.holder()
    film: Future[Film | None]
    if (here := same_films.film_here(case)) is not None:
        film = cached.ahead().submit(_shown, here, holder, beside)
    else:
        graders = in_use.graders()
        film = cached.ahead().submit(_made_ready, case, files, graders, holder, beside)
    saved.keep_until_sign_out(_AHEAD, _Ahead(case_id, film))


def taken(case: Case) -> Film | None:
    """Return the film of a case that was made ready, once; None where it was not.

    One that is in the making is waited for.
    """
    known: _Ahead | None = st.session_state.get(_AHEAD)
    if known is None or known.case_id != case.case_id:
        return None
    del st.session_state[_AHEAD]
    if known.film.cancel():
        return None
    film = known.film.result()
    return film if film is not None and film.digest == case.film else None


def _shown(film: Film, holder: str, beside: Film) -> Film | None:
    """Have the pixels of a film of the session be at hand, where they had to be let go."""
    if _has_room(film.shape, holder, beside):
        with contextlib.suppress(KneeOAError):  # said when she turns to it
            _ = film.feed
    return film


def _made_ready(
    case: Case, files: FilmFiles, graders: Graders, holder: str, beside: Film
) -> Film | None:
    """Return the film of a case as it was left, read by `graders`; None where there is no room."""
    state, localiser = case.state, graders.localiser
    try:
        data = files.read(case.film)
        with at_work():
            radiograph = read_radiograph(data, case.name)
            if not _has_room(radiograph.pixels.shape, holder, beside, len(data)):
                return None
            film = Film.received(data, radiograph, localiser.find(radiograph), holder)
            shown_as.restore(film, localiser, state.quarters, state.changes)
        for place, frame in _frames_of(case, film, graders):
            profile, spoilt = graders.profile, localiser.spoilt
            findings = knees.findings_under(profile, film, place, frame, spoilt)
            if state.anyway or knees.may_be_graded(film, findings):
                session_films.read(film, frame, graders)
        film.picture()
        _ = film.feed
    except KneeOAError:  # said when she turns to it
        return None
    return film


def _frames_of(case: Case, film: Film, graders: Graders) -> list[tuple[int, Frame]]:
    """Return the frames that a case will be read at, by place; none where they are not known."""
    proposed = knees.framed_as(film, graders.profile).frames
    if not case.state.knees:
        return list(enumerate(proposed))
    if len(case.state.knees) != len(proposed):
        return []
    return [
        (place, replace(knee.frame, name=proposed[place].name))
        for place, knee in enumerate(case.state.knees)
    ]


def _has_room(shape: tuple[int, ...], holder: str, beside: Film, file: int = 0) -> bool:
    pixels = 4 * shape[0] * shape[1]
    return holding().has_room_beside(beside, holder, _TIMES_PIXELS * pixels + file)
