"""The frame: which knee of the film is graded, on which side, and where exactly."""

from dataclasses import replace

import streamlit as st

from kneeoa.films.frames import Frame
from kneeoa.graders.framing import framed
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.gate import Finding
from kneeoa.graders.profile import Profile
from pages.shared.profiles import in_use
from pages.shared.session_films import Film, forget_frame

SIDES = {"R": "right knee", "L": "left knee", "unknown": "side unknown"}


def choose_knee(film: Film) -> int:
    """Return which proposed frame to start from; ask where the film holds two knees."""
    if len(film.frames) == 1:
        return 0
    return st.segmented_control(
        "This film shows two knees. Grade the one on the",
        range(len(film.frames)),
        format_func=lambda index: film.frames[index].name,
        default=0,
        required=True,
        key=f"knee_{film.digest[:12]}",
        persist_state="session",
    )


def frame_of(film: Film, knee: int) -> Frame:
    """Return the frame to grade: as it was proposed, or where the reader moved it to."""
    return st.session_state.get(_frame_key(film, knee)) or proposal(film, knee, in_use.current())


def proposal(film: Film, knee: int, profile: Profile | None) -> Frame:
    """Return the frame that is proposed under `profile`."""
    return _framed(film, profile).frames[knee]


def findings_of(film: Film, knee: int, frame: Frame) -> tuple[Finding, ...]:
    """Return what stands against grading `frame` of a film, refusals first."""
    proposed = _framed(film, in_use.current()).knees[knee]
    if frame != proposed.frame:
        if frame not in film.against:
            film.against[frame] = gate.of_frame(film.radiograph, frame)
        findings = film.against[frame]
        if elsewhere := gate.moved(frame, film.frames):
            findings = (*findings, elsewhere)
        proposed = replace(proposed, frame=frame, findings=findings)
    return film.found.against(proposed)


def move(film: Film, knee: int, frame: Frame) -> None:
    """Keep where the reader moved the frame to."""
    st.session_state[_frame_key(film, knee)] = frame


def show_frame(film: Film, knee: int) -> None:
    """Show how the frame is moved, the way back, and the knee's side."""
    with st.popover("Box and side", width="stretch"):
        st.caption(
            "The networks learned from crops centred on the joint, femur above and tibia below, a "
            "little wider than the knee. The dotted box on the film is what they see, stretched to "
            "a square; past the film's border its edge is repeated. Press B or choose Box above "
            "the film: then drag inside it to move it, a corner to resize it; the arrows move it, "
            "too, and Shift with the arrows resizes it. Esc when done."
        )
        st.segmented_control(
            "Side",
            list(SIDES),
            format_func=SIDES.__getitem__,
            default=film.found.knees[knee].side,
            required=True,
            key=_side_key(film, knee),
            persist_state="session",
            help="From the file, or from where a knee lies in a film of both; set it right here.",
        )
        st.button(
            "Back to the proposal",
            on_click=forget_frame,
            args=[film.digest],
            width="stretch",
        )


def side_of(film: Film, frame: Frame) -> str:
    """Return ``"L"``, ``"R"`` or ``"unknown"``: as the reader set it, else as it was found."""
    knee = index_of(film, frame)
    return st.session_state.get(_side_key(film, knee)) or film.found.knees[knee].side


def index_of(film: Film, frame: Frame) -> int:
    """Return which of the film's knees `frame` is of; moved frames keep their name."""
    names = [proposed.name for proposed in film.frames]
    return names.index(frame.name) if frame.name in names else 0


def _side_key(film, knee):
    return f"side_{film.digest[:12]}_{knee}"


def _frame_key(film, knee):
    return f"frame_{film.digest[:12]}_{knee}"


def _framed(film, profile):
    if profile is None:
        return film.found
    if profile.digest not in film.framings:
        film.framings[profile.digest] = framed(profile.record, film.radiograph, film.found)
    return film.framings[profile.digest]
