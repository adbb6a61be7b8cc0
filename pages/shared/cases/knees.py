"""Each knee of a session's film as the reader has it: where the box is, its side, its findings."""

from dataclasses import replace

import streamlit as st

from kneeoa.films.frames import Frame
from kneeoa.graders.framing import framed
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.each_knee import of_frames, of_knee_in
from kneeoa.graders.locating.found import Found
from kneeoa.graders.locating.gate import REFUSED, Finding
from kneeoa.graders.locating.spoilt import Spoilt
from kneeoa.graders.profile import Profile
from pages.shared import cached
from pages.shared.profiles import in_use
from pages.shared.session_films import Film


def knee_of(film: Film) -> int:
    """Return which of a film's knees is looked at."""
    return st.session_state.get(knee_key(film)) or 0


def turn_to(film: Film, knee: int) -> None:
    """Have a knee of a film be looked at; to be called before it is chosen on the page."""
    if len(film.frames) > 1:
        st.session_state[knee_key(film)] = min(knee, len(film.frames) - 1)


def frame_of(film: Film, knee: int) -> Frame:
    """Return the frame to grade: as it was proposed, or where the reader moved it to."""
    return st.session_state.get(frame_key(film, knee)) or proposal(film, knee, in_use.current())


def proposal(film: Film, knee: int, profile: Profile | None) -> Frame:
    """Return the frame that is proposed under `profile`."""
    return framed_as(film, profile).frames[knee]


def box_of(film: Film, knee: int, frame: Frame) -> Frame:
    """Return the box on the knee: what was found, where a profile has the whole film graded."""
    return film.frames[knee] if frame == proposal(film, knee, in_use.current()) else frame


def findings_of(film: Film, knee: int, frame: Frame) -> tuple[Finding, ...]:
    """Return what stands against grading `frame` of a film, refusals first."""
    spoilt, set_here = cached.graders().localiser.spoilt, st.session_state.get(side_key(film, knee))
    return findings_under(in_use.current(), film, knee, frame, spoilt, side=set_here)


def findings_under(
    profile: Profile | None,
    film: Film,
    knee: int,
    frame: Frame,
    spoilt: Spoilt | None,
    *,
    side: str | None = None,
) -> tuple[Finding, ...]:
    """Return what `findings_of` does for who reads under `profile`, and set a `side` or none.

    Knows of no session.
    """
    proposals = framed_as(film, profile).knees
    proposed = proposals[knee]
    if frame != proposed.frame:
        against = film.against  # as of `session_films.read`: the film may be shown otherwise
        if frame not in against:
            # It is shown as it is graded: of a negative, these are the positive's pixels.
            (against[frame],) = of_frames(film.radiograph, [frame], spoilt, negative=False)
        # The box that was found lies deep within a whole film that a profile has graded.
        kept = of_knee_in(frame, film.localised.knees) or of_knee_in(frame, proposals)
        findings = (*map(gate.of_box_before, kept), *against[frame])
        if elsewhere := gate.moved(frame, film.frames, knee):
            findings = (*findings, elsewhere)
        proposed = replace(proposed, frame=frame, findings=findings)
    return film.localised.against(replace(proposed, side=side or proposed.side))


def may_be_graded(film: Film, findings: tuple[Finding, ...]) -> bool:
    """Return whether a grade may be shown: of refused films only when the reader asked for it."""
    return film.anyway or all(finding.severity != REFUSED for finding in findings)


def move(film: Film, knee: int, frame: Frame) -> None:
    """Keep where the reader moved the frame to."""
    st.session_state[frame_key(film, knee)] = frame


def back_to_proposal(film: Film, knee: int) -> None:
    """Have the box of one knee be where it was proposed; side and other knee stay as they are."""
    st.session_state.pop(frame_key(film, knee), None)


def side_of(film: Film, frame: Frame) -> str:
    """Return ``"L"``, ``"R"`` or ``"unknown"``: as the reader set it, else as it was found."""
    knee = index_of(film, frame)
    return st.session_state.get(side_key(film, knee)) or film.localised.knees[knee].side


def index_of(film: Film, frame: Frame) -> int:
    """Return which of the film's knees `frame` is of; moved frames keep their name."""
    names = [proposed.name for proposed in film.frames]
    return names.index(frame.name) if frame.name in names else 0


def knee_key(film: Film) -> str:
    """Return where the session keeps which of a film's knees is looked at."""
    return f"knee_{film.digest[:12]}"


def side_key(film: Film, knee: int) -> str:
    """Return where the session keeps the side that the reader set."""
    return f"side_{film.digest[:12]}_{knee}"


def frame_key(film: Film, knee: int) -> str:
    """Return where the session keeps the frame that the reader moved."""
    return f"frame_{film.digest[:12]}_{knee}"


def framed_as(film: Film, profile: Profile | None) -> Found:
    """Return what was found in a film, framed as it is under `profile`."""
    if profile is None:
        return film.localised
    framings = film.framings  # as of `session_films.read`: the film may be shown otherwise
    if profile.digest not in framings:
        framings[profile.digest] = framed(profile.record, film.radiograph, film.localised)
    return framings[profile.digest]
