"""What learns in a stage of a run, whatever computes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import keras

Watch = Callable[[float, Callable[[], float]], None]
"""Told after each step how much of the epoch is done, in (0, 1], and how to ask for the loss.

Asking makes a GPU wait.
"""


@dataclass(frozen=True, slots=True)
class Learned:
    """What an epoch was like: means over its steps, and the rate at its end."""

    loss: float
    accuracy: float
    learning_rate: float


class Learner(Protocol):
    """One stage of one run.

    `optimizer` holds what must be kept to go on; `note` is a sentence for who watches, or empty.
    """

    optimizer: keras.optimizers.Optimizer
    note: str

    def epoch(self, number: int, watch: Watch) -> Learned:
        """Train epoch `number` (from 0)."""

    def close(self) -> None:
        """Give back what another stage needs."""
