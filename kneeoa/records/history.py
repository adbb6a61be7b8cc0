"""How a run was trained, epoch by epoch, as its ``history.csv`` holds it."""

import csv
import io
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from kneeoa.errors import DataError
from kneeoa.files import read_text

COLUMNS = ("epoch", "stage", "trainable_from", "loss", "val_loss", "val_accuracy")
_TEXT = ("trainable_from",)
MOST_EPOCHS = 1_000_000
GUESSING = math.log(5)
"""The cross-entropy of who calls all five grades as likely, on any films."""
LEARNT_NOTHING = (
    f"learnt nothing: its validation loss was never below {GUESSING:.2f}, that of guessing"
)


def read(run_folder: Path) -> pd.DataFrame:
    """Return the epochs of a run; raise `DataError` when the file is damaged."""
    return pd.DataFrame(rows(run_folder))


def learnt_nothing(val_losses: Iterable[float]) -> bool:
    """Return whether no epoch did better than guessing: a training that diverged, mostly."""
    return not any(loss < GUESSING for loss in val_losses)


def rows(run_folder: Path) -> list[dict[str, Any]]:
    """Return the epochs of a run, one dict each; raise `DataError` when the file is damaged.

    Not by pandas, which takes ten times as long for so small a file.
    """
    file = run_folder / "history.csv"
    try:
        text = read_text(file)
        lines = csv.DictReader(io.StringIO(text), restval=None)
        missing = [name for name in COLUMNS if name not in (lines.fieldnames or ())]
        if missing:
            raise DataError(
                f"Expected the columns {', '.join(missing)} in {file}. They are missing."
            )
        epochs = [
            {name: value if name in _TEXT else _number(name, value) for name, value in line.items()}
            for line in lines
        ]
    except OSError as error:
        raise DataError(f"Expected the epochs of a run. {file}: {error.strerror}.") from None
    except (ValueError, TypeError):
        raise DataError(f"Expected whole epochs in {file}. It is damaged or cut off.") from None
    if not epochs or not text.endswith("\n"):
        raise DataError(f"Expected whole epochs in {file}. It is empty or cut off.")
    return epochs


def _number(name: str, text: str) -> float:
    if name not in ("epoch", "stage"):
        # A metric of too few films is no number; of one that every run has, it is a fault.
        return float(text) if text or name in COLUMNS else math.nan
    count = int(text)
    if not 0 <= count <= MOST_EPOCHS:
        raise ValueError("more than any run has")
    return count
