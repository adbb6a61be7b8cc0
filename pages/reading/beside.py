"""Two knees beside each other: prior and current, or right and left, and what differs."""

import contextlib
from dataclasses import dataclass, replace

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.films.frames import Frame
from kneeoa.jointspace import pairs
from kneeoa.jointspace.pairs import Shown
from kneeoa.reports.content import Comparison
from kneeoa.wording import plain
from pages.reading import frame_control, joint_space, own_grade, reading_viewer
from pages.reading.frame_control import SIDES
from pages.reading.pair import differing
from pages.shared import boundary, keyboard, session_films
from pages.shared.cases import book, knees, reopening, saved
from pages.shared.cases import visits as saved_visits
from pages.shared.patients import named, who
from pages.shared.session_films import Film
from pages.shared.viewer import component as viewer
from pages.shared.viewer.component import Options, Pane, ShownFilm

OPTIONS = Options(
    # Below each other they get more of the screen, and leave a finger room to move the page.
    height="max(22rem, calc(100dvh - 22rem + 6rem * var(--stacked)))",
    layout="stack",
    columns=2,
    wipes=True,
    enters=True,
)
HOW = (
    "Both are shown with zoom and window in common, and below them what differs. Films of one "
    "patient come first where DICOM files name her. Of two films of one knee, the one with the "
    "earlier date is the prior one; where patient, side or dates are not known, neither is."
)
WIDE = 480
"""Pixels of what is asked for: day, side and patient of another knee stand in one line there."""
_CHOICE, _WANTED = "beside", "beside_wanted"


@dataclass(frozen=True, slots=True)
class Other:
    """A knee that can be put beside the one that is read."""

    digest: str
    knee: int


def choose(film: Film, knee: int) -> None:
    """Ask which knee of the session to put beside this one, where there is another."""
    others, visits = _others(film, knee), saved_visits.others(film)
    if not (others or visits):
        return
    known = {other: _shown(*_knee(other)) for other in others}
    here = _shown(film, frame_control.frame_of(film, knee))
    chosen = _chosen(film, knee)
    # Those of the same patient first.
    others.sort(key=lambda other: not pairs.belong(here, known[other]))
    names = {other: _label(other, known[other], here, film) for other in others}
    label = "Beside another" if chosen is None else "Beside: on"
    # Another key closes it once there is a choice: it would stand on the films to be compared.
    key = keyboard.key_for("beside", film.digest, knee, chosen and (chosen.digest, chosen.knee))
    with st.popover(label, width="stretch", key=key), st.container(width=WIDE):
        if others:
            st.selectbox(
                "Prior film, or other knee",
                others,
                index=None,
                placeholder="none",
                key=_key(film, knee),
                persist_state="session",
                format_func=lambda other: names.get(other, ""),
                help=HOW,
            )
        if visits:
            st.caption("Saved films under this patient's number", help=None if others else HOW)
        for visit in visits:
            st.button(
                ", ".join(filter(None, (visit.study_date, SIDES[visit.side]))),
                key=keyboard.key_for(f"visit_{visit.case_id}_{visit.knee}", film.digest, knee),
                on_click=saved.keep_until_sign_out,
                args=[_WANTED, (film.digest, knee, visit)],
                width="stretch",
                help=f"Case {visit.case_id}: put beside this one.",
            )


def open_wanted() -> None:
    """Have the saved film that was chosen be in the session, beside the one it was chosen for.

    Before the page is laid out, which has another place for several films.
    """
    digest, knee, visit = st.session_state.get(_WANTED, ("", 0, None))
    film = session_films.all_films().get(digest)
    if film is None or not saved.is_open():
        return
    with boundary.refusals_shown(), reopening.once(_WANTED), st.spinner("Opening the film"):
        other, _ = reopening.bring_here(visit.case_id)
        place = min(visit.knee, len(other.frames) - 1)
        st.session_state[_key(film, knee)] = Other(other.digest, place)


def show(film: Film, knee: int, frame: Frame) -> bool:
    """Show the knee beside the chosen one and what differs; return whether one was chosen."""
    if (chosen := _pair(film, knee, frame)) is None:
        return False
    both, pair, _ = chosen
    spaces = [differing.space_of(*knee) for knee in both]
    # Above the films: nobody is to look at them before she knows.
    with st.container():
        if pair.of_strangers:
            st.error(_of_strangers([film for film, _ in both]), icon=":material/group:")
    _show_films(both, pair, spaces, shown=own_grade.shown_of(film, knee))
    if pair.warning and not pair.of_strangers:
        st.warning(boundary.escaped(pair.warning))
    if not pair.of_strangers:
        differing.show(both, pair, differing.compared(both, pair, spaces))
    return True


def comparison(film: Film, knee: int, frame: Frame) -> Comparison | None:
    """Return what a report of the knee says of the one beside it; None: nothing is compared."""
    chosen = _pair(film, knee, frame)
    if chosen is None or chosen[1].of_strangers:
        return None
    both, pair, days = chosen
    return differing.reported(both, pair, days, here=both.index((film, frame)))


def _pair(film, knee, frame):
    """Return both knees in the order in which they stand, how they do, and their days, or None."""
    other = _chosen(film, knee)
    if other is None:
        return None
    other_film, other_frame = _knee(other)
    here, there = _shown(film, frame), _shown(other_film, other_frame)
    pair = pairs.paired(here, there)
    both, days = [(film, frame), (other_film, other_frame)], (here.day, there.day)
    if pair.is_swapped:
        both.reverse()
        days = days[::-1]
    return both, pair, days


def _of_strangers(films):
    names = [named.beside(*films), named.beside(*reversed(films))]
    if not all(names):
        return boundary.escaped(pairs.STRANGERS)
    of_whom = " and ".join(f"**{boundary.escaped(name)}**" for name in names)
    return f"{boundary.escaped(pairs.STRANGERS)} They are of {of_whom}, in this order."


def _show_films(both, pair, spaces, *, shown):
    def told(seen):
        # How a film is looked at alone is not how it is beside another.
        reading_viewer.note_drawn(seen)

    labels = session_films.labels()
    films = [
        ShownFilm(
            film.feed.of_knee(knees.box_of(film, knees.index_of(film, frame), frame)),
            f"{title}: {labels[film.digest]}",
            frame,
            marks=joint_space.marks_of(space) if space else (),
            seen=book.seen_of(film),
            key=reading_viewer.key_of(film),
        )
        for (film, frame), title, space in zip(both, pair.titles, spaces, strict=True)
    ]
    panes = [
        Pane(
            place,
            f"{title.capitalize()}: {labels[film.digest]}",
            part="box",
            saved=name.capitalize(),
        )
        for place, ((film, _), title, name) in enumerate(
            zip(both, pair.titles, pair.names, strict=True)
        )
    ]
    viewer.show(
        films,
        panes,
        options=OPTIONS,
        on_seen=told if saved.is_open() else None,
        shown=keyboard.named(*shown),
    )


def _others(film, knee):
    return [
        Other(digest, place)
        for digest, candidate in session_films.all_films().items()
        for place in range(len(candidate.frames))
        if (digest, place) != (film.digest, knee)
    ]


def _chosen(film, knee) -> Other | None:
    chosen = st.session_state.get(_key(film, knee))
    return chosen if chosen in _others(film, knee) else None


def _key(film, knee):
    # Not the beginning of the digest, with which whatever is kept of a frame is forgotten.
    # What one reader put beside it is not there for the next.
    return f"{_CHOICE}_{film.digest[12:24]}_{knee}_{book.sign_outs()}"


def _knee(other: Other) -> tuple[Film, Frame]:
    film = session_films.all_films()[other.digest]
    return film, frame_control.frame_of(film, other.knee)


def _label(other, shown, here, than):
    film, frame = _knee(other)
    # A long name, and what stands behind it, is cut off where it does not fit.
    parts = [
        shown.day,
        SIDES[shown.side],
        _whose(film, shown, here, than),
        f"on the {frame.name}" if len(film.frames) > 1 else "",
        session_films.labels()[other.digest],
    ]
    return plain(", ".join(filter(None, parts)))


def _whose(film, shown, here, than):
    if pairs.belong(here, shown):
        return "same patient"
    against = pairs.verdict(here, shown)
    name = named.beside(film, than) if against else named.short(film)
    return ": ".join(filter(None, (against, name)))


def _shown(film: Film, frame: Frame) -> Shown:
    visit = Shown(film=film.digest)
    with contextlib.suppress(KneeOAError):  # then nothing is known of her, which is said
        visit = who.visit_of(film)
    return replace(visit, side=frame_control.side_of(film, frame), place=frame.name)
