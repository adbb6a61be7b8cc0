"""Two knees beside each other: prior and current, or right and left, and what differs."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace

import streamlit as st

from kneeoa.films.apart.pool import workers
from kneeoa.films.dicom.patient import PATIENT
from kneeoa.films.frames import Frame
from kneeoa.jointspace import pairs
from kneeoa.jointspace.pairs import Shown
from kneeoa.wording import plain
from pages.reading import frame_control, joint_space, own_grade, reading_viewer
from pages.reading.frame_control import SIDES
from pages.reading.pair import differing
from pages.shared import boundary, keyboard, session_films
from pages.shared.cases import book, knees, reopening, saved, whose_marks
from pages.shared.cases import visits as saved_visits
from pages.shared.session_films import Film
from pages.shared.viewer import component as viewer
from pages.shared.viewer.component import Options, Pane, ShownFilm

OPTIONS = Options(
    height="max(22rem, calc(100dvh - 22rem))", layout="row", columns=2, wipes=True, enters=True
)
HOW = (
    "Both are shown with zoom and window in common, and below them what differs. Films of one "
    "patient come first where DICOM files name her. Of two films of one knee, the one with the "
    "earlier date is the prior one; where patient, side or dates are not known, neither is."
)
WIDE = 480
"""Pixels of what is asked for: day, side and patient of another knee stand in one line there."""
_SECRET, _VISITS, _CHOICE, _WANTED = "visits_secret", "visits", "beside", "beside_wanted"


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
    names = {other: _label(other, known[other], here) for other in others}
    label = "Beside another" if chosen is None else "Beside another: on"
    with st.popover(label, width="stretch"), st.container(width=WIDE):
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
    other = _chosen(film, knee)
    if other is None:
        return False
    other_film, other_frame = _knee(other)
    pair = pairs.paired(_shown(film, frame), _shown(other_film, other_frame))
    both = [(film, frame), (other_film, other_frame)]
    if pair.is_swapped:
        both.reverse()
    spaces = [differing.space_of(*knee) for knee in both]
    _show_films(both, pair, spaces, shown=own_grade.shown_of(film, knee))
    if pair.warning:
        st.warning(boundary.escaped(pair.warning))
    if not pair.of_strangers:
        differing.show(both, pair, spaces)
    return True


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
    return f"{_CHOICE}_{film.digest[12:24]}_{knee}"


def _knee(other: Other) -> tuple[Film, Frame]:
    film = session_films.all_films()[other.digest]
    return film, frame_control.frame_of(film, other.knee)


def _label(other, shown, here):
    film, frame = _knee(other)
    # A long name, and what stands behind it, is cut off where it does not fit.
    parts = [
        shown.day,
        SIDES[shown.side],
        "same patient" if pairs.belong(here, shown) else "",
        f"on the {frame.name}" if len(film.frames) > 1 else "",
        session_films.labels()[other.digest],
    ]
    return plain(", ".join(filter(None, parts)))


def _shown(film: Film, frame: Frame) -> Shown:
    side = frame_control.side_of(film, frame)
    return replace(_visit(film), side=side, place=frame.name)


def day_of(film: Film) -> str:
    """Return the day of a film's study, as the list of cases has it; empty where not known."""
    return _visit(film).day


def _visit(film) -> Shown:
    """Return who a film is of, as keyed hashes good for this session alone, and its day.

    Of a film that is kept without its patient, what the list knows of both: by the same marks all
    films go as long as it is open.
    """
    visits = st.session_state.setdefault(_VISITS, {})
    is_kept = saved.is_kept_film(film)
    key = film.digest, is_kept, saved.is_open()
    if key not in visits:
        visits[key] = Shown(film=film.digest)
        if is_kept and (case := saved.case_of(film.digest)):
            visits[key] = Shown(
                patient=_hidden("number", case.patient),
                issuer=_hidden("issuer", case.issuer or ""),
                born=_hidden("born", case.born or ""),
                day=case.study_date,
                film=film.digest,
                by_number_alone=case.born is None,
            )
        elif film.source == "DICOM":
            header = workers().run(PATIENT, film.data).facts
            whose = whose_marks.of_header(header, marked=saved.is_open())
            named = header["name"] and header["born"]
            visits[key] = Shown(
                patient=_hidden("number", whose.patient),
                issuer=_hidden("issuer", whose.issuer),
                born=_hidden("born", whose.born),
                name=_hidden("name", header["name"]),
                person=_hidden("person", f"{header['name']}\n{header['born']}" if named else ""),
                day=whose.day,
                film=film.digest,
            )
    return visits[key]


def _hidden(kind: str, text: str) -> str:
    """Return what is the same for the same text, and tells nothing of it; empty of no text."""
    key = st.session_state.setdefault(_SECRET, secrets.token_bytes(32))
    return text and hmac.digest(key, f"{kind} {text}".encode(), hashlib.sha256).hex()
