"""Two sets of runs side by side, whatever they are, with the difference and its interval.

The unit is the patient. Where both sets were measured on the same films, both see the same draws of
patients and the difference is a paired one; where they have no film in common, each has draws of
its own. Neither says anything of runs that were not trained: for that see `between_cycles`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kneeoa.analysis import confusions
from kneeoa.analysis.anova import METRICS
from kneeoa.analysis.findings import value_text
from kneeoa.errors import DataError
from kneeoa.grades import GRADES
from kneeoa.metrics import agreement, bootstrap
from kneeoa.records.results import probabilities_of
from kneeoa.wording import counted

RECALLS = {f"recall_kl{int(grade)}": f"Of {grade.label}, found" for grade in GRADES}
MEASURES = METRICS | RECALLS
"""What is compared, with the names that people read."""
COLUMNS = [
    "metric",
    "first",
    "first_sd",
    "second",
    "second_sd",
    "difference",
    "low",
    "high",
]


@dataclass(frozen=True, slots=True, eq=False)
class SideBySide:
    """What two sets of runs gave.

    Attributes
    ----------
    table : `COLUMNS`, a row a metric: means over the runs of each set with their standard deviation
        over runs (empty for one), and second minus first with its 95% interval over patients, empty
        where `bootstrap.difference_interval` gives none
    matrices : mean confusion matrices in % of the reference grade, ``(5, 5)`` each, NaN where a
        grade is not there
    paired : whether both were measured on the same films
    answers : how many answers a film each set counts: its runs, or 1 of them together
    members : how many runs each set has
    sentences : what was compared
    """

    table: pd.DataFrame
    matrices: tuple[np.ndarray, np.ndarray]
    paired: bool
    answers: tuple[int, int]
    members: tuple[int, int]
    sentences: tuple[str, ...]


def side_by_side(
    first: Mapping[str, pd.DataFrame], second: Mapping[str, pd.DataFrame], *, averaged: bool = False
) -> SideBySide:
    """Compare two sets of runs, each `confusions.graded` films by run.

    Of runs with some films in common, those films alone are compared. With `averaged` each set is
    one answer, that of its runs' mean probabilities, instead of the mean of what its runs score.
    Raises `DataError` for a set without runs, or whose runs have no film in common.
    """
    _expect_films(first, second)
    common = confusions.in_common(
        {
            (side, run): films
            for side, runs in enumerate((first, second))
            for run, films in runs.items()
        }
    )
    paired = bool(len(next(iter(common.values()))))
    if paired:
        parts = [
            {run: films for (at, run), films in common.items() if at == side} for side in (0, 1)
        ]
    else:
        parts = [confusions.in_common(runs) for runs in (first, second)]
    sides = [_Side.from_films(part, averaged=averaged) for part in parts]
    # The same draws on the same films pair the difference; on other films each has its own.
    drawn = [side.drawn(seed=0 if paired else number) for number, side in enumerate(sides)]
    means, spreads = zip(*(side.scored() for side in sides), strict=True)
    rows = [
        (
            metric,
            means[0][metric],
            spreads[0][metric],
            means[1][metric],
            spreads[1][metric],
            means[1][metric] - means[0][metric],
            *bootstrap.difference_interval(metric, drawn[1][metric] - drawn[0][metric]),
        )
        for metric in MEASURES
    ]
    return SideBySide(
        pd.DataFrame(rows, columns=COLUMNS),
        (sides[0].matrix(), sides[1].matrix()),
        paired,
        (len(sides[0].answers), len(sides[1].answers)),
        (len(first), len(second)),
        tuple(_sentences(first, second, sides, paired)),
    )


def in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Return `SideBySide.table` as readers expect it: percent, grades, points, with intervals."""
    return pd.DataFrame(
        {
            "Measure": MEASURES[row["metric"]],
            "First": _mean(row, "first"),
            "Second": _mean(row, "second"),
            "Second minus first (95%)": _difference(row),
        }
        for row in table.to_dict("records")
    )


def _mean(row: Mapping[str, Any], side: str) -> str:
    text = value_text(row["metric"], row[side])
    spread = row[f"{side}_sd"]
    return text if pd.isna(spread) else f"{text} ± {value_text(row['metric'], spread)}"


def _difference(row: Mapping[str, Any]) -> str:
    texts = [value_text(row["metric"], row[n], signed=True) for n in ("difference", "low", "high")]
    low, high = (text.partition(" ")[0] for text in texts[1:])
    return texts[0] if pd.isna(row["low"]) else f"{texts[0]} ({low} to {high})"


def _expect_films(first: Mapping[str, pd.DataFrame], second: Mapping[str, pd.DataFrame]) -> None:
    for name, runs in (("first", first), ("second", second)):
        if not runs or not all(map(len, runs.values())):
            raise DataError(f"Expected runs with graded films in the {name} set. There are none.")
        if not len(next(iter(confusions.in_common(runs).values()))):
            raise DataError(
                f"Expected runs on the same films in the {name} set. Those that were chosen have "
                "no film in common: choose runs of one split."
            )


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    true: np.ndarray
    answers: np.ndarray
    """``(runs, N, 5)``"""
    patients: np.ndarray

    @classmethod
    def from_films(cls, films: Mapping[str, pd.DataFrame], *, averaged: bool) -> "_Side":
        ordered = [table.sort_values("image_id") for table in films.values()]
        answers = np.stack([probabilities_of(table) for table in ordered])
        if averaged:
            answers = answers.mean(axis=0, keepdims=True)
        first = ordered[0]
        return cls(first["true_grade"].to_numpy(int), answers, first["patient_id"].to_numpy(str))

    def drawn(self, *, seed: int) -> dict[str, np.ndarray]:
        weights = bootstrap.patient_weights(self.patients, seed=seed)
        scored = bootstrap.mean_summaries(self.true, self.answers, weights)
        return scored | _recalls(self.true, self.answers, weights)

    def scored(self) -> tuple[dict[str, float], dict[str, float]]:
        """Return mean and standard deviation over runs of each metric."""
        once = np.ones((1, len(self.true)))
        runs = [
            agreement.weighted_summaries(self.true, probabilities, once)
            | _recalls(self.true, probabilities[None], once)
            for probabilities in self.answers
        ]
        values = {metric: np.array([run[metric][0] for run in runs]) for metric in MEASURES}
        spread = {
            metric: scores.std(ddof=1) if len(scores) > 1 else np.nan
            for metric, scores in values.items()
        }
        return {metric: scores.mean() for metric, scores in values.items()}, spread

    def matrix(self) -> np.ndarray:
        counts = [
            agreement.confusion_matrix(self.true, probabilities.argmax(axis=1))
            for probabilities in self.answers
        ]
        return confusions.mean_and_spread(counts, "row")[0]


def _recalls(true: np.ndarray, answers: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return of each grade the share that is found, mean over ``(runs, N, 5)``, for each draw.

    ``(draws,)`` each, NaN where the grade is not there. Every run has the same films of a grade, so
    that the mean over runs is that of a film's share of right answers.
    """
    is_grade = np.eye(len(GRADES))[true]
    right = (answers.argmax(axis=2) == true).mean(axis=0)
    shares = agreement.share(weights @ (right[:, None] * is_grade), weights @ is_grade)
    return dict(zip(RECALLS, shares.T, strict=True))


def _sentences(
    first: Mapping[str, pd.DataFrame],
    second: Mapping[str, pd.DataFrame],
    sides: Sequence[_Side],
    paired: bool,
) -> Iterator[str]:
    if paired:
        films = len(sides[0].true)
        yield (
            f"Both sets on the same {counted(films, 'film')} of "
            f"{counted(len(set(sides[0].patients)), 'patient')}: the difference is paired."
        )
        most = max(len(table) for runs in (first, second) for table in runs.values())
        if films < most:
            yield f"Films that not all of these runs have, of up to {most} in a run, are left out."
    else:
        named = " and ".join(
            f"{counted(len(side.true), 'film')} of {counted(len(set(side.patients)), 'patient')}"
            for side in sides
        )
        yield (
            f"The sets have no film in common ({named}): the difference is not paired, and may be "
            "one of the films instead of the networks."
        )
    both = set(first) & set(second)
    if both:
        yield f"{counted(len(both), 'run')} of the first set also in the second."
