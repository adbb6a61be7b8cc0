"""The line that keeps a film's name, its grades and their criteria together."""

import html
from collections.abc import Sequence

import streamlit as st

from kneeoa.films.frames import Frame
from kneeoa.graders import two_readings
from kneeoa.graders.grading import Reading
from kneeoa.networks import DISPLAY_NAME
from pages.reading import frame_control
from pages.reading.frame_control import SIDES
from pages.shared import session_films


def show_case_line(film: session_films.Film, frame: Frame, readings: Sequence[Reading]) -> None:
    """Show file name, grades, agreement and criteria, always together and always in sight."""
    name = html.escape(session_films.labels()[film.radiograph.digest])
    grades = " &nbsp; ".join(
        f"{DISPLAY_NAME[reading.architecture]} <b>{reading.grade.label}</b>" for reading in readings
    )
    criteria = "<br>".join(
        f"<b>{grade.label}, {grade.text}:</b> {grade.criteria}"
        for grade in sorted({reading.grade for reading in readings})
    )
    agreement = two_readings.compare(readings)
    marked = _marked(film)
    warning = f"kl-apart-{min(agreement.grades_apart, 2)}"
    with st.container(key="case"):
        st.html(
            f'<b>{name}</b> <span class="kl-quiet">({_describe(film, frame)})</span>{marked}'
            f" &nbsp;·&nbsp; {grades} &nbsp;·&nbsp; "
            f'<span class="{warning}">{agreement.verdict}</span> {agreement.difference}'
            f'{_graded_as(readings[0].profile)}<div class="kl-note">{criteria}</div>'
        )


def show_refused_line(film: session_films.Film, frame: Frame) -> None:
    """Show the same line of a film that is not graded."""
    name = html.escape(session_films.labels()[film.radiograph.digest])
    with st.container(key="case"):
        st.html(
            f'<b>{name}</b> <span class="kl-quiet">({_describe(film, frame)})</span>'
            ' &nbsp;·&nbsp; <span class="kl-apart-2">not graded</span>'
        )


def _graded_as(profile):
    if profile is None:
        return ""
    return f'<div class="kl-profile">{html.escape(profile.case_line)}</div>'


def _marked(film):
    if not film.anyway:
        return ""
    return ' &nbsp;·&nbsp; <span class="kl-apart-2">graded although it was refused</span>'


def _describe(film, frame):
    """Return what kind of film it is and which of two knees was graded, in a few words."""
    radiograph = film.radiograph
    height, width = radiograph.pixels.shape
    parts = [radiograph.source, f"{width} x {height}", f"{radiograph.bits} bit"]
    parts.append(SIDES[frame_control.side_of(film, frame)])
    if len(film.frames) > 1:
        parts.append(f"the knee on the {frame.name}")
    parts += film.changes
    return ", ".join(parts)
