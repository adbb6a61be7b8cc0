"""The film on the reading page, large, and both networks' maps beside it."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from kneeoa.films.frames import Frame
from kneeoa.graders.locating.found import refusal_in
from kneeoa.networks import DISPLAY_NAME
from pages.reading import frame_control, own_grade
from pages.reading.maps import NetworkMap
from pages.shared import keyboard, session_films
from pages.shared.cases import book, knees, reopening, saved
from pages.shared.viewer import component as viewer
from pages.shared.viewer.component import Options, Pane, ShownFilm, load_ahead
from pages.shared.viewer.feed import Mark
from pages.shared.viewer.seen import Seen, Told

__all__ = ["load_ahead", "show"]

OPTIONS = Options(
    height="calc(100dvh - var(--around-film) - var(--case-line))",
    layout="beside",
    remembers=True,
    enters=True,
)
WAITING = tuple(NetworkMap(name, None, note="Reading this knee") for name in DISPLAY_NAME.values())
"""In the place of maps while their networks read."""
OF_TWO = "Graded: one of two knees. Z: both"
ANYWAY = "Graded although it was refused"
"""On the film itself: on the full screen and in a saved picture there is nothing beside it."""


def show(
    film: session_films.Film,
    knee: int,
    frame: Frame,
    maps: Sequence[NetworkMap] = (),
    marks: Sequence[Mark] = (),
) -> None:
    """Show the film with `frame` on it, which the reader may move, and its maps where there are.

    `marks` are lines on the film itself.
    """
    digest = film.digest
    layers = tuple(network_map.layer for network_map in maps if network_map.layer)
    label = session_films.labels()[digest]
    shown = ShownFilm(
        film.feed.of_knee(knees.box_of(film, knee, frame)),
        label,
        frame,
        layers,
        marks=tuple(marks),
        seen=book.seen_of(film),
        home=half_of(film, knee),
        key=key_of(film),
    )
    panes = [
        Pane(0, network_map.title, layers.index(network_map.layer), "box")
        if network_map.layer
        else Pane(0, network_map.name, part="box", note=network_map.note)
        for network_map in maps
    ]

    films = session_films.all_films().values()
    # One knee of a film after the other, as they stand in it, before the next film.
    stops = [(other, place) for other in films for place in range(len(other.frames))]

    quarters = film.quarters

    def move(moved):
        if film.quarters == quarters:
            frame_control.move(film, knee, moved)

    def note(told):
        # A film may be turned in the run in which the viewer tells of it as it stood before.
        if told.view and film.quarters == quarters:
            saved.note_seen(digest, replace(book.seen_of(film) or Seen(), view=told.view))
        note_drawn(told)

    def turn(place):
        to, its_knee = stops[place]
        reopening.forget_wanted()
        st.session_state[session_films.NEXT] = to.digest
        frame_control.turn_to(to, its_knee)

    viewer.show(
        [shown],
        [Pane(title=_title(film, knee, frame, is_half=shown.home is not None)), *panes],
        options=OPTIONS,
        on_move=move,
        place=(stops.index((film, knee)), len(stops)) if len(stops) > 1 else None,
        on_turn=turn,
        on_seen=note if saved.is_open() else None,
        shown=keyboard.named(*own_grade.shown_of(film, knee)),
    )


def key_of(film: session_films.Film) -> str:
    """Return by what the viewer knows a film as it stands, whatever it shows of it.

    What it keeps of the lines on a film is its reader's: nothing of it is the next one's.
    """
    return f"{film.digest}_{film.quarters}_{book.sign_outs()}"


def note_drawn(told: Told) -> None:
    """Keep what the viewer tells of lines on films, be it one that was turned from since."""
    films = session_films.all_films()
    for drawn in told.drawn:
        film = films.get(drawn.key.partition("_")[0])
        if film is not None and key_of(film) == drawn.key:
            seen = book.seen_of(film) or Seen()
            saved.note_seen(film.digest, replace(seen, measured=drawn.measured, told=True))


def _title(film, knee, frame, *, is_half):
    findings = frame_control.findings_of(film, knee, frame)
    is_refused = refusal_in(findings) is not None
    parts = OF_TWO if is_half else "", ANYWAY if film.anyway and is_refused else ""
    return "\n".join(filter(None, parts))


def half_of(film: session_films.Film, knee: int) -> Frame | None:
    """Return the part of a film of two knees that is shown first, the half of `knee`; else None.

    All of such a film fills a third of a pane that is as high as the screen.
    """
    if len(film.frames) != 2:
        return None
    height, width = film.shape
    frame, other = film.frames[knee], film.frames[1 - knee]
    first, second = sorted((frame, other), key=lambda knee: knee.left)
    border = min(max((first.left + first.width + second.left) // 2, 1), width - 1)
    # A box may reach past the film.
    top, bottom = min(0, frame.top), max(height, frame.top + frame.height)
    if frame is first:
        left, right = min(0, frame.left), border
    else:
        left, right = border, max(width, frame.left + frame.width)
    return Frame(top, left, bottom - top, right - left)
