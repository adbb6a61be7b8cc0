"""The contract between training and dashboard: what a run writes and readers read.

``<results>/runs/<run_id>/``: ``run.json``, ``history.csv``, ``predictions.csv`` and, while it is
kept, ``model.keras``. A run folder appears whole or not at all. Studies: see `studies`.
"""

import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kneeoa.errors import DataError
from kneeoa.files import (
    BEGUN,
    LONGEST_TEXT,
    ONLY_EMPTY_IS_MISSING,
    read_regular,
    read_versioned,
    record_of,
    replace_file,
    whole_folder,
)
from kneeoa.spreadsheet import MARK, csv_text, texts_as_meant

SCHEMA_VERSION = 1
MODEL = "model.keras"
BACKENDS = ("tensorflow", "torch")
PROBABILITY_COLUMNS = ["p0", "p1", "p2", "p3", "p4"]
PREDICTION_COLUMNS = ["image_id", "patient_id", "split", "true_grade", *PROBABILITY_COLUMNS]


STORED_AS = {"soft_targets": "teacher", "soft_share": "teacher_share"}
"""Settings that files have under another name, which stays: the names of runs follow from it."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One training run, as ``run.json`` holds it. Times are UTC, ISO 8601; durations seconds.

    `model_sha256` is of the weights themselves (`architectures.weights_hash`), so that it is known
    of models that were not kept, too. `keep` is what was asked for as it was trained: of ``best``
    the weights go where another cycle of its study is better.
    """

    run_id: str
    architecture: str
    seed: int
    config: dict[str, Any]
    initialisation: dict[str, Any]
    split_hash: str
    counts: dict[str, dict[str, int]]
    model_sha256: str
    best_epoch: int
    stopped_because: str
    seconds: float
    finished_at: str
    device: str
    libraries: dict[str, str]
    precision: str = "float32"
    keep: str = ""
    schema_version: int = field(default=SCHEMA_VERSION)

    @property
    def backend(self) -> str:
        """The one of `BACKENDS` that trained it, or nothing where the record does not say."""
        return next((name for name in BACKENDS if name in self.libraries), "")


def predictions_table(
    image_ids: Sequence[str],
    patient_ids: Sequence[str],
    split: str,
    true_grades: np.ndarray,
    probabilities: np.ndarray,
) -> pd.DataFrame:
    """Return one row per image in the columns of ``predictions.csv``; grade -1 becomes empty."""
    table = pd.DataFrame(probabilities, columns=PROBABILITY_COLUMNS)
    table.insert(0, "true_grade", pd.array(true_grades, "Int64"))
    table["true_grade"] = table["true_grade"].mask(table["true_grade"] < 0)
    table.insert(0, "split", split)
    table.insert(0, "patient_id", list(patient_ids))
    table.insert(0, "image_id", list(image_ids))
    return table


def check_absent(results: Path, run_id: str) -> Path:
    """Return the folder of a run that is to be written; refuse one that is there already."""
    folder = results / "runs" / run_id
    if folder.exists():
        raise DataError(
            f"The run {run_id} is already in {results}. Remove its folder to train it anew."
        )
    return folder


def write_run(
    results: Path,
    record: RunRecord,
    history: pd.DataFrame,
    predictions: pd.DataFrame,
    model_file: Path | None = None,
) -> Path:
    """Write a run folder beside its place, then rename it there; return the folder."""
    folder = check_absent(results, record.run_id)
    for left_by_a_killed_process in folder.parent.glob(f".{record.run_id}{BEGUN}*"):
        shutil.rmtree(left_by_a_killed_process, ignore_errors=True)
    with whole_folder(folder) as beside:
        (beside / "run.json").write_text(json.dumps(asdict(record), indent=2) + "\n", "utf-8")
        (beside / "history.csv").write_text(csv_text(history), "utf-8")
        write_predictions(beside / "predictions.csv", predictions)
        if model_file:
            shutil.copyfile(model_file, beside / MODEL)
    return folder


def write_predictions(file: Path, predictions: pd.DataFrame) -> None:
    """Write ``predictions.csv``, probabilities to six decimals."""
    replace_file(file, csv_text(predictions[PREDICTION_COLUMNS], float_format="%.6f"))


def read_record(folder: Path) -> RunRecord:
    """Read ``run.json``; an unknown schema version or a damaged file is refused by name."""
    file = folder / "run.json"
    content = read_versioned(file, SCHEMA_VERSION, "a training run")
    return record_of(RunRecord, content, file)


def read_predictions(file: Path) -> pd.DataFrame:
    """Read ``predictions.csv``; identifiers stay text, unknown grades are missing values."""
    try:
        kinds = {"image_id": str, "patient_id": str, "split": str, "true_grade": "Int64"}
        data = read_regular(file, LONGEST_TEXT)
        table = pd.read_csv(io.BytesIO(data), dtype=kinds, **ONLY_EMPTY_IS_MISSING)
    except OSError as error:
        raise DataError(f"Expected a table of predictions. {file}: {error.strerror}.") from None
    except (ValueError, TypeError, OverflowError):
        raise DataError(f"Expected a table of predictions in UTF-8. {file} is damaged.") from None
    missing = [column for column in PREDICTION_COLUMNS if column not in table]
    if missing:
        raise DataError(f"Expected the columns {', '.join(missing)} in {file}. They are missing.")
    _check_answers(table, file)
    # Looking through every name takes as long as all the rest, and most files have none marked.
    return texts_as_meant(table, ("image_id", "patient_id")) if MARK in data else table


def probabilities_of(table: pd.DataFrame) -> np.ndarray:
    """Return the answers of `predictions_table`, ``(N, 5) float64``; NaN where there is no number.

    Column by column: the frame's own way takes five times as long, which counts with 500 runs.
    """
    columns = [table[name] for name in PROBABILITY_COLUMNS]
    numbers = [
        column if column.dtype == "float64" else pd.to_numeric(column, errors="coerce")
        for column in columns
    ]
    return np.column_stack([column.to_numpy(float) for column in numbers])


def _check_answers(table: pd.DataFrame, file: Path) -> None:
    """Refuse rows that are no answers: a file cut off or edited must not become a figure."""
    answers = probabilities_of(table)
    grades = table["true_grade"].to_numpy(float, na_value=np.nan)
    with np.errstate(invalid="ignore"):
        whole = (answers >= 0).all(axis=1) & (np.abs(answers.sum(axis=1) - 1) < 0.01)
    graded = np.isnan(grades) | np.isin(grades, range(5))
    # Without its patient a graded film cannot be put into any interval.
    image, patient = (table[name].notna().to_numpy() for name in ("image_id", "patient_id"))
    named = image & (patient | np.isnan(grades))
    bad = np.flatnonzero(~(whole & graded & named))
    if len(bad):
        raise DataError(
            "Expected an image, its patient, five probabilities with sum 1 and a grade 0 to 4 or "
            f"none on every line of {file}. Line {bad[0] + 2} is damaged or cut off "
            f"({len(bad)} lines in all)."
        )
    # Names alone are looked at sooner, and a name in two splits is rare.
    twice = table["image_id"].duplicated()
    if twice.any():
        twice = table.duplicated(["split", "image_id"])
    if twice.any():
        raise DataError(
            f"Expected every image once in {file}. {table['image_id'][twice].iloc[0]} is there "
            f"more than once ({twice.sum()} lines too many)."
        )
