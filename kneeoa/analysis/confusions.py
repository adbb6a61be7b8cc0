"""Confusion matrices of one run or many: counts, shares, spread, and the films behind a cell."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd

from kneeoa.grades import GRADES
from kneeoa.metrics import agreement, bootstrap
from kneeoa.networks import DISPLAY_NAME, pair_of
from kneeoa.records.results import PROBABILITY_COLUMNS, probabilities_of

Name = TypeVar("Name")

SHARES = {"counts": "Knees", "row": "% of the reference grade", "column": "% of the given grade"}
"""How the cells of a matrix can be counted, with the words for it."""

FACTS = ["image_id", "patient_id", "true_grade"]
"""What makes a film of two runs the same one."""
_WHOLE = {"recall": "true_grade", "precision": "predicted"}  # what these shares are of
GRADE_METRICS = {"precision": "Precision", "recall": "Recall (sensitivity)", "f1": "F1"}


def graded(predictions: pd.DataFrame, split: str) -> pd.DataFrame:
    """Return the films of `split` that have a reference grade, with ``predicted`` and ``error``.

    ``predicted`` is the most probable grade, ``error`` how many grades it lies above the reference.
    """
    films = with_reference(predictions, split)
    true = films["true_grade"].to_numpy(int)
    predicted = probabilities_of(films).argmax(axis=1)
    return films.assign(true_grade=true, predicted=predicted, error=predicted - true)


def with_reference(predictions: pd.DataFrame, split: str) -> pd.DataFrame:
    """Return the rows of `predictions` of `split` that have a reference grade, as they are."""
    has_grade = predictions["true_grade"].to_numpy(int, na_value=-1) >= 0
    rows = np.flatnonzero(has_grade & (predictions["split"].to_numpy(object) == split))
    # Those of a split mostly stand together: then nothing is copied, which counts with 500 runs.
    together = len(rows) and rows[-1] - rows[0] == len(rows) - 1
    return predictions.iloc[slice(rows[0], rows[-1] + 1) if together else rows]


def matrix(films: pd.DataFrame) -> np.ndarray:
    """Return counts ``(5, 5) int64`` of `graded` films: row = reference, column = predicted."""
    return agreement.confusion_matrix(films["true_grade"], films["predicted"])


def share(counts: np.ndarray, by: str) -> np.ndarray:
    """Return matrices ``(..., 5, 5)`` as counts or as % of their row or column; NaN: none there."""
    if by == "counts":
        return np.asarray(counts, float)
    total = np.sum(counts, axis={"row": -1, "column": -2}[by], keepdims=True)
    return 100 * agreement.share(counts, np.broadcast_to(total, np.shape(counts)))


def mean_and_spread(matrices: Sequence[np.ndarray], by: str) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation over runs, ``(5, 5)`` each, of the matrices as `share`.

    A run with nothing in a row or column is left out there; the deviation of one run alone is NaN.
    """
    shares = np.stack([share(counts, by) for counts in matrices])
    defined = np.isfinite(shares)
    runs = defined.sum(axis=0)
    mean = agreement.share(np.where(defined, shares, 0).sum(axis=0), runs)
    squares = np.where(defined, shares - mean, 0) ** 2
    return mean, np.sqrt(agreement.share(squares.sum(axis=0), runs - 1))


def cell_table(runs: Mapping[str, Mapping[str, pd.DataFrame]]) -> pd.DataFrame:
    """Return every cell of every network's matrix: ``network, reference, given`` and figures.

    `runs` are `graded` films by network and run. ``knees`` (mean over runs), ``row`` and ``column``
    (as `share`) and ``row_sd``, over runs.
    """
    rows = []
    for name, by_run in runs.items():
        matrices = [matrix(films) for films in by_run.values()]
        knees, _ = mean_and_spread(matrices, "counts")
        row, sd = mean_and_spread(matrices, "row")
        column, _ = mean_and_spread(matrices, "column")
        rows += [
            (DISPLAY_NAME.get(name, name), true, given, *(part[true, given] for part in parts))
            for parts in [(knees, row, sd, column)]
            for true, given in np.ndindex(5, 5)
        ]
    columns = ["network", "reference", "given", "knees", "row", "row_sd", "column"]
    return pd.DataFrame(rows, columns=columns)


def per_grade(films: pd.DataFrame) -> pd.DataFrame:
    """Return precision, recall and F1 of each grade of `graded` films, with intervals.

    Columns ``grade, metric, value, low, high, reference, given``: knees with that reference grade
    and knees given it. The 95% interval is a bootstrap over patients (`bootstrap.share_interval`).
    Empty where the grade is not there (recall) or never given (precision).
    """
    weights = bootstrap.patient_weights(films["patient_id"])
    draws = agreement.per_grade(
        agreement.weighted_confusions(films["true_grade"], films["predicted"], weights)
    )
    counts = matrix(films)
    rows = []
    for metric, values in agreement.per_grade(counts[None]).items():
        for grade in GRADES:
            whole = films[films[_WHOLE[metric]] == grade] if metric in _WHOLE else films[:0]
            low, high = bootstrap.share_interval(
                draws[metric][:, grade], whole["patient_id"].nunique()
            )
            defined = np.isfinite(values[0, grade])
            rows.append(
                {
                    "grade": int(grade),
                    "metric": metric,
                    "value": values[0, grade],
                    "low": low if defined else np.nan,
                    "high": high if defined else np.nan,
                    "reference": int(counts[grade].sum()),
                    "given": int(counts[:, grade].sum()),
                }
            )
    return pd.DataFrame(rows)


def error_sizes(films: pd.DataFrame) -> pd.DataFrame:
    """Return how many grades the answers are off: ``off, knees, share``; off 0, 1, and 2 or more.

    The last row, ``2+``, counts every larger error.
    """
    off = np.minimum(films["error"].abs().to_numpy(), 2)
    knees = np.bincount(off, minlength=3)
    return pd.DataFrame(
        {"off": ["0", "1", "2+"], "knees": knees, "share": knees / max(1, knees.sum())}
    )


def in_common(films: Mapping[Name, pd.DataFrame]) -> dict[Name, pd.DataFrame]:
    """Return of each of `films` those that all have, with the same patient and reference grade."""
    if are_same_films(list(films.values())):
        return dict(films)
    parts = pd.concat(films.values(), ignore_index=True)
    times = parts.groupby(FACTS)[PROBABILITY_COLUMNS[0]].transform("size")
    common = (times == len(films)).to_numpy()
    ends = np.cumsum([len(table) for table in films.values()])[:-1]
    kept = np.split(common, ends)
    return {
        name: table[is_common] for (name, table), is_common in zip(films.items(), kept, strict=True)
    }


def are_same_films(tables: Sequence[pd.DataFrame]) -> bool:
    """Return whether all tables, one or more, have the same `FACTS` in the same order."""
    first = [tables[0][name].array for name in FACTS]
    return all(
        len(table) == len(tables[0])
        and all(table[name].array.equals(column) for name, column in zip(FACTS, first, strict=True))
        for table in tables[1:]
    )


def shared_films(
    runs: Mapping[str, Mapping[str, pd.DataFrame]],
) -> dict[str, dict[str, pd.DataFrame]]:
    """Return `in_common` of all runs of all networks: architecture -> label -> films."""
    every = {
        (name, label): films for name, by_run in runs.items() for label, films in by_run.items()
    }
    common = in_common(every)
    return {name: {label: common[name, label] for label in by_run} for name, by_run in runs.items()}


def all_runs(runs: Mapping[str, Mapping[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """Return the runs of all networks in one mapping, under names that are unique."""
    return {
        f"{name} {label}": films for name, by_run in runs.items() for label, films in by_run.items()
    }


def mean_answers(films: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the films that all runs have, graded by the mean of the runs' probabilities.

    ``films`` as in `film_by_film`.
    """
    table = film_by_film(films)
    predicted = probabilities_of(table).argmax(axis=1)
    return table.assign(predicted=predicted, error=predicted - table["true_grade"])


def with_answers(table: pd.DataFrame, answers: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return `table`, which has an ``image_id``, with each network's mean probabilities.

    `answers` are each network's `mean_answers`. Columns ``<network> p0`` to ``<network> p4``; empty
    where not all runs of a network have a film.
    """
    shares = {}
    for name in pair_of(answers):
        of_films = answers[name].set_index("image_id")
        for column in PROBABILITY_COLUMNS:
            values = of_films[column].reindex(table["image_id"])
            shares[f"{DISPLAY_NAME[name]} {column}"] = values.to_numpy()
    return table.assign(**shares)


def of_networks(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return tables of networks as one, with the ``network`` in the first column."""
    named = [table.assign(network=DISPLAY_NAME.get(name, name)) for name, table in tables.items()]
    joined = pd.concat(named, ignore_index=True)
    return joined[["network", *[column for column in joined if column != "network"]]]


def film_by_film(films: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the films that all of `films` (by any name) have, one row each.

    ``films`` as from `graded` or, which is sooner, from `with_reference`. Columns ``image_id,
    patient_id, true_grade, right`` (how many give the reference grade), ``runs``, ``mean_error``
    (grades, absolute), and the mean probabilities ``p0`` to ``p4``.
    """
    tables = list(films.values())
    if not are_same_films(tables):
        tables = [table.sort_values("image_id") for table in in_common(films).values()]
    # Arrays of one order: grouping the films of hundreds of runs by name takes seconds.
    answers = np.stack([probabilities_of(table) for table in tables])
    shares, true = answers.mean(axis=0), tables[0]["true_grade"].to_numpy(int)
    errors = answers.argmax(axis=2) - true
    rows = pd.DataFrame(
        {name: tables[0][name].to_numpy() for name in FACTS}
        | {"true_grade": true}
        | {name: shares[:, grade] for grade, name in enumerate(PROBABILITY_COLUMNS)}
        | {
            "right": (errors == 0).sum(axis=0),
            "runs": len(tables),
            "mean_error": np.abs(errors).mean(axis=0),
        }
    )
    return rows.sort_values("image_id", ignore_index=True)


def in_cell(
    films: Mapping[str, pd.DataFrame],
    true: int,
    given: int,
    *,
    also: Sequence[Mapping[str, pd.DataFrame]] = (),
) -> pd.DataFrame:
    """Return the films with reference `true` that some run gives `given`, the surest first.

    Columns ``image_id, patient_id, runs_here, runs, confidence`` (mean probability of `given` over
    the runs). ``films`` are `graded` films by run. With `also`, the same of other networks: only
    those that some run of each of them gives it, too.
    """
    parts = pd.concat(films.values(), ignore_index=True)
    parts = parts[parts["true_grade"] == true]
    parts = parts.assign(here=parts["predicted"] == given, share=parts[f"p{given}"])
    groups = parts.groupby(["image_id", "patient_id"], sort=True)
    table = pd.DataFrame(
        {
            "runs_here": groups["here"].sum(),
            "runs": groups.size(),
            "confidence": groups["share"].mean(),
        }
    ).reset_index()
    table = table[table["runs_here"] > 0]
    for others in also:
        table = table[table["image_id"].isin(in_cell(others, true, given)["image_id"])]
    return table.sort_values("confidence", ascending=False, ignore_index=True)


def always_wrong(films: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the films to which no run gives the reference grade, the surest first.

    Columns as in `film_by_film`, and ``given`` and ``confidence`` of the mean probabilities. Where
    many runs agree against the reference, the reference is worth a look.
    """
    wrong = film_by_film(films).query("right == 0").copy()
    shares = wrong[PROBABILITY_COLUMNS].to_numpy().reshape(-1, 5)
    wrong["given"] = shares.argmax(axis=1) if len(wrong) else np.array([], int)
    wrong["confidence"] = shares.max(axis=1) if len(wrong) else np.array([], float)
    return wrong.sort_values("confidence", ascending=False, ignore_index=True)


def most_apart(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Return the films of two networks, as from `film_by_film`, furthest apart first.

    Columns ``image_id, patient_id, true_grade, first, second`` (mean expected grades) and
    ``apart``: the distance between the two distributions over grades, in grades (the Wasserstein-1
    or earth mover's distance, which counts how far probability would have to move).
    """
    keys = ["image_id", "patient_id", "true_grade"]
    joined = first.merge(second, on=keys, suffixes=("_1", "_2"))
    first_shares, second_shares = (
        joined[[f"{name}_{side}" for name in PROBABILITY_COLUMNS]].to_numpy().reshape(-1, 5)
        for side in (1, 2)
    )
    distance = np.abs(np.cumsum(first_shares - second_shares, axis=1)).sum(axis=1)
    table = joined[keys].assign(
        first=first_shares @ np.arange(5.0), second=second_shares @ np.arange(5.0), apart=distance
    )
    return table.sort_values("apart", ascending=False, ignore_index=True)
