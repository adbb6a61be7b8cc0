"""The line that keeps a film's name, its grades and their criteria together."""

import contextlib
from collections.abc import Sequence

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.films.frames import Frame
from kneeoa.graders.grading import Reading
from kneeoa.graders.together import TogetherReading
from kneeoa.networks import DISPLAY_NAME
from pages.reading import answer_card, frame_control, gate_strip
from pages.reading.frame_control import SIDES
from pages.shared import boundary, session_films
from pages.shared.cases import saved
from pages.shared.patients import named, who

HIDDEN = "networks after your grade"
PURPOSE = "For research and teaching; not a medical device."


def show_case_line(
    film: session_films.Film,
    frame: Frame,
    readings: Sequence[Reading],
    together: TogetherReading | None,
) -> None:
    """Show file name, answer, agreement and patient, together and always in sight."""
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
        f"{_marked(film, frame)} &nbsp;·&nbsp; {grades} &nbsp; "
        f"{answer_card.badge(readings, together)}",
        _graded_as(readings[0].profile),
    )


def show_refused_line(film: session_films.Film, frame: Frame) -> None:
    """Show the same line of a film that is not graded."""
    _show_line(film, frame, ' &nbsp;·&nbsp; <span class="kl-apart-2">not graded</span>')


def show_hidden_line(film: session_films.Film, frame: Frame) -> None:
    """Show the same line of a film whose answer waits for the reader's."""
    _show_line(film, frame, f"{_marked(film, frame)}{_quiet(HIDDEN)}")


def show_waiting_line(film: session_films.Film, frame: Frame) -> None:
    """Show the same line of a film that is being read, as one element."""
    _show_line(film, frame, f"{_marked(film, frame)}{_quiet('being read')}")


def _show_line(film, frame, answer, below=""):
    name = boundary.as_html(session_films.labels()[film.digest])
    st.html(
        f'<div class="kl-purpose">{PURPOSE}</div><b>{name}</b> '
        f'<span class="kl-quiet">({_describe(film, frame)})</span>'
        f'<span class="kl-said">{answer}</span>{_patient(film)}{below}'
    )


def _patient(film):
    """Return whose film it is, and that others here are not hers, as a line of its own."""
    whose = [f"<b>{named.as_html(text)}</b>"] if (text := named.whole(film)) else []
    for others in who.of_others(film, session_films.all_films().values()):
        whose.append(f'<span class="kl-apart-1">{others}</span>')
    return f'<div class="kl-patient">{" &nbsp;·&nbsp; ".join(whose)}</div>' if whose else ""


def _graded_as(profile):
    if profile is None:
        return ""
    return f'<div class="kl-profile">{boundary.as_html(profile.case_line)}</div>'


def _quiet(words):
    return f' &nbsp;·&nbsp; <span class="kl-quiet">{words}</span>'


def _marked(film, frame):
    """Return what an answer is not to be read without; none of it waits for the reader's."""
    marks = ""
    if film.anyway:
        marks = ' &nbsp;·&nbsp; <span class="kl-apart-2">graded although it was refused</span>'
    findings = frame_control.findings_of(film, frame_control.index_of(film, frame), frame)
    if sentences := gate_strip.warnings_of(film, findings):
        title = boundary.as_html(" ".join(sentences))
        mark = f'<span class="kl-apart-1" title="{title}">{gate_strip.WARNED}</span>'
        marks += f" &nbsp;·&nbsp; {mark}"
    return marks


def _describe(film, frame):
    """Return what kind of film it is and which of two knees was graded, in a few words."""
    height, width = film.shape
    of_file = f"{film.source}, {width} x {height}, {film.bits} bit"
    parts = [SIDES[frame_control.side_of(film, frame)]]
    if len(film.frames) > 1:
        parts.append(f"the knee on the {frame.name}")
    parts += film.changes
    if case := saved.case_of(film.digest):
        parts.insert(0, f"case {case.case_id}")
    parts += [f"the same as {name}" for name in film.other_names]
    day = ""
    with contextlib.suppress(KneeOAError):  # the line stands without it
        if studied := who.day_of(film):
            day = f"study {studied}, "
    # Of the file itself nothing is said where there is little room.
    file = f'<span class="kl-file">{boundary.as_html(of_file)}, </span>'
    return f"{boundary.as_html(day)}{file}{boundary.as_html(', '.join(parts))}"
