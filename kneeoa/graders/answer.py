"""From a network's probabilities to what is said of a knee: one grade, and a set of grades.

A card says under ``answer`` by which rule the grade is taken and up to which threshold the set
grows, both chosen on validation films (`train.publish.answer`); a profile brings thresholds of its
own. A card without ``answer`` gives neither.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kneeoa.errors import ModelError
from kneeoa.grades import KLGrade
from kneeoa.metrics import conformal, rules

WIDE = 3
"""Grades in a range from which it says little."""
RULE_IN_WORDS = {
    rules.MOST_PROBABLE: "the most probable one",
    rules.MEDIAN: "the median of the probabilities",
    rules.MEAN: "the mean of the probabilities, rounded",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one knee: `grade` by `rule`, and the set from `low` to `high`, around it.

    The set was calibrated to hold the reference's grade in a share `level` of films.
    """

    grade: KLGrade
    low: KLGrade
    high: KLGrade
    rule: str
    level: float

    @property
    def headline(self) -> str:
        """The set as large type has it, for example ``KL 1 to 2``, or ``KL 3``."""
        return self.low.label if self.low == self.high else f"{self.low.label} to {self.high:d}"

    @property
    def text(self) -> str:
        """The set in words, for example ``KL 1 to KL 2``."""
        if self.low == self.high:
            return f"{self.low.label} alone"
        return f"{self.low.label} to {self.high.label}"


class Answered:
    """What probabilities ``(5,)`` and their answer, if there is a rule for one, say of a knee."""

    __slots__ = ()
    probabilities: np.ndarray
    answer: Answer | None

    @property
    def grade(self) -> KLGrade:
        """The most probable grade."""
        return KLGrade(int(self.probabilities.argmax()))

    @property
    def said(self) -> KLGrade:
        """The one grade that is said: by the card's rule, or the most probable without one."""
        return self.answer.grade if self.answer else self.grade


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """How probabilities become answers.

    Attributes
    ----------
    rule : one of `kneeoa.metrics.rules.RULES`
    level : share of films whose reference grade the sets are to hold, in (0, 1)
    threshold : from `kneeoa.metrics.conformal.calibrate`, in [0, 1]
    """

    rule: str
    level: float
    threshold: float

    def __post_init__(self) -> None:
        if self.rule not in rules.RULES:
            raise ModelError(
                f"Expected a rule out of {', '.join(rules.RULES)}. Received: {self.rule!r}."
            )
        if not (0 < self.level < 1 and 0 <= self.threshold <= 1):
            raise ModelError(
                "Expected a level between 0 and 1 and a threshold from 0 to 1. "
                f"Received: {self.level} and {self.threshold}."
            )

    def grades(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the grades of ``(N, 5)`` probabilities, ``(N,) int64``."""
        return rules.grades_by(self.rule, probabilities)

    def sets(self, probabilities: np.ndarray) -> np.ndarray:
        """Return lowest and highest grade of each set, ``(N, 2) int64``.

        A set grows around the most probable grade, and below a threshold of a half it may end
        before the grade that is said: then it reaches up to that one. It only ever holds more.
        """
        grown = conformal.sets(probabilities, self.threshold)
        grades = self.grades(probabilities)
        return np.stack([np.minimum(grown[:, 0], grades), np.maximum(grown[:, 1], grades)], axis=1)

    def answer(self, probabilities: np.ndarray) -> Answer:
        """Return what is said of one knee with ``(5,)`` probabilities."""
        grade, (low, high) = self.grades(probabilities[None])[0], self.sets(probabilities[None])[0]
        low, high, grade = (KLGrade(int(value)) for value in (low, high, grade))
        return Answer(grade, low, high, self.rule, self.level)


def is_wide(low: int | None, high: int | None) -> bool:
    """Return whether a range from `low` to `high` says little; none is not wide."""
    return low is not None and high is not None and high - low + 1 >= WIDE


def why_another(likeliest: KLGrade, reported: KLGrade, rule: str) -> str:
    """Return why `reported` is said, by `rule`, where another grade is the likeliest."""
    return (
        f"{likeliest.label} alone is the likeliest, but {reported.label} is said: "
        f"{RULE_IN_WORDS[rule]}, which is off by the fewest grades."
    )


def grades_said(rule: AnswerRule | None, probabilities: np.ndarray) -> np.ndarray:
    """Return the grades that are said of ``(N, 5)`` probabilities, ``(N,) int64``.

    By `rule`, or the most probable ones where a card has none, as `Reading.said` is.
    """
    return rule.grades(probabilities) if rule else rules.most_probable(probabilities)


def rule_of(card: dict[str, Any]) -> AnswerRule | None:
    """Return the rule on a model's card, or None where it has none."""
    described = card.get("answer")
    if described is None:
        return None
    return AnswerRule(described["rule"], described["set"]["level"], described["set"]["threshold"])
