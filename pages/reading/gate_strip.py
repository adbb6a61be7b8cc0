"""What stands against grading a film, above its grades: checks passed, warnings, refusals."""

import streamlit as st

from kneeoa.graders.locating import gate
from kneeoa.graders.locating.gate import REFUSED, Finding
from pages.shared.boundary import escaped
from pages.shared.cases import own_grades, saved
from pages.shared.cases.knees import may_be_graded
from pages.shared.session_films import Film, no_negative, take_back, turn_right

__all__ = ["may_be_graded", "show_gate"]

PASSED = "A frontal knee, upright, inside the film, sharp, exposed, no implant seen."
MOVED = "Box moved by hand."


def show_gate(film: Film, findings: tuple[Finding, ...], *, moved: bool = False) -> None:
    """Show what was found; a grade that was asked for although it was refused stays marked.

    `moved` says that the box is where the reader put it.
    """
    if film.changes:
        st.button("Read the film as it came", on_click=_turn, args=[film, take_back])
    if film.localised.negative:
        st.button("It is no negative", on_click=no_negative, args=[film])
    for note in film.notes:
        st.warning(escaped(note))
    refused = [finding for finding in findings if finding.severity == REFUSED]
    for finding in findings:
        if finding.severity != REFUSED:
            st.warning(escaped(finding.sentence))
    notes = [f"Checked: {PASSED}"] * (not findings) + [MOVED] * moved
    if notes:
        st.html(f'<div class="kl-note kl-quiet">{" ".join(notes)}</div>')
    if not refused:
        return
    before = "**Graded although it was refused.** " if film.anyway else "**Not graded.** "
    st.error(before + " ".join(escaped(finding.sentence) for finding in refused))
    ways = st.columns(2)
    if any(finding.code == gate.TURNED for finding in refused):
        ways[0].button("Turn it right", on_click=_turn, args=[film, turn_right], width="stretch")
    ways[1].button(
        "Hide the grade" if film.anyway else "Grade anyway",
        on_click=_toggle,
        args=[film],
        width="stretch",
    )


def _turn(film, turn):
    several = len(film.frames) > 1
    turn(film)
    if several or len(film.frames) > 1:
        # Which knee is the first is another one now: no grade of hers is to go over to it.
        own_grades.count_anew(film.digest)
        saved.forget(film.digest)


def _toggle(film):
    film.anyway = not film.anyway
