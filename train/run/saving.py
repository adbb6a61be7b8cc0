"""The state of a run, written beside its training.

Writing takes seconds for a large network, and epochs on a fast GPU hardly more. So a thread writes
while training goes on: as soon as an epoch ends where epochs are long, and else so that writing
takes a tenth of the time. A process that is killed loses the epoch that it was in and those that
ended in the minute before, or the one whose state was being written; one that ends by an error or
by the user loses no finished epoch, unless the GPU itself fails: then as one that is killed. A GPU
hands over only what is going to be written: all that a ResNet50's training has to keep is 380 MB,
after epochs of seconds.
"""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from train.run import checkpoint, schedule
from train.run.checkpoint import State, Value

AT_RISK = 60.0
"""Seconds of finished epochs that may be lost; training waits for the disk beyond."""

APART = 30.0
"""Seconds between two states, at most."""

SHARE = 0.1
"""How much of the time may be spent on writing while less than that is at risk."""


def copies(variables: Iterable[tuple[str, keras.Variable]]) -> dict[str, Value]:
    """Return what each variable holds now, by name, copied where it lies."""
    ops = keras.ops
    return {name: ops.copy(ops.stop_gradient(variable.value)) for name, variable in variables}


class Saver:
    """A context manager: when it is left, the last finished epoch is written, if it can be had."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._clock = folder, clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="state")
        self._best: tuple[int, dict[str, Value]] | None = None
        self._best_written = 0
        self._pending: tuple[float, State] | None = None
        self._writing: Future | None = None
        self._kept = clock()
        """When the last epoch ended that is safe."""
        self._next = self._kept
        """When the next state may be written though little is at risk."""

    def __enter__(self) -> "Saver":
        """Begin."""
        checkpoint.drop_half_written(self._folder)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        """Write what is not yet written."""
        try:
            self._wait()
            while self._pending:
                self._begin(*self._pending)
                self._wait()
        except Exception:
            # What ended the run is what its user must hear.
            if kind is None:
                raise
        finally:
            self._thread.shutdown()

    def save(self, state: State, kept: dict[str, Value]) -> None:
        """Take the state after an epoch; `kept` are its weights as they were validated.

        Nothing may change the arrays from then on. Raises `DiskFullError` when there was no room
        for this state or for one before.
        """
        if schedule.best_epoch(state.history) == len(state.history):
            self._best = len(state.history), kept
        now = self._clock()
        self._pending = now, state
        at_risk = now - self._kept
        if self._writing and (self._writing.done() or at_risk > AT_RISK):
            self._wait()
            at_risk = now - self._kept
        if not self._writing and (at_risk >= APART or now >= self._next):
            self._begin(now, state)

    def best(self, epoch: int) -> dict[str, Value]:
        """Return the weights of the best `epoch` (from 1)."""
        if self._best and self._best[0] == epoch:
            return self._best[1]
        return checkpoint.read_best(self._folder, epoch)

    def _begin(self, ended: float, state: State) -> None:
        # Here and not beside: on a GPU every array would wait for the steps that are queued.
        weights, optimizer = _on_host(state.weights), tuple(map(_array, state.optimizer))
        best = self._best
        if best and best[0] != self._best_written:
            kept = weights if best[1] is state.weights else _on_host(best[1])
            best = self._best = best[0], kept
        state = replace(state, weights=weights, optimizer=optimizer)
        self._pending = None
        self._writing = self._thread.submit(self._write, ended, state, best)

    def _write(
        self, ended: float, state: checkpoint.State, best: tuple[int, dict[str, np.ndarray]] | None
    ) -> tuple[float, float]:
        began = self._clock()
        number = schedule.best_epoch(state.history)
        # The state names its best epoch, whose weights must be there first; those that a killed
        # process left may be of another try.
        if best and best[0] == number != self._best_written:
            checkpoint.write_best(self._folder, number, best[1])
            self._best_written = number
        checkpoint.write_state(self._folder, state)
        checkpoint.drop_old_best(self._folder, number)
        took = self._clock() - began
        return ended, began + min(APART, took / SHARE)

    def _wait(self) -> None:
        if self._writing:
            writing, self._writing = self._writing, None
            self._kept, self._next = writing.result()


def _on_host(values: dict[str, Value]) -> dict[str, np.ndarray]:
    return {name: _array(value) for name, value in values.items()}


def _array(value: Value) -> np.ndarray:
    return value if isinstance(value, np.ndarray) else keras.ops.convert_to_numpy(value)
