"""What a single change of a recipe gave, in sentences that follow from ``tried.csv`` alone."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from kneeoa.analysis.findings import value_text
from kneeoa.records.tried import UNCHANGED
from kneeoa.wording import counted, plain

_OFF = ("none", "no", "0")
_NEEDED = ["seeds", "cross_entropy", "accuracy"]
LONGEST = 120
"""Letters of a changed setting; a recipe's stages may have many."""


def single_changes(table: pd.DataFrame) -> Iterator[str]:
    """Yield what each change of one setting alone gave, beside the network's recipe.

    ``table`` as from `records.tried.read`. Of several settings that were changed at once no figure
    tells which did it: such rows are left out, and so are those without a figure. Where the recipe
    has one seed its spread is not known, and is not named.
    """
    table = table.dropna(subset=_NEEDED)
    for network, rows in table.groupby("network", sort=False):
        recipe = rows[rows["changed"] == UNCHANGED]
        if len(recipe) != 1:
            continue
        base = recipe.to_dict("records")[0]
        for row in rows.to_dict("records"):
            if row["changed"] != UNCHANGED and ", " not in row["changed"]:
                yield _sentence(str(network), row, base)


def _sentence(network: str, row: dict[str, Any], base: dict[str, Any]) -> str:
    name, _, value = row["changed"].partition(" ")
    setting = name.replace("_", " ")
    change = f"without {setting}" if value in _OFF else f"with {setting} {value}"
    change = plain(change, LONGEST)
    entropy = row["cross_entropy"] - base["cross_entropy"]
    points = value_text("accuracy", row["accuracy"] - base["accuracy"], signed=True)
    return (
        f"{network} {change}: cross-entropy {row['cross_entropy']:.3f} instead of "
        f"{base['cross_entropy']:.3f} ({entropy:+.3f}), accuracy "
        f"{value_text('accuracy', row['accuracy'])} instead of "
        f"{value_text('accuracy', base['accuracy'])} ({points}). "
        f"{counted(int(row['seeds']), 'seed')} against the recipe's {int(base['seeds'])}"
        f"{_spread(base)}."
    )


def _spread(base: dict[str, Any]) -> str:
    if pd.isna(base["cross_entropy_sd"]) or pd.isna(base["accuracy_sd"]):
        return ""
    return (
        f", which differ among themselves by ± {base['cross_entropy_sd']:.3f} and "
        f"± {100 * base['accuracy_sd']:.1f} points"
    )
