"""How often an answer was right before, in a sentence that says whose films that was on.

A figure from the Osteoarthritis Initiative tells nothing of a film unlike them, and nothing of
another hospital's readers: under a profile the figure is that of the profile's films, and for a
film that is unlike what the networks know there is none.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kneeoa.grades import KLGrade

FEWEST = 5
"""Answers below which a share says nothing; they are counted instead."""


def published_record(card: Mapping[str, Any]) -> Sequence[Mapping[str, Any] | None]:
    """Return how often each grade was right on the test films, by the rule that `card` names.

    For each grade ``value, low, high, count, total``, or None where it was never the answer. A card
    without ``answer`` has it of the most probable grade.
    """
    if "answer" in card:
        return card["answer"]["predictive_values"]
    return card["metrics"]["test"]["predictive_values"]


def sentence(
    grade: KLGrade,
    record: Sequence[Mapping[str, Any] | None],
    *,
    readers: str = "the reference",
    films: str = "test knees of the OAI",
    unlike: str = "",
) -> str:
    """Return how often `readers` agreed when this `grade` was the answer.

    Parameters
    ----------
    record : from `published_record`, or a profile's `track_record`
    films : whose films, in the plural
    unlike : why the film is not one of those; the sentence then gives no figure
    """
    if unlike:
        return f"No track record: {unlike}"
    value = record[int(grade)]
    if value is None:
        return f"{grade.label} was never the answer on {films}."
    # As whole numbers, whatever they were read as.
    times = f"{value['count']:.0f} of {value['total']:.0f}"
    if value["total"] < FEWEST:
        return f"When {grade.label} was the answer, {readers} agreed on {times} {films}."
    return (
        f"When {grade.label} was the answer, {readers} agreed in {value['value']:.0%} "
        f"({value['low']:.0%} to {value['high']:.0%}; {times} {films})."
    )
