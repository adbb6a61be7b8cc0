"""What each command does, once its options are read; see `parser` for the options.

Imports are late: Keras takes seconds, and a wrong option should not have to wait for it; and some
settings of a machine count only if they are made before Keras is imported.
"""

import contextlib
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kneeoa.errors import ConfigError, DataError, TrainingError
from kneeoa.networks import Architecture
from kneeoa.records import lineage, studies
from train.commands.options import configs_of, machine_options, source_of
from train.config import TrainConfig, gradual
from train.run import checkpoint

if TYPE_CHECKING:
    from kneeoa.data.arrays import Films
    from kneeoa.data.dataset import Dataset
    from train.machine import Machine
    from train.study.board import Board
    from train.study.cluster import Cluster
    from train.study.cycles import Job
    from train.study.sharing import Sharing


def data(options: Namespace) -> int:
    """Print what a folder of films holds, split it by patient and write ``split.csv``."""
    from kneeoa.data.dataset import write_split
    from kneeoa.data.report import report

    dataset = source_of(options).read(check=False)
    print(report(dataset))
    write_split(dataset, options.out)
    print(f"\nWho is where: {options.out}")
    dataset.check()
    return 0


def fit(options: Namespace) -> int:
    """Train one network once."""
    (config,) = configs_of(options, [options.architecture]).values()
    config = replace(config, seed=options.seed)
    machine, dataset, ungraded = _ready(options)
    from train.run.record import run_id
    from train.study import cycles

    split_hash = dataset.split_hash
    job = cycles.Job(run_id(config, split_hash), config, options.out, split_hash, keep_model=True)
    if job.is_finished:
        raise DataError(
            f"The run {job.run_id} is already in {options.out}. Remove its folder to train it anew."
        )
    configs = {config.architecture: config}
    cycles.preflight(options.out, configs, dataset, models=1)
    lineage.write(options.out, dataset)
    board = _board(None, job.run_id, [job])
    with board:
        cycles.train_here([job], dataset, ungraded, machine, board, keep="all")
    if board.failed:
        raise TrainingError(board.failed[job.run_id])
    print(f"Run written to {options.out / 'runs' / job.run_id}")
    return 0


def study(options: Namespace) -> int:
    """Train a whole study, and write its tables."""
    configs = configs_of(options, options.architectures)
    shared = _sharing(options, configs)
    machine, dataset, ungraded = _ready(options, elsewhere=shared is not None)
    from train.study import cycles

    jobs = cycles.jobs_of(
        options.out, configs, options.cycles, dataset.split_hash, keep=options.keep
    )
    described = cycles.describe(configs, options.cycles, dataset, jobs=jobs, study_id=options.study)
    models = {"best": 2, "all": options.cycles, "none": 0}[options.keep]
    cycles.preflight(options.out, configs, dataset, models=models)
    folder = studies.study_folder(options.out, described.study_id)
    with checkpoint.locked(folder / ".lock", f"The study {described.study_id}"):
        cycles.begin(options.out, described)
        lineage.write(options.out, dataset)
        with (
            _cluster(options, shared) as cluster,
            _board(folder / "status.json", described.study_id, jobs, cluster) as board,
        ):
            where = cluster or machine
            print(f"Study {described.study_id}: {len(jobs)} cycles on {where}, in {folder}")
            if cluster:
                from train.study.cluster import train_on

                how = source_of(options), tuple(options.predict), machine_options(options)
                train_on(cluster, jobs, *how, board, keep=options.keep)
            else:
                cycles.train_here(jobs, dataset, ungraded, machine, board, keep=options.keep)
    _note_missing_predictions(options.out, described.run_ids, ungraded)
    _tables(options.out, described.study_id)
    if board.failed:
        raise TrainingError(
            f"{len(board.failed)} of {len(jobs)} cycles failed; the tables stand on the others. "
            "The same command tries the failed ones again."
        )
    return 0


def tune(options: Namespace) -> int:
    """Search for settings by validation loss."""
    configs = configs_of(options, [options.architecture])
    tuned_by_itself = ("learning_rate", "batch_size", "dropout", "stages")
    if given := [name for name in tuned_by_itself if getattr(options, name) is not None]:
        raise ConfigError(f"Expected no {given[0]}: it is what `tune` searches. Use --epochs.")
    machine, dataset, _ = _ready(options)
    config = configs[options.architecture]
    epochs, films = options.epochs or config.epochs, len(dataset.splits["train"])
    stages = gradual("all", epochs)
    config = replace(config, stages=stages, batch_size=min(config.batch_size, films))
    configs = {options.architecture: config}
    from train.study import cycles
    from train.study import tune as tuning

    described = cycles.describe(configs, 0, dataset, study_id=options.study, kind="tuning")
    if options.study is None:
        name = f"tune-{options.architecture}-{described.study_id}"
        described = replace(described, study_id=name)
    cycles.preflight(options.out, configs, dataset, models=0)
    folder = studies.study_folder(options.out, described.study_id)
    with checkpoint.locked(folder / ".lock", f"The study {described.study_id}"):
        cycles.begin(options.out, described)
        lineage.write(options.out, dataset)
        search = tuning.open_search(
            options.out,
            described.study_id,
            config,
            epochs=epochs,
            films=films,
            storage=options.storage,
        )
        with (
            _cluster(options) as cluster,
            _board(folder / "status.json", described.study_id, [], cluster) as board,
        ):
            where = cluster or machine
            print(f"Study {described.study_id}: {options.trials} trials on {where}, in {folder}")
            if cluster:
                how = source_of(options), dataset.split_hash, machine_options(options)
                tuning.search_on(cluster, search, options.trials, *how, board)
            else:
                tuning.search_here(search, options.trials, dataset.splits, machine, board)
        tuning.write_search(search)
    print(f"Trials, importance and best settings: {folder}")
    print(f"Use them with --preset-from {described.study_id}")
    return 0


def anova(options: Namespace) -> int:
    """Write the tables of a study."""
    _tables(options.results, options.study)
    return 0


def _ready(
    options: Namespace, *, elsewhere: bool = False
) -> "tuple[Machine, Dataset, dict[str, Films]]":
    """Films first, because they are what is wrong most often; then the machine."""
    source = source_of(options)
    dataset = source.read()
    for warning in dataset.warnings:
        print(f"Note: {warning}")
    ungraded = source.read_ungraded(tuple(options.predict)) if "predict" in options else {}
    from train import machine

    # Trained in other processes, maybe with GPUs that this machine lacks.
    elsewhere = elsewhere or options.cluster
    here = machine_options(options) | ({"device": "cpu"} if elsewhere else {})
    return machine.prepare(**here), dataset, ungraded


def _sharing(options: Namespace, configs: Mapping[Architecture, TrainConfig]) -> "Sharing | None":
    """Return how cycles share this machine, or None where one trains at a time, or elsewhere."""
    if options.cluster:
        if options.at_once:
            raise ConfigError(
                "Expected --at-once or --cluster, not both: a cluster trains as many as it holds."
            )
        return None
    from train.study.sharing import sharing_here

    device, asked = options.device, options.at_once
    shared = sharing_here(configs.values(), options.cycles, device=device, asked=asked)
    if shared.gpu and shared.at_once == 1 and asked is None:
        print(
            "Note: one cycle trains at a time, which does not fill a large GPU. More need Ray "
            "(pip install --require-hashes -r requirements-cluster.lock) and KERAS_BACKEND=torch."
        )
    return shared if shared.at_once > 1 else None


@contextlib.contextmanager
def _cluster(options: Namespace, shared: "Sharing | None" = None) -> Iterator["Cluster | None"]:
    """Give the cluster to train on, or None to train in this process."""
    if shared:
        from train.study.cluster import Cluster
        from train.study.sharing import served_together

        with served_together(shared.gpu) as service, Cluster.here(shared) as cluster:
            if service:
                print(f"Cycles share the GPU {service}.")
            yield cluster
    elif options.cluster:
        from train.study.cluster import Cluster

        gpus = {"cpu": 0, "gpu": 1, "auto": None}[options.device]
        with Cluster.join(options.cluster, cpus=options.cpus_per_run, gpus=gpus) as cluster:
            yield cluster
    else:
        yield None


def _board(
    file: Path | None, study_id: str, jobs: Iterable["Job"], cluster: "Cluster | None" = None
) -> "Board":
    from train.study.board import Board

    board = Board(file, study_id, parallel=cluster.slots if cluster else 1)
    for job in jobs:
        state = "finished" if job.is_finished else "waiting"
        config = job.config
        board.add(job.run_id, config.architecture, config.seed, state, epochs=config.epochs)
    return board


def _note_missing_predictions(out: Path, run_ids: Iterable[str], ungraded: Iterable[str]) -> None:
    runs, _ = studies.read_runs(out, run_ids)
    for name in ungraded:
        without = sum(name not in set(run.predictions["split"]) for run in runs)
        if without:
            print(
                f"Note: {without} cycles were finished before --predict {name} was asked for, and "
                "have no predictions of it. Remove their run folders to train them anew."
            )


def _tables(out: Path, study_id: str) -> None:
    from train.study.tables import write_tables

    folder, problems = write_tables(out, study_id)
    for problem in problems:
        print(f"Left out: {problem}")
    import pandas as pd

    for sentence in pd.read_csv(folder / "table1.csv")["sentence"]:
        print(sentence)
    print(f"Tables written to {folder}")
