"""The maps beside the film: what they are to show, and each network's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.films.frames import Frame, network_input
from kneeoa.graders import gradcam
from kneeoa.graders.grading import Reading
from kneeoa.graders.maps.asking import Asked, maps_of
from kneeoa.graders.maps.jobs import Job
from kneeoa.graders.maps.methods import CHANNELS, Method
from kneeoa.graders.maps.smooth_grad import SAMPLES
from kneeoa.grades import GRADES, KLGrade
from kneeoa.networks import DISPLAY_NAME
from pages.shared import boundary, cached, live, network_column
from pages.shared.profiles import in_use
from pages.shared.session_films import Film
from pages.shared.viewer.feed import Layer, layer_of

OWN, COMMON = "its own", "one for all"
LOOK_AGAIN = 0.5
"""Seconds after which the page asks whether maps are done that take long."""
BRIGHTEST = 99.5
"""Percentile of a map of single pixels that gets the strongest colour: few stand far out."""
MEANING = {
    Method.LAYER_CAM: "all that speaks for it, whatever speaks against it; of these networks "
    "Grad-CAM++ is the same map",
    Method.SCORE_CAM: f"the parts of the film that alone keep the network at it, by the {CHANNELS} "
    "features that vary most",
    Method.SMOOTH_GRAD: f"the pixels it depends on most, over {SAMPLES} noisy copies of the film",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What the maps are to show.

    Attributes
    ----------
    method : how they are made
    grade : the grade explained; None for each network's own
    against_next : whether against the next likely grade; by Grad-CAM alone
    common_scale : whether one colour scale for all films and networks; by Grad-CAM alone
    """

    method: Method
    grade: KLGrade | None
    against_next: bool
    common_scale: bool


@dataclass(frozen=True, slots=True, eq=False)
class NetworkMap:
    """One network's map.

    Attributes
    ----------
    name : of the network
    layer : the map to lay on the film; None while it is computed, or where it cannot be
    caption : what it shows, as HTML
    strength : how strong it is, in words that stand on it
    note : what stands in its place where there is none
    """

    name: str
    layer: Layer | None
    caption: str = ""
    note: str = ""
    strength: str = ""

    @property
    def title(self) -> str:
        """What stands on it."""
        name = self.layer.name if self.layer else self.name
        return ": ".join(filter(None, (name, self.strength)))


def choose_maps() -> Choice:
    """Ask what the maps are to show."""
    with st.popover("What the maps show", width="stretch"):
        method = st.segmented_control(
            "Method",
            list(Method),
            default=Method.GRAD_CAM,
            required=True,
            key="map_method",
            persist_state="session",
            help="Grad-CAM is exact for these networks and there at once. The others take from a "
            "second (LayerCAM) to a minute (SmoothGrad). How far a map can be trusted is measured "
            "for Grad-CAM only: see About.",
        )
        explained = st.segmented_control(
            "Explain grade",
            ["predicted", *map(int, GRADES)],
            default="predicted",
            required=True,
            key="explained",
            persist_state="session",
        )
        exact = method == Method.GRAD_CAM
        against = st.toggle(
            "Why not the next likely grade",
            key="against_next",
            persist_state="session",
            disabled=not exact,
            help="Where the knee looks more like this grade than like the other one.",
        )
        scale = st.segmented_control(
            "Colour scale",
            [OWN, COMMON],
            default=OWN,
            required=True,
            key="map_scale",
            persist_state="session",
            disabled=not exact,
            help="Its own: each map from nothing to its strongest place; the words on it say how "
            "strong that is. One for all: the same evidence has the same colour on every film.",
        )
        if exact and scale == COMMON:
            network_column.show_scale(_common_scale(), as_published=in_use.current() is None)
    grade = KLGrade(explained) if isinstance(explained, int) else None
    return Choice(Method(method), grade, exact and against, exact and scale == COMMON)


def network_maps(
    film: Film, frame: Frame, readings: Sequence[Reading], choice: Choice
) -> tuple[NetworkMap, ...]:
    """Return each network's map of `frame`; those that take long are begun and looked for again."""
    grades = [reading.said if choice.grade is None else choice.grade for reading in readings]
    if choice.method == Method.GRAD_CAM:
        pairs = zip(readings, grades, strict=True)
        return tuple(_grad_cam(reading, frame, grade, choice) for reading, grade in pairs)
    job = _begun(film, frame, choice.method, grades)
    names = [DISPLAY_NAME[reading.architecture] for reading in readings]
    if not job.future.done():
        live.every(LOOK_AGAIN, _look, job)
        return tuple(NetworkMap(name, None, note=f"Computing {choice.method}") for name in names)
    try:
        heatmaps = job.future.result()
    except KneeOAError as error:
        st.error(boundary.escaped(str(error)))
        return tuple(NetworkMap(name, None, note=f"No {choice.method}") for name in names)
    return tuple(
        _map_by_method(reading, frame, grade, heatmap, choice.method)
        for reading, grade, heatmap in zip(readings, grades, heatmaps, strict=True)
    )


def _begun(film, frame, method, grades) -> Job:
    graders = in_use.graders()
    seen = network_input(film.radiograph, frame)
    asked = Asked.from_graders(graders, seen, method, grades)
    return cached.map_jobs().ask(
        asked, lambda progress: maps_of(graders, seen, method, grades, told=progress)
    )


def _look(job):
    share = f", {job.share:.0%} done" if job.share else ""
    st.html(
        f'<div class="kl-note kl-quiet">The maps are being computed{share}; the grades stand.</div>'
    )
    if job.future.done():
        st.rerun()


def _grad_cam(reading, frame, grade, choice):
    scale = cached.cards()[reading.architecture]["evidence_scale"]
    heatmap, subject = _map_of(reading, grade, against_next=choice.against_next)
    word = network_column.strength(reading, heatmap)
    own = network_column.own_scale(reading, heatmap)
    top = _common_scale() if choice.common_scale else own
    layer = layer_of(reading, frame, heatmap, scale=top)
    if word == "no":
        caption = f"<b>{subject}: no region speaks for it</b> in this network."
    elif reading.profile:
        caption = (
            f"{subject}; strongest evidence {float(heatmap.max()):.1f} logit units. How much that "
            "is, was measured for the networks as published alone."
        )
    else:
        caption = (
            f"{subject}; strongest evidence {float(heatmap.max()):.1f}, {word}: one in a hundred "
            f"validation films has more than {scale:.0f}."
        )
    # Under a profile it is no word, and its number says nothing without the caption.
    is_word = not reading.profile or word == "no"
    strength = f"{word} evidence" if is_word else ""
    if strength and not choice.against_next:
        strength += f" for {grade.label}"
    return NetworkMap(layer.name, layer, caption, strength=strength)


def _map_of(reading, grade, *, against_next) -> tuple[np.ndarray, str]:
    """Return the map, and in words what it is of."""
    if not against_next:
        return gradcam.grad_cam(reading.evidence, grade), f"Grad-CAM for {grade.label}"
    shares = [share if g != grade else -1.0 for g, share in enumerate(reading.probabilities)]
    next_grade = KLGrade(int(np.argmax(shares)))
    subject = f"Where it looks more like {grade.label} than {next_grade.label}"
    return gradcam.contrast(reading.evidence, grade, next_grade), subject


def _map_by_method(reading, frame, grade, heatmap, method):
    of_pixels = method == Method.SMOOTH_GRAD
    top = float(np.percentile(heatmap, BRIGHTEST) if of_pixels else heatmap.max())
    name = DISPLAY_NAME[reading.architecture]
    if top <= 0:
        caption = f"<b>{method} for {grade.label}: no region speaks for it</b> in this network."
        return NetworkMap(name, None, caption, f"{method}: nothing speaks for {grade.label}")
    layer = layer_of(reading, frame, heatmap, scale=top, contours=not of_pixels)
    layer = replace(layer, name=f"{name}, {method}")
    caption = f"{method} for {grade.label}: {MEANING[method]}. On a colour scale of its own."
    return NetworkMap(name, layer, caption)


def _common_scale():
    return max(card["evidence_scale"] for card in cached.cards().values())
