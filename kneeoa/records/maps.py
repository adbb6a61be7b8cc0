"""The table of how far maps can be trusted: ``<results>/maps.csv``."""

from pathlib import Path

import pandas as pd

from kneeoa.errors import DataError
from kneeoa.files import read_table

FILE = "maps.csv"
CHECKS = ("deletion", "insertion", "shuffled")
NUMBERS = ("value", "low", "high", "films", "patients")
TEXTS = ("model", "check", "map")


def read(file: Path) -> pd.DataFrame:
    """Return the table, columns as `train.publish.maps` has them; refuse a damaged one."""
    table = read_table(file, (*TEXTS, *NUMBERS), numbers=NUMBERS, texts=TEXTS)
    if missing := set(CHECKS) - set(table["check"]):
        raise DataError(f"Expected {', '.join(CHECKS)} in {file}. {', '.join(missing)} is missing.")
    return table
