"""What is done in another process or on another machine: a cycle, or a trial of a search."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from kneeoa.data.source import Source
from kneeoa.errors import KneeOAError
from train.config import TrainConfig
from train.gpu import gpu_fault
from train.run.progress import Progress, Report, read_progress, write_progress
from train.study.job import Job, Outcome

_BEGUN = "begun"

PAUSE = 15.0
"""Seconds before a task whose GPU failed begins anew: others that shared it end meanwhile."""

RETRIES = 5
"""How often a task is begun again without having come to another epoch meanwhile."""

SILENCE = 600.0
"""Seconds without a sign of life after which a task on a GPU hangs: an epoch takes some seconds."""

REHEARSAL_SILENCE = 300.0
"""The same of a rehearsal, which takes less than a minute from one sign to the next."""


class GPULostError(Exception):
    """A GPU failed, or was gone; the task can begin anew, from its last finished epoch."""


class Task:
    """A task on a cluster, and what was last heard of it.

    Attributes
    ----------
    reference : Ray's, of the present try
    why_ended : why it was ended from here, or empty
    """

    def __init__(
        self,
        begin: Callable[[], Any],
        folder: Path,
        *,
        retries: int | None = None,
        silence: float | None = None,
    ) -> None:
        """Begin it; `begin` returns Ray's reference, `folder` is where it leaves its progress.

        It may be begun again `retries` times, and give no sign of life for `silence` seconds.
        """
        self._retries = RETRIES if retries is None else retries
        self._silence = SILENCE if silence is None else silence
        self._begin, self._folder = begin, folder
        self._told, self._epoch, self._tries = read_progress(folder), 0, 0
        self._start()

    def _start(self) -> None:
        self.why_ended = ""
        self._sign = self._sign_of_life()
        self._alive_at: float | None = None
        self.reference = self._begin()

    def begin_anew(self, why: str) -> Outcome:
        """Begin it again; return that it waits, or that it failed where that is of no use."""
        progress = read_progress(self._folder)
        epoch = progress.epoch if progress else 0
        self._tries = self._tries + 1 if epoch == self._epoch else 1
        self._epoch = epoch
        if not self._retries:
            return Outcome("failed", sentence=why)
        if self._tries > self._retries:
            return Outcome("failed", sentence=f"{why} It was begun {self._tries} times, in vain.")
        self._start()
        return Outcome("waiting", sentence=f"{why} It begins anew, from its last finished epoch.")

    def hangs(self) -> bool:
        """Return whether it has begun, and then given no sign of life for too long; only once."""
        now, sign = time.monotonic(), self._sign_of_life()
        if sign != self._sign:
            self._sign, self._alive_at = sign, now
        hangs = self._alive_at is not None and now - self._alive_at > self._silence
        if not hangs or self.why_ended:
            return False
        self.why_ended = f"It hung: there was no sign of life for {self._silence / 60:g} minutes."
        return True

    def news(self) -> Progress | None:
        """Return how far it is, if that is not known yet; a try before it may have left some."""
        progress = read_progress(self._folder)
        if progress is None or progress == self._told:
            return None
        self._told = progress
        return progress

    def _sign_of_life(self) -> tuple[int, ...]:
        """Return when it began, and when it last left progress: both as its machine has it."""
        return tuple(
            file.stat().st_mtime_ns if file.exists() else 0
            for file in (self._folder / _BEGUN, self._folder / "progress.json")
        )


class StoppedError(KneeOAError):
    """The process that watches over the study asked a run to stop."""


def cycle_task(
    job: Job, source: Source, predict: tuple[Path, ...], machine_options: dict
) -> Outcome:
    """Train one cycle on a machine of the cluster; a `KneeOAError` becomes its outcome.

    Raises `GPULostError`, for the cluster to begin anew.
    """
    from train import machine

    _begin(job.unfinished)
    try:
        with _gpu_that_may_be_lost():
            prepared = machine.prepare(**machine_options)
            dataset, ungraded = source.read(), source.read_ungraded(predict)
            from train.study import cycles

            report = _reporter(job.unfinished)
            return cycles.finished(cycles.train_cycle(job, dataset, ungraded, prepared, report))
    except KneeOAError as error:
        return Outcome("failed", sentence=str(error))


def rehearsal_task(job: Job, source: Source, machine_options: dict) -> Outcome:
    """Try a cycle in small where `cycle_task` would train it; the outcome says where that was."""
    from train import machine

    _begin(job.unfinished)
    try:
        prepared = machine.prepare(**machine_options)
        dataset = source.read()
        (job.unfinished / _BEGUN).touch()  # another sign of life
        from train.study.rehearsal import in_small, taken_up

        small = in_small(job.config, dataset, prepared)
        sentence = taken_up(*small, prepared, _reporter(job.unfinished))
    except KneeOAError as error:
        return Outcome("failed", sentence=str(error))
    return Outcome("finished", sentence=f"{sentence}, in a process of its own on {prepared}")


def trained_trial(train: Callable[[], Any], folder: Path) -> Outcome:
    """Return how `train` ended, which fits a trial and goes on from its state in `folder`.

    Where that state is of no use it begins anew: the numbers are the same, and a trial that failed
    would never be tried again.
    """
    from train.run import checkpoint

    sentence = ""
    try:
        try:
            fitted = train()
        except checkpoint.UnusableStateError as error:
            sentence = f"{error} It was begun anew."
            checkpoint.forget(folder)
            fitted = train()
    except StoppedError:
        return Outcome("pruned", sentence=sentence)
    losses = tuple(row["val_loss"] for row in fitted.history)
    return Outcome("finished", losses, sentence=sentence)


def trial_task(
    config: TrainConfig,
    folder: Path,
    source: Source,
    split_hash: str,
    machine_options: dict,
    alike: Path | None = None,
) -> Outcome:
    """Train one trial of a tuning study, as `cycle_task` does a cycle."""
    from train import machine

    _begin(folder)
    try:
        with _gpu_that_may_be_lost():
            prepared = machine.prepare(**machine_options)
            dataset = source.read()
            from train.run.fit import fit
            from train.study.alike import expect as expect_alike
            from train.study.cycles import check_split

            check_split(dataset.split_hash, split_hash)
            if alike:
                expect_alike(alike, prepared.made_by)
            train, val = dataset.splits["train"], dataset.splits["val"]
            begun = partial(fit, config, train, val, folder=folder, machine=prepared)
            return trained_trial(partial(begun, report=_reporter(folder)), folder)
    except KneeOAError as error:
        return Outcome("failed", sentence=str(error))


def _begin(folder: Path) -> None:
    """Leave a sign of life; and have a task that is cancelled hear of it.

    It would not where Ctrl-C was ignored when Ray began.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _BEGUN).touch()
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def _gpu_that_may_be_lost() -> Iterator[None]:
    """Tell what a GPU did from what a task did: one of several that share it takes others along."""
    try:
        yield
    except Exception as error:
        fault = gpu_fault(error)
        if not fault:
            raise
        time.sleep(PAUSE)
        raise GPULostError(f"The GPU failed or was gone: {fault}") from error


def _reporter(folder: Path) -> Report:
    written = 0.0

    def report(progress: Progress) -> None:
        nonlocal written
        if (folder / "stop").exists():
            raise StoppedError("asked to stop")
        if progress.share == 1 or time.monotonic() - written > 2:
            written = time.monotonic()
            write_progress(folder, progress)

    return report
