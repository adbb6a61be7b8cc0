"""The table of how good the proposed joint space widths are: ``<results>/joint_space.csv``.

The bounds stood here before the test films were measured: a width that does not keep them is not to
be shown as a number.
"""

from pathlib import Path

import pandas as pd

from kneeoa.errors import DataError
from kneeoa.files import read_table
from kneeoa.grades import GRADES

FILE = "joint_space.csv"
REPEATED, INTERVAL, GRADE, AGREEMENT = "repeatability", "interval", "grade", "agreement"
REFUSED, SIDES = "refused", "sides"
ALL_AT_ONCE = "shifted, turned, scaled and noisy"
NARROWER = "narrower compartment"
COMPARTMENTS = ("medial", "lateral")
NUMBERS = ("value", "low", "high", "films", "patients", "at_least", "at_most")
TEXTS = ("check", "what")
COLUMNS = (*TEXTS, *NUMBERS)

AT_MOST = {
    **{(REPEATED, f"{name}, {ALL_AT_ONCE}"): 0.012 for name in COMPARTMENTS},
    (GRADE, f"{NARROWER}, rank correlation with KL"): -0.40,
    **{(AGREEMENT, f"{name}, mean difference"): 0.010 for name in COMPARTMENTS},
    **{(AGREEMENT, f"{name}, half of the 95% limits"): 0.020 for name in COMPARTMENTS},
    (REFUSED, "knees without any width"): 0.15,
}
"""Largest values that are good enough, by check and what: widths in tibial widths."""
AT_LEAST = {
    (INTERVAL, "copies inside the interval"): 0.90,
    (GRADE, f"{NARROWER}, smallest step of its medians from KL 1 to KL 4"): 0.0,
    **{(AGREEMENT, f"{name}, mean difference"): -0.010 for name in COMPARTMENTS},
}
"""Smallest values that are good enough."""


DESCRIBED = (
    (REFUSED, "copies of what was measured"),
    *((GRADE, f"{NARROWER}, median at {grade.label}") for grade in GRADES),
    *((REFUSED, f"{name} widths") for name in COMPARTMENTS),
    (REFUSED, "medial widths at KL 4"),
)
"""Lines without a bound that are told, too."""


def read(file: Path) -> pd.DataFrame:
    """Return the table, columns as `train.publish.joint_space` has them; refuse a damaged one."""
    table = read_table(file, COLUMNS, numbers=NUMBERS, texts=TEXTS)
    lines = list(zip(table["check"], table["what"], strict=True))
    if missing := {*AT_MOST, *AT_LEAST, *DESCRIBED} - set(lines):
        check, what = min(missing)
        raise DataError(f"Expected a line '{check}: {what}' in {file}. It is missing.")
    if len(set(lines)) < len(lines):
        raise DataError(f"Expected every line of {file} once. Some stand there twice.")
    return table


def broken(table: pd.DataFrame) -> list[str]:
    """Return the lines whose value does not keep its bound, as ``check: what``.

    A bound of the table itself counts as little as one that came by mail: those here are taken.
    """
    lines = []
    for row in table.itertuples():
        key = (row.check, row.what)
        low, high = AT_LEAST.get(key, float("-inf")), AT_MOST.get(key, float("inf"))
        # A line without a bound keeps it, whatever it says; one with a bound must be a number.
        if key in AT_LEAST.keys() | AT_MOST.keys() and not low <= row.value <= high:
            lines.append(f"{row.check}: {row.what}")
    return lines


def is_good(file: Path) -> bool:
    """Return whether `file` is there, sound, and keeps every bound: else no width is shown."""
    try:
        return not broken(read(file))
    except DataError:
        return False
