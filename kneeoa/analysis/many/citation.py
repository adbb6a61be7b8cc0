"""What to cite for a figure or table: the films and their split, the runs and their weights."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

import kneeoa
from kneeoa.analysis.selection import Selection
from kneeoa.networks import DISPLAY_NAME
from kneeoa.wording import counted, plain

TITLE = "Knee reading room: Kellgren-Lawrence grading by MobileNet and ResNet50, with Grad-CAM"
SPLITS = {"test": "test", "val": "validation"}


def citation(
    chosen: Selection,
    *,
    data: Mapping[str, Any],
    published: Mapping[str, str],
    published_splits: Sequence[str] = (),
    splits_of_data: Sequence[str] | None = None,
    runs: pd.DataFrame | None = None,
) -> str:
    """Return the text.

    Parameters
    ----------
    data : of a published card: ``author, year, name, doi, licence``
    published : name -> SHA-256 of the model file, of the published models that are shown
    published_splits : the hashes of the splits that these are of
    splits_of_data : the hashes of the splits that are known to be of `data`, None for all; a run of
        another split may be of any films, which no run records
    runs : rows of `Selection.finished` that are shown; by default all of them
    """
    runs = chosen.finished if runs is None else runs
    users: dict[str, list[str]] = {}
    for split_hash, trained in runs.groupby("split_hash", sort=True):
        users.setdefault(str(split_hash), []).append(counted(len(trained), "run"))
    for split_hash in published_splits:
        users.setdefault(str(split_hash), []).append("the published models")
    others = set() if splits_of_data is None else users.keys() - set(splits_of_data)
    lines = [f"{TITLE}. Version {kneeoa.__version__}.", "", "Films"]
    if len(others) < len(users) or not users:
        source = {name: plain(str(data.get(name, "")), 300) for name in _DATA}
        doi = f"doi {source['doi']}. " if source["doi"] else ""
        lines += [
            f"  {source['author']} ({source['year']}): {source['name']}.",
            f"  {doi}{source['licence']}.",
        ]
    lines += [
        f"  Those of the split {plain(name, 80)}: name them here. No run says which they are, and"
        " no published model is of that split."
        for name in sorted(others)
    ]
    lines += [
        f"  Figures are of the {SPLITS[chosen.split]} films.",
        "",
        "Split of the films (SHA-256 of who is in which part)",
    ]
    lines += [f"  {plain(name, 80)}  {', '.join(names)}" for name, names in users.items()]
    lines += ["", "Runs (folder, SHA-256 of the weights)"]
    if runs.empty:
        lines.append("  no training run is shown")
    elif chosen.study is not None and runs["label"].isin(chosen.runs["label"]).all():
        lines.append(f"  of the study {plain(chosen.study.record.study_id, 200)}")
    for run in runs.to_dict("records"):
        lines.append(f"  {plain(str(run['label']), 300)}  {plain(str(run['model_sha256']), 80)}")
    if published:
        lines += ["", "Published models (SHA-256 of the file)"]
        for name, digest in published.items():
            lines.append(f"  {DISPLAY_NAME.get(name, name)}  {digest}")
    return "\n".join(lines) + "\n"


_DATA = ("author", "year", "name", "doi", "licence")
