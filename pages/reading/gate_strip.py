"""What stands against grading a film, above its grades: checks passed, warnings, refusals."""

import streamlit as st

from kneeoa.films import grey
from kneeoa.films.frames import Frame
from kneeoa.films.header import of_the_picture
from kneeoa.graders import track_record
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.gate import REFUSED, Finding
from kneeoa.jointspace import believed
from pages.shared import keyboard
from pages.shared.boundary import escaped
from pages.shared.cases import knees, own_grades, saved
from pages.shared.cases.knees import may_be_graded
from pages.shared.profiles import in_use
from pages.shared.session_films import Film, all_films, no_negative, take_back, turn_right

__all__ = ["is_as_measured", "may_be_graded", "show_gate", "warnings_of"]

WARNED = "warned"
"""What stands beside an answer that is told in short, without its warnings."""
PASSED = "A frontal knee, upright, inside the film, sharp, exposed, no implant seen."
MOVED = "Box moved by hand."


def show_gate(
    film: Film, frame: Frame, findings: tuple[Finding, ...], *, moved: bool = False
) -> None:
    """Show what was found; a grade that was asked for although it was refused stays marked.

    `moved` says that the box is where the reader put it. Each film has buttons of its own: pressed
    late, one is not to do its work on the next film.
    """
    if film.changes:
        _button(st, "Read the film as it came", film, _turn, take_back)
    if film.localised.negative:
        _button(st, "It is no negative", film, no_negative)
    refused = [finding for finding in findings if finding.severity == REFUSED]
    box = knees.box_of(film, knees.index_of(film, frame), frame)
    # Not of what is no knee.
    no_millimetres = "" if refused and not film.anyway else believed.doubt(box, film.feed.spacing)
    is_no_knee = not film.anyway and gate.NOT_A_KNEE in findings
    notes_on_it = grey.without_advice(film.notes) if is_no_knee else film.notes
    for note in filter(None, (*notes_on_it, no_millimetres)):
        st.warning(escaped(note))
    for finding in findings:
        if finding.severity != REFUSED:
            st.warning(escaped(finding.sentence))
    is_fine = not findings and not of_the_picture(film.notes)
    notes = [f"Checked: {PASSED}"] * is_fine + [MOVED] * moved
    if notes:
        st.html(f'<div class="kl-note kl-quiet">{" ".join(notes)}</div>')
    if not refused:
        return
    before = "**Graded although it was refused.** " if film.anyway else "**Not graded.** "
    st.error(before + " ".join(escaped(finding.sentence) for finding in refused))
    turning, grading = st.columns(2)
    if any(finding.code == gate.TURNED for finding in refused):
        _button(turning, "Turn it right", film, _turn, turn_right, width="stretch")
    else:
        grading = turning
    label = "Hide the grade" if film.anyway else "Grade anyway"
    _button(grading, label, film, _grade, not film.anyway, width="stretch")


def warnings_of(film: Film, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Return what to bear in mind with a grade of a film, as sentences; no refusal is one."""
    return (
        *of_the_picture(film.notes),
        *(finding.sentence for finding in findings if finding.severity != REFUSED),
    )


def is_as_measured(film: Film, frame: Frame, findings: tuple[Finding, ...], *, moved: bool) -> bool:
    """Return whether this film is like those that the track record was measured on.

    Drawings and films that were turned are not.
    """
    if film.changes or film.drawn:
        return False
    profile = in_use.current()
    return track_record.is_like(
        findings, frame, film.shape, profile, notes=film.notes, as_proposed=not moved
    )


def _button(place, label, film, act, *args, **options):
    key = keyboard.key_for(label, film.digest)
    place.button(label, key=key, on_click=_act, args=[film.digest, act, *args], **options)


def _act(digest, act, *args):
    # By its digest: Streamlit has what belongs to such a key for as long as the session.
    if (film := all_films().get(digest)) is not None:
        act(film, *args)


def _turn(film, turn):
    several = len(film.frames) > 1
    turn(film)
    if several or len(film.frames) > 1:
        # Which knee is the first is another one now: no grade of hers is to go over to it.
        own_grades.count_anew(film.digest)
        saved.forget(film.digest)


def _grade(film, anyway):
    film.anyway = anyway
