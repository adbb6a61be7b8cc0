"""The table of accuracy on changed films: ``<results>/robustness.csv``."""

from pathlib import Path

import pandas as pd

from kneeoa.errors import DataError
from kneeoa.files import read_table

FILE = "robustness.csv"
NUMBERS = ("step", "strength", "accuracy", "change_in_accuracy", "low", "high")
COLUMNS = ("model", "change", "unit", *NUMBERS, "same_grade", "knees", "patients")


def read(file: Path) -> pd.DataFrame:
    """Return the table, columns as `train.publish.robustness` has them; refuse a damaged one."""
    texts = ("model", "change", "unit")
    numbers = (*NUMBERS, "same_grade", "knees", "patients")
    table = read_table(file, COLUMNS, numbers=numbers, texts=texts)
    if not (table["step"] > 0).any():
        raise DataError(f"Expected changed films in {file}. There are none.")
    return table.assign(unit=table["unit"].fillna(""))
