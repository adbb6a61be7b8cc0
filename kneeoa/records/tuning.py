"""What a search for settings tried: the trials, importance and best one of a tuning study."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import msgspec
import pandas as pd

from kneeoa.errors import DataError
from kneeoa.files import converted, read_table, read_text, sound
from kneeoa.wording import counted

TRIAL_COLUMNS = ("trial", "state", "val_loss", "epochs", "seconds")


class Best(TypedDict):
    """The best trial."""

    trial: int
    val_loss: float
    params: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """A search so far.

    Attributes
    ----------
    trials : one row per trial in `TRIAL_COLUMNS` and a column per setting; ``state`` is complete,
        pruned, fail or running
    importance : ``setting, importance`` (shares of the variance, fANOVA); empty with few trials
    best : the best trial (``trial, val_loss, params``), or None before one is complete
    """

    trials: pd.DataFrame
    importance: pd.DataFrame
    best: Best | None

    def sentence(self) -> str:
        """Return the search in a sentence."""
        states = self.trials["state"].value_counts()
        counts = ", ".join(f"{count} {state}" for state, count in states.items())
        sentence = f"{counted(len(self.trials), 'trial')} ({counts})."
        if self.best is None:
            return f"{sentence} None is complete yet."
        params = ", ".join(f"{k} {_short(v)}" for k, v in self.best["params"].items())
        return (
            f"{sentence} Best is trial {self.best['trial']}, validation loss "
            f"{self.best['val_loss']:.3f}: {params}."
        )


def settings_of(trials: pd.DataFrame) -> list[str]:
    """Return the columns of the settings that were searched."""
    return [name for name in trials if name not in TRIAL_COLUMNS]


def read(folder: Path) -> Search:
    """Read what a search left in its study's `folder`; refuse damaged files by name."""
    numbers = ("trial", "val_loss")
    trials = read_table(folder / "trials.csv", TRIAL_COLUMNS, numbers=numbers)
    importance = pd.DataFrame(columns=["setting", "importance"])
    if (folder / "importance.csv").exists():
        importance = read_table(
            folder / "importance.csv", ("setting", "importance"), numbers=("importance",)
        )
    return Search(trials, importance, _read_best(folder / "best.json"))


def _read_best(file: Path) -> Best | None:
    if not file.exists():
        return None
    try:
        content = sound(json.loads(read_text(file)))
        return converted({name: content[name] for name in ("trial", "val_loss", "params")}, Best)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, msgspec.ValidationError):
        raise DataError(f"Expected the best trial in {file}. The file is damaged.") from None


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else f"{value}"
