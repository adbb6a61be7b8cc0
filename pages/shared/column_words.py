"""The words for the columns of the tables on the research pages, in one place."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from kneeoa.analysis.anova import METRICS
from kneeoa.networks import DISPLAY_NAME

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

SPLITS = {"train": "training", "val": "validation", "test": "test", "blind": "kept without grades"}
CELLS: dict[str, dict[str, str]] = {
    "metric": METRICS,
    "architecture": DISPLAY_NAME,
    "split": SPLITS,
}
"""The words for what stands in cells of these columns; others stand as they are."""

WORDS = METRICS | {
    "F": "F",
    "ap_high": "Precision, upper end",
    "ap_low": "Precision, lower end",
    "accuracy_sd": "Accuracy, sd over seeds",
    "architecture": "Network",
    "auc": "Area under ROC",
    "auc_high": "Area, upper end",
    "auc_low": "Area, lower end",
    "average_precision": "Average precision",
    "change": "Change of the films",
    "change_in_accuracy": "Accuracy, change",
    "changed": "What was changed",
    "claimed": "Claimed",
    "claimed_sd": "Claimed, sd",
    "comparison": "Compared",
    "cross_entropy": "Cross-entropy",
    "cross_entropy_sd": "Cross-entropy, sd over seeds",
    "cycles": "Cycles",
    "difference": "Ours minus claimed",
    "difference_high": "Difference, upper end",
    "difference_low": "Difference, lower end",
    "df": "Degrees of freedom",
    "ensemble": "Averaged",
    "epochs": "Epochs",
    "estimate": "Estimate",
    "eta_squared": "Share explained",
    "films": "Films",
    "given": "Knees given it",
    "grade": "KL grade",
    "high": "Upper end (95%)",
    "image_id": "Film",
    "implied_p": "p from the claimed means",
    "knees": "Knees",
    "left": "Left knees",
    "low": "Lower end (95%)",
    "mean_sq": "Mean square",
    "members": "Runs",
    "method": "Method",
    "metric": "Measure",
    "minutes": "Minutes",
    "model": "Network",
    "n": "Cycles",
    "network": "Network",
    "note": "Remark",
    "ours": "Ours",
    "ours_sd": "Ours, sd",
    "p": "p",
    "p_holm": "p, after Holm",
    "patient_id": "Patient",
    "patients": "Patients",
    "pixels": "Hash of the pixels",
    "positive": "Knees of it or more",
    "reference": "Knees of that grade",
    "right": "Right knees",
    "row": "Claim of",
    "run_id": "Run",
    "runs": "Runs",
    "same_grade": "Same grade as before",
    "seconds": "Seconds",
    "seed": "Seed",
    "seeds": "Seeds",
    "sentence": "In a sentence",
    "side": "Side",
    "source": "Variance",
    "split": "Part",
    "state": "State",
    "statistic": "Statistic",
    "step": "Step",
    "strength": "Strength",
    "sum_sq": "Sum of squares",
    "threshold": "From KL",
    "trial": "Trial",
    "true_grade": "Reference KL",
    "unit": "Unit",
    "val_loss": "Validation loss",
    "value": "Value",
    "verdict": "Verdict",
}
SHARES = (
    "accuracy",
    "accuracy_sd",
    "change_in_accuracy",
    "eta_squared",
    "expected_calibration_error",
    "macro_f1",
    "macro_precision",
    "macro_recall",
    "same_grade",
    "within_one_grade",
)
"""Columns of shares: percent wherever they stand."""


def described(table: pd.DataFrame, given: dict | None = None) -> dict:
    """Return how each column of `table` is shown: the words for it, and its numbers.

    `given` holds what a page says of its own columns, in the same form; that goes before.
    """
    columns: dict[str, Any] = {}
    for name in table.columns:
        own = (given or {}).get(name, {})
        if name in (given or {}) and not isinstance(own, dict):
            continue  # words of its own, or None: not shown
        if own.get("label"):
            continue
        if name in CELLS and not own and table[name].isin([*CELLS[name], ""]).all():
            words = CELLS[name]
            columns[name] = st.column_config.SelectboxColumn(
                WORDS[name],
                options=list(words),
                format_func=_wording(words),
            )
        elif own:
            columns[name] = own | {"label": WORDS.get(name)}
        elif pd.api.types.is_float_dtype(table[name]):
            form = "percent" if name in SHARES else "%.4g"
            columns[name] = st.column_config.NumberColumn(WORDS.get(name), format=form)
        elif name in WORDS:
            columns[name] = WORDS[name]
    return (given or {}) | columns


def to_a_tenth(
    table: pd.DataFrame, columns: dict[str, Any]
) -> tuple["pd.DataFrame | Styler", dict[str, Any]]:
    """Have columns of percent show one decimal: a few hundred films tell no more.

    Streamlit's own percent shows up to two, and fewer where they are zero. The values stay, and so
    does how they are sorted. What is shown, and how, is returned.
    """
    shares = {
        name: config | {"type_config": config["type_config"] | {"format": None}}
        for name, config in columns.items()
        if isinstance(config, dict)
        and (config.get("type_config") or {}).get("type") == "number"
        and config["type_config"].get("format") == "percent"
        and name in table
    }
    if not shares or not table.columns.is_unique or not table.index.is_unique:
        return table, columns
    return table.style.format("{:.1%}", subset=list(shares), na_rep=""), columns | shares


def _wording(words: dict[str, str]) -> Callable[[object], str]:
    return lambda cell: words[str(cell)]
