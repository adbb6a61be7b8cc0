"""The film on the reading page, large, and both networks' maps beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from kneeoa.films.frames import Frame
from kneeoa.graders.locating.found import refusal_in
from kneeoa.networks import DISPLAY_NAME
from pages.reading import frame_control, own_grade
from pages.reading.maps import NetworkMap
from pages.shared import keyboard, session_films
from pages.shared.cases import book, knees, reopening, saved
from pages.shared.viewer import component as viewer
from pages.shared.viewer.component import Options, Pane, ShownFilm, Turn, load_ahead
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

_CLICKED = "film_clicked"


@dataclass(frozen=True, slots=True)
class Clicked:
    """A click that turned to another film.

    Attributes
    ----------
    stop : which film it turned to, and which knee of it
    told : the number of what the viewer had been told by then
    leads_to : the film, or what arrows led to from it
    """

    stop: tuple[str, int]
    told: int
    leads_to: str


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

    def turn(turn):
        to, its_knee = stops[_wanted(turn, [(other.digest, place) for other, place in stops])]
        session_films.forget_refusals(folded=True)
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


def note_click(film: session_films.Film) -> None:
    """Note that a click turns to a film: an arrow may come before the viewer shows it."""
    knee = frame_control.knee_of(film)
    st.session_state[_CLICKED] = Clicked((film.digest, knee), viewer.last_told(), film.digest)


def wanted(
    turn: Turn, stops: Sequence[tuple[str, int]], clicked: Clicked | None, current: str | None
) -> int:
    """Return the place in `stops`, films with their knees, of the one that arrows ask for.

    They count from the knee in sight; where a click turned from it, and the viewer had not heard of
    that, from the one that was clicked on. `current` is the film that the page has turned to.
    """
    if clicked is None or turn.serial > clicked.told or current != clicked.leads_to:
        return turn.place
    if clicked.stop not in stops:
        return turn.place
    return (stops.index(clicked.stop) + turn.place - turn.start) % len(stops)


def _wanted(turn, stops):
    state = st.session_state
    clicked = state.get(_CLICKED)
    current = state.get(session_films.NEXT) or state.get(session_films.CURRENT)
    place = wanted(turn, stops, clicked, current)
    if clicked is not None and current == clicked.leads_to:
        # Of presses that follow each other each one says them all.
        state[_CLICKED] = replace(clicked, leads_to=stops[place][0])
    return place


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
