"""The proposed joint space widths beside the answer: asked for by a tick, drawn on the film."""

import streamlit as st

from kneeoa.films.frames import Frame
from kneeoa.graders.locating.found import refusal_in
from kneeoa.jointspace import words
from kneeoa.jointspace.width import JointSpace, measure, not_measured
from kneeoa.reports import joint_space
from kneeoa.reports.content import Measurement
from pages.reading import frame_control
from pages.shared import boundary, cached
from pages.shared.cases import book, knees
from pages.shared.memory import shown_as
from pages.shared.session_films import Film
from pages.shared.viewer.feed import Mark

TICK = "measure_joint_space"


def is_offered() -> bool:
    """Return whether widths are good enough to be shown, by what was measured and published."""
    return cached.joint_space_is_good()


def space_of(film: Film, frame: Frame) -> JointSpace:
    """Return the joint space of a knee, measured once for a frame and side.

    Of a film that was refused, nothing, be it graded all the same: upside down, right and left are
    changed over. Nor of one that the reader does not take for a negative, and the gate does: where
    bones are dark, other lines pass for the edges of the joint.
    """
    side = frame_control.side_of(film, frame)
    findings = frame_control.findings_of(film, frame_control.index_of(film, frame), frame)
    if refusal_in(findings):
        return not_measured("The film was refused.", side=side)
    if shown_as.NO_NEGATIVE in film.changes:
        return not_measured("Bones seem to be dark on this film.", side=side)
    box = knees.box_of(film, frame_control.index_of(film, frame), frame)
    key = frame, side, box
    spaces = film.joint_spaces  # as of `session_films.read`: the film may be shown otherwise
    if key not in spaces:
        spaces[key] = measure(film.radiograph, frame, side, box=box)
    return spaces[key]


def show(film: Film, frame: Frame) -> None:
    """Show the tick and, where it is set, both widths in a line that unfolds."""
    if not is_offered():
        return
    asked = st.toggle(
        "Measure joint space",
        key=TICK,
        persist_state="session",
        help="Proposes the narrowest place of each compartment and draws it on the film; how far "
        "that can be trusted is measured, see About.",
    )
    if not asked:
        return
    space = space_of(film, frame)
    with st.expander(boundary.escaped(words.line(space)), key="joint_space"):
        for sentence in words.details(space):
            st.html(f'<div class="kl-note">{boundary.as_html(sentence)}</div>')


def measurements(film: Film, frame: Frame) -> tuple[Measurement, ...]:
    """Return the widths for a report, nothing without the tick."""
    return joint_space.measurements_of(space_of(film, frame)) if _is_asked() else ()


def by_reader(film: Film, frame: Frame) -> tuple[Measurement, ...]:
    """Return what she measured on a knee herself, as far as the viewer tells it."""
    seen, knee = book.seen_of(film), frame_control.index_of(film, frame)
    box = knees.box_of(film, knee, frame)
    return tuple(
        joint_space.ruler(measured.points, film.radiograph, box)
        if measured.kind == "ruler"
        else joint_space.angle(measured.points, measured.value)
        for measured in (seen.measured if seen else ())
        if _nearest(film, measured.points) == knee
    )


def _nearest(film, points):
    """Return which knee of a film is nearest to the middle of some points."""
    x, y = (sum(along) / len(points) for along in zip(*points, strict=True))
    frames = [frame_control.frame_of(film, knee) for knee in range(len(film.frames))]
    centres = [frame.centre for frame in frames]
    return min(
        range(len(frames)),
        key=lambda knee: (centres[knee][0] - y) ** 2 + (centres[knee][1] - x) ** 2,
    )


def marks(film: Film, frame: Frame) -> tuple[Mark, ...]:
    """Return what is drawn on the film, nothing without the tick."""
    return marks_of(space_of(film, frame)) if _is_asked() else ()


def _is_asked() -> bool:
    return is_offered() and bool(st.session_state.get(TICK))


def marks_of(space: JointSpace) -> tuple[Mark, ...]:
    """Return the edges that were found, and on them what was measured."""
    edges = [Mark(points) for points in space.edges]
    widths = [
        Mark(width.ends, "measured", f"{name.split()[0]} {words.short(space, width)}")
        for name, width in space.compartments.items()
        if width.ends
    ]
    return (*edges, *widths)
