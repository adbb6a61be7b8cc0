"""Which films show a grade well, which are disputed, and two films laid over one another."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from kneeoa.graders.answer import AnswerRule, grades_said
from kneeoa.grades import GRADES
from kneeoa.records.results import PROBABILITY_COLUMNS
from kneeoa.teaching import readers
from kneeoa.teaching.films import TeachingSet, graded_before

FEWEST_READERS = 3
FAR = 2
"""Grades between two networks' answers that are far apart."""
COLUMNS = ("image_id", "patient_id", "grade", "first", "second", "confidence")


def answered(
    predictions: Sequence[pd.DataFrame],
    films: TeachingSet,
    rules: Sequence[AnswerRule | None] = (None, None),
) -> pd.DataFrame:
    """Return what two networks said of films of the set, one row a film that both know.

    `predictions` are two tables as from `kneeoa.records.results.read_predictions`, of networks that
    answer by `rules`. The columns are `COLUMNS`: reference ``grade``, the networks' grades, and the
    ``confidence``, the mean of the probabilities that each gives its own grade.
    """
    tables = list(zip(predictions, rules, strict=True))
    grades = [graded_before(table, films, rule) for table, rule in tables]
    return _table(films, grades, [_sure(table, rule) for table, rule in tables])


def answered_by_grade(grades: Sequence[Mapping[str, int]], films: TeachingSet) -> pd.DataFrame:
    """Return the table of `answered` from two networks' grades alone; ``confidence`` is NaN."""
    return _table(films, grades, [{}, {}])


def _sure(table: pd.DataFrame, rule: AnswerRule | None) -> dict[str, float]:
    shares = table[PROBABILITY_COLUMNS].to_numpy(float)
    probability = np.take_along_axis(shares, grades_said(rule, shares)[:, None], axis=1)
    return dict(zip(table["image_id"], probability[:, 0].tolist(), strict=True))


def _table(
    films: TeachingSet, grades: Sequence[Mapping[str, int]], sure: Sequence[Mapping[str, float]]
) -> pd.DataFrame:
    first, second = grades
    known = sorted(first.keys() & second.keys() & films.films.keys())
    rows = [
        (
            name,
            films.films[name].patient_id,
            int(films.films[name].grade),
            int(first[name]),
            int(second[name]),
            float(np.mean([by_name.get(name, np.nan) for by_name in sure])),
        )
        for name in known
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def clear(answers: pd.DataFrame, grade: int) -> list[str]:
    """Return the films of `grade` that both networks give it, the surest first."""
    right = answers[
        (answers["grade"] == grade) & (answers["first"] == grade) & (answers["second"] == grade)
    ]
    return _ids(right.sort_values(["confidence", "image_id"], ascending=[False, True]))


def disputed(answers: pd.DataFrame, grade: int) -> list[str]:
    """Return the films of `grade` that a network gives another, the furthest off first."""
    of_grade = answers[answers["grade"] == grade]
    off = (of_grade["first"] - grade).abs() + (of_grade["second"] - grade).abs()
    of_grade = of_grade.assign(off=off)[off > 0]
    return _ids(of_grade.sort_values(["off", "confidence"], ascending=False, kind="stable"))


def against_reference(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the films on which both networks agree against the reference, the surest first."""
    agreed = answers["first"] == answers["second"]
    differing = answers[agreed & (answers["first"] != answers["grade"])]
    return differing.sort_values("confidence", ascending=False, kind="stable", ignore_index=True)


def far_apart(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the films on which the networks differ by at least `FAR` grades, furthest first."""
    apart = (answers["first"] - answers["second"]).abs()
    distant = answers.assign(apart=apart)[apart >= FAR]
    order = ["apart", "confidence"]
    distant = distant.sort_values(order, ascending=False, kind="stable", ignore_index=True)
    return distant[list(COLUMNS)]


def divided(answers: pd.DataFrame, votes: pd.DataFrame) -> pd.DataFrame:
    """Return the films that readers graded differently, the ones that divide most first.

    `votes` has ``image_id, reference, grade`` of readers; films need `FEWEST_READERS` of them and
    the reference grade that they were shown with. A column ``readers`` says in words who gave what.
    """
    films = readers.by_film(votes)
    films = films[(films["votes"] >= FEWEST_READERS) & (films["spread"] > 0)]
    films = films.merge(answers, left_on=["image_id", "reference"], right_on=["image_id", "grade"])
    films = films.sort_values("spread", ascending=False, kind="stable", ignore_index=True)
    films["readers"] = [
        ", ".join(f"{grade.label}: {row[grade.label]}" for grade in GRADES if row[grade.label])
        for _, row in films.iterrows()
    ]
    return films[[*COLUMNS, "readers"]]


def paired(low: Sequence[str], high: Sequence[str]) -> list[tuple[str, str]]:
    """Return pairs of a film of `low` and one of `high`, both in their order.

    Names that end with L or R pair with the same side alone, so that the fibula lies alike.
    """
    waiting = list(high)
    pairs = []
    for name in low:
        match = next((candidate for candidate in waiting if _side(candidate) == _side(name)), None)
        if match is not None:
            waiting.remove(match)
            pairs.append((name, match))
    return pairs


def _side(name: str) -> str:
    return name[-1:].upper() if name[-1:].upper() in ("L", "R") else ""


def _ids(table: pd.DataFrame) -> list[str]:
    return table["image_id"].tolist()
