"""How far a run is, as it tells the process that watches over the study."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from kneeoa import files


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands.

    Attributes
    ----------
    epoch : the present one, from 1; `epochs` the most that there can be
    share : how much of the present epoch is done, in [0, 1]
    epochs_left : the most that are left, with the rest of the present one
    loss : training loss, mean over the present epoch so far
    val_loss, val_accuracy : of the last whole epoch
    note : a sentence for who watches, such as why training is slower than it could be
    """

    epoch: int
    epochs: int
    share: float
    epochs_left: float
    seconds_per_epoch: float | None = None
    loss: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    images_per_second: float | None = None
    note: str = ""


Report = Callable[[Progress], None]
"""Is told how far a run is."""


def write_progress(folder: Path, progress: Progress) -> None:
    """Leave `progress` where the process that watches over the study finds it."""
    files.replace_file(folder / "progress.json", json.dumps(asdict(progress)))


def read_progress(folder: Path) -> Progress | None:
    """Return what `write_progress` left, or None."""
    try:
        return Progress(**json.loads((folder / "progress.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
