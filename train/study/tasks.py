"""What is done in another process or on another machine: a cycle, or a trial of a search."""

import contextlib
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kneeoa.data.source import Source
from kneeoa.errors import KneeOAError
from kneeoa.files import replace_file
from train.config import TrainConfig
from train.machine import NoGPUError
from train.run.progress import Progress, Report, read_progress, write_progress

if TYPE_CHECKING:
    from train.study.cycles import Job


PAUSE = 15.0
"""Seconds before a task whose GPU failed begins anew: others that shared it end meanwhile."""

_OF_THE_GPU = re.compile("CUDA error|cuDNN error|CUDA driver")


class GPULostError(Exception):
    """A GPU failed, or was gone; the task can begin anew, from its last finished epoch."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task ended: ``finished``, ``failed`` or ``pruned``.

    `losses` is the validation loss of each epoch of a finished trial; `sentence` says what failed,
    and `trace` where, if it was a fault of the program.
    """

    state: str
    losses: tuple[float, ...] = ()
    sentence: str = ""
    trace: str = ""

    def kept(self, results_folder: Path, name: str) -> str:
        """Keep `trace` in the results' ``errors/<name>.txt``; return the sentence, which names it.

        One of an earlier try is removed where this one is finished.
        """
        file = results_folder / "errors" / f"{name}.txt"
        if self.state == "finished":
            file.unlink(missing_ok=True)
        if not self.trace:
            return self.sentence
        replace_file(file, self.trace)
        return f"{self.sentence} Where it was: {file}"


@dataclass(eq=False, slots=True)
class Task:
    """A task on a cluster, and what was last heard of it.

    Attributes
    ----------
    begin : begins it, and returns Ray's reference
    folder : where it leaves its progress
    heard : when the last news came, or None before any
    silenced : how often it was ended because it hung; it `is_ending` until its process is gone
    """

    begin: Callable[[], Any]
    folder: Path
    reference: Any
    progress: Progress | None
    heard: float | None = None
    silenced: int = 0
    is_ending: bool = False

    def begin_anew(self) -> None:
        """Begin it once more; nothing was heard of it yet."""
        self.reference, self.heard, self.is_ending = self.begin(), None, False

    def hangs(self, silence: float) -> bool:
        """Return whether it has said something, and then nothing for `silence` seconds."""
        now = time.monotonic()
        return self.heard is not None and now - self.heard > silence and not self.is_ending

    def news(self) -> Progress | None:
        """Return how far it is, if that is not known yet; a task before it may have left some."""
        progress = read_progress(self.folder)
        if progress is None or progress == self.progress:
            return None
        self.progress, self.heard = progress, time.monotonic()
        return progress


class StoppedError(KneeOAError):
    """The process that watches over the study asked a run to stop."""


def cycle_task(
    job: "Job", source: Source, predict: tuple[Path, ...], machine_options: dict
) -> Outcome:
    """Train one cycle on a machine of the cluster; a `KneeOAError` becomes its outcome.

    Raises `GPULostError`, for the cluster to begin anew.
    """
    from train import machine

    _end_in_order()
    try:
        with _gpu_that_may_be_lost():
            prepared = machine.prepare(**machine_options)
            dataset, ungraded = source.read(), source.read_ungraded(predict)
            from train.study import cycles

            cycles.train_cycle(job, dataset, ungraded, prepared, _reporter(job.unfinished))
    except KneeOAError as error:
        return Outcome("failed", sentence=str(error))
    return Outcome("finished")


def trial_task(
    config: TrainConfig, folder: Path, source: Source, split_hash: str, machine_options: dict
) -> Outcome:
    """Train one trial of a tuning study, as `cycle_task` does a cycle."""
    from train import machine

    _end_in_order()
    try:
        with _gpu_that_may_be_lost():
            prepared = machine.prepare(**machine_options)
            dataset = source.read()
            from train.run.fit import fit
            from train.study.cycles import check_split

            check_split(dataset.split_hash, split_hash)
            fitted = fit(
                config,
                dataset.splits["train"],
                dataset.splits["val"],
                folder=folder,
                machine=prepared,
                report=_reporter(folder),
            )
    except StoppedError:
        return Outcome("pruned")
    except KneeOAError as error:
        return Outcome("failed", sentence=str(error))
    return Outcome("finished", tuple(row["val_loss"] for row in fitted.history))


def _end_in_order() -> None:
    """Have a task that is cancelled hear of it, also where Ctrl-C was ignored when Ray began."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def _gpu_that_may_be_lost() -> Iterator[None]:
    """Tell what a GPU did from what a task did: one of several that share it takes others along."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, NoGPUError) and not _OF_THE_GPU.search(str(error)):
            raise
        time.sleep(PAUSE)
        what = (str(error).strip().splitlines() or [""])[0]
        raise GPULostError(f"The GPU failed or was gone: {what}") from error


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
