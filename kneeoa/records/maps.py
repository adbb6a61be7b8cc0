"""The table of how far maps can be trusted: ``<results>/maps.csv``."""

import re
from pathlib import Path

import pandas as pd

from kneeoa.errors import DataError
from kneeoa.files import read_table

FILE = "maps.csv"
DELETION, INSERTION, SHUFFLED = "deletion", "insertion", "shuffled"
OWN, ANOTHER = "Grad-CAM", "another film"
RANDOM, CENTRED = RIVALS = ("random", "centred")
_COMPARED = {OWN, *RIVALS, *(f"{OWN} - {name}" for name in RIVALS)}
LINES = {DELETION: _COMPARED, INSERTION: _COMPARED, SHUFFLED: {ANOTHER}}
"""The maps that each check has of every model; shuffled layers, some of them, besides."""
_LAYERS = re.compile("[1-9][0-9]{0,3} of [1-9][0-9]{0,3} layers")
NUMBERS = ("value", "low", "high", "films", "patients")
TEXTS = ("model", "check", "map")


def read(file: Path) -> pd.DataFrame:
    """Return the table, columns as `train.publish.maps` has them; refuse a damaged one."""
    table = read_table(file, (*TEXTS, *NUMBERS), numbers=NUMBERS, texts=TEXTS)
    if table.duplicated(list(TEXTS)).any():
        raise DataError(f"Expected every line of {file} once. Some stand there twice.")
    for _, rows in table.groupby("model", sort=False):
        of_check = rows.groupby("check")["map"].agg(set).to_dict()
        for check, names in LINES.items():
            if missing := names - of_check.get(check, set()):
                raise DataError(
                    f"Expected a line '{check}: {min(missing)}' of each model in {file}. "
                    "One lacks it."
                )
        layers = of_check[SHUFFLED] - {ANOTHER}
        if not layers or not all(map(_LAYERS.fullmatch, layers)):
            raise DataError(
                f"Expected lines '{SHUFFLED}: 1 of 28 layers' or the like of each model in {file}. "
                "There are none, or others."
            )
    if table.empty:
        raise DataError(f"Expected the checks of a model in {file}. There are none.")
    return table
