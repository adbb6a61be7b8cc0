"""The film on the reading page, large, and both networks' maps beside it."""

from collections.abc import Sequence

import streamlit as st

from kneeoa.films.frames import Frame
from pages.reading import frame_control
from pages.shared import session_films
from pages.shared.viewer import component as viewer
from pages.shared.viewer.component import Options, Pane, ShownFilm
from pages.shared.viewer.feed import Layer

OPTIONS = Options(height="calc(100dvh - 9.3rem)", layout="beside")


def show(film: session_films.Film, knee: int, frame: Frame, layers: Sequence[Layer]) -> None:
    """Show the film with `frame` on it, which the reader may move, and its maps where there are."""
    digest = film.digest
    shown = ShownFilm(film.feed, session_films.labels()[digest], frame, tuple(layers))
    maps = [Pane(0, layer.name, number) for number, layer in enumerate(layers)]

    def turn(way):
        digests = list(session_films.all_films())
        place = (digests.index(digest) + way) % len(digests)
        st.session_state[session_films.NEXT] = digests[place]

    viewer.show(
        [shown],
        [Pane(), *maps],
        options=OPTIONS,
        on_move=lambda moved: frame_control.move(film, knee, moved),
        on_turn=turn if len(session_films.all_films()) > 1 else None,
    )
