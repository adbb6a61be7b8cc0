"""What runs are called: network, preset, seed and what was changed, instead of a hash alone.

A recipe is everything but the seed. What was changed is named from the commonest recipe of the same
network and preset, runs of a study first: from what most runs have in common.
"""

import json
from collections import Counter
from typing import Any

import pandas as pd

from kneeoa.analysis.selection import run_labels
from kneeoa.networks import DISPLAY_NAME
from kneeoa.records import tried
from kneeoa.records.archive import Archive
from kneeoa.wording import plain

MOST_NAMED = 2
"""So many changed settings stand in a name; the rest are counted."""
MOST_CHARACTERS = 36
"""So much of a setting stands in a name."""
COLUMNS = ["name", "recipe", "changed"]


def run_names(archive: Archive) -> pd.DataFrame:
    """Return what each run of an archive is called, by its label (`selection.run_labels`).

    Columns ``name``, unique: ``MobileNet, reference, seed 0, noise 0, rotation 8 and 3 more``;
    ``recipe``: network, preset and all that was changed, the films' split included, the same for
    runs that differ by their seed alone; ``changed``: that alone, empty where nothing was. Of a run
    without a record, what its study says.
    """
    labels = run_labels(archive) if len(archive.runs) else []
    bases, split = _bases(archive)
    rows = []
    for label, run in zip(labels, archive.runs.to_dict("records"), strict=True):
        if pd.isna(run["architecture"]):
            rows.append({"name": label, "recipe": label, "changed": ""})
            continue
        record = archive.records.get((run["folder"], run["run_id"]))
        key = (run["architecture"], run["preset"])
        changes = tried.difference(tried.config_of(record), bases[key]) if record else ""
        changed = plain(changes, 2000)
        if record and record.split_hash != split:
            # Runs on other films have no mean in common, whatever else is the same.
            changed = ", ".join(filter(None, [f"split {plain(record.split_hash[:8])}", changed]))
        parts = [DISPLAY_NAME.get(run["architecture"], run["architecture"])]
        parts += [str(run["preset"])] if not pd.isna(run["preset"]) else []
        seed = [] if pd.isna(run["seed"]) else [f"seed {int(run['seed'])}"]
        rows.append(
            {
                "name": ", ".join([*parts, *seed, *shortened(changed)]),
                "recipe": ", ".join([*parts, changed] if changed else parts),
                "changed": changed,
            }
        )
    table = pd.DataFrame(rows, index=pd.Index(labels, dtype=object), columns=COLUMNS)
    twice = table["name"].duplicated(keep=False)
    for label in table.index[twice]:
        table.loc[label, "name"] += f" ({label.rsplit('-', 1)[-1]})"
    for label in table.index[table["name"].duplicated(keep=False)]:
        table.loc[label, "name"] += f" in {label}"
    return table


def shortened(changed: str) -> list[str]:
    """Return the first changed settings, each cut short, and how many more there are."""
    settings = [setting for setting in changed.split(", ") if setting]
    named = [
        setting if len(setting) <= MOST_CHARACTERS else setting[: MOST_CHARACTERS - 1] + "…"
        for setting in settings[:MOST_NAMED]
    ]
    more = len(settings) - len(named)
    if more:
        named[-1] += f" and {more} more"
    return named


def _bases(archive: Archive) -> tuple[dict[tuple[str, str], dict[str, Any]], str]:
    """Return the config that most runs of a network and preset have, those of a study first.

    And the hash of the split that most runs have.
    """
    splits: Counter = Counter()
    recipe_counts: dict[tuple, Counter] = {}
    configs = {}
    for run in archive.runs.to_dict("records"):
        if (record := archive.records.get((run["folder"], run["run_id"]))) is None:
            continue
        recipe = {name: value for name, value in record.config.items() if name != "seed"}
        key = json.dumps(recipe, sort_keys=True, default=str)
        configs[key] = record.config
        times = recipe_counts.setdefault((run["architecture"], run["preset"]), Counter())
        # Any run of a study weighs more than all runs beside it.
        weight = len(archive.runs) if run["studies"] else 1
        times[key] += weight
        splits[record.split_hash] += weight
    bases = {key: configs[times.most_common(1)[0][0]] for key, times in recipe_counts.items()}
    return bases, splits.most_common(1)[0][0] if splits else ""
