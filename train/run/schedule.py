"""Where a run stands, as a function of its history alone; no Keras."""

from typing import Any

from train.config import TrainConfig

History = tuple[dict[str, Any], ...]
"""A row an epoch, as in ``history.csv``."""


def best_epoch(history: History) -> int:
    """Return the epoch (from 1) with the lowest validation loss, the earliest of equals."""
    losses = [row["val_loss"] for row in history]
    return 1 + losses.index(min(losses))


def next_stage(config: TrainConfig, history: History) -> int | None:
    """Return the stage (from 0) that the next epoch belongs to, or None when the run is over.

    A stage is over when its epochs are done, or when the lowest validation loss of the run is
    `config.patience` epochs old, counted within the stage.
    """
    if not history:
        return 0
    number = history[-1]["stage"] - 1
    if not _is_over(config, history, number):
        return number
    return number + 1 if number + 1 < len(config.stages) else None


def epochs_left(config: TrainConfig, history: History) -> int:
    """Return the most epochs that a run can still take."""
    stage = next_stage(config, history)
    if stage is None:
        return 0
    trained = sum(row["stage"] == stage + 1 for row in history)
    return sum(later.epochs for later in config.stages[stage:]) - trained


def why_stopped(config: TrainConfig, history: History) -> str:
    """Say why a finished run took no further epoch."""
    last = history[-1]["stage"]
    if sum(row["stage"] == last for row in history) == config.stages[-1].epochs:
        return "all epochs done"
    return f"validation loss did not improve for {config.patience} epochs"


def _is_over(config: TrainConfig, history: History, number: int) -> bool:
    rows = [row for row in history if row["stage"] == number + 1]
    if len(rows) >= config.stages[number].epochs:
        return True
    return min(len(rows), len(history) - best_epoch(history)) >= config.patience
