"""Two readings of one knee, side by side: do they agree, and by how much do they differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kneeoa.graders.grading import Reading
from kneeoa.grades import KLGrade
from kneeoa.networks import DISPLAY_NAME

UNDECIDED_BELOW = 0.5
"""Share of the probability below which the most probable grade is not the likely one."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two readings compare.

    `grades_apart` counts grades; `overlap` is the probability mass on which both agree, in [0, 1];
    `verdict` says whether they agree, `difference` by how much they differ, both as sentences.
    `alone` is the grade that both give where both together are known to give another one.
    """

    grades_apart: int
    overlap: float
    verdict: str
    difference: str
    alone: KLGrade | None = None


def compare(readings: Sequence[Reading], together: KLGrade | None = None) -> Agreement:
    """Compare two readings of the same frame; `together` is the grade that both together say.

    That may be one that neither gives: it comes of other networks, and of the mirrored film, too.
    """
    first, second = readings
    apart = abs(int(first.said) - int(second.said))
    overlap = float(np.minimum(first.probabilities, second.probabilities).sum())
    alone = first.said if apart == 0 and together not in (None, first.said) else None
    if alone is not None and together is not None:
        verdict = (
            f"Each network alone says {alone.label}; both together, a computation of its own, "
            f"say {together.label}."
        )
    elif apart == 0:
        verdict = f"Both networks say {first.said.label}."
    else:
        each = " and ".join(f"{DISPLAY_NAME[r.architecture]} {r.said.label}" for r in readings)
        verdict = f"The networks differ by {apart} grade{'s' if apart > 1 else ''}: {each}."
    difference = abs(expected_grade(first.probabilities) - expected_grade(second.probabilities))
    return Agreement(
        apart,
        overlap,
        verdict,
        f"Probabilities overlap by {overlap:.0%}; mean grades are {difference:.1f} apart.",
        alone,
    )


def expected_grade(probabilities: np.ndarray) -> float:
    """Return the mean of the grade under ``(5,)`` probabilities, in [0, 4]."""
    return float(probabilities @ np.arange(5))


def doubt(probabilities: np.ndarray) -> str:
    """Return a sentence when no grade has half of the ``(5,)`` probability, else an empty text."""
    order = np.argsort(-probabilities, kind="stable")
    if probabilities[order[0]] >= UNDECIDED_BELOW:
        return ""
    low, high = sorted(int(grade) for grade in order[:2])
    return f"Undecided: no grade reaches half of the probability; KL {low} and KL {high} lead."
