"""What is found in a film, and how a film is set right; the finding is in `localiser`."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.gate import REFUSED, WARNED, Finding


@dataclass(frozen=True, slots=True)
class Knee:
    """One knee of a film.

    Attributes
    ----------
    frame : what the graders are to look at
    confidence : probability that this is a frontal knee
    side : ``"L"``, ``"R"`` or ``"unknown"``
    findings : what stands against this frame, apart from what stands against the film
    """

    frame: Frame
    confidence: float
    side: str = "unknown"
    findings: tuple[Finding, ...] = ()


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

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames of the knees."""
        return tuple(knee.frame for knee in self.knees)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that stands against the film or any knee of it, refusals first."""
        every = [*self.of_film, *(finding for knee in self.knees for finding in knee.findings)]
        return _refusals_first(every)

    def against(self, knee: Knee) -> tuple[Finding, ...]:
        """Return what stands against one knee: of the film and of its frame, refusals first."""
        return _refusals_first([*self.of_film, *knee.findings])

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


def _refusals_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: finding.severity != REFUSED))


def refusal_in(findings: Iterable[Finding]) -> Finding | None:
    """Return the first of `findings` that refuses, or None."""
    return next((finding for finding in findings if finding.severity == REFUSED), None)


def turned_right(radiograph: Radiograph, quarters: int) -> Radiograph:
    """Return a film upright that stands `quarters` quarter turns counter-clockwise wrong."""
    pixels = np.ascontiguousarray(np.rot90(radiograph.pixels, -quarters))
    pixels.setflags(write=False)
    spacing = radiograph.spacing
    return replace(
        radiograph,
        pixels=pixels,
        spacing=spacing and (spacing[::-1] if quarters % 2 else spacing),
        stored=radiograph.stored and radiograph.stored.turned(quarters),
    )


def inverted(radiograph: Radiograph) -> Radiograph:
    """Return the positive of a negative."""
    pixels = np.ascontiguousarray(255 - radiograph.pixels)
    pixels.setflags(write=False)
    stored = radiograph.stored and radiograph.stored.inverted()
    return replace(radiograph, pixels=pixels, stored=stored)
