"""Each network by itself, a line that unfolds, and the maps that explain both on the film."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from kneeoa.films.frames import Frame
from kneeoa.graders import gradcam
from kneeoa.graders.grading import Reading
from kneeoa.grades import GRADES, KLGrade
from kneeoa.networks import DISPLAY_NAME
from pages.shared import cached, network_column
from pages.shared.viewer.feed import Layer, layer_of

OWN, COMMON = "its own", "one for all"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the maps are to show.

    Attributes
    ----------
    grade : the grade explained; None for each network's own
    against_next : whether against the next likely grade
    common_scale : whether one colour scale for all films and networks
    """

    grade: KLGrade | None
    against_next: bool
    common_scale: bool


def choose_maps() -> Wanted:
    """Ask what the maps are to show."""
    with st.popover("What the maps show", width="stretch"):
        explained = st.segmented_control(
            "Grad-CAM: explain grade",
            ["predicted", *map(int, GRADES)],
            default="predicted",
            required=True,
            key="explained",
            persist_state="session",
        )
        against = st.toggle(
            "Why not the next likely grade",
            key="against_next",
            persist_state="session",
            help="Where the knee looks more like this grade than like the other one.",
        )
        scale = st.segmented_control(
            "Colour scale",
            [OWN, COMMON],
            default=OWN,
            required=True,
            key="map_scale",
            persist_state="session",
            help="Its own: each map from nothing to its strongest place; the words below say how "
            "strong that is. One for all: the same evidence has the same colour on every film.",
        )
        if scale == COMMON:
            network_column.show_scale(_common_scale())
    grade = None if explained == "predicted" else KLGrade(explained)
    return Wanted(grade, against, scale == COMMON)


def show_networks(
    readings: Sequence[Reading], frame: Frame, *, measured: bool
) -> tuple[Layer, ...]:
    """Show both networks, folded to a line each; return the maps that explain them, on `frame`."""
    wanted = choose_maps()
    cards, layers = cached.cards(), []
    for reading in readings:
        card = cards[reading.architecture]
        scale = card["evidence_scale"]
        grade = reading.grade if wanted.grade is None else wanted.grade
        heatmap, what = _map_of(reading, grade, against_next=wanted.against_next)
        word = network_column.strength(reading, heatmap)
        name, share = DISPLAY_NAME[reading.architecture], reading.probabilities[int(reading.grade)]
        line = f"{name} **{reading.grade.label}** {share:.0%} · {word} evidence"
        with st.expander(line, key=f"network_{reading.architecture}"):
            network_column.show_answer(reading)
            st.html(f'<div class="kl-note">{_evidence(reading, what, heatmap, scale)}</div>')
            network_column.show_track_record(reading, card, measured=measured)
        own = network_column.own_scale(reading, heatmap)
        top = _common_scale() if wanted.common_scale else own
        layers.append(layer_of(reading, frame, heatmap, scale=top, contours=word != "no"))
    return tuple(layers)


def _map_of(reading, grade, *, against_next) -> tuple[np.ndarray, str]:
    """Return the map, and in words what it is of."""
    if not against_next:
        return gradcam.grad_cam(reading.evidence, grade), f"Grad-CAM for {grade.label}"
    shares = [share if g != grade else -1.0 for g, share in enumerate(reading.probabilities)]
    other = KLGrade(int(np.argmax(shares)))
    what = f"Where it looks more like {grade.label} than {other.label}"
    return gradcam.contrast(reading.evidence, grade, other), what


def _evidence(reading, what, heatmap, scale):
    peak = float(heatmap.max())
    weights = f"Weights {reading.weights_hash[:8]}"
    if reading.profile:
        weights += f", last layer of profile {reading.profile.digest[:8]}"
    word = gradcam.strength(peak, scale)
    if word == "no":
        return f"<b>{what}: no region speaks for it</b> in this network. {weights}."
    return (
        f"{what}; strongest evidence {peak:.1f}, {word}: one in a hundred validation films has "
        f"more than {scale:.0f}. {weights}."
    )


def _common_scale():
    return max(card["evidence_scale"] for card in cached.cards().values())
