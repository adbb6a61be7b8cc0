"""A film of the data set in the viewer, with both networks' maps once they may be seen."""

import html
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from kneeoa.films.frames import Frame
from kneeoa.graders import gradcam
from kneeoa.graders.grading import Reading
from kneeoa.graders.together import TogetherReading
from kneeoa.grades import GRADES
from kneeoa.networks import DISPLAY_NAME, TOGETHER
from kneeoa.teaching.films import RecordedAnswer
from pages.shared import network_column
from pages.shared.memory.folder_film import FolderFilm
from pages.shared.viewer import component
from pages.shared.viewer.component import Options, Pane, ShownFilm
from pages.shared.viewer.feed import Layer, film_feed, layer_of

LARGE = Options(
    height="calc(100dvh - 9rem)", layout="beside", tools="few where narrow", shared=True
)
IN_A_LIST = Options(
    height="var(--film-in-list)", layout="list", columns=3, keys="focus", shared=True
)


def film_of(film: FolderFilm, label: str, *, with_maps: bool = False) -> ShownFilm:
    """Return a film as the viewer takes it; `label` must not tell what is not to be known yet."""
    radiograph, frame = film.radiograph, film.frame
    layers = tuple(own_layer(reading, frame) for reading in film.mapped) if with_maps else ()
    drawn = None if frame == Frame.whole(radiograph, frame.name) else frame
    return ShownFilm(film_feed(radiograph).of_knee(frame), label, drawn, layers)


def own_layer(reading: Reading, frame: Frame) -> Layer:
    """Return a network's Grad-CAM of the grade that it says, on the map's own scale."""
    heatmap = gradcam.grad_cam(reading.evidence, reading.said)
    scale = network_column.own_scale(reading, heatmap)
    return layer_of(reading, frame, heatmap, scale=scale)


def show_large(
    film: FolderFilm,
    label: str,
    *,
    with_maps: bool = False,
    projected: bool = False,
    height: str = LARGE.height,
    name: str | None = None,
) -> None:
    """Show a film as large as the screen allows, `with_maps` those of its readings beside it.

    `name` is what the viewer tells the page's keys once it shows it.
    """
    shown = film_of(film, label, with_maps=with_maps)
    maps = [Pane(0, layer.name, place, "box") for place, layer in enumerate(shown.layers)]
    component.show(
        [shown],
        [Pane(), *maps],
        options=replace(LARGE, projected=projected, height=height),
        shown=name,
    )


def show_in_list(film: FolderFilm, label: str, *, key: str) -> None:
    """Show a film and the maps of its readings in a row, one of several films on the page."""
    shown = film_of(film, label, with_maps=True)
    maps = [Pane(0, layer.name, place) for place, layer in enumerate(shown.layers)]
    panes = [Pane(0, label), *maps]
    options = replace(IN_A_LIST, columns=len(panes))  # without maps the film has all of the row
    component.show([shown], panes, key=key, options=options)


def show_answers(film: FolderFilm) -> None:
    """Show what both networks together say, then each of them and how strong its evidence is.

    Before that stands why there is no answer, below it what to bear in mind.
    """
    answers = answers_html(film.networks, film.both)
    st.html(f"{refusal_html(film)}{answers}{warnings_html(film)}")


def refusal_html(film: FolderFilm) -> str:
    """Return why the reading page does not grade a film, as HTML; empty where it does."""
    why = html.escape(film.refused)
    title = "Not graded on the reading page." if film.recorded else "Not graded."
    return f'<div class="kl-note"><b>{title}</b> {why}</div>' if why else ""


def warnings_html(film: FolderFilm) -> str:
    """Return what to bear in mind with the answer to a film, as HTML; mostly nothing."""
    return "".join(f'<div class="kl-note">{html.escape(line)}</div>' for line in film.warnings)


def name_of(answer: Reading | RecordedAnswer) -> str:
    """Return the network whose answer it is, as it is shown."""
    return DISPLAY_NAME[answer.architecture if isinstance(answer, Reading) else answer.name]


def answers_html(
    readings: Sequence[Reading | RecordedAnswer],
    together: TogetherReading | RecordedAnswer | None = None,
) -> str:
    """Return the answers as HTML.

    One below the other: beside each other they do not fit in the column beside a film.
    """
    blocks = [
        f"<div>{name_of(reading)} <b>{reading.said.label}</b> {reading.said.text}"
        f"{_cells(reading)}{_evidence(reading)}</div>"
        for reading in readings
    ]
    if together is not None:
        answer = together.answer
        is_range = answer is not None and answer.low != answer.high
        one_grade = f"as one grade: <b>{together.said.label}</b>, " if is_range else ""
        blocks.insert(
            0,
            f'<div class="kl-lead"><div class="kl-quiet">{TOGETHER}</div>'
            f'<div class="kl-grade">{answer.headline if answer else together.said.label}</div>'
            f"<div>{one_grade}{together.said.text}</div>{_cells(together)}</div>",
        )
    return f'<div class="kl-known">{"".join(blocks)}</div>'


def _evidence(answer):
    if isinstance(answer, RecordedAnswer):
        return ""  # a table keeps none
    return network_column.evidence_note(answer, answer.said)


def _cells(reading):
    """Return the strip of five probabilities: the grade that is said, and its range, are marked."""
    answer = reading.answer
    marked = ["most" if grade == reading.said else "" for grade in GRADES]
    if answer:
        marked = [
            f"{mark} in-range" if answer.low <= grade <= answer.high else mark
            for mark, grade in zip(marked, GRADES, strict=True)
        ]
    cells = "".join(
        f'<div class="{mark}" style="--share:{share:.0%}">{grade.label}<br>{share:.0%}</div>'
        for mark, grade, share in zip(marked, GRADES, reading.probabilities, strict=True)
    )
    return f'<div class="kl-cells">{cells}</div>'
