"""Train one network once: stages of gradual unfreezing, the best epoch by validation loss kept."""

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras

from kneeoa.data.arrays import Films
from kneeoa.errors import ConfigError, ModelError, TrainingError
from kneeoa.graders import architectures
from kneeoa.metrics import agreement, calibration
from train.config import Stage, TrainConfig
from train.gpu import out_of_memory
from train.graph.chance import steps_per_epoch
from train.graph.trainer import averaged, unfreeze_from
from train.machine import Machine, backend, scope
from train.quiet import without_greetings
from train.run import checkpoint, schedule
from train.run.batches import predict
from train.run.learner import Learner
from train.run.progress import Progress, Report
from train.run.saving import Saver, copies
from train.run.schedule import History
from train.run.start import expect_weights, facts_of


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A trained network, float32, with the record of how it got there.

    `history` has one row per epoch; `best_epoch` counts from 1 over all stages; `start` is what is
    known of the files that it began with (`train.run.start.facts_of`).
    """

    network: keras.Model
    initialisation: architectures.Initialisation
    history: History
    best_epoch: int
    stopped_because: str
    seconds: float
    start: dict[str, str] = field(default_factory=dict)


def fit(
    config: TrainConfig,
    train: Films,
    val: Films,
    *,
    folder: Path,
    machine: Machine | None = None,
    report: Report = lambda progress: None,
) -> Fitted:
    """Train the network that `config` describes, going on from what is in `folder`.

    `folder` holds the state after the last epoch (see `checkpoint`) and outlives the process; the
    caller removes it when the run is recorded. The weights kept are those of the epoch with the
    lowest validation loss, and each stage starts from the best so far. `report` is called about
    once a second; what it raises ends the run, which can be continued.

    Raises `TrainingError` when the loss is no longer a number, `UnusableStateError` when what is in
    `folder` is damaged or was made otherwise, `DiskFullError` when there is no room for the state.
    """
    machine = machine or Machine()
    # The graphs of the run before, which a long study would pile up.
    keras.utils.clear_session()
    check_batch(config, len(train))
    made_by = machine.made_by
    state = _state_in(folder, made_by)
    history: History = state.history if state else ()
    with scope(machine), Saver(folder) as saver:
        network = architectures.build(
            config.architecture, seed=config.seed, side=None, standardise=config.standardise
        )
        # Now, because another model may be published in its place meanwhile.
        with without_greetings():
            initialisation = architectures.initialise(network, config.init)
        expect_weights(network, config.init)
        start = facts_of(config)
        network.jit_compile = machine.compile
        stage_number: int | None = None
        learner: Learner | None = None
        with _says_too_large(config), contextlib.ExitStack() as held:
            learner_of = _learners(network, config, machine, train, len(history))
            while (number := schedule.next_stage(config, history)) is not None:
                if learner is None or number != stage_number:
                    held.close()
                    resumed = bool(history) and history[-1]["stage"] == number + 1
                    if history and not resumed:
                        architectures.assign_all(network, saver.best(schedule.best_epoch(history)))
                    fresh = initialisation.fresh_layers
                    unfreeze_from(network, config.stages[number].from_layer, always=fresh)
                    learner = learner_of(config.stages[number])
                    held.callback(learner.close)
                    if resumed and state:
                        _restore(network, learner, state, folder)
                    stage_number = number
                started = time.monotonic()
                row = _train_epoch(learner, config, len(train), history, number, report)
                weights = copies(architectures.variables(network))
                kept = averaged(network, learner.optimizer, weights)
                if kept is not weights:
                    architectures.assign_all(network, kept)
                row |= _validate(network, val, started)
                if kept is not weights:
                    architectures.assign_all(network, weights)
                for name in ("loss", "val_loss"):
                    _expect_finite(row, name, config)
                history = (*history, row)
                saver.save(_state(learner, weights, history, made_by), kept)
                del weights, kept  # the device has room for what the saver holds, not for more
                report(_after_epoch(config, history, learner.note))
        best_epoch = schedule.best_epoch(history)
        best = saver.best(best_epoch)
    final = architectures.build(config.architecture, standardise=config.standardise)
    final.jit_compile = machine.compile
    architectures.assign_all(final, best)
    return Fitted(
        final,
        initialisation,
        history,
        best_epoch,
        schedule.why_stopped(config, history),
        sum(row["seconds"] for row in history),
        start,
    )


def _state_in(folder: Path, made_by: str) -> checkpoint.State | None:
    """Return what there is to go on from; raise `UnusableStateError` as `fit` does."""
    state = checkpoint.read_state(folder)
    if state is None:
        return None
    if state.made_by != made_by:
        raise checkpoint.UnusableStateError(
            f"Expected to go on with {folder.name} under {state.made_by}, as it was begun. "
            f"Received: {made_by}. Give --precision and KERAS_BACKEND as before, or remove "
            f"{folder} to begin anew."
        )
    # Now, and not in an hour, when its weights are needed.
    checkpoint.read_best(folder, schedule.best_epoch(state.history))
    return state


def _learners(
    network: keras.Model, config: TrainConfig, machine: Machine, films: Films, first: int
) -> Callable[[Stage], Learner]:
    """Return what makes the learner of a stage, in a run whose next epoch is `first`."""
    if backend() == "torch":
        from train.graph.native.network import expect_on
        from train.run.native_learner import native_learners

        expect_on(network, machine.kind)
        return native_learners(network, config, films, first)
    from train.run.keras_learner import KerasLearner

    return lambda stage: KerasLearner(network, config, stage, machine, films)


def check_batch(config: TrainConfig, films: int) -> None:
    """Raise `ConfigError` when `films` do not fill a batch."""
    if config.batch_size > films:
        raise ConfigError(
            f"Expected batch_size to be at most the {films} training films. "
            f"Received: {config.batch_size}."
        )


def _train_epoch(
    learner: Learner,
    config: TrainConfig,
    films: int,
    history: History,
    stage_number: int,
    report: Report,
) -> dict[str, Any]:
    started = time.monotonic()
    learned = learner.epoch(len(history), _Watch(config, films, history, report, learner.note))
    trained = steps_per_epoch(config, films) * config.batch_size
    return {
        "epoch": len(history) + 1,
        "stage": stage_number + 1,
        "trainable_from": config.stages[stage_number].from_layer,
        "learning_rate": learned.learning_rate,
        "loss": learned.loss,
        "accuracy": learned.accuracy,
        "images_per_second": trained / (time.monotonic() - started),
    }


@contextlib.contextmanager
def _says_too_large(config: TrainConfig) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not out_of_memory(error):
            raise
        raise TrainingError(
            f"The films and a batch of {config.batch_size} do not fit into the memory of the "
            "device. Expected a smaller batch_size, or fewer runs at once."
        ) from None


def _expect_finite(row: dict[str, Any], name: str, config: TrainConfig) -> None:
    if not math.isfinite(row[name]):
        raise TrainingError(
            f"Expected a finite {name}. Received {row[name]} in epoch {row['epoch']} of "
            f"{config.architecture}, seed {config.seed}. A lower learning_rate usually helps."
        )


def _validate(network: keras.Model, val: Films, started: float) -> dict[str, float]:
    # After every epoch, so quickly: what is recorded of a run is predicted anew.
    probabilities = predict(network, val, exact=False)
    predicted = probabilities.argmax(axis=1)
    return {
        "val_loss": calibration.cross_entropy(val.grades, probabilities),
        "val_accuracy": float((predicted == val.grades).mean()),
        "val_kappa": agreement.quadratic_kappa(val.grades, predicted),
        "seconds": time.monotonic() - started,
    }


def _state(
    learner: Learner, weights: dict[str, checkpoint.Value], history: History, made_by: str
) -> checkpoint.State:
    optimizer = copies((str(i), value) for i, value in enumerate(learner.optimizer.variables))
    return checkpoint.State(history, weights, tuple(optimizer.values()), made_by)


def _restore(network: keras.Model, learner: Learner, state: checkpoint.State, folder: Path) -> None:
    try:
        architectures.assign_all(network, state.weights)
        for variable, value in zip(learner.optimizer.variables, state.optimizer, strict=True):
            variable.assign(value)
    except (ModelError, ValueError):
        file = checkpoint.state_file(folder)
        raise checkpoint.unusable(file, "It is of another network") from None


def _after_epoch(config: TrainConfig, history: History, note: str) -> Progress:
    row = history[-1]
    left = schedule.epochs_left(config, history)
    return Progress(
        epoch=row["epoch"],
        epochs=row["epoch"] + left,
        share=1.0,
        epochs_left=left,
        seconds_per_epoch=row["seconds"],
        loss=row["loss"],
        val_loss=row["val_loss"],
        val_accuracy=row["val_accuracy"],
        images_per_second=row["images_per_second"],
        note=note,
    )


class _Watch:
    """Report about once a second; reading the loss more often would make a GPU wait."""

    def __init__(
        self,
        config: TrainConfig,
        films: int,
        history: History,
        report: Report,
        note: str,
    ) -> None:
        self._report, self._last, self._note = report, history[-1] if history else {}, note
        self._left = schedule.epochs_left(config, history)
        self._epoch = len(history) + 1
        self._films = steps_per_epoch(config, films) * config.batch_size
        self._started = self._reported = time.monotonic()

    def __call__(self, share: float, loss: Callable[[], float]) -> None:
        now = time.monotonic()
        # The last batch is reported with its validation, as a whole epoch.
        if now - self._reported < 1 or share >= 1:
            return
        self._reported = now
        passed = now - self._started
        self._report(
            Progress(
                epoch=self._epoch,
                epochs=self._epoch + self._left - 1,
                share=share,
                epochs_left=self._left - share,
                seconds_per_epoch=self._last.get("seconds", passed / share),
                loss=loss(),
                val_loss=self._last.get("val_loss"),
                val_accuracy=self._last.get("val_accuracy"),
                images_per_second=share * self._films / passed,
                note=self._note,
            )
        )
