"""A film of the data set in the viewer, with both networks' maps once they may be seen."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders import gradcam
from kneeoa.graders.grading import Reading
from pages.shared import network_column
from pages.shared.viewer import component
from pages.shared.viewer.component import Options, Pane, ShownFilm
from pages.shared.viewer.feed import Layer, film_feed, layer_of

LARGE = Options(height="calc(100dvh - 9rem)", layout="beside", shared=True)
IN_A_LIST = Options(height="24rem", layout="row", columns=3, keys="focus", shared=True)


def film_of(
    radiograph: Radiograph, frame: Frame | None, label: str, readings: Sequence[Reading] = ()
) -> ShownFilm:
    """Return a film as the viewer takes it; `label` must not tell what is not to be known yet."""
    layers = tuple(own_layer(reading, frame) for reading in readings)
    drawn = None if frame is None or frame == Frame.whole(radiograph, frame.name) else frame
    return ShownFilm(film_feed(radiograph), label, drawn, layers)


def own_layer(reading: Reading, frame: Frame) -> Layer:
    """Return a network's Grad-CAM of its own grade, on the map's own scale."""
    heatmap = gradcam.grad_cam(reading.evidence, reading.grade)
    scale = network_column.own_scale(reading, heatmap)
    return layer_of(reading, frame, heatmap, scale=scale, contours=True)


def show_large(
    radiograph: Radiograph,
    frame: Frame,
    label: str,
    readings: Sequence[Reading] = (),
    *,
    projected: bool = False,
) -> None:
    """Show a film as large as the screen allows, and beside it the maps of `readings`."""
    film = film_of(radiograph, frame, label, readings)
    maps = [Pane(0, layer.name, place, "box") for place, layer in enumerate(film.layers)]
    component.show([film], [Pane(), *maps], options=replace(LARGE, projected=projected))


def show_in_list(
    radiograph: Radiograph, frame: Frame, label: str, readings: Sequence[Reading], *, key: str
) -> None:
    """Show a film and the maps of `readings` in a row, one of several films on the page."""
    film = film_of(radiograph, frame, label, readings)
    maps = [Pane(0, layer.name, place) for place, layer in enumerate(film.layers)]
    component.show([film], [Pane(0, label), *maps], key=key, options=IN_A_LIST)


def show_answers(readings: Sequence[Reading]) -> None:
    """Show what each network answers, and how strong its evidence is."""
    for column, reading in zip(st.columns(len(readings), gap="small"), readings, strict=True):
        with column:
            network_column.show_answer(reading)
            network_column.show_evidence(reading, reading.grade)
