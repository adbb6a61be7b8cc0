"""How the networks do on this session's own films, as measured on one page and shown on another.

In the session's memory alone, as the films themselves.
"""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from kneeoa.analysis.published import on_own_films
from kneeoa.analysis.published.on_own_films import Measured
from kneeoa.networks import TOGETHER
from pages.shared import cached, table_view

_KEY = "measured_films"
PYTHON = """
from pathlib import Path
from kneeoa.adaptation.adapting import as_published
from kneeoa.adaptation.films import framed_by, open_films
from kneeoa.adaptation.listing import list_films
from kneeoa.analysis.published import on_own_films
from kneeoa.graders.grading import Graders

graders = Graders()
films = open_films(*list_films(Path("FOLDER")), framing=framed_by(graders.localiser))
own = on_own_films.measured("FOLDER", *as_published(films, graders))
"""
CARDS = """cards = {name: model.card for name, model in graders.published.items()}
cards["Both together"] = graders.together.card
"""


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What was measured, and its tables (`on_own_films.tables`)."""

    evaluation: Measured
    tables: dict[str, pd.DataFrame]


def keep(evaluation: Measured | None) -> None:
    """Keep what was measured for this session, with its tables; None forgets it."""
    if evaluation is None:
        st.session_state.pop(_KEY, None)
    else:
        st.session_state[_KEY] = Kept(evaluation, on_own_films.tables(evaluation, cards()))


def current() -> Kept | None:
    """Return what was measured last in this session, or None."""
    return st.session_state.get(_KEY)


def cards() -> dict:
    """Return the published cards by the names of `Measured.answers`."""
    together = cached.together_card()
    return cached.cards() | ({TOGETHER: together} if together else {})


def show_figures(kept: Kept) -> None:
    """Show every figure with its interval, beside those of our test films."""
    table_view.show_table(
        on_own_films.in_words(kept.tables["figures"]),
        "own_films_figures",
        f'{PYTHON}{CARDS}print(on_own_films.in_words(on_own_films.tables(own, cards)["figures"]))',
        download=kept.tables["figures"],
        width="stretch",
        height="content",
    )
    st.caption(
        "In brackets: 95% interval over your patients. The grade is the most probable one. Readers "
        "draw the lines between grades in their own ways, so figures elsewhere are often lower."
    )
