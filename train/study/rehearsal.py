"""A study in small before hours are paid for: every stage, once, on a few of its films.

On a GPU the recorded step is the one that will train. On a CPU a stand-in records it
(`train.graph.native.recorded`), which finds what a CUDA graph could not hold; what only a GPU can
show is named at the end.
"""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from kneeoa.data.arrays import Films
from kneeoa.data.dataset import Dataset
from kneeoa.errors import TrainingError
from kneeoa.graders import architectures
from kneeoa.records import results
from train.config import Stage, TrainConfig
from train.graph.trainer import unfreeze_from
from train.machine import Machine, backend, scope
from train.run.batches import targets_of
from train.run.fit import fit
from train.run.progress import Progress, Report
from train.run.record import record_run

STEPS = 3
"""Steps of each stage: enough for one to stand on another."""

CPU_BATCH = 4
_CLOSE = 1e-3
"""Relative difference of losses that a GPU's rounding may cause in so few steps."""


def rehearse(config: TrainConfig, dataset: Dataset, machine: Machine) -> Iterator[str]:
    """Yield a sentence for each part that worked; raise `TrainingError` for the first that did not.

    Each stage is trained `STEPS` steps, step by step and recorded, which must give the same; then
    a run is `taken_up`.
    """
    config, few = in_small(config, dataset, machine)
    if backend() == "torch":
        for stage in config.stages:
            yield _recorded(config, stage, few.splits["train"], machine)
    yield taken_up(config, few, machine)


def in_small(
    config: TrainConfig, dataset: Dataset, machine: Machine
) -> tuple[TrainConfig, Dataset]:
    """Return films for `STEPS` steps, and `config` with batches that a CPU can bear."""
    size = config.batch_size if machine.kind == "gpu" else min(CPU_BATCH, config.batch_size)
    few = dataset.first(STEPS * size)
    return replace(config, batch_size=min(size, len(few.splits["train"]))), few


def unseen(machine: Machine) -> str:
    """Return what a rehearsal on this machine cannot show."""
    if machine.kind == "gpu":
        return "Not seen: how many cycles fit at once, and a whole run."
    if backend() == "torch":
        return (
            "Not seen without a GPU: that CUDA records the step (a stand-in did), memory and speed "
            "there, sharing it by MPS."
        )
    return "Not seen without a GPU: memory and speed there. PyTorch alone replays recorded steps."


def _recorded(config: TrainConfig, stage: Stage, films: Films, machine: Machine) -> str:
    from train.graph.native.capture import recorder_for
    from train.graph.native.network import device_of
    from train.graph.native.recorded import cpu_graph
    from train.graph.native.stage import on_device
    from train.run.native_learner import NativeLearner

    losses, where = [], f"{config.architecture}, stage {stage}"
    config = replace(config, stages=(replace(stage, epochs=1),))
    with scope(machine):
        for recorded in (False, True):
            network = architectures.build(
                config.architecture, seed=config.seed, side=None, standardise=config.standardise
            )
            fresh = architectures.initialise(network, config.init).fresh_layers
            unfreeze_from(network, stage.from_layer, always=fresh)
            images, targets = on_device(films.images, network), targets_of(config, films)
            recorder = (recorder_for(device_of(network)) or cpu_graph) if recorded else None
            learner = NativeLearner(
                network, config, config.stages[0], images, targets, recorder=recorder or _eager
            )
            if learner.note:
                raise TrainingError(f"{where}: the step cannot be recorded. {learner.note}.")
            losses.append(learner.epoch(0, lambda share, loss: None).loss)
            learner.close()
    eager, replayed = losses
    if abs(eager - replayed) > _CLOSE * abs(eager):
        raise TrainingError(
            f"{where}: expected the recorded step to give a loss of {eager:.6f}, as the step "
            f"itself does. Received {replayed:.6f}."
        )
    return f"{where}: recorded and replayed, loss {replayed:.6f} ({eager:.6f} step by step)"


def _eager(step: Callable[[], None]) -> Callable[[], None]:
    return step


def taken_up(
    config: TrainConfig,
    few: Dataset,
    machine: Machine,
    report: Report = lambda progress: None,
) -> str:
    """Interrupt a run of two epochs on `few` films, take it up and record it; say that it worked.

    In a folder that is removed; `report` is told how far it is.
    """
    last = replace(config.stages[-1], epochs=2)
    config = replace(config, stages=(last,))
    train, val = few.splits["train"], few.splits["val"]

    def end(progress: Progress) -> None:
        report(progress)
        if progress.share == 1 and progress.epoch == 1:
            raise _Ended

    with tempfile.TemporaryDirectory(prefix="kneeoa-rehearsal-") as name:
        folder = Path(name)
        with contextlib.suppress(_Ended):
            fit(config, train, val, folder=folder / "state", machine=machine, report=end)
        fitted = fit(config, train, val, folder=folder / "state", machine=machine, report=report)
        run = record_run(folder, config, fitted, few.splits, few.split_hash, machine=machine)
        results.read_record(run)
        results.read_predictions(run / "predictions.csv")
    return f"{config.architecture}: interrupted, taken up, validated and recorded"


class _Ended(Exception):
    pass
