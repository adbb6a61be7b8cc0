"""The runs of a selection: their predictions, metrics and graded films, and the table of them all.

The research pages ask for the same through caches; these functions are what a notebook calls.
"""

import contextlib
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kneeoa.analysis import anova, confusions, learning_curves, run_names, selection
from kneeoa.analysis.selection import Selection
from kneeoa.analysis.study_tables import study_tables
from kneeoa.errors import KneeOAError
from kneeoa.networks import ARCHITECTURES, DISPLAY_NAME, Architecture
from kneeoa.records import notes, results
from kneeoa.records.archive import FINISHED, Archive
from kneeoa.records.history import LEARNT_NOTHING
from kneeoa.records.notes import Notes
from kneeoa.wording import counted

TABLE_METRICS = (
    "accuracy",
    "quadratic_kappa",
    "mean_absolute_error",
    "expected_calibration_error",
)
"""The metrics in the table of runs."""


def predictions(chosen: Selection) -> dict[str, pd.DataFrame]:
    """Return the predictions of the finished runs by label, without those that cannot be read."""
    by_label = {}
    for run in chosen.finished.itertuples():
        try:
            file = Path(run.folder, "runs", run.run_id, "predictions.csv")
            by_label[run.label] = results.read_predictions(file)
        except KneeOAError:
            continue
    return by_label


def observed(chosen: Selection) -> pd.DataFrame:
    """Return `anova.observations` of the finished runs, ``run_id`` being their label."""
    by_label = predictions(chosen)
    return anova.observations((*run, by_label[run[0]]) for run in _named(chosen, by_label))


def tables(chosen: Selection) -> dict[str, pd.DataFrame]:
    """Return `study_tables.study_tables` of the finished runs, named by their labels."""
    by_label = predictions(chosen)
    return study_tables(_named(chosen, by_label), by_label)


def _named(chosen: Selection, readable: Container[str]) -> list[tuple[str, Architecture, int]]:
    runs = chosen.finished
    named = zip(runs["label"], runs["architecture"], runs["seed"].astype(int), strict=True)
    return [run for run in named if run[0] in readable]


def graded_films(chosen: Selection) -> dict[str, dict[str, pd.DataFrame]]:
    """Return `confusions.graded` films of the selected split: architecture -> label -> films."""
    by_network: dict[str, dict[str, pd.DataFrame]] = {}
    network = chosen.finished.set_index("label")["architecture"]
    for label, table in predictions(chosen).items():
        films = confusions.graded(table, chosen.split)
        if len(films):
            by_network.setdefault(network[label], {})[label] = films
    return {name: by_network[name] for name in ARCHITECTURES if name in by_network}


def films_of(archive: Archive, labels: Iterable[str], split: str) -> dict[str, pd.DataFrame]:
    """Return the `confusions.graded` films of finished runs of an archive, by label.

    Runs whose predictions cannot be read, or that have no such films, are left out.
    """
    runs = selection.finished_runs(archive)
    chosen = Selection(archive, None, (), split, (), runs[runs["label"].isin(list(labels))])
    by_label = predictions(chosen)
    films = {
        label: confusions.graded(by_label[label], split) for label in labels if label in by_label
    }
    return {label: graded for label, graded in films.items() if len(graded)}


def notes_of(chosen: Selection) -> dict[str, Notes]:
    """Return the notes kept with the finished runs, by label; of those that cannot be read none."""
    by_label = {}
    for run in chosen.finished.itertuples():
        with contextlib.suppress(KneeOAError):
            by_label[run.label] = notes.read(Path(run.folder, "runs", run.run_id))
    return by_label


def run_table(
    chosen: Selection,
    observed: pd.DataFrame,
    *,
    names: pd.DataFrame | None = None,
    noted: Mapping[str, Notes] | None = None,
) -> pd.DataFrame:
    """Return one row per run, finished ones first: what it is, how it went, what it scored.

    Parameters
    ----------
    observed : as from the function of that name
    names : `run_names.run_names` of the archive, where it is at hand
    noted : `notes_of` the selection, where it is at hand

    Returns
    -------
    DataFrame
        ``network, preset, seed, changed`` (settings, as in `run_names.run_names`), ``tags, note``
        (what is kept with it, as text), ``state`` (whether it has graded films of the selected
        split, too), the metrics of `TABLE_METRICS` on the selected
        split, ``epochs, best_epoch, why`` (why it stopped, and whether a loss was no number; why it
        failed or cannot be read), ``minutes, images_per_second, device, backend, precision,
        finished_at, run`` (its label), ``split_hash, model_sha256``.
    """
    values = observed[observed["split"] == chosen.split].set_index("run_id")
    runs = chosen.runs.set_index("label", drop=False)
    measured = set(values.index)
    names = run_names.run_names(chosen.archive) if names is None else names
    noted = notes_of(chosen) if noted is None else noted
    table = pd.DataFrame(
        {
            "network": runs["architecture"].map(DISPLAY_NAME),
            "preset": runs["preset"],
            "seed": runs["seed"].astype("Int64"),
            "changed": names["changed"].reindex(runs.index),
            "tags": [
                ", ".join(noted[label].tags) if label in noted else "" for label in runs.index
            ],
            "note": [noted[label].note if label in noted else "" for label in runs.index],
            "state": [_state(row, measured) for row in runs.to_dict("records")],
            **{name: values[name].reindex(runs.index).astype(float) for name in TABLE_METRICS},
            "epochs": runs["epochs"].astype("Int64"),
            "best_epoch": runs["best_epoch"].astype("Int64"),
            "why": [_why(row) for row in runs.to_dict("records")],
            "minutes": runs["minutes"].astype(float),
            "images_per_second": runs["images_per_second"].astype(float),
            "device": runs["device"],
            "backend": runs["backend"],
            "precision": runs["precision"],
            "finished_at": pd.to_datetime(runs["finished_at"], errors="coerce", utc=True),
            "run": runs["label"],
            "split_hash": runs["split_hash"],
            "model_sha256": runs["model_sha256"],
        }
    )
    unfinished = (runs["state"] != FINISHED).to_numpy()
    return table.iloc[unfinished.argsort(kind="stable")].reset_index(drop=True)


def noted_alike(noted: Mapping[str, Notes], tags: Sequence[str] = (), words: str = "") -> list[str]:
    """Return the labels of the runs that have all of `tags`, and all of `words` in their note.

    Small or capital letters make no difference.
    """
    wanted = {tag.casefold() for tag in tags}
    parts = words.casefold().split()
    return [
        label
        for label, kept in noted.items()
        if wanted <= {tag.casefold() for tag in kept.tags}
        and all(part in kept.note.casefold() for part in parts)
    ]


def _why(row: dict[str, Any]) -> str:
    """Why a run stopped, and whether its losses were numbers and fell; else what is wrong."""
    if row["state"] != FINISHED:
        return row["problem"]
    bad = row["not_finite"]
    warning = f"; a loss is infinite or no number in {counted(int(bad), 'epoch')}" if bad else ""
    diverged = f"; {LEARNT_NOTHING}" if row["learnt_nothing"] else ""
    return f"{row['stopped_because']}{warning}{diverged}"


def _state(row: dict[str, Any], measured: Container[str]) -> str:
    if row["state"] == FINISHED and row["label"] not in measured:
        return "finished, not graded"
    if row["unpaired"]:
        return "finished, unpaired"
    return row["state"]


def setting_table(chosen: Selection, labels: Iterable[str]) -> pd.DataFrame:
    """Return the settings in which finished runs differ, as text: ``setting``, a column a run.

    The split of the films, by the first letters of its hash, is one of them.
    `labels` are of any finished runs of the archive, those outside of `chosen` too.
    """
    runs = selection.finished_runs(chosen.archive).set_index("label")
    configs = {
        label: record.config | {"split": record.split_hash[:8]}
        for label in labels
        for record in [chosen.archive.records[runs.at[label, "folder"], runs.at[label, "run_id"]]]
    }
    table = learning_curves.config_differences(configs)
    table = table.map(lambda value: "" if value is None else str(value))
    return table.rename_axis("setting").reset_index()
