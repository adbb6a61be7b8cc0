"""The Kellgren-Lawrence scale: names and criteria, in one place.

Source of the criteria: J. H. Kellgren and J. S. Lawrence, "Radiological assessment of
osteo-arthrosis", Ann Rheum Dis 16 (1957) 494-502.
"""

from dataclasses import dataclass
from enum import IntEnum


class KLGrade(IntEnum):
    """Kellgren-Lawrence grade of radiographic knee osteoarthritis, 0 to 4."""

    NONE = 0
    DOUBTFUL = 1
    MINIMAL = 2
    MODERATE = 3
    SEVERE = 4

    @property
    def label(self) -> str:
        """Short form, for example ``KL 2``."""
        return f"KL {int(self)}"

    @property
    def text(self) -> str:
        """The scale's own word for the grade, for example ``minimal``."""
        return _DESCRIPTIONS[self].text

    @property
    def criteria(self) -> str:
        """What the film shows at this grade, in a sentence."""
        return _DESCRIPTIONS[self].criteria


@dataclass(frozen=True, slots=True)
class _Description:
    text: str
    criteria: str


_DESCRIPTIONS = {
    KLGrade.NONE: _Description("none", "No radiographic feature of osteoarthritis."),
    KLGrade.DOUBTFUL: _Description(
        "doubtful", "Doubtful narrowing of the joint space, possible osteophytic lipping."
    ),
    KLGrade.MINIMAL: _Description(
        "minimal", "Definite osteophytes, possible narrowing of the joint space."
    ),
    KLGrade.MODERATE: _Description(
        "moderate",
        "Moderate multiple osteophytes, definite narrowing of the joint space, some sclerosis, "
        "possible deformity of the bone ends.",
    ),
    KLGrade.SEVERE: _Description(
        "severe",
        "Large osteophytes, marked narrowing of the joint space, severe sclerosis, definite "
        "deformity of the bone ends.",
    ),
}

GRADES: tuple[KLGrade, ...] = tuple(KLGrade)
