"""What is found in a film, and how a film is set right; the finding is in `localiser`."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from kneeoa.errors import RadiographError
from kneeoa.films.frames import SMALLEST_FRAME, Frame
from kneeoa.films.radiograph import Radiograph
from kneeoa.films.shape.border import Border
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.gate import REFUSED, WARNED, Finding
from kneeoa.graders.locating.looks import Window

ONE_KNEE = "one knee"
_ASIDE = 0.8
"""Of its width: by how much more room there is on one side of a knee that is one of two."""


@dataclass(frozen=True, slots=True)
class Knee:
    """One knee of a film.

    Attributes
    ----------
    frame : what the graders are to look at
    confidence : probability that this is a frontal knee
    side : ``"L"``, ``"R"`` or ``"unknown"``
    findings : what stands against this frame, apart from what stands against the film
    shape : the side whose knees it is clearly shaped like, seen from the front; else ``"unknown"``
    """

    frame: Frame
    confidence: float
    side: str = "unknown"
    findings: tuple[Finding, ...] = ()
    shape: str = "unknown"


@dataclass(frozen=True, slots=True)
class Found:
    """What a film shows: its knees from left to right of the image, and what speaks against it.

    There is always at least one knee to start from; whether it is one, the findings say.

    Attributes
    ----------
    knees : one, or two
    of_film : what stands against the film as a whole
    quarters : by how many quarter turns counter-clockwise the film stands wrong
    """

    knees: tuple[Knee, ...]
    of_film: tuple[Finding, ...]
    quarters: int = 0

    def moved(self, down: int, right: int) -> "Found":
        """Return it with its frames moved by so many pixels."""
        knees = (replace(knee, frame=knee.frame.moved(down, right)) for knee in self.knees)
        return replace(self, knees=tuple(knees))

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames of the knees."""
        return tuple(knee.frame for knee in self.knees)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that stands against the film or any knee of it, refusals first."""
        return refusals_first(finding for knee in self.knees for finding in self.against(knee))

    def against(self, knee: Knee) -> tuple[Finding, ...]:
        """Return what stands against one knee: of the film, of its frame and side, refusals first.

        The side is what `knee` says, which may be what a reader set.
        """
        findings = [*self.of_film, *knee.findings]
        if other := gate.other_side(knee.side, knee.shape):
            findings.append(other)
        if gate.IMPLANT in findings:
            # Metal has such edges, too, and nobody can export a replaced knee without it.
            findings = [finding for finding in findings if finding.code != gate.WRITTEN_OVER]
        return refusals_first(findings)

    @property
    def refusal(self) -> Finding | None:
        """The first reason to grade no knee of this film, or None."""
        reasons = [refusal_in(self.against(knee)) for knee in self.knees]
        return None if None in reasons else reasons[0]

    @property
    def negative(self) -> bool:
        """Whether the film is a negative, so that the graders are to see its positive."""
        return gate.NEGATIVE in self.of_film

    def to_grade(self, radiograph: Radiograph) -> Radiograph:
        """Return what the graders are to see: the film, or the positive of a negative."""
        return inverted(radiograph) if self.negative else radiograph

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What to bear in mind with a grade."""
        return tuple(finding for finding in self.findings if finding.severity == WARNED)


def refusals_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return each of `findings` once, refusals before warnings."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: finding.severity != REFUSED))


def refusal_in(findings: Iterable[Finding]) -> Finding | None:
    """Return the first of `findings` that refuses, or None."""
    return next((finding for finding in findings if finding.severity == REFUSED), None)


def graded_knee(located: Found, side: str, width: int) -> Knee:
    """Return the knee of a film that a grade of the knee on `side` is of.

    `side` is ``"L"``, ``"R"``, or empty where it is not known; the film is `width` pixels wide.
    Raises `RadiographError` where that knee may not be graded, or where another may be meant.
    """
    knees = located.knees
    if len(knees) > 1:
        knees = tuple(knee for knee in knees if side and knee.side == side)
    elif side and knees[0].side not in (side, "unknown"):
        raise RadiographError(
            f"Expected a knee on the side {side}, as the grade's. The film says that it shows "
            f"{knees[0].side}: correct the table, or the file."
        )
    refusal = refusal_in(located.against(knees[0])) if len(knees) == 1 else located.refusal
    if refusal is not None:
        raise RadiographError(refusal.sentence)
    if len(knees) != 1:
        raise RadiographError(_which_of_two(located, side))
    knee = knees[0]
    if side and knee.side == "unknown" and _has_room(knee, width):
        raise RadiographError(
            "Expected a film of one knee, or of two that are both found. The one that was found "
            f"lies at a side of this film, as one of two, and whether it is the side {side} of the "
            "table cannot be told: cut the film to the knee that was graded."
        )
    return knee


def _which_of_two(located: Found, side: str) -> str:
    """Say why it is not known which of two knees a grade is of."""
    if not side:
        return (
            "Expected a film of one knee, or the side that the grade is of. This one shows two: "
            "add a column `side` with L or R, a row for each knee."
        )
    refusals = (refusal_in(located.against(knee)) for knee in located.knees)
    if refusal := next(filter(None, refusals), None):
        return (
            "Expected a film in which right and left can be told. One of its two knees may not be "
            f"graded, so they cannot: {refusal.sentence}"
        )
    return (
        "Expected a film in which right and left can be told. Which of its two knees is which is "
        "not known: give a film of one knee."
    )


def _has_room(knee: Knee, width: int) -> bool:
    """Return whether a film has room for another knee beside the one that was found."""
    left = knee.frame.left
    right = width - left - knee.frame.width
    is_aside = abs(left - right) > _ASIDE * knee.frame.width
    return is_aside and max(left, right) >= knee.frame.width


def turned_right(radiograph: Radiograph, quarters: int) -> Radiograph:
    """Return a film upright that stands `quarters` quarter turns counter-clockwise wrong."""
    pixels = np.ascontiguousarray(np.rot90(radiograph.pixels, -quarters))
    pixels.setflags(write=False)
    spacing = radiograph.spacing
    return replace(
        radiograph,
        pixels=pixels,
        spacing=spacing and (spacing[::-1] if quarters % 2 else spacing),
        border=_turned(radiograph.border, quarters),
        stored=radiograph.stored and radiograph.stored.turned(quarters),
    )


def _turned(border: Border, quarters: int) -> Border:
    """Return a border after so many quarter turns clockwise: what was left is above."""
    start = -quarters % 4
    top, right, bottom, left = (*border[start:], *border[:start])
    return top, right, bottom, left


def inverted(radiograph: Radiograph) -> Radiograph:
    """Return the positive of a negative."""
    pixels = np.ascontiguousarray(255 - radiograph.pixels)
    pixels.setflags(write=False)
    stored = radiograph.stored and radiograph.stored.inverted()
    return replace(radiograph, pixels=pixels, stored=stored)


def knee_in(box: Window, frontal: float, height: int, width: int) -> Knee:
    """Return the knee in a film of `height` x `width`, its frame one that can be cut out.

    `frontal` are the log odds of a frontal knee.
    """
    rows = int(np.clip(round(box.height), SMALLEST_FRAME, max(2 * height, SMALLEST_FRAME)))
    columns = int(np.clip(round(box.width), SMALLEST_FRAME, max(2 * width, SMALLEST_FRAME)))
    row = int(np.clip(round(box.top + box.height / 2), 1, height - 1))
    column = int(np.clip(round(box.left + box.width / 2), 1, width - 1))
    frame = Frame.around(row, column, rows, ONE_KNEE, width=columns)
    confidence = 1 / (1 + np.exp(-np.clip(frontal, -30, 30)))
    return Knee(frame, float(confidence))


def is_crop(radiograph: Radiograph, frame: Frame, least: float) -> bool:
    """Return whether a square film is a crop as the graders learned from: its box fills it."""
    height, width = radiograph.pixels.shape
    if abs(height - width) > 0.02 * max(height, width):
        return False
    return Window.of(frame).overlap(Window(0, 0, height, width)) >= least
