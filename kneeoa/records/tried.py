"""What was tried in training and what it gave on the validation films; test films stay out."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from kneeoa.errors import DataError
from kneeoa.files import read_table
from kneeoa.metrics import agreement, calibration
from kneeoa.networks import DISPLAY_NAME
from kneeoa.records import results
from kneeoa.records.studies import Run

FILE = "tried.csv"

MEASURES = ("accuracy", "quadratic_kappa", "mean_absolute_error")
COLUMNS = (
    "network",
    "changed",
    "seeds",
    *MEASURES,
    "cross_entropy",
    "accuracy_sd",
    "cross_entropy_sd",
    "minutes",
    "runs",
)


UNCHANGED = "nothing"

_FILES = ("sha256", "soft_targets_sha256")
_UNTOLD = " "

OFF = {results.STORED_AS["soft_targets"]: "", "standardise": False, "inputs": "as they are"}
"""What a setting was in runs from before it existed, or is after it was removed; others were 0."""


def difference(config: dict[str, Any], base: dict[str, Any]) -> str:
    """Return the settings in which `config` differs from `base`, as text; the seed aside."""
    aside = {"seed", "preset", "mean_of"}
    if not config.get(results.STORED_AS["soft_targets"]):
        aside.add(results.STORED_AS["soft_share"])
    settings = {
        name: [_value(whose, name) for whose in (config, base)]
        for name in sorted({*config, *base} - aside)
    }
    changed = {name: ours for name, (ours, theirs) in settings.items() if ours != theirs}
    name_of = {stored: name for name, stored in results.STORED_AS.items()}
    return ", ".join(f"{name_of.get(name, name)} {_text(value)}" for name, value in changed.items())


def config_of(record: results.RunRecord) -> dict[str, Any]:
    """Return the settings of a run, whose starting weights are called after the run they are of.

    All files of runs are called ``model.keras``; of other files the name is all there is.
    """
    begun_from = record.initialisation.get("run_id")
    return record.config | ({"init": f"run {begun_from}"} if begun_from else {})


def _value(config: Mapping[str, Any], name: str) -> Any:
    value = config.get(name)
    return OFF.get(name, 0) if value in (None, "") else value


def split_of_most(runs: Iterable[Run]) -> str:
    """Return the hash of the split that most of the runs were trained on, of ties the first."""
    return Counter(run.record.split_hash for run in runs).most_common(1)[0][0]


def tried(runs: Iterable[Run], bases: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Return one row per network and set of settings, seeds averaged, the best first.

    Runs of one split, because accuracies on unlike films do not compare; raises `DataError` for
    others. Starting weights or soft targets of one name but with another content are a set of
    settings of their own, as far as the runs tell. `bases` are the configs that differences are
    named from, per architecture. The cross-entropy is that after the one temperature that fits the
    run's validation films best (Guo et al. 2017), so that smoothed and sharp targets compare.
    Columns as in `COLUMNS`; a standard deviation needs two seeds.
    """
    rows, runs = [], list(runs)
    if len({run.record.split_hash for run in runs}) > 1:
        raise DataError("Expected runs of one split. Those of others do not compare with them.")
    for run in runs:
        record = run.record
        val = run.predictions[run.predictions["split"] == "val"]
        grades = val["true_grade"].to_numpy(int)
        probabilities = val[results.PROBABILITY_COLUMNS].to_numpy()
        temperature = calibration.fit_temperature(probabilities, grades)
        calibrated = calibration.recalibrate(probabilities, temperature)
        values = agreement.summary(grades, probabilities)
        rows.append(
            {
                "network": DISPLAY_NAME[record.architecture],
                "changed": difference(config_of(record), bases[record.architecture]) or UNCHANGED,
                "seed": record.seed,
                **{name: values[name] for name in MEASURES},
                "cross_entropy": calibration.cross_entropy(grades, calibrated),
                "minutes": record.seconds / 60,
                "run": record.run_id,
                "files": " ".join(str(record.initialisation.get(name, ""))[:8] for name in _FILES),
            }
        )
    if not rows:
        return pd.DataFrame(columns=COLUMNS)
    told_apart = pd.DataFrame(_by_files(rows))
    groups = told_apart.groupby(["network", "changed"])
    table = groups[[*MEASURES, "cross_entropy", "minutes"]].mean()
    for name in ("accuracy", "cross_entropy"):
        table[f"{name}_sd"] = groups[name].std(ddof=1)
    table["seeds"] = groups["seed"].nunique()
    table["runs"] = groups["run"].agg(" ".join)
    ordered = table.reset_index().sort_values(["network", "cross_entropy"], ignore_index=True)
    return ordered[list(COLUMNS)]


def _by_files(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Name the files of runs that differ in nothing else; runs of earlier versions tell none."""
    rows = list(rows)
    known: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        known.setdefault((row["network"], row["changed"]), set()).add(row["files"])
    for row in rows:
        several = len(known[row["network"], row["changed"]] - {_UNTOLD}) > 1
        files = row["files"].strip() or "not recorded"
        yield row | ({"changed": f"{row['changed']} (files {files})"} if several else {})


def read(file: Path) -> pd.DataFrame:
    """Return the table of a results folder, columns as in `COLUMNS`; refuse a damaged one."""
    texts = ("network", "changed", "runs")
    numbers = [name for name in COLUMNS if name not in texts]
    return read_table(file, COLUMNS, numbers=numbers, texts=texts).fillna(dict.fromkeys(texts, ""))


def _text(value: object) -> str:
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], dict):
        return " ".join(":".join(f"{part}" for part in stage.values()) for stage in value)
    if isinstance(value, bool) or value == "":
        return "yes" if value else "none" if value == "" else "no"
    return f"{value:g}" if isinstance(value, float) else f"{value}"
