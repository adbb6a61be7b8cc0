"""What is done in another process or on another machine: a cycle, or a trial of a search."""

import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kneeoa.data.source import Source
from kneeoa.errors import KneeOAError
from kneeoa.files import replace_file
from train.config import TrainConfig
from train.run.progress import Progress, Report, write_progress

if TYPE_CHECKING:
    from train.study.cycles import Job


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


class StoppedError(KneeOAError):
    """The process that watches over the study asked a run to stop."""


def cycle_task(
    job: "Job", source: Source, predict: tuple[Path, ...], machine_options: dict
) -> Outcome:
    """Train one cycle on a machine of the cluster; a `KneeOAError` becomes its outcome."""
    from train import machine

    _end_in_order()
    try:
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
    """Train one trial of a tuning study on a machine of the cluster."""
    from train import machine

    _end_in_order()
    try:
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
