"""The line that keeps a film's name, its grades and their criteria together."""

import contextlib
from collections.abc import Sequence

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.films.frames import Frame
from kneeoa.graders.grading import Reading
from kneeoa.graders.together import TogetherReading
from kneeoa.networks import DISPLAY_NAME
from pages.reading import answer_card, beside, frame_control
from pages.reading.frame_control import SIDES
from pages.shared import boundary, session_films

HIDDEN = "networks after your grade"
PURPOSE = "For research and teaching; not a medical device."


def show_case_line(
    film: session_films.Film,
    frame: Frame,
    readings: Sequence[Reading],
    together: TogetherReading | None,
) -> None:
    """Show file name, answer and agreement, always together and always in sight."""
    if together is None:
        grades = " &nbsp; ".join(
            f"{DISPLAY_NAME[reading.architecture]} <b>{reading.said.label}</b>"
            for reading in readings
        )
    else:
        grades = f"<b>{answer_card.headline(together)}</b>"
    _show_line(
        film,
        frame,
        f"{_marked(film)} &nbsp;·&nbsp; {grades} &nbsp; {answer_card.badge(readings, together)}",
        _graded_as(readings[0].profile),
    )


def show_refused_line(film: session_films.Film, frame: Frame) -> None:
    """Show the same line of a film that is not graded."""
    _show_line(film, frame, ' &nbsp;·&nbsp; <span class="kl-apart-2">not graded</span>')


def show_hidden_line(film: session_films.Film, frame: Frame) -> None:
    """Show the same line of a film whose answer waits for the reader's."""
    _show_line(film, frame, f'{_marked(film)} &nbsp;·&nbsp; <span class="kl-quiet">{HIDDEN}</span>')


def show_waiting_line(film: session_films.Film, frame: Frame) -> None:
    """Show the same line of a film that is being read, as one element."""
    _show_line(film, frame, ' &nbsp;·&nbsp; <span class="kl-quiet">being read</span>')


def _show_line(film, frame, answer, below=""):
    name = boundary.as_html(session_films.labels()[film.digest])
    st.html(
        f'<div class="kl-purpose">{PURPOSE}</div><b>{name}</b> '
        f'<span class="kl-quiet">({_describe(film, frame)})</span>'
        f'<span class="kl-said">{answer}</span>{below}'
    )


def _graded_as(profile):
    if profile is None:
        return ""
    return f'<div class="kl-profile">{boundary.as_html(profile.case_line)}</div>'


def _marked(film):
    if not film.anyway:
        return ""
    return ' &nbsp;·&nbsp; <span class="kl-apart-2">graded although it was refused</span>'


def _describe(film, frame):
    """Return what kind of film it is and which of two knees was graded, in a few words."""
    height, width = film.shape
    parts = [film.source, f"{width} x {height}", f"{film.bits} bit"]
    with contextlib.suppress(KneeOAError):  # the line stands without it
        if day := beside.day_of(film):
            parts.insert(0, f"study {day}")
    parts.append(SIDES[frame_control.side_of(film, frame)])
    if len(film.frames) > 1:
        parts.append(f"the knee on the {frame.name}")
    parts += film.changes
    parts += [f"the same as {name}" for name in film.other_names]
    return boundary.as_html(", ".join(parts))
