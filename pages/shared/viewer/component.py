"""The viewer on a page: films in, where the reader moved the box out."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from kneeoa.films.frames import Frame
from pages.shared.viewer import served
from pages.shared.viewer.feed import FilmFeed, Layer, Mark, frame_from, rectangle
from pages.shared.viewer.seen import Seen, Told, told_from

BUNDLE = Path(__file__).parents[2] / "static" / "film-viewer.js"
# Streamlit sends this with every run, so that the bundle itself is fetched once.
_LOADER = """
export default async (component) => {
  try {
    const bundle = new URL(component.data.bundle, document.baseURI).href;
    const { default: mount } = await import(bundle);
    return mount(component);
  } catch (error) {
    console.error(error);
    component.parentElement.querySelector(".viewer").textContent =
      "The film viewer could not be loaded. Open another page and come back. " +
      "If that does not help, reload the page: films that are not saved are then gone.";
  }
};
"""
_LOAD_AHEAD = """
export default ({ data }) => {
  import(new URL(data.bundle, document.baseURI).href).then(({ start }) => start()).catch(() => {});
};
"""
_HTML = '<div class="viewer" role="region" aria-label="Film viewer"></div>'
_MOUNT = st.components.v2.component("film_viewer", html=_HTML, js=_LOADER)
_AHEAD = st.components.v2.component("film_viewer_ahead", js=_LOAD_AHEAD)
# A class has films in common, which are kept once for all.
_SHARED = secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class ShownFilm:
    """A film as a page wants it shown.

    Attributes
    ----------
    feed : its pixels
    label : what it is, for who does not see it
    frame : the box on it, in pixels of the film, be it reduced or not
    home : the part of it that is shown first, as large as can be; without, all of it
    layers : maps that can lie on it
    marks : lines on it, such as what was measured
    seen : how it is looked at, and what was measured on it, as far as the page knows
    key : the same for one film however it is shown; without, the feed's
    """

    feed: FilmFeed
    label: str
    frame: Frame | None = None
    layers: tuple[Layer, ...] = ()
    marks: tuple[Mark, ...] = ()
    seen: Seen | None = None
    home: Frame | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Pane:
    """One picture of the viewer.

    Attributes
    ----------
    film : which one
    layer : which of its layers lies on it for good; without, the reader of the first pane chooses
    part : what it shows when it is fitted: all of the film, or the box with a little around it
    note : what stands in its middle, such as that its map is being computed
    saved : what stands on a saved picture in place of the title, which may name a patient
    """

    film: int = 0
    title: str = ""
    layer: int | None = None
    part: Literal["film", "box"] = "film"
    note: str = ""
    saved: str | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How the viewer behaves.

    Attributes
    ----------
    height : a length in CSS
    layout : panes in a row, or the first one large ``"beside"`` the others; where narrow, a
        ``"list"`` is as the latter, and a ``"stack"`` has one pane below the other
    columns : of a row
    tools : ``"few"`` for small screens, or ``"few where narrow"`` for any
    keys : whether its keys work on all of the ``"page"``, or while the viewer has the ``"focus"``
    projected : whether there is a pointer for a class
    wipes : whether the second film can be laid over the first
    shared : whether these films are shown in many sessions
    remembers : whether a film that comes back is looked at as it was left
    enters : whether Enter draws with the ruler in the hand; without, it is the page's own key
    """

    height: str = "calc(100dvh - 9rem)"
    layout: Literal["row", "beside", "list", "stack"] = "row"
    columns: int = 1
    tools: Literal["all", "few", "few where narrow"] = "all"
    keys: Literal["page", "focus"] = "page"
    projected: bool = False
    wipes: bool = False
    shared: bool = False
    remembers: bool = False
    enters: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What the reader asks for by arrows that add up.

    Attributes
    ----------
    place : of the knee that she asks for
    start : of the knee that she counts from, which stood in the viewer at the first of them
    serial : of what the viewer had been told last by then (`last_told`)
    """

    place: int
    start: int
    serial: int


def load_ahead() -> None:
    """Have the browser load the viewer and start its graphics, on a page that has no film yet."""
    _AHEAD(key="viewer_ahead", data={"bundle": _bundle()}, height="content")


def show(
    films: Sequence[ShownFilm],
    panes: Sequence[Pane] = (Pane(),),
    *,
    key: str = "viewer",
    options: Options = Options(),
    on_move: Callable[[Frame], None] | None = None,
    place: tuple[int, int] | None = None,
    on_turn: Callable[[Turn], None] | None = None,
    on_seen: Callable[[Told], None] | None = None,
    shown: str | None = None,
) -> None:
    """Show films.

    Parameters
    ----------
    key : the viewer under one key keeps zoom and window while its films stay the same
    on_move : called with where the box of the first film is let go; without it, the box stays
    place : which of how many knees the first one is, from 0, where others can be turned to
    on_turn : called with what the reader asks for by the arrows
    on_seen : called with how the first film is looked at and what was measured on films, a moment
        after either changed; without it, neither is told
    shown : what the viewer tells the page's keys once these films stand on the screen
        (`keyboard.named`)
    """
    token = _SHARED if options.shared else served.token()
    films_data = [_film_data(film, f"{key}_{place}", token) for place, film in enumerate(films)]

    heard = f"{key}_heard"

    def moved():
        message = st.session_state[key]["moved"]
        if message:
            st.session_state[heard] = message["serial"]
        frame = moved_to(message, films[0]) if message else None
        if on_move and frame:
            on_move(frame)

    def turned():
        turn = turn_from(st.session_state[key]["turned"])
        # Of one that was told while the page had other films there may be none.
        if on_turn and place and turn is not None and max(turn.place, turn.start) < place[1]:
            on_turn(turn)

    def seen():
        told = told_from(st.session_state[key]["seen"], films[0].feed.film_id)
        if told is not None and on_seen:
            on_seen(told)

    data = {
        "bundle": _bundle(),
        "films": films_data,
        "panes": [asdict(pane) for pane in panes],
        "editable": on_move is not None,
        "heard": st.session_state.get(heard),
        "turns": place and {"place": place[0], "count": place[1]},
        "tells": on_seen is not None,
        "shown": shown,
        "height": options.height,
        "layout": options.layout,
        "columns": options.columns,
        "tools": options.tools,
        "keys": options.keys,
        "projected": options.projected,
        "wipes": options.wipes,
        "remembers": options.remembers,
        "enters": options.enters,
    }
    _MOUNT(
        key=key,
        data=data | {"serial": _serial(key, data)},
        height="content",
        on_moved_change=moved,
        on_turned_change=turned,
        on_seen_change=seen,
    )


def turn_from(message: Any) -> Turn | None:
    """Return what the viewer tells of the arrows; None of what no viewer tells."""
    told = message if isinstance(message, dict) else {}
    values = [told.get(field.name) for field in fields(Turn)]
    numbers = [value for value in values if type(value) is int and value >= 0]
    return Turn(*numbers) if len(numbers) == len(values) else None


def last_told(key: str = "viewer") -> int:
    """Return the number of what the viewer under `key` was told last; 0 before that."""
    return st.session_state.get(f"{key}_told", (None, 0))[1]


def moved_to(message: dict[str, Any], film: ShownFilm) -> Frame | None:
    """Return where the viewer tells that the box was let go; None where that was not this film's.

    One that was let go before the page turned to another film, or to its other knee, is of no use.
    """
    frame = film.frame
    told = message["film"], message.get("knee")
    if frame is None or told != (film.feed.film_id, frame.name):
        return None
    return frame_from(message, frame.name)


def _serial(key, data):
    """Return a number that grows with every change of what a viewer is told.

    Streamlit 1.67 calls the viewer in any order when two runs of a page follow each other while its
    program is loaded. By the clock, since a browser may know a number from before a restart.
    """
    before, serial = st.session_state.get(f"{key}_told", (None, 0))
    if data != before:
        serial = max(serial + 1, time.time_ns() // 1_000_000)
        st.session_state[f"{key}_told"] = data, serial
    return serial


def _film_data(film: ShownFilm, place: str, token: str) -> dict[str, Any]:
    feed = film.feed
    described = {name: getattr(feed, name) for name in _PLAIN}
    frame = film.frame and rectangle(film.frame, feed.scale)
    return described | {
        "id": feed.film_id,
        "key": film.key or feed.film_id,
        "knee": film.frame and film.frame.name,
        "url": served.address_of(
            feed.pixels, "application/octet-stream", place, f"{feed.film_id} {token}"
        ),
        "label": film.label,
        "frame": frame,
        "home": film.home and rectangle(film.home, feed.scale),
        "seen": film.seen and asdict(film.seen),
        "layers": [
            {
                "name": layer.name,
                "url": served.address_of(layer.png, "image/png", f"{place}_{number}", token),
                "rect": rectangle(layer.frame, feed.scale),
            }
            for number, layer in enumerate(film.layers)
        ],
        "marks": [mark.data(feed.scale) for mark in film.marks],
    }


_PLAIN = ("type", "height", "width", "window", "inverse", "spacing", "where")


def _bundle():
    """Return where the bundle is, by a name that changes with it: no browser keeps an old one."""
    return f"app/static/{BUNDLE.name}?{BUNDLE.stat().st_mtime_ns:x}"
