"""What looks at films and trains on them; see `parser`.

Imports are late: Keras takes seconds, and a wrong option should not have to wait for it; and some
settings of a machine count only if they are made before Keras is imported.
"""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kneeoa.errors import ConfigError, DataError, TrainingError
from kneeoa.networks import ARCHITECTURES, Architecture
from kneeoa.records import lineage, studies
from kneeoa.wording import counted
from train.commands import machines, options, tables
from train.commands.from_fields import option
from train.config import TrainConfig, gradual
from train.run import checkpoint
from train.run.naming import run_id
from train.run.start import warnings_of
from train.study.job import Job, jobs_of

if TYPE_CHECKING:
    from kneeoa.data.arrays import Films
    from kneeoa.data.dataset import Dataset
    from train.machine import Machine
    from train.study.board import Board
    from train.study.cluster import Cluster


@dataclass(frozen=True, kw_only=True)
class Data(options.Films):
    """Print what a folder of films holds, split it by patient and write ``split.csv``."""

    data: Path = option("DIR|CSV", positional=True)
    out: Path = option("FILE", "where it is written who is in which split", Path("split.csv"))

    def __call__(self) -> int:
        from kneeoa.data.dataset import expect_room, write_split
        from kneeoa.data.report import report

        expect_room(self.out)
        dataset = options.source_of(self).read(check=False)
        print(report(dataset))
        write_split(dataset, self.out)
        print(f"\nWho is where: {self.out}")
        if dataset.problems:
            raise DataError("The table is written; why nothing can be trained on it stands above.")
        return 0


@dataclass(frozen=True, kw_only=True)
class Fit(options.Predict, options.Training):
    """Train one network once."""

    architecture: Architecture
    seed: options.Seed = option("SEED", default=0)

    goes_on = True

    def __call__(self) -> int:
        (config,) = options.configs_of(self, [self.architecture]).values()
        config = replace(config, seed=self.seed)
        machine, dataset, ungraded = _ready(self, [config])
        from train.study import cycles

        split_hash = dataset.split_hash
        job = Job(run_id(config, split_hash), config, self.out, split_hash, keep="all")
        if job.is_finished:
            raise DataError(
                f"The run {job.run_id} is already in {self.out}. Remove its folder to train it "
                "anew."
            )
        configs = {config.architecture: config}
        cycles.preflight(self.out, configs, dataset, models=1)
        lineage.write(self.out, dataset)
        board = _board(None, [job])
        with board:
            cycles.train_here([job], dataset, ungraded, machine, board)
        if board.failed:
            raise TrainingError(board.failed[job.run_id])
        print(f"Run written to {self.out / 'runs' / job.run_id}")
        return 0


@dataclass(frozen=True, kw_only=True)
class Study(options.Mixed, options.Predict, options.Training, options.Cluster):
    """Train a whole study, and write its tables."""

    cycles: options.Count = option("N", "seeds 0 to N-1", 10)
    architectures: tuple[Architecture, ...] = ARCHITECTURES
    study: str | None = option("NAME", "by default from preset, settings and split", None)
    keep: Literal["best", "all", "none"] = option(
        None, "whose weights stay; best is by validation", "best"
    )
    at_once: options.Count | None = option(
        "N", "cycles that share this machine; by default what a GPU holds, or one on a CPU", None
    )

    goes_on = True

    def __call__(self) -> int:
        configs = options.configs_of(self, self.architectures)
        shared = machines.sharing_of(self, configs)
        elsewhere = bool(shared or self.cluster)
        machine, dataset, ungraded = _ready(self, configs.values(), elsewhere=elsewhere)
        from train.study import alike, cycles

        jobs = jobs_of(self.out, configs, self.cycles, dataset.split_hash, keep=self.keep)
        described = cycles.describe(configs, self.cycles, dataset, jobs=jobs, study_id=self.study)
        models = {"best": 2, "all": self.cycles, "none": 0}[self.keep]
        fewer = ", or --keep none" if models else ""
        cycles.preflight(self.out, configs, dataset, models=models, or_else=fewer)
        folder = studies.study_folder(self.out, described.study_id)
        with checkpoint.locked(folder / ".lock", f"The study {described.study_id}"):
            described = cycles.merged(self.out, described)
            if not self.mixed:
                made_by = machines.made_by(self, machine, elsewhere=elsewhere)
                jobs = alike.made_alike(jobs, described, made_by)
            cycles.begin(self.out, described)
            lineage.write(self.out, dataset)
            # Where nothing is left to train, nobody has to begin.
            to_train = not all(job.is_finished for job in jobs)
            nobody = contextlib.nullcontext()
            with machines.cluster_of(self, shared) if to_train else nobody as cluster:
                with _board(folder, jobs, cluster, described.begun_at) as board:
                    where = f"on {cluster or machine}" if to_train else "all finished"
                    print(f"Study {described.study_id}: {len(jobs)} cycles {where}, in {folder}")
                    if cluster:
                        from train.study.cluster import train_on

                        how = options.source_of(self), self.predict, options.machine_options(self)
                        train_on(cluster, jobs, *how, board)
                    else:
                        cycles.train_here(jobs, dataset, ungraded, machine, board)
                # Before the cluster is left, which takes seconds in which this may be ended.
                failed, done = len(board.failed), any(job.is_finished for job in jobs)
                if done or not failed:
                    tables.note_missing_predictions(self.out, described.run_ids, ungraded)
                    tables.write(self.out, described.study_id)
        if failed:
            others = "the tables stand on the others" if done else "why stands above"
            raise TrainingError(
                f"{failed} of {counted(len(jobs), 'cycle')} failed; {others}. The same command "
                "tries the failed ones again."
            )
        return 0


@dataclass(frozen=True, kw_only=True)
class Tune(options.Mixed, options.Training, options.Cluster):
    """Search for settings by validation loss."""

    architecture: Architecture
    trials: options.Count = option("N", default=20)
    epochs: options.Count | None = option("N", "the most epochs of a trial", None)
    study: str | None = option("NAME", default=None)
    storage: str | None = option("URL", "any Optuna storage; by default SQLite in the study", None)

    goes_on = True

    def __call__(self) -> int:
        configs = options.configs_of(self, [self.architecture])
        tuned_by_itself = ("learning_rate", "batch_size", "dropout", "stages")
        if given := [name for name in tuned_by_itself if name in self.changes]:
            raise ConfigError(f"Expected no {given[0]}: it is what `tune` searches. Use --epochs.")
        if self.cluster:
            from train.study.sharing import expect_ray

            expect_ray("--cluster")
        machine, dataset, _ = _ready(self, configs.values(), elsewhere=bool(self.cluster))
        config = configs[self.architecture]
        epochs, films = self.epochs or config.epochs, len(dataset.splits["train"])
        stages = gradual("all", epochs)
        config = replace(config, stages=stages, batch_size=min(config.batch_size, films))
        configs = {self.architecture: config}
        from train.study import alike, cycles
        from train.study import tune as tuning

        described = cycles.describe(configs, 0, dataset, study_id=self.study, kind="tuning")
        if self.study is None:
            name = f"tune-{self.architecture}-{described.study_id}"
            described = replace(described, study_id=name)
        cycles.preflight(self.out, configs, dataset, models=0)
        folder = studies.study_folder(self.out, described.study_id)
        with checkpoint.locked(folder / ".lock", f"The study {described.study_id}"):
            described = cycles.merged(self.out, described)
            alike_in = None
            if not self.mixed:
                made_by = machines.made_by(self, machine, elsewhere=bool(self.cluster))
                alike_in = alike.search_alike(self.out, described.study_id, made_by)
            cycles.begin(self.out, described)
            lineage.write(self.out, dataset)
            search = tuning.open_search(
                self.out,
                described.study_id,
                config,
                epochs=epochs,
                films=films,
                storage=self.storage,
            )
            with (
                machines.cluster_of(self) as cluster,
                _board(folder, [], cluster, described.begun_at) as board,
            ):
                where = cluster or machine
                print(f"Study {described.study_id}: {self.trials} trials on {where}, in {folder}")
                if cluster:
                    how = options.source_of(self), dataset.split_hash, options.machine_options(self)
                    faulty = tuning.search_on(
                        cluster, search, self.trials, *how, board, made_alike_in=alike_in
                    )
                else:
                    splits = dataset.splits
                    faulty = tuning.search_here(search, self.trials, splits, machine, board)
            tuning.write_search(search)
        if faulty:
            raise TrainingError(
                f"{faulty} of {counted(self.trials, 'trial')} ended by a fault that is none of "
                "their settings; the search stands on the others. The same command tries them "
                "again."
            )
        print(f"Trials, importance and best settings: {folder}")
        print(f"Use them with --preset-from {described.study_id}")
        return 0


@dataclass(frozen=True, kw_only=True)
class Anova:
    """Write the tables of a study."""

    results: Path = option("RESULTS", positional=True)
    study: str = option("NAME")

    def __call__(self) -> int:
        from train.study.tables import note_finished

        tables.write(self.results, self.study)
        note_finished(self.results, self.study)
        return 0


def _ready(
    command: options.Training, configs: Iterable[TrainConfig], *, elsewhere: bool = False
) -> "tuple[Machine, Dataset, dict[str, Films]]":
    """Films first, because they are what is wrong most often; then the machine."""
    source = options.source_of(command)
    dataset = source.read()
    for warning in dataset.warnings:
        print(f"Note: {warning}")
    lineage.check(command.out, dataset.split_hash, dataset.table)
    for warning in warnings_of(configs, dataset.split_hash):
        print(f"Note: {warning}")
    ungraded = source.read_ungraded(command.predict) if isinstance(command, options.Predict) else {}
    from train import machine

    # Trained in other processes, maybe with GPUs that this machine lacks.
    here = options.machine_options(command) | ({"device": "cpu"} if elsewhere else {})
    return machine.prepare(**here), dataset, ungraded


def _board(
    folder: Path | None,
    jobs: Iterable[Job],
    cluster: "Cluster | None" = None,
    begun_at: str = "",
) -> "Board":
    """Return the board of the study in `folder`, or of a run that is of none."""
    from train.study.board import Board

    file, name = (folder / "status.json", folder.name) if folder else (None, "")
    slots = cluster.slots if cluster else 1
    board = Board(file, name, parallel=slots, begun_at=begun_at)
    for job in jobs:
        state = "finished" if job.is_finished else "waiting"
        config = job.config
        board.add(job.run_id, config.architecture, config.seed, state, epochs=config.epochs)
    return board
