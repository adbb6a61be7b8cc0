"""The tables of a set of runs, as a study keeps them and the research pages show them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from kneeoa.analysis import anova, between_patients, claim, comparisons, confusions, ensembles
from kneeoa.analysis.anova import METRICS, SPLITS
from kneeoa.errors import DataError
from kneeoa.files import read_table
from kneeoa.metrics import bootstrap
from kneeoa.networks import DISPLAY_NAME


def study_tables(
    runs: Sequence[tuple[str, str, int]],
    predictions: Mapping[str, pd.DataFrame],
    *,
    splits: Sequence[str] = SPLITS,
) -> dict[str, pd.DataFrame]:
    """Return the tables that `studies.TABLES` names, from finished runs.

    Parameters
    ----------
    runs : run_id, architecture and seed of each
    predictions : run_id -> predictions, as ``predictions.csv``
    splits : those that are compared; the test films always are, for the paper's table
    """
    splits = [name for name in SPLITS if name in (*splits, "test")]
    observed = anova.observations((*run, predictions[run[0]]) for run in runs)
    compared = {split: comparisons.comparisons(observed, predictions, split) for split in splits}
    tested = {
        split: anova.anova(observed, split, unlike=anova.unlike_films(observed, predictions, split))
        for split in splits
    }
    by_network: dict[str, list[pd.DataFrame]] = {}
    for run_id, architecture, _ in runs:
        by_network.setdefault(architecture, []).append(predictions[run_id])
    return {
        "observations": observed,
        "anova": pd.concat(tested.values(), ignore_index=True),
        "comparisons": pd.concat(compared.values(), ignore_index=True),
        "ensembles": ensembles.ensembles(by_network, splits=splits),
        "table1": claim.table_1(observed, compared["test"], tested["test"]),
    }


def stored_tables(
    study_folder: Path, observed: pd.DataFrame, predictions: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame] | None:
    """Return the tables that a study keeps, or None where they are not those of its runs now.

    They are when the metrics that they were made from are those in `observed`, which
    `anova.observations` measures anew of `predictions`, when the runs have films and patients in
    common that give the kept interval of accuracy again, when the films that one network alone is
    right on are the kept ones, and when no row is missing. It spares a reader the seconds of the
    other bootstraps and of the tests.
    """
    try:
        kept = _read(study_folder / "observations.csv", _OBSERVED)
        stored = {
            name: _read(study_folder / f"{name}.csv", columns) for name, columns in _KEPT.items()
        }
    except DataError:
        return None
    if not _alike(kept, observed) or not all(map(_is_whole, stored.values(), _ROW_OF.values())):
        return None
    if not all(_same_films(stored["comparisons"], observed, predictions, s) for s in SPLITS):
        return None
    for table in stored.values():
        if "note" in table:
            table["note"] = table["note"].astype("str").fillna("")
    compared, tested = (_of_test(stored[name]) for name in ("comparisons", "anova"))
    table1 = claim.table_1(observed, compared, tested)
    return {"observations": observed} | stored | {"table1": table1}


_TEXTS = (
    "run_id",
    "architecture",
    "split",
    "metric",
    "source",
    "method",
    "comparison",
    "ensemble",
    "unit",
    "shows",
    "cannot_show",
    "note",
)
_OBSERVED = ("architecture", "seed", "split", "knees", "patients", *METRICS)
_KEPT = {
    "anova": anova.ANOVA_COLUMNS,
    "comparisons": comparisons.COLUMNS,
    "ensembles": ensembles.COLUMNS,
}
# What a row of these tables is about, besides its split.
_ROW_OF = {
    "anova": ["metric", "source"],
    "comparisons": ["metric", "method", "comparison"],
    "ensembles": ["metric", "ensemble"],
}


def _read(file: Path, columns: Sequence[str]) -> pd.DataFrame:
    numbers = [name for name in columns if name not in _TEXTS]
    return read_table(file, columns, numbers=numbers, texts=_TEXTS)


def _alike(first: pd.DataFrame, second: pd.DataFrame) -> bool:
    keys = ["architecture", "seed", "split"]
    figures = ["knees", "patients", *METRICS]
    first, second = (table.set_index(keys)[figures].sort_index() for table in (first, second))
    same_runs = first.index.equals(second.index)
    return same_runs and np.allclose(first, second, rtol=1e-7, equal_nan=True)


def _same_films(
    compared: pd.DataFrame,
    observed: pd.DataFrame,
    predictions: Mapping[str, pd.DataFrame],
    split: str,
) -> bool:
    """Whether films and patients are those that the kept rows of accuracy on a split are over.

    The draws follow from who has which film, and a table does not say who has. Film by film a table
    of before would compare means of other cycles; of runs on unlike films it would compare them.
    """
    runs = observed[observed["split"] == split]
    if runs.empty:
        return True
    if anova.unlike_films(observed, predictions, split):
        return False
    films = {
        run_id: confusions.graded(predictions[run_id], split).sort_values("image_id")
        for run_id in runs["run_id"]
    }
    patients = next(iter(films.values()))["patient_id"]
    weights = bootstrap.patient_weights(patients)
    rows = compared[(compared["split"] == split) & (compared["metric"] == "accuracy")].set_index(
        "comparison"
    )
    by_film = rows[rows["method"] == "McNemar"]
    rows = rows[rows["method"] == "bootstrap over patients"]
    for network, run_ids in runs.groupby("architecture")["run_id"]:
        right = np.mean([films[run_id]["error"].to_numpy() == 0 for run_id in run_ids], axis=0)
        draws = (weights @ right) / weights.sum(axis=1)
        ends = bootstrap.interval_of("accuracy", draws, patients=patients.nunique())
        name = DISPLAY_NAME[network]
        if name not in rows.index:
            return False
        kept = rows.loc[name, ["low", "high"]].to_numpy(float)
        if not np.allclose(kept, ends, rtol=1e-7, equal_nan=True):
            return False
    if runs["architecture"].nunique() < 2:
        return by_film.empty
    now = between_patients.film_by_film(runs, films)
    return by_film["note"].tolist() == [now.note] and np.allclose(
        by_film["estimate"].to_numpy(float), now.estimate, rtol=1e-7, equal_nan=True
    )


def _is_whole(table: pd.DataFrame, keys: list[str]) -> bool:
    """Whether every split has the same rows: of a file that lost its end, the last has fewer."""
    rows = [set(map(tuple, table.loc[table["split"] == name, keys].values)) for name in SPLITS]
    return len(rows[0]) > 0 and all(split_rows == rows[0] for split_rows in rows)


def _of_test(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["split"] == "test"]
