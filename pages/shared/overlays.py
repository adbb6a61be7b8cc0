"""Both networks on one film, small: the answers and their Grad-CAMs side by side."""

import streamlit as st

from kneeoa.films import display
from kneeoa.films.frames import square
from pages.shared import cached, network_column

SIDE = 320


def show(radiograph, frame, readings) -> None:
    """Show what each network answers and what speaks for it."""
    scale = max(card["evidence_scale"] for card in cached.cards().values())
    picture = picture_of(radiograph, frame)
    for column, reading in zip(st.columns(len(readings), gap="small"), readings, strict=True):
        with column:
            network_column.show_answer(reading)
            network_column.show_explanation(
                reading, picture, reading.grade, scale=scale, opacity=0.6
            )


def picture_of(radiograph, frame):
    """Return the graded square of a film, as it is shown small."""
    return display.windowed(square(radiograph, frame, SIDE))
