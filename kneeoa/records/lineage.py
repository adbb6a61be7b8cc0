"""Which films a results folder stands on: ``<results>/splits/<hash>.csv`` and ``.json``.

Written when training begins, so that a reader without the films can check that no patient and no
image stands in two splits, and that the runs were trained on this split.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd

from kneeoa.data.arrays import Films
from kneeoa.data.dataset import Dataset, split_hash_of
from kneeoa.errors import DataError
from kneeoa.files import read_table, read_text, replace_file, sound
from kneeoa.grades import GRADES
from kneeoa.records.results import RunRecord
from kneeoa.spreadsheet import csv_text
from kneeoa.wording import counted

COLUMNS = ("image_id", "patient_id", "side", "grade", "split", "pixels")
"""``pixels`` is the SHA-256 of the decoded image; no path and no image is kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Lineage:
    """Who is where, and what was left out.

    ``facts`` holds ``split_from, ignored, unreadable, warnings`` in words.
    """

    split_hash: str
    table: pd.DataFrame
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked, in a sentence, and whether it holds."""

    holds: bool
    sentence: str


def write(results_folder: Path, dataset: Dataset) -> None:
    """Write the split of `dataset`, or raise `DataError` as `check` does where it is there."""
    file = _file(results_folder, dataset.split_hash)
    if file.exists():
        check(results_folder, dataset.split_hash, dataset.table)
        return
    replace_file(file.with_suffix(".json"), json.dumps(facts_of(dataset), indent=2) + "\n")
    replace_file(file, csv_text(dataset.table[list(COLUMNS)]))


def facts_of(dataset: Dataset) -> dict[str, Any]:
    """Return what there is to know of a data set beside its films, as `Lineage` has it."""
    return {
        "split_from": dataset.split_from,
        "ignored": list(dataset.ignored),
        "unreadable": dataset.unreadable,
        "warnings": list(dataset.warnings),
    }


def read(results_folder: Path, split_hash: str) -> Lineage | None:
    """Return the split that `split_hash` names, or None where it was not kept.

    Raises `DataError` when the file is damaged.
    """
    file = _file(results_folder, split_hash)
    if not file.exists():
        return None
    texts = ("image_id", "patient_id", "side", "split", "pixels")
    table = read_table(file, COLUMNS, numbers=("grade",), texts=texts)
    table["side"] = table["side"].fillna("")
    is_whole = table[list(COLUMNS)].notna().all(axis=None)
    if table.empty or not is_whole or not set(table["grade"]) <= set(GRADES):
        raise DataError(
            f"Expected a line a film in {file}, each with a name, a patient, a KL grade from 0 to "
            "4, a split and its pixels. Found otherwise: the file is damaged or was edited."
        )
    return Lineage(split_hash, table, _facts(file.with_suffix(".json")))


def check(results_folder: Path, split_hash: str, table: pd.DataFrame) -> None:
    """Raise `DataError` unless a split that was kept holds the films in `table`.

    The hash of a split, and so the names of runs, know who is where with which grade; here are
    compared the pixels of each film, and whose it is. `table` has the columns ``image_id,
    patient_id, pixels``. Where no split was kept, there is nothing to compare with.
    """
    kept = read(results_folder, split_hash)
    if kept is None:
        return
    both = kept.table.merge(table, on="image_id", how="left", suffixes=("", "_now"))
    told = {
        "pixels": "another image under the same name (changed, or framed otherwise than then)",
        "patient_id": "another patient under the same name",
    }
    for column, what in told.items():
        others = both[both[column] != both[f"{column}_now"]]
        if len(others):
            raise DataError(
                f"Expected the films that the results in {results_folder} stand on. Of "
                f"{len(both):,} films {len(others):,} have {what}, for example "
                f"{others['image_id'].iloc[0]}. Give the films as they were, or another folder "
                "for results."
            )


def of_films(splits: Mapping[str, Films]) -> pd.DataFrame:
    """Return the films of some splits as `check` compares them."""
    return pd.DataFrame(
        [
            (image_id, patient_id, hashlib.sha256(image.tobytes()).hexdigest())
            for films in splits.values()
            for image_id, patient_id, image in zip(
                films.image_ids, films.patient_ids, films.images, strict=True
            )
        ],
        columns=["image_id", "patient_id", "pixels"],
    )


def checks(lineage: Lineage) -> list[Check]:
    """Return what was checked of a split: its hash, its patients, its images."""
    table = lineage.table
    digest = split_hash_of(table)
    made = [
        Check(
            digest == lineage.split_hash,
            f"The hash of who is where is {digest[:16]}..., "
            + ("as in the runs." if digest == lineage.split_hash else "not that of the runs."),
        )
    ]
    kinds = (("patient_id", "patient", "by its id"), ("pixels", "image", "pixel by pixel"))
    for column, noun, how in kinds:
        members = {name: set(rows[column]) for name, rows in table.groupby("split")}
        shared = {
            f"{first} and {second}": sorted(members[first] & members[second])
            for first, second in combinations(members, 2)
        }
        straddling = {pair: names for pair, names in shared.items() if names}
        count = len(set(table[column]))
        if straddling:
            where = "; ".join(
                f"{len(names)} in {pair}, for example {names[0][:16]}"
                for pair, names in straddling.items()
            )
            made.append(Check(False, f"Of {count:,} {noun}s some stand in two splits: {where}."))
        else:
            made.append(
                Check(True, f"None of {count:,} {noun}s stands in two splits, compared {how}.")
            )
    repeated = table.loc[table["image_id"].duplicated(), "image_id"].nunique()
    are = "is" if repeated == 1 else "are"
    made.append(
        Check(False, f"{counted(repeated, 'name')} {are} given to more than one film.")
        if repeated
        else Check(True, f"Every one of {len(table):,} films has a name of its own.")
    )
    return made


def counts(table: pd.DataFrame) -> pd.DataFrame:
    """Return films per split and grade, with films, patients, left and right knees."""
    rows = []
    for name in dict.fromkeys(table["split"]):
        films = table[table["split"] == name]
        grades = films["grade"].value_counts()
        rows.append(
            {"split": name}
            | {f"KL {grade}": int(grades.get(grade, 0)) for grade in range(5)}
            | {
                "films": len(films),
                "patients": films["patient_id"].nunique(),
                "left": int((films["side"] == "L").sum()),
                "right": int((films["side"] == "R").sum()),
            }
        )
    return pd.DataFrame(rows)


def recorded_counts(record: RunRecord) -> pd.DataFrame:
    """Return films per split and grade as a run's own record has them, where no more was kept."""
    return pd.DataFrame(
        [
            {"split": split} | {f"KL {grade}": by_grade.get(str(grade), 0) for grade in range(5)}
            for split, by_grade in record.counts.items()
        ]
    )


def _file(results_folder: Path, split_hash: str) -> Path:
    if not split_hash.isalnum():
        raise DataError(f"Expected the hash of a split. Received: {split_hash!r}.")
    return results_folder / "splits" / f"{split_hash[:16]}.csv"


def _facts(file: Path) -> dict[str, Any]:
    try:
        content = sound(json.loads(read_text(file)))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict):
        return {}
    kinds = {"split_from": str, "ignored": list, "unreadable": dict, "warnings": list}
    # What another hand wrote there must not stop the page.
    return {name: fact for name, fact in content.items() if isinstance(fact, kinds.get(name, ()))}
