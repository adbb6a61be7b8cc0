"""A reading under a profile: whose readers it follows, and beside it the other answers."""

import html

import numpy as np
import streamlit as st

from kneeoa.films.frames import Frame
from kneeoa.graders.profile import Profile
from kneeoa.graders.track_record import LEARNT_FROM_IT
from kneeoa.grades import GRADES
from kneeoa.networks import DISPLAY_NAME, TOGETHER
from pages.reading import frame_control
from pages.shared import cached, session_films
from pages.shared.cases import saved
from pages.shared.profiles import in_use, strip

COMPARE = "compare_profiles"


def show_profile_line(film: session_films.Film, frame: Frame) -> None:
    """Show which profile the reading follows, and on request all answers to the knee."""
    with st.container(key="profile_line"):
        _show_line(film, frame)


def _show_line(film, frame):
    compare, choice, back = st.columns([5, 3, 2.4], vertical_alignment="center")
    strip.show_choice(choice, back)
    compared = compare.toggle(
        "Compare with the published networks",
        key=COMPARE,
        persist_state="session",
        help="The answers as published and under each loaded profile, side by side.",
    )
    if compared:
        _show_answers(film, frame)
    if saved.learnt_from(film):
        st.warning(LEARNT_FROM_IT)


def _show_answers(film, frame):
    rows = "".join(_row(film, frame, profile) for profile in (None, *in_use.loaded().values()))
    heads = [*DISPLAY_NAME.values(), TOGETHER, "set", *(grade.label for grade in GRADES)]
    cells = "".join(f"<th>{head}</th>" for head in ("", *heads))
    st.html(f'<table class="kl-answers"><tr>{cells}</tr>{rows}</table>')


def _row(film, frame, profile: Profile | None):
    graders = cached.graders().under(profile)
    knee = frame_control.index_of(film, frame)
    if frame == frame_control.proposal(film, knee, in_use.current()):
        # As each of them frames it; where the reader moved it, all see what she chose.
        frame = frame_control.proposal(film, knee, profile)
    readings = session_films.read(film, frame, graders)
    together = session_films.read_together(film, frame, graders)
    name = html.escape(strip.label_of(profile))
    if profile is not None and saved.was_learnt_from(profile, film):
        name += "<br><b>learnt from this very film</b>"
    cells = [f"<td><b>{reading.said.label}</b></td>" for reading in readings]
    if together is None:
        cells += ["<td></td>"] * (2 + len(GRADES))
    else:
        answer = together.answer
        cells += [
            f"<td><b>{together.said.label}</b></td>",
            f"<td>{answer.text if answer else ''}</td>",
        ]
        cells += [_share(share) for share in np.asarray(together.probabilities, float)]
    marked = (
        ' class="kl-mine"' if strip.digest_of(profile) == strip.digest_of(in_use.current()) else ""
    )
    return f"<tr{marked}><td>{name}</td>{''.join(cells)}</tr>"


def _share(share):
    return f'<td class="kl-share" style="--share:{share:.0%}">{share:.0%}</td>'
