"""A study: independent cycles of each network, restartable; on this machine (or `cluster`)."""

import contextlib
import hashlib
import json
import math
import shutil
import tempfile
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from kneeoa.data.arrays import Films
from kneeoa.data.dataset import Dataset
from kneeoa.errors import DataError, DiskFullError, TrainingError
from kneeoa.graders import architectures
from kneeoa.networks import Architecture
from kneeoa.records import history, lineage, studies
from kneeoa.records.history import LEARNT_NOTHING
from kneeoa.records.results import MODEL
from train.config import TrainConfig
from train.gpu import GPUFailedError, says_gpu_failed
from train.graph.trainer import unfreeze_from
from train.machine import Machine
from train.run import checkpoint
from train.run.fit import check_batch, fit
from train.run.naming import shown_config, without_defaults
from train.run.progress import Report
from train.run.record import record_run
from train.run.start import expect_weights
from train.study import alike
from train.study.board import Board
from train.study.job import Job, Outcome


def describe(
    configs: dict[Architecture, TrainConfig],
    cycles: int,
    dataset: Dataset,
    *,
    jobs: Sequence[Job] = (),
    study_id: str | None = None,
    kind: str = "cycles",
) -> studies.StudyRecord:
    """Return the record of a study; without a name, it is called after preset, config and split."""
    shown = {name: shown_config(config) for name, config in configs.items()}
    for config in shown.values():
        del config["seed"]
    preset = "+".join(sorted({config["preset"] for config in shown.values()}))
    if study_id is None:
        settings = {name: without_defaults(name, config) for name, config in shown.items()}
        described = json.dumps([settings, dataset.split_hash], sort_keys=True)
        study_id = f"{preset}-{hashlib.sha256(described.encode()).hexdigest()[:8]}"
    return studies.StudyRecord(
        study_id=study_id,
        kind=kind,
        preset=preset,
        cycles=cycles,
        configs=json.loads(json.dumps(shown)),
        split_hash=dataset.split_hash,
        counts=dataset.counts,
        run_ids=tuple(job.run_id for job in jobs),
        begun_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def begin(results: Path, study: studies.StudyRecord) -> studies.StudyRecord:
    """Write ``study.json``, or go on with the one that is there; raises what `merged` does."""
    study = merged(results, study)
    studies.write_study(results, study)
    return study


def merged(results: Path, study: studies.StudyRecord) -> studies.StudyRecord:
    """Return `study` with what is known of it already; more cycles may join it.

    Raises `DataError` when the study of that name has other configs or another split.
    """
    if study.study_id in studies.list_studies(results):
        before = studies.read_study(results, study.study_id)
        different = [
            f"{name}.{key} was {old.get(key)!r} and is now {value!r}"
            for name in study.configs.keys() & before.configs.keys()
            for key, value in study.configs[name].items()
            if (old := before.configs[name]).get(key) != value
        ]
        if before.split_hash != study.split_hash:
            different.append("the films or their split are others")
        if before.kind != study.kind:
            different.append(f"it is a study of {before.kind}, not of {study.kind}")
        cycles = {_cycle(name): name for name in before.run_ids}
        if any(cycles.get(_cycle(name), name) != name for name in study.run_ids):
            different.append("settings or starting weights are others")
        if different:
            raise DataError(
                f"The study {study.study_id} was begun otherwise: {'; '.join(different)}. "
                "Give the same settings, or another name by --study."
            )
        study = replace(
            study,
            begun_at=before.begun_at,
            cycles=max(before.cycles, study.cycles),
            configs=before.configs | study.configs,
            run_ids=tuple(dict.fromkeys((*before.run_ids, *study.run_ids))),
        )
    return study


def _cycle(name: str) -> str:
    """Network and seed of a run id, which differ from cycle to cycle."""
    return name.rpartition("-")[0]


def preflight(
    results: Path, configs: dict, dataset: Dataset, *, models: int, or_else: str = ""
) -> None:
    """Find out within seconds what would stop the study after hours.

    Starting weights, layers to unfreeze, batch size, and room for the state of the largest network
    and `models` kept models of each; without that, `or_else` is what else the user can do.
    """
    state = kept = 0
    for config in configs.values():
        check_batch(config, len(dataset.splits["train"]))
        network = architectures.build(config.architecture, standardise=config.standardise)
        architectures.initialise(network, config.init)
        expect_weights(network, config.init)
        for stage in config.stages:
            unfreeze_from(network, stage.from_layer)
        size = 4 * network.count_params()
        # Weights and two moments, once old and once new, and the best weights twice.
        state, kept = max(state, 8 * size), kept + models * size
    needed = state + kept
    try:
        results.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=results):
            pass
    except OSError as error:
        raise DataError(
            f"Expected a folder for results that can be written. {results}: {error.strerror}."
        ) from None
    free = shutil.disk_usage(results).free
    if free < needed:
        # Rounded apart, so that they are never the same number.
        unit, name = (1e8, "GB") if free >= 1e9 else (1e5, "MB")
        wanted, there = math.ceil(needed / unit) / 10, math.floor(free / unit) / 10
        raise DataError(
            f"Expected {wanted:.1f} {name} of free space for {results}. There are {there:.1f}. "
            f"Free some space, or give another --out{or_else}."
        )


def train_cycle(
    job: Job,
    dataset: Dataset,
    ungraded: dict[str, Films],
    machine: Machine,
    report: Report,
) -> Path:
    """Train one cycle, or go on with it, and record it; return its run folder.

    Raises `TrainingError` when another process is at it, `dataset` is not the one of the job, or
    the study is trained under another backend or precision than this machine's;
    `DataError` when its films are others than those that the results stand on.
    """
    check_split(dataset.split_hash, job.split_hash)
    if job.alike and not job.is_finished:
        alike.expect(job.alike, machine.made_by)
    lineage.check(job.results, job.split_hash, dataset.table)
    with checkpoint.locked(job.lock, f"The run {job.run_id}"):
        if not job.is_finished:
            fitted = fit(
                job.config,
                dataset.splits["train"],
                dataset.splits["val"],
                folder=job.unfinished,
                machine=machine,
                report=report,
            )
            record_run(
                job.results,
                job.config,
                fitted,
                dataset.splits,
                dataset.split_hash,
                ungraded=ungraded,
                machine=machine,
                keep=job.keep,
            )
        job.clear()
    return job.results / "runs" / job.run_id


def finished(run: Path) -> Outcome:
    """Return the outcome of a cycle whose `run` folder is written; say so where it diverged."""
    losses = history.read(run)["val_loss"]
    if not history.learnt_nothing(losses):
        return Outcome("finished")
    advice = "Often a lower --learning-rate helps, or more epochs."
    return Outcome("finished", sentence=f"It {LEARNT_NOTHING}. {advice}")


def check_split(received: str, expected: str) -> None:
    """Raise `TrainingError` when a machine sees other films than the study is about."""
    if received != expected:
        raise TrainingError(
            f"Expected the films of the study (split {expected[:12]}...). This machine sees others "
            f"({received[:12]}...): some may be missing or unreadable here."
        )


def train_here(
    jobs: list[Job],
    dataset: Dataset,
    ungraded: dict[str, Films],
    machine: Machine,
    board: Board,
) -> None:
    """Train the unfinished `jobs` one after the other; a failed one does not stop the others.

    A lost GPU or a full disk does: none could be trained any more. Raises `GPUFailedError` then, or
    `DiskFullError`.
    """
    for job in jobs:
        if job.is_finished:
            job.clear()
            continue
        try:
            with says_gpu_failed():
                report = partial(board.update, job.run_id)
                outcome = finished(train_cycle(job, dataset, ungraded, machine, report))
        except (GPUFailedError, DiskFullError):
            raise
        except Exception as error:
            outcome = Outcome.of(error, traceback.format_exc())
            board.set_state(job.run_id, "failed", outcome.kept(job.results, job.run_id))
            continue
        apply_keep(jobs)
        board.set_state(job.run_id, "finished", outcome.kept(job.results, job.run_id))
    apply_keep(jobs)


def apply_keep(jobs: list[Job]) -> None:
    """Drop the models that ``--keep`` does not ask for; ``best`` is by validation films.

    A model stays of a run that another study has, too, and of one that was trained to keep it: by
    ``fit``, or under another ``--keep``.
    """
    if not jobs or jobs[0].keep != "best":
        return
    results, ours = jobs[0].results, {job.run_id for job in jobs}
    shared: Counter[str] = Counter()
    for study_id in studies.list_studies(results):
        with contextlib.suppress(DataError):
            shared.update(ours & set(studies.read_study(results, study_id).run_ids))
    runs, _ = studies.read_runs(results, [job.run_id for job in jobs])
    for architecture in {run.record.architecture for run in runs}:
        rivals = [run for run in runs if run.record.architecture == architecture]
        best = studies.best_run(rivals)
        for run in rivals:
            to_go = run.record.keep == "best" and shared[run.record.run_id] < 2
            if run is not best and to_go:
                (run.folder / MODEL).unlink(missing_ok=True)
