"""What is found in a film, and how a film is set right; the finding is in `localiser`."""

from dataclasses import dataclass, replace

import numpy as np

from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders import gate
from kneeoa.graders.gate import REFUSED, WARNED, Finding


@dataclass(frozen=True, slots=True)
class Knee:
    """One knee of a film.

    Attributes
    ----------
    frame : what the graders are to look at
    confidence : probability that this is a frontal knee
    spread : expected absolute errors of the frame's centre row and column, height and width, pixels
    side : ``"L"``, ``"R"`` or ``"unknown"``
    """

    frame: Frame
    confidence: float
    spread: tuple[float, float, float, float]
    side: str = "unknown"


@dataclass(frozen=True, slots=True)
class Found:
    """What a film shows: its knees from left to right of the image, and what speaks against it.

    There is always at least one knee to start from; whether it is one, the findings say.

    Attributes
    ----------
    knees : one, or two
    findings : refusals first
    quarters : by how many quarter turns counter-clockwise the film stands wrong
    """

    knees: tuple[Knee, ...]
    findings: tuple[Finding, ...]
    quarters: int = 0

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames of the knees."""
        return tuple(knee.frame for knee in self.knees)

    @property
    def refusal(self) -> Finding | None:
        """The first reason not to grade, or None."""
        return next((one for one in self.findings if one.severity == REFUSED), None)

    @property
    def negative(self) -> bool:
        """Whether the film is a negative, so that the graders are to see its positive."""
        return gate.NEGATIVE in self.findings

    def to_grade(self, radiograph: Radiograph) -> Radiograph:
        """Return what the graders are to see: the film, or the positive of a negative."""
        return inverted(radiograph) if self.negative else radiograph

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What to bear in mind with a grade."""
        return tuple(one for one in self.findings if one.severity == WARNED)


def turned_right(radiograph: Radiograph, quarters: int) -> Radiograph:
    """Return a film upright that stands `quarters` quarter turns counter-clockwise wrong."""
    pixels = np.ascontiguousarray(np.rot90(radiograph.pixels, -quarters))
    pixels.setflags(write=False)
    spacing = radiograph.spacing
    return replace(
        radiograph, pixels=pixels, spacing=spacing and (spacing[::-1] if quarters % 2 else spacing)
    )


def inverted(radiograph: Radiograph) -> Radiograph:
    """Return the positive of a negative."""
    pixels = np.ascontiguousarray(255 - radiograph.pixels)
    pixels.setflags(write=False)
    return replace(radiograph, pixels=pixels)
