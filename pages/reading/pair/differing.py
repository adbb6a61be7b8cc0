"""What differs between two knees, below them, and what speaks against comparing them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.films.frames import Frame
from kneeoa.films.header import of_the_picture
from kneeoa.graders.answer import Answer
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.found import refusal_in
from kneeoa.graders.locating.gate import Finding
from kneeoa.graders.track_record import LEARNT_FROM_IT
from kneeoa.jointspace import change
from kneeoa.jointspace.change import TIMES, Difference
from kneeoa.jointspace.pairs import Pair
from kneeoa.jointspace.width import JointSpace
from kneeoa.reports.content import Comparison
from pages.reading import frame_control, gate_strip, joint_space
from pages.shared import boundary, session_films
from pages.shared.cases import own_grades, saved
from pages.shared.profiles import in_use
from pages.shared.session_films import Film

REFUSED_ONE = (
    "Graded although it was refused: of these films at least one. What differs may come from that."
)
AFTER_YOURS = "shown after your grade"
DRAWN = "This is a drawing."
ARROWS = {1: "\u2191 ", -1: "\u2193 ", 0: ""}

Knee = tuple[Film, Frame]


def space_of(film: Film, frame: Frame) -> JointSpace | None:
    """Return the joint space of a knee that may be measured now, else None."""
    hidden = _is_hidden(film, frame)
    is_measured = joint_space.is_offered() and not hidden and _is_graded(film, frame)
    return joint_space.space_of(film, frame) if is_measured else None


@dataclass(frozen=True, slots=True)
class Compared:
    """What is said of two knees that stand beside each other.

    Attributes
    ----------
    lines : what differs
    notes : what nothing says of them, what lengths are worth, and what speaks against each
    refused : whether one at least was graded although it was refused
    """

    lines: Sequence[Difference]
    notes: Sequence[str]
    refused: bool


def compared(both: Sequence[Knee], pair: Pair, spaces: Sequence[JointSpace | None]) -> Compared:
    """Return what differs between `both`, in the order in which they stand; so are `spaces`."""
    first, second = spaces
    notes = [pair.note]
    if first is not None and second is not None:
        notes.append(change.unit_note(first, second))
    for (film, frame), title in zip(both, pair.titles, strict=True):
        if doubts := " ".join(_doubts(film, frame)):
            notes.append(f"{title.capitalize()}: {doubts}")
    return Compared(
        lines=_differences(both, pair, spaces),
        notes=list(filter(None, notes)),
        refused=any(film.anyway and refusal_in(_findings(film, frame)) for film, frame in both),
    )


def show(both: Sequence[Knee], pair: Pair, what: Compared) -> None:
    """Show what differs between `both`."""
    has_arrows = pair.kind == TIMES
    heads = "".join(
        f"<th>{boundary.as_html(title)}{_mark(*knee)}</th>"
        for knee, title in zip(both, pair.titles, strict=True)
    )
    rows = "".join(
        f"<tr><td>{boundary.as_html(line.what)}</td><td>{boundary.as_html(line.first)}</td>"
        f"<td>{boundary.as_html(line.second)}</td>"
        f"<td class='kl-told'>{ARROWS[line.way] if has_arrows else ''}"
        f"{boundary.as_html(line.sentence)}</td></tr>"
        for line in what.lines
    )
    below = "".join(
        f'<div class="kl-note kl-quiet">{boundary.as_html(note)}</div>' for note in what.notes
    )
    with st.container(key="beside"):
        if what.refused:
            st.warning(REFUSED_ONE)
        st.html(
            f'<table class="kl-answers"><tr><th></th>{heads}<th></th></tr>{rows}</table>{below}'
        )


def reported(
    both: Sequence[Knee], pair: Pair, days: tuple[str, str], here: int
) -> Comparison | None:
    """Return what a report of the knee at `here`, 0 or 1, says of `both`: no more than the page.

    None where all of it waits for the reader's own grade. Of a film that is kept without its
    patient neither day nor content is told, by which it could be found: the report may name her.
    """
    # Under names without a day, which is told with the patient alone.
    undated = replace(pair, titles=pair.names)
    what = compared(both, undated, [space_of(*knee) for knee in both])
    lines = [line for line in what.lines if AFTER_YOURS not in (line.first, line.second)]
    if not lines:
        return None
    against = REFUSED_ONE if what.refused else ""
    kept = [saved.is_kept_film(film) for film, _ in both]
    first, second = ("" if hidden else day for hidden, day in zip(kept, days, strict=True))
    return Comparison(
        kind=pair.kind,
        names=pair.names,
        days=(first, second),
        here=here,
        other="" if kept[1 - here] else both[1 - here][0].digest,
        lines=tuple(lines),
        notes=(*filter(None, [against, pair.warning]), *what.notes),
    )


def _differences(both, pair, spaces) -> list[Difference]:
    first, second = (_answer(film, frame) for film, frame in both)
    instead_of_first, instead_of_second = (
        AFTER_YOURS if _is_hidden(film, frame) else change.NOT_GRADED for film, frame in both
    )
    instead = instead_of_first, instead_of_second
    profile = in_use.current()
    standing = min((_standing(*knee) for knee in both), key=change.STANDINGS.index)
    lines = [
        change.of_grades(
            first,
            second,
            pair.kind,
            instead=instead,
            profile=profile,
            standing=standing,
            names=pair.names,
        )
    ]
    if None not in spaces and standing != change.METAL:
        widths = change.of_widths(spaces[0], spaces[1], pair.kind, names=pair.names)
        is_doubted = standing == change.DOUBTED
        lines += [replace(line, way=0) for line in widths] if is_doubted else widths
    return lines


def _standing(film, frame):
    """Return what is known of one knee, as `change.STANDINGS`."""
    findings = _findings(film, frame)
    if any(finding.code == gate.IMPLANT.code for finding in findings):
        return change.METAL
    if saved.learnt_from(film):
        return change.DOUBTED
    if gate_strip.is_as_measured(film, frame, findings, moved=_is_moved(film, frame)):
        return change.LIKE
    return change.DOUBTED if _doubts(film, frame) else change.UNLIKE


def _doubts(film, frame) -> list[str]:
    """Return what speaks against trusting what is said of a knee, as sentences."""
    doubts = [finding.sentence for finding in _findings(film, frame)]
    doubts += of_the_picture(film.notes)
    doubts += [f"The film is {done}." for done in film.changes]
    if _is_moved(film, frame):
        doubts.append(gate_strip.MOVED)
    if film.drawn:
        doubts.append(DRAWN)
    if _is_graded(film, frame) and saved.learnt_from(film):
        doubts.append(LEARNT_FROM_IT)
    return doubts


def _mark(film, frame):
    findings = _findings(film, frame)
    if not (_is_graded(film, frame) and gate_strip.warnings_of(film, findings)):
        return ""
    return f' &nbsp;<span class="kl-apart-1">{gate_strip.WARNED}</span>'


def _is_moved(film, frame):
    knee = frame_control.index_of(film, frame)
    return frame != frame_control.proposal(film, knee, in_use.current())


def _answer(film: Film, frame: Frame) -> Answer | None:
    if _is_hidden(film, frame) or not _is_graded(film, frame):
        return None
    try:
        together = session_films.read_together(film, frame)
    except KneeOAError:  # said when the reader turns to the film
        return None
    if together is None:
        return None
    own_grades.saw(film.digest, frame_control.index_of(film, frame))
    return together.answer


def _is_hidden(film, frame):
    return own_grades.hides(film.digest, frame_control.index_of(film, frame))


def _is_graded(film, frame):
    return gate_strip.may_be_graded(film, _findings(film, frame))


def _findings(film, frame) -> tuple[Finding, ...]:
    return frame_control.findings_of(film, frame_control.index_of(film, frame), frame)
