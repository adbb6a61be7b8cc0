"""Sets of runs that can be put side by side: a network, a recipe, single runs, published models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from kneeoa.analysis import selection
from kneeoa.analysis.selection import Selection
from kneeoa.networks import DISPLAY_NAME, TOGETHER, pair_of
from kneeoa.wording import counted

CHOSEN = "runs chosen one by one"
"""The key of the set whose runs a reader names."""


@dataclass(frozen=True, slots=True)
class RunSet:
    """A set: what it is called, and the labels of its runs (`selection.run_labels`).

    ``published`` names the published model that it is, which has no runs here.
    """

    name: str
    labels: tuple[str, ...] = ()
    published: str = ""


def run_sets(
    chosen: Selection, names: pd.DataFrame, published: Sequence[str] = ()
) -> dict[str, RunSet]:
    """Return the sets by a key that can stand in an address.

    First the networks among the finished runs of `chosen`, then the recipes of all finished runs of
    the archive, those with most runs first, then the `published` models.

    Parameters
    ----------
    names : `run_names.run_names` of the archive
    published : networks, and ``Both together``
    """
    sets: dict[str, RunSet] = {}
    study = chosen.study.record.study_id if chosen.study is not None else "all studies"
    for network in pair_of(chosen.finished["architecture"]):
        labels = chosen.finished.loc[chosen.finished["architecture"] == network, "label"]
        sets[f"network {network}"] = RunSet(
            f"{DISPLAY_NAME[network]}, {study} ({counted(len(labels), 'run')})", tuple(labels)
        )
    labels = selection.distinct(selection.finished_runs(chosen.archive))["label"]
    recipes = names.loc[list(labels)].groupby("recipe", sort=False)
    ordered = sorted(recipes.groups.items(), key=lambda item: -len(item[1]))
    for recipe, recipe_labels in ordered:
        sets[f"recipe {recipe}"] = RunSet(
            f"Recipe: {recipe} ({counted(len(recipe_labels), 'run')})", tuple(recipe_labels)
        )
    for name in published:
        model = TOGETHER if name == TOGETHER else DISPLAY_NAME[name]
        sets[f"published {name}"] = RunSet(f"{model}, as published", published=name)
    return sets


def films_python(run_set: RunSet, split: str, files: Mapping[str, str]) -> str:
    """Return the Python expression that gives the films of a set, in a notebook with ``found``.

    `files` are the paths of published predictions by network.
    """
    if run_set.published:
        return (
            "{'published': confusions.graded(results.read_predictions("
            f"Path({files[run_set.published]!r})), {split!r})}}"
        )
    return f"measuring.films_of(found, {list(run_set.labels)!r}, {split!r})"
