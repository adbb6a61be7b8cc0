"""Results folders for the research pages' tests: drawn, not trained."""

import functools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from kneeoa.metrics.calibration import softmax
from kneeoa.networks import ARCHITECTURES
from kneeoa.records import results, studies, tried

EPOCHS = 6
SPLIT_HASH = "f" * 64
_WRITTEN: dict[tuple[int, str], dict[str, bytes]] = {}
"""What a drawn run is on disk, once it was written: the same one again is a copy."""


def drawn_predictions(seed=0, *, films=60, skill=2.0, splits=("val", "test"), blind=0):
    """Answers that are right as often as `skill` makes them; two knees a patient."""
    return _drawn(seed, films, skill, splits, blind).copy()


@functools.cache
def _drawn(seed, films, skill, splits, blind):
    draw = np.random.default_rng([seed, 7])
    parts = []
    for number, split in enumerate(splits):
        # Films and grades are those of the split, whichever the seed.
        grades = np.random.default_rng([number, 3]).choice(5, films, p=[0.4, 0.2, 0.2, 0.13, 0.07])
        names = [f"{split}{i // 2:03d}{'LR'[i % 2]}" for i in range(films)]
        answers = softmax(skill * np.eye(5)[grades] + draw.normal(0, 1, (films, 5)))
        patients = [name[:-1] for name in names]
        parts.append(results.predictions_table(names, patients, split, grades, answers))
    if blind:
        names = [f"blind{i:03d}L" for i in range(blind)]
        answers = softmax(draw.normal(0, 1, (blind, 5)))
        unknown = np.full(blind, -1)
        parts.append(results.predictions_table(names, names, "blind", unknown, answers))
    return pd.concat(parts, ignore_index=True)


def drawn_history(seed=0, *, epochs=EPOCHS):
    """Epochs of two stages whose loss falls."""
    draw = np.random.default_rng([seed, 11])
    epoch = np.arange(1, epochs + 1)
    stage = np.where(epoch <= 2, 1, 2)
    loss = 1.5 / epoch**0.4 + draw.normal(0, 0.02, epochs)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "stage": stage,
            "trainable_from": np.where(stage == 1, "head", "all"),
            "learning_rate": 1e-3 / epoch,
            "loss": loss,
            "accuracy": 0.7 - 0.3 / epoch,
            "images_per_second": 50.0 + draw.normal(0, 1, epochs),
            "val_loss": loss + 0.1,
            "val_accuracy": 0.65 - 0.3 / epoch,
            "val_kappa": 0.8 - 0.3 / epoch,
            "seconds": 60.0,
        }
    )


def write_run(folder: Path, architecture, seed, *, predictions=None, **changes) -> str:
    """Write a finished run; return its name."""
    run_id = f"{architecture}-seed{seed}-{0:08x}"
    number = seed + 100 * ARCHITECTURES.index(architecture)
    fields = {
        "run_id": run_id,
        "architecture": architecture,
        "seed": seed,
        "config": {"preset": "reference", "learning_rate": 1e-3, "seed": seed},
        "initialisation": {"source": "none", "assigned": 0, "fresh_layers": []},
        "split_hash": SPLIT_HASH,
        "counts": {"train": {"0": 10}, "val": {"0": 5}, "test": {"0": 5}},
        "model_sha256": f"{number:064x}",
        "best_epoch": EPOCHS - 1,
        "stopped_because": "all epochs done",
        "seconds": 60.0 * EPOCHS,
        "finished_at": "2026-11-23T09:00:00+00:00",
        "device": "cpu",
        "libraries": {"python": "3.11"},
    }
    record = results.RunRecord(**fields | changes)
    drawn = predictions is None
    key = (number, repr(record)) if drawn else ()
    if key in _WRITTEN:
        place = folder / "runs" / run_id
        place.mkdir(parents=True)
        for name, content in _WRITTEN[key].items():
            (place / name).write_bytes(content)
        return run_id
    predictions = drawn_predictions(number) if drawn else predictions
    place = results.write_run(folder, record, drawn_history(number), predictions)
    if drawn:
        _WRITTEN[key] = {file.name: file.read_bytes() for file in place.iterdir()}
    return run_id


def write_study(folder: Path, cycles=3, *, study_id="one", missing=(), failed=()) -> list[str]:
    """Write a study of both networks; runs in `missing` and `failed` have no folder."""
    names = [f"{name}-seed{seed}-{0:08x}" for seed in range(cycles) for name in ARCHITECTURES]
    for seed in range(cycles):
        for name in ARCHITECTURES:
            run_id = f"{name}-seed{seed}-{0:08x}"
            if run_id in (*missing, *failed) or (folder / "runs" / run_id).exists():
                continue
            write_run(folder, name, seed)
    record = studies.StudyRecord(
        study_id=study_id,
        kind="cycles",
        preset="reference",
        cycles=cycles,
        configs={name: {"learning_rate": 1e-3} for name in ARCHITECTURES},
        split_hash=SPLIT_HASH,
        counts={"train": {"0": 10}, "val": {"0": 5}, "test": {"0": 5}},
        run_ids=tuple(names),
        begun_at="2026-11-23T08:00:00+00:00",
    )
    studies.write_study(folder, record)
    rows = [{"run_id": name, "state": "failed", "sentence": "The disk is full."} for name in failed]
    status = {"schema_version": 1, "study_id": study_id, "state": "failed", "rows": rows}
    (folder / "studies" / study_id / "status.json").write_text(json.dumps(status))
    return names


def write_robustness(folder: Path) -> pd.DataFrame:
    """Write a robustness table of two changes; return it."""
    rows = [("none", "", 0, 1.0, 0.7)]
    rows += [("darker", "grey values", step, -15.0 * step, 0.7 - 0.02 * step) for step in (1, 2, 3)]
    rows += [("mirrored", "", 1, 1.0, 0.7)]
    table = pd.DataFrame(
        [
            {
                "model": model,
                "change": change,
                "unit": unit,
                "step": step,
                "strength": strength,
                "accuracy": accuracy,
                "quadratic_kappa": 0.8,
                "mean_absolute_error": 0.4,
                "change_in_accuracy": accuracy - 0.7,
                "low": accuracy - 0.72,
                "high": accuracy - 0.68,
                "same_grade": 0.9,
                "knees": 828,
                "patients": 414,
            }
            for change, unit, step, strength, accuracy in rows
            for model in ("MobileNet", "ResNet50", "Both together")
        ]
    )
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "robustness.csv", index=False)
    return table


def write_search(folder: Path, *, study_id="search", complete=8) -> Path:
    """Write a tuning study of `complete` trials and a pruned one; return its folder."""
    record = studies.StudyRecord(
        study_id=study_id,
        kind="tuning",
        preset="reference",
        cycles=1,
        configs={"mobilenet": {"learning_rate": 1e-3}},
        split_hash=SPLIT_HASH,
        counts={"train": {"0": 10}, "val": {"0": 5}, "test": {"0": 5}},
        run_ids=(),
        begun_at="2026-11-23T08:00:00+00:00",
    )
    place = studies.write_study(folder, record)
    draw = np.random.default_rng(0)
    trials = pd.DataFrame(
        {
            "trial": range(complete + 1),
            "state": ["complete"] * complete + ["pruned"],
            "val_loss": draw.uniform(0.8, 1.2, complete + 1),
            "epochs": 5,
            "seconds": 100.0,
            "learning_rate": 10 ** draw.uniform(-5, -2, complete + 1),
            "batch_size": draw.choice([16, 32, 64], complete + 1),
            "depth": draw.choice(["head", "conv4", "all"], complete + 1),
        }
    )
    trials.to_csv(place / "trials.csv", index=False)
    shares = {"setting": ["learning_rate", "depth", "batch_size"], "importance": [0.7, 0.2, 0.1]}
    pd.DataFrame(shares).to_csv(place / "importance.csv", index=False)
    if complete:
        done = trials[:complete]
        best = done.loc[done["val_loss"].idxmin()]
        content = {
            "trial": int(best["trial"]),
            "val_loss": float(best["val_loss"]),
            "params": {"learning_rate": float(best["learning_rate"]), "depth": best["depth"]},
        }
        (place / "best.json").write_text(json.dumps(content))
    return place


def write_tried(folder: Path) -> pd.DataFrame:
    """Write what two recipes gave, of a study's runs: the network's own, and a changed one."""
    runs, _ = studies.read_runs(folder, ["mobilenet-seed0-00000000", "mobilenet-seed1-00000000"])
    changed = replace(runs[1], record=replace(runs[1].record, config={"learning_rate": 1e-3}))
    unchanged = replace(runs[0], record=replace(runs[0].record, config={"learning_rate": 2e-3}))
    table = tried.tried([unchanged, changed], {"mobilenet": {"learning_rate": 2e-3}})
    table.to_csv(folder / tried.FILE, index=False)
    return table
