"""What a data set holds, as text for the command line."""

import pandas as pd

from kneeoa.data.dataset import Dataset
from kneeoa.data.listing import SPLITS
from kneeoa.grades import GRADES

_SHOWN = 10
"""Unreadable files that are named before they are counted."""


def report(dataset: Dataset) -> str:
    """Return what was found: films, patients and sides by split and grade, and what is wrong."""
    table = dataset.table
    sides = table["side"].value_counts()
    unknown = sides.get("", 0)
    lines = [
        f"{len(table):,} films of {table['patient_id'].nunique():,} patients in {dataset.folder}: "
        f"{sides.get('L', 0):,} left, {sides.get('R', 0):,} right"
        + (f", {unknown:,} of unknown side" if unknown else ""),
        f"Split: {dataset.split_from}",
        f"Split hash: {dataset.split_hash}",
        "",
        *_counted(table),
    ]
    if dataset.unreadable:
        lines += ["", f"Unreadable, left out: {len(dataset.unreadable)}"]
        named = list(dataset.unreadable.items())[:_SHOWN]
        lines += [f"  {file}: {reason}" for file, reason in named]
        if len(dataset.unreadable) > _SHOWN:
            lines.append(f"  and {len(dataset.unreadable) - _SHOWN} more")
    for title, sentences in (
        ("Ignored", dataset.ignored),
        ("Note", dataset.warnings),
        ("Not to be trained on", dataset.problems),
    ):
        if sentences:
            lines += ["", *(f"{title}: {sentence}" for sentence in sentences)]
    return "\n".join(lines)


def _counted(table: pd.DataFrame) -> list[str]:
    """Return one line per split, and one for all, each count with its share of the column."""
    width = 14
    heads = ["", *(grade.label for grade in GRADES), "films", "patients", "left", "right"]
    lines = ["".join(f"{head:>{width}}" if head else f"{'':<6}" for head in heads)]
    whole = _counts(table)
    for name in (*SPLITS, "all"):
        rows = table if name == "all" else table[table["split"] == name]
        cells = []
        for count, total in zip(_counts(rows), whole, strict=True):
            share = f" ({100 * count / total:4.1f}%)" if total and name != "all" else ""
            cells.append(f"{f'{count:,}{share}':>{width}}")
        lines.append(f"{name:<6}{''.join(cells)}".rstrip())
    return lines


def _counts(rows: pd.DataFrame) -> list[int]:
    """Return the films of each grade, all films, patients, left and right knees."""
    return [
        *((rows["grade"] == int(grade)).sum() for grade in GRADES),
        len(rows),
        rows["patient_id"].nunique(),
        *((rows["side"] == side).sum() for side in ("L", "R")),
    ]
