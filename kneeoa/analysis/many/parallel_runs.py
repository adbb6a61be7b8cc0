"""Runs with the settings in which they differ, beside what they gave on the validation films.

Test films choose nothing: whoever looks here for better settings looks at validation films.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from kneeoa.analysis.selection import Selection
from kneeoa.networks import DISPLAY_NAME
from kneeoa.wording import plain

OUTCOMES = {
    "accuracy": "Accuracy",
    "quadratic_kappa": "Kappa",
    "mean_absolute_error": "Mean error (grades)",
    "epochs": "Epochs",
    "minutes": "Minutes",
}
HIGHER_IS_BETTER = ("accuracy", "quadratic_kappa")
LONGEST_VALUE = 24
_ASIDE = ("preset", "mean_of", "architecture")
"""Nobody sets these by themselves; the network has a column of its own."""


def run_settings(chosen: Selection, observed: pd.DataFrame) -> pd.DataFrame:
    """Return one row a finished run: ``run, network``, settings that differ, and `OUTCOMES`.

    ``observed`` as from `measuring.observed`. The settings in which most runs are off the commonest
    value come first, the seed last; one that a run does not know is empty. The split of the films,
    by the first letters of its hash, is a setting, too.
    """
    runs = chosen.finished.set_index("label")
    configs = {
        label: record.config | {"split": record.split_hash[:8]}
        for label, row in runs.iterrows()
        for record in [chosen.archive.records[row.folder, row.run_id]]
    }
    on_val = observed[observed["split"] == "val"].set_index("run_id")
    table = pd.DataFrame(
        {"run": list(runs.index), "network": list(runs["architecture"].map(DISPLAY_NAME))},
        index=runs.index,
    )
    for name in _differing(configs):
        table[name] = pd.Series(
            {label: _value(config.get(name)) for label, config in configs.items()}, dtype=object
        )
    for name in OUTCOMES:
        source = on_val if name in on_val else runs
        table[name] = source[name].reindex(runs.index).astype(float)
    return table.infer_objects().reset_index(drop=True)


def settings_in(table: pd.DataFrame) -> list[str]:
    """Return the columns of `run_settings` that are settings."""
    return [name for name in table if name not in ("run", "network", *OUTCOMES)]


def _differing(configs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    # A setting that training writes has a plain name; what else stands in a file is not shown.
    names = {
        name
        for config in configs.values()
        for name in config
        if name not in _ASIDE and name.isidentifier()
    }
    off = {}
    for name in sorted(names):
        kinds = Counter(str(config.get(name)) for config in configs.values())
        off[name] = len(configs) - kinds.most_common(1)[0][1]
    # The seed is chance and no choice: it stands last, however many there are.
    return sorted(
        (name for name in names if off[name]), key=lambda name: (name == "seed", -off[name], name)
    )


def _value(value: Any) -> str | int | float | None:
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        text = " ".join(":".join(map(str, part.values())) for part in value)
    else:
        text = str(value) or "none"
    return plain(text, LONGEST_VALUE)
