"""Results folders as the research pages see them: every run and study there, whole or not.

A page shows what can be read and names what cannot; one broken folder never hides the others.
"""

import math
import os
import statistics
from collections.abc import Container, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from kneeoa.errors import DataError, KneeOAError
from kneeoa.networks import ARCHITECTURES
from kneeoa.records import history, results, studies
from kneeoa.wording import counted, is_plain, plain

RUN_COLUMNS = (
    "folder",
    "run_id",
    "architecture",
    "seed",
    "preset",
    "studies",
    "state",
    "unpaired",
    *("epochs", "best_epoch", "stopped_because"),
    "not_finite",
    "learnt_nothing",
    "minutes",
    "images_per_second",
    "device",
    "backend",
    "precision",
    "finished_at",
    "split_hash",
    "model_sha256",
    "recorded_id",
    "problem",
)
FINISHED = "finished"
DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """A study of one of the folders; `status` is None until its training has written one."""

    folder: Path
    record: studies.StudyRecord
    status: studies.StudyStatus | None

    @property
    def is_training(self) -> bool:
        """Whether its own status says that training goes on."""
        return self.status is not None and self.status.state == "training"


@dataclass(frozen=True, slots=True, eq=False)
class Archive:
    """What stands in some results folders.

    Attributes
    ----------
    runs : one row per run in `RUN_COLUMNS`, by network and seed. ``state`` is finished, damaged,
        or what the status of its study says (training, waiting, failed, pruned). ``unpaired``:
        finished, in a study of cycles of both networks, without a finished run of the same seed of
        the other. ``not_finite``: epochs whose loss is infinite or no number; ``learnt_nothing``:
        whether no epoch did better than guessing (`history.learnt_nothing`). ``recorded_id``: the
        name in its record, which a copied folder has not.
    studies : in the order of the folders, then by name
    records : ``(folder, run_id)`` -> record of each finished run
    problems : what could not be read and why, in sentences
    """

    folders: tuple[Path, ...]
    runs: pd.DataFrame
    studies: tuple[Study, ...]
    records: dict[tuple[str, str], results.RunRecord]
    problems: tuple[str, ...]


def results_folders(setting: str | None, default: Path) -> tuple[Path, ...]:
    """Return the folders that a setting names, separated as in PATH; empty: the default."""
    parts = [part for part in (setting or "").split(os.pathsep) if part.strip()]
    named = [Path(part.strip()).expanduser().absolute() for part in parts]
    return tuple(dict.fromkeys(named)) or (default,)


def signature(folders: Iterable[Path]) -> tuple:
    """Return what changes when a run or study of `folders` appears, goes or reports.

    Looks at times of change alone, so that a page can ask at every rerun.
    """
    watched = []
    for folder in folders:
        places = [folder / "runs", folder / "studies"]
        places += sorted(folder.glob("studies/*/*.json"))
        watched += [(str(place), place.stat().st_mtime_ns) for place in places if place.exists()]
    return tuple(watched)


def read_archive(folders: Sequence[Path]) -> Archive:
    """Read every run and study of `folders`; what cannot be read is named in `problems`."""
    rows, all_studies, records, problems = [], [], {}, []
    for folder in folders:
        if not folder.is_dir():
            problems.append(
                f"Expected a results folder. There is none at {folder}: "
                "check KNEEOA_RESULTS, or train into it."
            )
            continue
        studies = _read_studies(folder, problems)
        all_studies += studies
        known = [_Known(name, study) for study in studies for name in study.record.run_ids]
        run_ids = _names_in(folder / "runs", problems)
        named = {name: [k.study for k in known if k.run_id == name] for name in run_ids}
        with ThreadPoolExecutor() as readers:
            read = list(readers.map(lambda name, at=folder: _read_run(at, name), run_ids))
        for name, (record, row) in zip(run_ids, read, strict=True):
            rows.append(row | {"studies": tuple(s.record.study_id for s in named[name])})
            if record is None:
                problems.append(row["problem"])
            else:
                records[str(folder), name] = record
        rows += _unfinished(folder, studies, set(run_ids))
    runs = pd.DataFrame(rows, columns=RUN_COLUMNS)
    runs = runs.sort_values(["architecture", "seed"], kind="stable", ignore_index=True)
    runs["unpaired"] = _unpaired(runs, all_studies)
    return Archive(tuple(folders), runs, tuple(all_studies), records, tuple(problems))


@dataclass(frozen=True, slots=True)
class _Known:
    run_id: str
    study: Study


def _names_in(folder: Path, problems: list[str]) -> list[str]:
    names = sorted(path.name for path in folder.glob("[!.]*") if path.is_dir())
    odd = [name for name in names if not all(map(is_plain, name))]
    if odd:
        problems.append(
            f"{counted(len(odd), 'folder')} in {folder} left out, whose names cannot be shown: "
            "rename them."
        )
    return [name for name in names if name not in odd]


def _read_studies(folder: Path, problems: list[str]) -> list[Study]:
    readable = []
    named = _names_in(folder / "studies", problems)
    for study_id in (name for name in studies.list_studies(folder) if name in named):
        try:
            record = studies.read_study(folder, study_id)
        except KneeOAError as error:
            problems.append(str(error))
            continue
        # A copied study has the name of its folder, not that of the original.
        record = replace(record, study_id=study_id)
        readable.append(Study(folder, record, studies.read_status(folder, study_id)))
    return readable


def _read_run(folder: Path, name: str) -> tuple[results.RunRecord | None, dict[str, Any]]:
    place = folder / "runs" / name
    row = dict.fromkeys(RUN_COLUMNS) | {"folder": str(folder), "run_id": name, "problem": ""}
    try:
        record = results.read_record(place)
        if record.architecture not in ARCHITECTURES:
            raise DataError(
                f"Expected a run of one of {', '.join(ARCHITECTURES)} in {place}. "
                f"Received one of {record.architecture}: it is not measured."
            )
        epochs = history.rows(place)
        finished_at = datetime.fromisoformat(record.finished_at)
    except ValueError:
        problem = f"Expected when the run ended, as a date, in {place / 'run.json'}. It is none."
        return None, row | {"state": DAMAGED, "problem": problem}
    except KneeOAError as error:
        return None, row | {"state": DAMAGED, "problem": str(error)}
    speeds = [epoch["images_per_second"] for epoch in epochs if "images_per_second" in epoch]
    return record, row | {
        "architecture": record.architecture,
        "seed": record.seed,
        "preset": plain(str(record.config.get("preset", "")), 80),
        "state": FINISHED,
        "epochs": len(epochs),
        "best_epoch": record.best_epoch,
        "stopped_because": plain(record.stopped_because, 200),
        "not_finite": sum(
            not (math.isfinite(epoch["loss"]) and math.isfinite(epoch["val_loss"]))
            for epoch in epochs
        ),
        "learnt_nothing": history.learnt_nothing(epoch["val_loss"] for epoch in epochs),
        "minutes": record.seconds / 60,
        "images_per_second": statistics.median(speeds) if speeds else None,
        "device": plain(record.device, 200),
        "backend": record.backend,
        "precision": plain(record.precision, 40),
        "finished_at": finished_at.isoformat(),
        "split_hash": record.split_hash,
        "model_sha256": record.model_sha256,
        "recorded_id": plain(record.run_id, 200),
    }


def _unfinished(
    folder: Path, begun: Iterable[Study], finished: Container[str]
) -> list[dict[str, Any]]:
    """Rows of runs that only a study knows of."""
    rows: dict[str, dict[str, Any]] = {}
    for study in begun:
        reported = {row.run_id: row for row in study.status.rows} if study.status else {}
        for run_id in study.record.run_ids:
            if run_id in finished:
                continue
            status = reported.get(run_id, studies.RunStatus(run_id, "waiting"))
            row = rows.setdefault(
                run_id,
                dict.fromkeys(RUN_COLUMNS)
                | {
                    "folder": str(folder),
                    "run_id": run_id,
                    "architecture": _known(status.architecture or run_id.partition("-")[0]),
                    "seed": status.seed,
                    "preset": study.record.preset,
                    "studies": (),
                    "state": _state(status, study),
                    "problem": status.sentence,
                },
            )
            row["studies"] = (*row["studies"], study.record.study_id)
    return list(rows.values())


def _known(name: str) -> str | None:
    return name if name in ARCHITECTURES else None


def _state(status: studies.RunStatus, study: Study) -> str:
    # A process that was killed could not say so.
    killed = status.state == "training" and not study.is_training
    return "stopped" if killed else status.state


def _unpaired(runs: pd.DataFrame, begun: Iterable[Study]) -> pd.Series:
    finished = runs[runs["state"] == FINISHED]
    unpaired = pd.Series(False, index=runs.index)
    for study in begun:
        if study.record.kind != "cycles" or set(study.record.configs) < set(ARCHITECTURES):
            continue
        names = list(study.record.run_ids)
        in_folder = finished["folder"] == str(study.folder)
        ours = finished[in_folder & finished["run_id"].isin(names)]
        alone = ours.groupby("seed")["architecture"].transform("nunique") < 2
        unpaired[ours.index[alone]] = True
    return unpaired
