"""From runs to the paper's statistics: one row of metrics a run, and the one-way ANOVA.

What a careful statistician adds is in `kneeoa.analysis.comparisons`.
"""

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from kneeoa.analysis import confusions
from kneeoa.metrics import agreement
from kneeoa.networks import DISPLAY_NAME
from kneeoa.records.results import probabilities_of

METRICS: dict[str, str] = {
    "accuracy": "Accuracy",
    "macro_precision": "Macro precision",
    "macro_recall": "Macro recall (sensitivity)",
    "macro_f1": "Macro F1",
    "quadratic_kappa": "Quadratic weighted kappa",
    "mean_absolute_error": "Mean absolute error (grades)",
    "within_one_grade": "Within one grade",
    "auc_kl2": "Area under the ROC curve for KL 2 or more",
    "expected_calibration_error": "Expected calibration error",
}
"""The metrics of `agreement.summary`, with the names that people read."""

SPLITS = ("val", "test")
ANOVA_COLUMNS = [
    "split",
    "metric",
    "source",
    "sum_sq",
    "df",
    "mean_sq",
    "F",
    "p",
    "eta_squared",
    "n",
    "note",
]


def observations(runs: Iterable[tuple[str, str, int, pd.DataFrame]]) -> pd.DataFrame:
    """Return one row per run and split with the metrics of its predictions.

    Parameters
    ----------
    runs : tuples of run_id, architecture, seed and predictions (as ``predictions.csv``)

    Returns
    -------
    DataFrame
        ``run_id, architecture, seed, split, knees, patients`` and the columns of `METRICS`. Films
        without a reference grade are left out, and so are splits other than val and test.
    """
    return observed_table(row for run in runs for row in observed_rows(*run))


def observed_rows(
    run_id: str, architecture: str, seed: int, predictions: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return the rows of `observations` of one run: one for each of `SPLITS` with graded films."""
    rows: list[dict[str, Any]] = []
    # Arrays and one draw of every film once give the metrics of `agreement.summary` in a tenth
    # of its time, which counts with hundreds of runs.
    grades = predictions["true_grade"].to_numpy(int, na_value=-1)
    patients = predictions["patient_id"].to_numpy(object)
    probabilities = probabilities_of(predictions)
    for split in SPLITS:
        graded = np.flatnonzero((grades >= 0) & (predictions["split"].to_numpy(object) == split))
        if not len(graded):
            continue
        summary = agreement.weighted_summaries(
            grades[graded], probabilities[graded], np.ones((1, len(graded)))
        )
        rows.append(
            {
                "run_id": run_id,
                "architecture": architecture,
                "seed": seed,
                "split": split,
                "knees": len(graded),
                "patients": len(set(patients[graded])),
                **{name: float(value) for name, (value,) in summary.items()},
            }
        )
    return rows


def observed_table(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Return the table of `observations` from the rows of any runs."""
    columns = ["run_id", "architecture", "seed", "split", "knees", "patients", *METRICS]
    return pd.DataFrame(list(rows), columns=columns)


def by_network(observed: pd.DataFrame, split: str, metric: str) -> dict[str, pd.Series]:
    """Return the defined values of a metric on a split per network, each indexed by seed.

    Of a network with films there, but without a defined value, they are none.
    """
    on_split = observed[observed["split"] == split]
    return {
        str(name): rows.set_index("seed")[metric].dropna().sort_index()
        for name, rows in on_split.groupby("architecture")
    }


UNDEFINED = "This metric is not defined on these films."
"""Why nothing is tested of a metric that has no value."""


def unlike_films(
    observed: pd.DataFrame, predictions: Mapping[str, pd.DataFrame], split: str
) -> str:
    """Return why the runs measured on a split cannot be compared; nothing where they can.

    A difference between runs on other films may be one of the films. `predictions` are those of
    ``predictions.csv`` by run_id.
    """
    measured = observed.loc[observed["split"] == split, "run_id"]
    tables = [confusions.with_reference(predictions[run_id], split) for run_id in measured]
    if not tables or confusions.are_same_films(tables):
        return ""
    if confusions.are_same_films([table.sort_values("image_id") for table in tables]):
        return ""
    return "The runs were measured on different films: neither films nor cycles can be compared."


def anova(observed: pd.DataFrame, split: str = "test", *, unlike: str = "") -> pd.DataFrame:
    """Return the one-way ANOVA between networks of every metric, as the paper did it.

    The unit is the training cycle: F asks whether the networks differ by more than cycles of one
    network do, on this one test set. Ordinary least squares by statsmodels. Where the runs were
    measured on `unlike` films (`unlike_films`), F would be of the films: it is not computed.

    Returns
    -------
    DataFrame
        `ANOVA_COLUMNS`; three rows a metric: between networks, within networks, total. ``n`` is
        the number of cycles. Where F is not defined, it and p are empty and ``note`` says why.
    """
    rows = []
    for metric in METRICS:
        rows += _anova_rows(by_network(observed, split, metric), split, metric, unlike)
    return pd.DataFrame(rows, columns=ANOVA_COLUMNS)


def _anova_rows(
    groups: dict[str, pd.Series], split: str, metric: str, unlike: str
) -> list[dict[str, Any]]:
    count = sum(map(len, groups.values()))
    base = {"split": split, "metric": metric, "n": count}
    # Late: pages that only name the metrics should not wait for it.
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    note = _why_undefined(groups) or unlike
    if note:
        return [base | {"source": source, "note": note} for source in _SOURCES]
    frame = pd.DataFrame(
        {
            "value": np.concatenate([values.to_numpy() for values in groups.values()]),
            "network": np.repeat(list(groups), [len(values) for values in groups.values()]),
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no spread at all: F is infinite, and said below
        table = anova_lm(ols("value ~ C(network)", frame).fit())
    between, within = table.iloc[0], table.iloc[1]
    total = between["sum_sq"] + within["sum_sq"]
    eta = between["sum_sq"] / total if total > 1e-20 else np.nan  # no rounding noise
    defined = any(np.ptp(values) > 1e-12 for values in groups.values())
    note = "" if defined else "The cycles of each network are all equal: F is not defined."
    return [
        base
        | {
            "source": _SOURCES[0],
            "sum_sq": between["sum_sq"],
            "df": between["df"],
            "mean_sq": between["mean_sq"],
            "F": between["F"] if defined else np.nan,
            "p": between["PR(>F)"] if defined else np.nan,
            "eta_squared": eta,
            "note": note,
        },
        base
        | {
            "source": _SOURCES[1],
            "sum_sq": within["sum_sq"],
            "df": within["df"],
            "mean_sq": within["mean_sq"],
            "note": "",
        },
        base
        | {
            "source": _SOURCES[2],
            "sum_sq": total,
            "df": between["df"] + within["df"],
            "note": "",
        },
    ]


_SOURCES = ("between networks", "within networks", "total")


def _why_undefined(groups: dict[str, pd.Series]) -> str:
    if len(groups) < 2:
        networks = ", ".join(DISPLAY_NAME.get(name, name) for name in groups) or "none"
        return f"Needs cycles of two networks. There are cycles of: {networks}."
    if any(values.empty for values in groups.values()):
        return UNDEFINED
    if all(len(values) < 2 for values in groups.values()):
        return "Needs two cycles of a network or more: one alone has no spread."
    return ""
