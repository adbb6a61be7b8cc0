"""Both networks under the leading answer: a line each, which unfolds."""

from collections.abc import Sequence

import streamlit as st

from kneeoa.graders.grading import Reading
from pages.reading import answer_card
from pages.reading.maps import NetworkMap
from pages.shared import cached, network_column


def show_networks(
    readings: Sequence[Reading], maps: Sequence[NetworkMap], *, measured: bool
) -> None:
    """Show what each network says, and what its map shows."""
    cards = cached.cards()
    for reading, shown in zip(readings, maps, strict=True):
        grade = reading.said
        share = reading.probabilities[int(grade)]
        # How strong its map is stands with the map: here it would seem to grade the probability.
        with st.expander(
            f"{shown.name} **{grade.label}** {share:.0%}", key=f"network_{reading.architecture}"
        ):
            network_column.show_answer(reading, grade)
            if other := answer_card.why_not_the_likeliest(reading):
                st.html(f'<div class="kl-note">{other}</div>')
            st.html(f'<div class="kl-note">{shown.caption} {_weights(reading)}</div>')
            network_column.show_track_record(
                reading, cards[reading.architecture], measured=measured
            )


def _weights(reading):
    weights = f"Weights {reading.weights_hash[:8]}"
    if reading.profile:
        weights += f", last layer of profile {reading.profile.digest[:8]}"
    return f"{weights}."
