"""A cycle that is to be trained, without anything that imports Keras.

Another process takes it out of its wrapping before it has chosen its device, which Keras never
forgets: see `train.machine.prepare`.
"""

from dataclasses import dataclass
from pathlib import Path

from train.config import TrainConfig


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One cycle to train: everything but the films and the machine.

    `keep` says of its weights: ``all`` keeps them, ``none`` does not, and with ``best`` they go
    where another cycle of the study is better (`cycles.apply_keep`).
    """

    run_id: str
    config: TrainConfig
    results: Path
    split_hash: str
    keep: str

    @property
    def unfinished(self) -> Path:
        """Where its state lies until it is finished."""
        return self.results / "unfinished" / self.run_id

    @property
    def is_finished(self) -> bool:
        """Whether its run folder is there."""
        return (self.results / "runs" / self.run_id).exists()
