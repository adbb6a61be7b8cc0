"""Train one network once: stages of gradual unfreezing, the best epoch by validation loss kept."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from kneeoa.data.arrays import Films
from kneeoa.errors import ConfigError, TrainingError
from kneeoa.graders import architectures
from kneeoa.metrics import agreement, calibration
from train.config import TrainConfig
from train.graph.trainer import averaged, build_trainer, unfreeze_from
from train.machine import Machine, backend, scope
from train.run import checkpoint, schedule
from train.run.batches import Shuffled, predict
from train.run.progress import Progress


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A trained network, float32, with the record of how it got there.

    `history` has one row per epoch; `best_epoch` counts from 1 over all stages.
    """

    network: keras.Model
    initialisation: architectures.Initialisation
    history: tuple[dict, ...]
    best_epoch: int
    stopped_because: str
    seconds: float


def fit(
    config: TrainConfig,
    train: Films,
    val: Films,
    *,
    folder: Path,
    machine: Machine | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Fitted:
    """Train the network that `config` describes, going on from what is in `folder`.

    `folder` holds the state after the last epoch (see `checkpoint`) and outlives the process; the
    caller removes it when the run is recorded. The weights kept are those of the epoch with the
    lowest validation loss, and each stage starts from the best so far. `report` is called about
    once a second; what it raises ends the run, which can be continued.

    Raises `TrainingError` when the loss is no longer a number, `DiskFullError` when there is no
    room for the state.
    """
    machine = machine or Machine()
    # The graphs of the run before, which a long study would pile up.
    keras.utils.clear_session()
    check_batch(config, len(train))
    state = checkpoint.read_state(folder)
    history = state.history if state else ()
    made_by = f"{backend()}, {machine.precision}"
    if state and state.made_by != made_by:
        raise TrainingError(
            f"Expected to go on with {folder.name} under {state.made_by}, as it was begun. "
            f"Received: {made_by}. Give --precision and KERAS_BACKEND as before, or remove "
            f"{folder} to begin anew."
        )
    with scope(machine):
        network = architectures.build(
            config.architecture, seed=config.seed, side=None, standardise=config.standardise
        )
        initialisation = architectures.initialise(network, config.init)
        network.jit_compile = machine.compile
        stage_number, trainer = None, None
        while (number := schedule.next_stage(config, history)) is not None:
            if number != stage_number:
                resumed = bool(history) and history[-1]["stage"] == number + 1
                if history and not resumed:
                    best = checkpoint.read_best(folder, schedule.best_epoch(history))
                    architectures.assign_all(network, best)
                fresh = initialisation.fresh_layers
                unfreeze_from(network, config.stages[number].from_layer, always=fresh)
                trainer = build_trainer(network, config, config.stages[number], machine, len(train))
                if resumed:
                    _restore(network, trainer, state)
                stage_number = number
            row = _train_epoch(trainer, config, train, history, number, report)
            weights = architectures.weight_arrays(network)
            kept = averaged(network, trainer)
            architectures.assign_all(network, kept)
            row |= _validate(network, val, row.pop("started"))
            architectures.assign_all(network, weights)
            for name in ("loss", "val_loss"):
                _expect_finite(row, name, config)
            history = (*history, row)
            _save(folder, weights, kept, trainer, history, made_by)
            report(_after_epoch(config, history))
    final = architectures.build(config.architecture, standardise=config.standardise)
    final.jit_compile = machine.compile
    best_epoch = schedule.best_epoch(history)
    architectures.assign_all(final, checkpoint.read_best(folder, best_epoch))
    return Fitted(
        final,
        initialisation,
        history,
        best_epoch,
        schedule.why_stopped(config, history),
        sum(row["seconds"] for row in history),
    )


def check_batch(config: TrainConfig, films: int) -> None:
    """Raise `ConfigError` when `films` do not fill a batch."""
    if config.batch_size > films:
        raise ConfigError(
            f"Expected batch_size to be at most the {films} training films. "
            f"Received: {config.batch_size}."
        )


def _train_epoch(trainer, config, train, history, stage_number, report):
    features = trainer.input["kept"].shape[-1]
    epoch = len(history)
    started = time.monotonic()
    watch = _Watch(config, history, report)
    batches = Shuffled(train, config, epoch, features)
    try:
        trainer.fit(
            batches,
            epochs=epoch + 1,
            initial_epoch=epoch,
            shuffle=False,
            callbacks=[watch],
            verbose=0,
        )
    except Exception as error:
        # The backends have no class of error in common for this.
        said = f"{type(error).__name__} {error}".upper()
        if not any(words in said for words in ("RESOURCE_EXHAUSTED", "OUT OF MEMORY")):
            raise
        raise TrainingError(
            f"A batch of {config.batch_size} does not fit into the memory of the device. Expected "
            "a smaller batch_size."
        ) from None
    seconds = time.monotonic() - started
    logs = {name: float(value) for name, value in watch.logs.items()}
    return {
        "epoch": epoch + 1,
        "stage": stage_number + 1,
        "trainable_from": config.stages[stage_number].from_layer,
        "learning_rate": float(np.asarray(trainer.optimizer.learning_rate)),
        "loss": logs["loss"],
        "accuracy": logs["accuracy"],
        "images_per_second": len(batches) * config.batch_size / seconds,
        "started": started,
    }


def _expect_finite(row, name, config):
    if not math.isfinite(row[name]):
        raise TrainingError(
            f"Expected a finite {name}. Received {row[name]} in epoch {row['epoch']} of "
            f"{config.architecture}, seed {config.seed}. A lower learning_rate usually helps."
        )


def _validate(network, val, started):
    probabilities = predict(network, val)
    predicted = probabilities.argmax(axis=1)
    return {
        "val_loss": calibration.cross_entropy(val.grades, probabilities),
        "val_accuracy": float((predicted == val.grades).mean()),
        "val_kappa": agreement.quadratic_kappa(val.grades, predicted),
        "seconds": time.monotonic() - started,
    }


def _save(folder, weights, kept, trainer, history, made_by):
    best = schedule.best_epoch(history)
    if best == len(history):
        checkpoint.write_best(folder, best, kept)
    optimizer = tuple(np.asarray(variable) for variable in trainer.optimizer.variables)
    checkpoint.write_state(folder, checkpoint.State(history, weights, optimizer, made_by))
    checkpoint.drop_old_best(folder, best)


def _restore(network, trainer, state):
    architectures.assign_all(network, state.weights)
    trainer.optimizer.build(trainer.trainable_variables)
    for variable, value in zip(trainer.optimizer.variables, state.optimizer, strict=True):
        variable.assign(value)


def _after_epoch(config, history):
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
    )


class _Watch(keras.callbacks.Callback):
    """Report about once a second; reading the loss more often would make a GPU wait."""

    def __init__(self, config, history, report):
        super().__init__()
        self._report, self._last = report, history[-1] if history else {}
        self._left = schedule.epochs_left(config, history)
        self._epoch = len(history) + 1
        self._batch_size = config.batch_size
        self.logs = {}

    def on_epoch_begin(self, epoch, logs=None):
        self._started = self._reported = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        now = time.monotonic()
        # The last batch is reported with its validation, as a whole epoch.
        if now - self._reported < 1 or batch + 1 >= self.params["steps"]:
            return
        self._reported = now
        done = (batch + 1) / self.params["steps"]
        speed = (batch + 1) * self._batch_size / (now - self._started)
        self._report(
            Progress(
                epoch=self._epoch,
                epochs=self._epoch + self._left - 1,
                share=done,
                epochs_left=self._left - done,
                seconds_per_epoch=self._last.get("seconds", (now - self._started) / done),
                loss=float(logs["loss"]),
                val_loss=self._last.get("val_loss"),
                val_accuracy=self._last.get("val_accuracy"),
                images_per_second=speed,
            )
        )

    def on_epoch_end(self, epoch, logs=None):
        self.logs = dict(logs)
