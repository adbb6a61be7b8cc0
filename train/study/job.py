"""A cycle that is to be trained, and how it ended, without anything that imports Keras.

Another process takes it out of its wrapping before it has chosen its device, which Keras never
forgets: see `train.machine.prepare`.
"""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from kneeoa.errors import KneeOAError
from kneeoa.files import replace_file
from kneeoa.networks import Architecture
from kneeoa.terminal import sentence_of
from train.config import TrainConfig
from train.run.naming import run_id


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One cycle to train: everything but the films and the machine.

    `keep` says of its weights: ``all`` keeps them, ``none`` does not, and with ``best`` they go
    where another cycle of the study is better (`cycles.apply_keep`). `alike` is the folder of the
    study whose runs are to be made alike (`study.alike`), or None.
    """

    run_id: str
    config: TrainConfig
    results: Path
    split_hash: str
    keep: str
    alike: Path | None = None

    @property
    def unfinished(self) -> Path:
        """Where its state lies until it is finished."""
        return self.results / "unfinished" / self.run_id

    @property
    def lock(self) -> Path:
        """What the process holds that trains it."""
        return self.results / "unfinished" / f"{self.run_id}.lock"

    @property
    def is_finished(self) -> bool:
        """Whether its run folder is there."""
        return (self.results / "runs" / self.run_id).exists()

    def clear(self) -> None:
        """Remove what a finished run needs no more; a kill may have left some of it."""
        shutil.rmtree(self.unfinished, ignore_errors=True)
        for file in (self.lock, _trace(self.results, self.run_id)):
            file.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task ended: ``finished``, ``failed`` or ``pruned``; or ``waiting``, as it begins anew.

    `losses` is the validation loss of each epoch of a finished trial; `sentence` says what failed,
    or worked in a rehearsal, and `trace` where, if it was a fault of the program.
    """

    state: str
    losses: tuple[float, ...] = ()
    sentence: str = ""
    trace: str = ""

    @classmethod
    def of(cls, error: Exception, trace: str) -> "Outcome":
        """Return how a task failed that `error` ended; `trace` is kept where nobody expected it."""
        if isinstance(error, KneeOAError):
            return cls("failed", sentence=str(error))
        if isinstance(error, MemoryError | OSError):
            return cls("failed", sentence=sentence_of(error, "train"), trace=trace)
        what = (str(error).strip().splitlines() or ["no more is known"])[0].rstrip(".")
        sentence = f"This is a fault of the program: {type(error).__name__}: {what}."
        return cls("failed", sentence=sentence, trace=trace)

    def kept(self, results_folder: Path, name: str) -> str:
        """Keep `trace` in the results' ``errors/<name>.txt``; return the sentence, which names it.

        One of an earlier try is removed.
        """
        file = _trace(results_folder, name)
        if not self.trace:
            file.unlink(missing_ok=True)
            return self.sentence
        try:
            replace_file(file, self.trace)
        except (OSError, KneeOAError):
            return self.sentence
        return f"{self.sentence} Where it was: {file}"


def _trace(results_folder: Path, name: str) -> Path:
    return results_folder / "errors" / f"{name}.txt"


def jobs_of(
    results: Path,
    configs: dict[Architecture, TrainConfig],
    cycles: int,
    split_hash: str,
    *,
    keep: str,
) -> list[Job]:
    """Return the cycles in the order in which they are trained: all networks seed by seed."""
    return [
        Job(run_id(config, split_hash), config, results, split_hash, keep)
        for seed in range(cycles)
        for config in (replace(config, seed=seed) for config in configs.values())
    ]
