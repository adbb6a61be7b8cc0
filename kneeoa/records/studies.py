"""Studies of many runs: ``<results>/studies/<study_id>/``.

``study.json`` says which runs belong together and ``status.json`` how far they are; the tables
(`TABLES`, as CSV) follow from the runs.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from kneeoa import files
from kneeoa.errors import DataError, KneeOAError
from kneeoa.files import read_versioned, record_of
from kneeoa.metrics.calibration import cross_entropy
from kneeoa.records import results

SCHEMA_VERSION = 1
TABLES = ("observations", "anova", "comparisons", "ensembles", "table1")


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """What ``study.json`` holds.

    Attributes
    ----------
    kind : ``"cycles"`` or ``"tuning"``
    configs : the config of each architecture, without the seed
    run_ids : the runs that the study consists of, finished or not
    """

    study_id: str
    kind: str
    preset: str
    cycles: int
    configs: dict[str, dict[str, Any]]
    split_hash: str
    counts: dict[str, dict[str, int]]
    run_ids: tuple[str, ...]
    begun_at: str
    schema_version: int = field(default=SCHEMA_VERSION)


@dataclass(frozen=True, slots=True)
class RunStatus:
    """Where one run of a study stands: its state, and in training how far it is.

    ``share`` is how much of the present epoch is done, in [0, 1].
    """

    run_id: str
    state: str
    architecture: str = ""
    seed: int | None = None
    sentence: str = ""
    epoch: int | None = None
    epochs: int | None = None
    share: float | None = None
    loss: float | None = None
    val_accuracy: float | None = None
    images_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class StudyStatus:
    """What ``status.json`` holds: ``state`` is training, finished, failed or stopped."""

    state: str
    runs: int = 0
    runs_done: int = 0
    updated_at: str = ""
    seconds_left_at_most: float | None = None
    rows: tuple[RunStatus, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A finished run with its predictions."""

    folder: Path
    record: results.RunRecord
    predictions: pd.DataFrame


def study_folder(results_folder: Path, study_id: str) -> Path:
    """Return where a study lies; refuse an id that is no plain name."""
    if not study_id or study_id != Path(study_id).name or study_id.startswith("."):
        raise DataError(f"Expected a study's name without slashes. Received: {study_id!r}.")
    return results_folder / "studies" / study_id


def write_study(results_folder: Path, study: StudyRecord) -> Path:
    """Write ``study.json`` in one step; return the study's folder."""
    folder = study_folder(results_folder, study.study_id)
    files.replace_file(folder / "study.json", json.dumps(asdict(study), indent=2) + "\n")
    return folder


def read_study(results_folder: Path, study_id: str) -> StudyRecord:
    """Read ``study.json``; an unknown schema version or a damaged file is refused by name."""
    file = study_folder(results_folder, study_id) / "study.json"
    if not file.exists():
        known = ", ".join(list_studies(results_folder)) or "none"
        raise DataError(f"Expected a study {study_id} in {results_folder}. Studies there: {known}.")
    content = read_versioned(file, SCHEMA_VERSION, "a study")
    return record_of(StudyRecord, content, file)


def list_studies(results_folder: Path) -> list[str]:
    """Return the names of the studies in a results folder, in order."""
    return sorted(file.parent.name for file in results_folder.glob("studies/*/study.json"))


def read_runs(results_folder: Path, run_ids: Iterable[str]) -> tuple[list[Run], list[str]]:
    """Return the finished ones of `run_ids`, and a sentence for each that cannot be read.

    A run that has no folder yet is neither: it is not finished.
    """
    runs, problems = [], []
    for run_id in run_ids:
        folder = results_folder / "runs" / run_id
        if not folder.exists():
            continue
        try:
            record = results.read_record(folder)
            predictions = results.read_predictions(folder / "predictions.csv")
            runs.append(Run(folder, record, predictions))
        except KneeOAError as error:
            problems.append(str(error))
    return runs, problems


def read_all_runs(results_folder: Path) -> tuple[list[Run], list[str]]:
    """Return every finished run of a results folder once, and a sentence for each left out.

    Left out are those that cannot be read, and copies: a run whose folder was copied under another
    name is no other cycle.
    """
    # A name that begins with a dot is what a killed process left of a run.
    names = sorted(folder.name for folder in (results_folder / "runs").glob("[!.]*"))
    runs, problems = read_runs(results_folder, names)
    # One under its own name comes first.
    runs.sort(key=lambda run: run.folder.name != run.record.run_id)
    once: dict[tuple[str, str], Run] = {}
    for run in runs:
        first = once.setdefault((run.record.run_id, run.record.model_sha256), run)
        if first is not run:
            problems.append(f"{run.folder.name} is a copy of {first.folder.name}.")
    return sorted(once.values(), key=lambda run: run.folder.name), problems


def read_status(results_folder: Path, study_id: str) -> StudyStatus | None:
    """Return how far a study is, or None while nothing says so that can be read."""
    file = study_folder(results_folder, study_id) / "status.json"
    try:
        # A loss that is none, as of a training that diverged, is not known.
        content = json.loads(files.read_text(file), parse_constant=lambda _: None)
        return record_of(StudyStatus, files.sound(content), file)
    except (OSError, ValueError, RecursionError, DataError):
        return None


def training_rows(status: StudyStatus) -> pd.DataFrame:
    """Return how far each run that trains now is.

    Columns ``run, epoch, epochs, share, loss, val_accuracy, images_per_second``.
    """
    columns = ("epoch", "epochs", "share", "loss", "val_accuracy", "images_per_second")
    rows = [
        {"run": row.run_id} | {name: getattr(row, name) for name in columns}
        for row in status.rows
        if row.state == "training"
    ]
    return pd.DataFrame(rows, columns=["run", *columns])


def best_run(runs: Iterable[Run]) -> Run | None:
    """Return the run with the lowest cross-entropy on its validation films, or None without runs.

    It compares runs of any label smoothing, and never looks at test films.
    """
    return min(runs, key=lambda run: validation_loss(run.predictions), default=None)


def validation_loss(predictions: pd.DataFrame) -> float:
    """Return the cross-entropy of the rows whose split is ``val``."""
    val = predictions[predictions["split"] == "val"]
    probabilities = val[results.PROBABILITY_COLUMNS].to_numpy()
    return cross_entropy(val["true_grade"].to_numpy(int), probabilities)
