"""What several networks say together: the mean of their probabilities (Dietterich 2000).

Each member speaks at its own temperature, and so does their mean; all are fitted on the validation
films alone, which is also where one ensemble is preferred to another.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from kneeoa.metrics import bootstrap, calibration
from kneeoa.networks import ARCHITECTURES, DISPLAY_NAME, TOGETHER
from kneeoa.records import results


def mean_of(members: Sequence[np.ndarray]) -> np.ndarray:
    """Return the mean ``(N, 5) float32`` of the members' probabilities, each ``(N, 5)``."""
    return np.stack(members).mean(axis=0, dtype=np.float64).astype(np.float32)


def calibrated(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the calibrated mean of predictions, in the columns of ``predictions.csv``.

    `tables` hold the predictions of runs on the same films; a film that one of them lacks is left
    out. One table is its own mean: calibrated, too.
    """
    keys = ["split", "image_id"]
    indexed = [table.set_index(keys) for table in tables]
    shared = indexed[0].index
    for table in indexed[1:]:
        shared = shared.intersection(table.index, sort=False)
    members = [_at_temperature(table.loc[shared]) for table in indexed]
    mean = indexed[0].loc[shared].copy()
    mean[results.PROBABILITY_COLUMNS] = mean_of(
        [table[results.PROBABILITY_COLUMNS].to_numpy() for table in members]
    )
    return _at_temperature(mean).reset_index()[list(tables[0].columns)]


def ensembles(
    predictions: dict[str, list[pd.DataFrame]], *, splits: Sequence[str] = ("val", "test")
) -> pd.DataFrame:
    """Return one row per ensemble, split and metric, from the runs' predictions per network.

    Columns: ``ensemble, members, split, metric, value, low, high, knees, patients``. Measured are
    all runs of each network that have graded films of the split together, and all of both, each
    network with the same weight: on the films that all runs of both have, so that the rows compare.
    Where they have no validation films in common, by which all are calibrated, there are no rows of
    that split. The 95% interval is a bootstrap over patients: the sampling error of the films, not
    of the training.
    """
    made: dict[tuple, dict[str, tuple[int, pd.DataFrame]]] = {}
    rows: list[dict[str, Any]] = []
    for split in splits:
        members: dict[str, list] = {
            name: _with_films(predictions.get(name, []), split) for name in ARCHITECTURES
        }
        key = tuple(tuple(map(id, tables)) for tables in members.values())
        if key not in made:
            made[key] = _together(members)
        rows += [
            {"ensemble": name, "members": count, "split": split} | row
            for name, (count, table) in made[key].items()
            for row in _measured(table[table["split"] == split])
        ]
    order = [*DISPLAY_NAME.values(), TOGETHER]
    rows.sort(key=lambda row: order.index(row["ensemble"]))
    return pd.DataFrame(rows, columns=COLUMNS)


def _with_films(tables: Sequence[pd.DataFrame], split: str) -> list[pd.DataFrame]:
    return [
        table for table in tables if (table["true_grade"].notna() & (table["split"] == split)).any()
    ]


def _on_shared_films(
    members: Mapping[str, Sequence[pd.DataFrame]],
) -> Mapping[str, Sequence[pd.DataFrame]]:
    """Return the tables on the films that all of them have: figures of unlike films say nothing."""
    keys = {
        id(table): pd.MultiIndex.from_frame(table[["split", "image_id"]])
        for tables in members.values()
        for table in tables
    }
    first, *others = keys.values()
    shared = first
    for index in others:
        if not shared.equals(index):
            shared = shared.intersection(index, sort=False)
    if all(len(index) == len(shared) for index in keys.values()):
        return members
    return {
        name: [table[keys[id(table)].isin(shared)] for table in tables]
        for name, tables in members.items()
    }


def _together(members: Mapping[str, Sequence[pd.DataFrame]]) -> dict[str, tuple[int, pd.DataFrame]]:
    """Return by ensemble how many runs it is of, and their calibrated mean, all on the same films.

    Nothing where no validation film, by which they are calibrated, is in all of them.
    """
    if not any(members.values()):
        return {}
    members = _on_shared_films(members)
    if any(len(_with_films(tables, "val")) < len(tables) for tables in members.values()):
        return {}
    together = {
        DISPLAY_NAME[name]: (len(tables), calibrated(tables))
        for name, tables in members.items()
        if tables
    }
    if len(together) == len(ARCHITECTURES):
        counts, means = zip(*together.values(), strict=True)
        together[TOGETHER] = sum(counts), calibrated(means)
    return together


COLUMNS = (
    "ensemble",
    "members",
    "split",
    "metric",
    "value",
    "low",
    "high",
    "knees",
    "patients",
)


def _measured(table: pd.DataFrame) -> list[dict[str, Any]]:
    graded = table.dropna(subset="true_grade")
    if graded.empty:
        return []
    grades = graded["true_grade"].to_numpy(int)
    probabilities = graded[results.PROBABILITY_COLUMNS].to_numpy()
    return bootstrap.measured(grades, probabilities, graded["patient_id"].to_numpy())


def _at_temperature(table: pd.DataFrame) -> pd.DataFrame:
    """Recalibrate every film by the temperature that the validation films ask for."""
    val = table[table.index.get_level_values("split") == "val"].dropna(subset="true_grade")
    if val.empty:
        return table
    columns = results.PROBABILITY_COLUMNS
    temperature = calibration.fit_temperature(
        val[columns].to_numpy(), val["true_grade"].to_numpy(int)
    )
    changed = table.copy()
    changed[columns] = calibration.recalibrate(table[columns].to_numpy(), temperature)
    return changed
