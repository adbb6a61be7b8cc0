"""How training went: the epochs of many runs, their mean and spread, and where stages begin."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from kneeoa.records.results import STORED_AS

CURVES = {
    "val_loss": "Validation loss",
    "loss": "Training loss",
    "val_accuracy": "Validation accuracy",
    "accuracy": "Training accuracy",
    "val_kappa": "Validation quadratic weighted kappa",
    "learning_rate": "Learning rate",
    "images_per_second": "Images per second",
}
"""The columns of ``history.csv`` that can be drawn, with the names that people read."""


LOSSES = ("loss", "val_loss")

_OF_SOFT_TARGETS = (
    "Training accuracy of runs with soft targets is agreement with the likeliest grade of what "
    "they learn from, which is not always the readers'; validation accuracy is agreement with the "
    "readers."
)


def learning_curves(
    histories: Mapping[str, tuple[str, pd.DataFrame]], recipes: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return all epochs of all runs in one table.

    Parameters
    ----------
    histories : run_id -> (architecture, epochs as in ``history.csv``)
    recipes : run_id -> its recipe (`run_names.run_names`); without it, a network has one recipe

    Returns
    -------
    DataFrame
        ``run_id, architecture, recipe`` and the columns of the histories; what a run lacks is
        empty.
    """
    if not histories:
        columns = ["run_id", "architecture", "recipe", "epoch", "stage", "trainable_from", *CURVES]
        return pd.DataFrame(columns=columns)
    named = [
        recipes[run_id] if recipes else architecture
        for run_id, (architecture, _) in histories.items()
    ]
    lengths = [len(history) for _, history in histories.values()]
    table = pd.concat([history for _, history in histories.values()], ignore_index=True)
    return table.assign(
        run_id=np.repeat(list(histories), lengths),
        architecture=np.repeat([name for name, _ in histories.values()], lengths),
        recipe=np.repeat(named, lengths),
    )


def note_of(measure: str, configs: Iterable[Mapping[str, Any]]) -> str:
    """Return what is to be known of the curves of a measure, of runs of `configs`; else nothing."""
    soft = any(config.get(STORED_AS["soft_targets"]) for config in configs)
    return _OF_SOFT_TARGETS if soft and measure == "accuracy" else ""


def not_finite(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the runs whose loss was infinite or no number at all, a row a run and loss.

    Columns ``run_id, measure, first`` (the first such epoch), ``epochs`` (how many).
    """
    parts = []
    for measure in LOSSES:
        bad = curves[~np.isfinite(curves[measure].astype(float))]
        bad_epochs = bad.groupby("run_id", sort=False)["epoch"].agg(first="min", epochs="size")
        parts.append(bad_epochs.reset_index().assign(measure=measure))
    table = pd.concat(parts, ignore_index=True)
    return table[["run_id", "measure", "first", "epochs"]]


def finite(curves: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return `curves` with empty cells where `measure` is infinite: no mean holds it."""
    values = curves[measure].astype(float)
    return curves.assign(**{measure: values.where(np.isfinite(values))})


def smoothed(curves: pd.DataFrame, measure: str, epochs: int) -> pd.DataFrame:
    """Return `curves` with `measure` averaged, run by run, over `epochs` around each epoch.

    Fewer at either end of a run; an epoch without a value stays without one. 1: as it is.
    """
    if epochs <= 1:
        return curves
    runs = curves.groupby("run_id", sort=False)[measure]
    values = runs.transform(lambda run: run.rolling(epochs, center=True, min_periods=1).mean())
    return curves.assign(**{measure: values.where(curves[measure].notna())})


def band(curves: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return mean and standard deviation of `measure` over the runs of a recipe, epoch by epoch.

    Runs of unlike recipes have no mean in common. Columns
    ``architecture, recipe, epoch, mean, sd, low, high, runs``; ``low`` and ``high`` are one
    standard deviation away, empty where one run is left: a band over seeds, not an interval of the
    mean. Runs that ended early are in the mean only as long as they ran.
    """
    defined = curves.dropna(subset=measure)
    groups = defined.groupby(["architecture", "recipe", "epoch"])[measure]
    table = groups.agg(["mean", "std", "count"]).reset_index()
    table = table.rename(columns={"std": "sd", "count": "runs"})
    return table.assign(low=table["mean"] - table["sd"], high=table["mean"] + table["sd"])


def stages(curves: pd.DataFrame) -> pd.DataFrame:
    """Return where the stages of unfreezing begin.

    Columns ``architecture, stage, trainable_from, first, last``: the epochs, of all runs, in which
    the stage begins. They differ where a run left a stage early.
    """
    starts = curves.groupby(["architecture", "run_id", "stage", "trainable_from"])["epoch"].min()
    keys = ["architecture", "stage", "trainable_from"]
    table = starts.groupby(keys).agg(["min", "max"]).reset_index()
    return table.rename(columns={"min": "first", "max": "last"})


def config_differences(configs: Mapping[str, Mapping[str, object]]) -> pd.DataFrame:
    """Return the settings in which `configs` (by run_id) differ, one row each, a column per run.

    Nested settings are compared as a whole; a setting that a run does not know is empty.
    """
    names = sorted({name for config in configs.values() for name in config})
    rows = {
        name: {run_id: config.get(name) for run_id, config in configs.items()} for name in names
    }
    differing = {
        name: values
        for name, values in rows.items()
        if any(value != next(iter(values.values())) for value in values.values())
    }
    return pd.DataFrame.from_dict(differing, orient="index", columns=list(configs))
