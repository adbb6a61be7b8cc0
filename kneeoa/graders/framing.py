"""Which part of a film is graded: the box that was found, or all of it where a profile says so.

A hospital that crops all its films alike gives its networks more even views of the whole film than
any box that is found anew on each; `kneeoa.adaptation` finds out which serves its films better.
"""

from dataclasses import replace
from typing import Literal, Protocol

from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.locating import frame_gate, gate
from kneeoa.graders.locating.found import Found
from kneeoa.graders.locating.looks import Window

Framing = Literal["found", "whole film"]
FOUND: Framing = "found"
WHOLE: Framing = "whole film"


BY_BOX = gate.Finding(
    "by-box",
    "The profile was fitted to whole films of one knee. This knee is graded by its box, for which "
    "nothing was measured under it: read it as published, too.",
    gate.WARNED,
)
"""Where a profile cannot have the whole film graded."""


class SaysHow(Protocol):
    """What says how films are framed, as the record of a profile does."""

    @property
    def framing(self) -> Framing:
        """Which part is graded."""

    @property
    def least_overlap(self) -> float:
        """How much of its film a box is at least."""


def overlap(radiograph: Radiograph, frame: Frame) -> float:
    """Return how much of a film a frame is: 1 for all of it, 0 for none of it."""
    return Window.of(frame).overlap(Window.of(Frame.whole(radiograph)))


def framed(record: SaysHow | None, radiograph: Radiograph, located: Found) -> Found:
    """Return what was found in a film with the frames that are graded, as `record` says.

    The whole film is taken where a profile's record says so, the film shows one knee, and that
    fills as much of it as in the films that the profile was learnt from: never of a film of a whole
    leg. There the box is, which a warning says. Without a record, as published, it is the box.
    """
    if record is None or record.framing != WHOLE:
        return located
    knee, *others = located.knees
    if others or overlap(radiograph, knee.frame) < record.least_overlap:
        knees = (replace(knee, findings=(*knee.findings, BY_BOX)) for knee in located.knees)
        return replace(located, knees=tuple(knees))
    whole = Frame.whole(radiograph, knee.frame.name)
    # That the joint is not on the film stays true; that a box reached beyond it does not.
    kept = [
        finding
        for finding in knee.findings
        if finding.severity == gate.REFUSED or gate.is_of_knee(finding)
    ]
    findings = dict.fromkeys([*kept, *frame_gate.of_frame(radiograph, whole)])
    return replace(located, knees=(replace(knee, frame=whole, findings=tuple(findings)),))
