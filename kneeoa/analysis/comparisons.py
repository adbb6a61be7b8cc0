"""What a careful statistician adds to the paper's ANOVA: assumptions, effect sizes, sampling error.

Two questions are kept apart. Do the networks differ by more than *cycles* of one network do, on
these very films (seed spread)? And would they differ on other *patients* (sampling error)? The
paper's ANOVA answers the first only.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kneeoa.analysis.anova import METRICS, by_network, unlike_films

COLUMNS = [
    "split",
    "metric",
    "method",
    "comparison",
    "estimate",
    "low",
    "high",
    "statistic",
    "p",
    "p_holm",
    "n",
    "unit",
    "shows",
    "cannot_show",
    "note",
]


def comparisons(
    observed: pd.DataFrame, predictions: Mapping[str, pd.DataFrame], split: str
) -> pd.DataFrame:
    """Return every comparison of the two networks on a split, one row per metric and method.

    Parameters
    ----------
    observed : as from `anova.observations`
    predictions : run_id -> predictions of that run (as ``predictions.csv``)
    split : ``"val"`` or ``"test"``

    Returns
    -------
    DataFrame
        `COLUMNS`. ``estimate`` with its 95% interval ``low`` to ``high``; ``p_holm`` is corrected
        over the metrics of one method (Holm 1979); ``shows`` and ``cannot_show`` say in a sentence
        what the row can and cannot bear. What cannot be computed is empty, and ``note`` says why.
    """
    # Late: SciPy's and statsmodels' tests take seconds to load, which kept tables need not.
    from kneeoa.analysis.between_cycles import between_cycles
    from kneeoa.analysis.between_patients import between_patients

    rows = []
    unlike = unlike_films(observed, predictions, split)
    for metric in METRICS:
        groups = by_network(observed, split, metric)
        rows += [row | {"metric": metric} for row in between_cycles(groups, unlike=unlike)]
    if unlike:
        rows += [{"metric": metric, "method": "by patient", "note": unlike} for metric in METRICS]
    else:
        rows += between_patients(observed, predictions, split)
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    table["split"] = split
    table["note"] = table["note"].fillna("")
    return _holm(table)


def _holm(table: pd.DataFrame) -> pd.DataFrame:
    """Correct p over the metrics of each method and comparison."""
    for _, rows in table.dropna(subset="p").groupby(["method", "comparison"]):
        if len(rows) > 1:
            table.loc[rows.index, "p_holm"] = holm(rows["p"].to_numpy())
    return table


def holm(p: np.ndarray) -> np.ndarray:
    """Return ``(n,)`` p corrected after Holm (1979), which are those of statsmodels.

    Its `multipletests` looks for garbage in all of the program's memory at each call, which was a
    fifth of the time of a study's tables.
    """
    order, count = np.argsort(p), len(p)
    corrected = np.empty(count)
    corrected[order] = np.maximum.accumulate(p[order] * np.arange(count, 0, -1)).clip(max=1)
    return corrected
