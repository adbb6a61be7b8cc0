"""The tables of a study, and of what was tried, written and told; see `training`."""

import math
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from kneeoa.records import studies
from kneeoa.records.history import LEARNT_NOTHING, learnt_nothing

if TYPE_CHECKING:
    import pandas as pd

_WIDTH = 100


def note_missing_predictions(out: Path, run_ids: Iterable[str], ungraded: Iterable[str]) -> None:
    """Print how many cycles have no predictions of the folders `ungraded`."""
    runs, _ = studies.read_runs(out, run_ids)
    for name in ungraded:
        without = sum(name not in set(run.predictions["split"]) for run in runs)
        if without:
            print(
                f"Note: {without} cycles were finished before --predict {name} was asked for, and "
                "have no predictions of it. Remove their run folders to train them anew."
            )


def note_diverged(runs: Iterable[studies.Run]) -> None:
    """Print which of `runs` answer no better than by guessing."""
    for run in runs:
        if learnt_nothing([studies.validation_loss(run.predictions)]):
            print(f"Note: {run.record.run_id} {LEARNT_NOTHING}.")


def write(out: Path, study_id: str) -> None:
    """Write the tables of a study; print what they say, and what was left out of them."""
    from train.study.tables import write_tables

    folder, problems = write_tables(out, study_id)
    for problem in problems:
        print(f"Left out: {problem}")
    import pandas as pd

    for sentence in pd.read_csv(folder / "table1.csv")["sentence"]:
        print(sentence)
    print(f"Tables written to {folder}")


def of_tried(table: "pd.DataFrame") -> str:
    """Return the table of `kneeoa.records.tried` for a terminal: what was changed ends each line.

    In brackets stands the standard deviation over seeds, where there are several.
    """
    blocks = []
    for network, rows in table.groupby("network", sort=False):
        heads = ("seeds", "accuracy", "kappa", "error", "cross-entropy", "minutes")
        lines = [str(network), _columns(*heads) + "changed"]
        for row in rows.itertuples():
            numbers = _columns(
                f"{row.seeds}",
                f"{row.accuracy:.1%}{_spread(row.accuracy_sd, '.1%')}",
                f"{row.quadratic_kappa:.3f}",
                f"{row.mean_absolute_error:.3f}",
                f"{row.cross_entropy:.3f}{_spread(row.cross_entropy_sd, '.3f')}",
                f"{row.minutes:.0f}",
            )
            below = " " * len(numbers)
            lines.append(
                textwrap.fill(row.changed, _WIDTH, initial_indent=numbers, subsequent_indent=below)
            )
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _columns(*cells: str) -> str:
    widths = (5, 12, 6, 6, 13, 7)
    return "".join(f"{cell:<{width + 1}}" for cell, width in zip(cells, widths, strict=True))


def _spread(deviation: float, form: str) -> str:
    return "" if math.isnan(deviation) else f" ({deviation:{form}})"
