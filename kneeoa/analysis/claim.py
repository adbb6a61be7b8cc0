"""The claim that this project tests, and how what is measured here stands to it.

The figures are data: ``claim_2025.json``, with their source and what is uncertain about them.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kneeoa.analysis.anova import METRICS, by_network
from kneeoa.networks import ARCHITECTURES, DISPLAY_NAME, Architecture

CLAIM = json.loads(Path(__file__).with_name("claim_2025.json").read_text("utf-8"))
CLAIMED_ACCURACY: dict[Architecture, float] = {
    name: CLAIM["networks"][name]["accuracy"]["mean"] for name in ARCHITECTURES
}
"""Mean test accuracy over ten training cycles, shares in [0, 1]."""

WIDEST = 0.05
"""Half-width above which an interval that holds the claim decides nothing."""

TABLE_1_COLUMNS = [
    "row",
    "architecture",
    "metric",
    "claimed",
    "claimed_sd",
    "ours",
    "ours_sd",
    "cycles",
    "difference",
    "difference_low",
    "difference_high",
    "implied_p",
    "verdict",
    "sentence",
]


def verdict(architecture: Architecture, accuracy: float, interval: tuple[float, float]) -> str:
    """Say whether the claimed accuracy lies in the 95% `interval` measured here, all in [0, 1].

    One published model on one test set: the interval holds sampling error, not seed spread.
    """
    claimed = CLAIMED_ACCURACY[architecture]
    low, high = interval
    measured = (
        f"{DISPLAY_NAME[architecture]}: the paper claims {claimed:.1%}; measured here "
        f"{accuracy:.1%} ({low:.1%} to {high:.1%})."
    )
    if claimed > high:
        return f"{measured} The claim lies above the interval: this model does not reach it."
    if claimed < low:
        return f"{measured} The claim lies below the interval: this model exceeds it."
    return f"{measured} The claim lies inside the interval: these films cannot refute it."


def table_1(
    observed: pd.DataFrame, compared: pd.DataFrame, anova: pd.DataFrame, split: str = "test"
) -> pd.DataFrame:
    """Return the paper's Table 1 with ours beside it, and its ANOVA p values with ours.

    A claim is *not reproduced* (or *exceeded*) when it lies above (below) the 95% interval of our
    mean over cycles, *reproduced* when it lies inside one no wider than +-`WIDEST`, and *not
    decided* otherwise. The interval holds both errors, which are independent and so add as squares:
    of the films (bootstrap over patients) and of the cycles (t over seeds).

    Parameters
    ----------
    observed : as from `anova.observations`
    compared : as from `comparisons.comparisons`
    anova : as from `anova.anova`, of the same split

    Returns
    -------
    DataFrame
        `TABLE_1_COLUMNS`. Rows ``mean``: ``ours`` is our mean over ``cycles``, ``difference`` is
        ours minus claimed with that interval. Rows ``anova p``: claimed and our p, and
        ``implied_p``, which the paper's own means and standard deviations give at ten cycles. That
        claim is *reproduced* by p < 0.05 with the networks in the paper's order, and *not decided*
        by a larger p where the interval of our difference holds the claimed one.
    """
    rows = [
        _mean_row(observed, compared, split, name, metric)
        for name in ARCHITECTURES
        for metric in CLAIM["networks"][name]
    ]
    rows += [
        _anova_row(anova, metric, by_network(observed, split, metric))
        for metric in CLAIM["anova_p"]
    ]
    return pd.DataFrame(rows, columns=TABLE_1_COLUMNS)


def implied_p(metric: str, *, standard_error: bool = False) -> float:
    """Return the p of a one-way ANOVA with the claimed means and standard deviations.

    With two groups F is the square of Student's t with pooled variance, which needs nothing else.
    The paper does not say what its +- is; `standard_error` reads it as that of the mean.
    """
    first, second = (CLAIM["networks"][name][metric] for name in ARCHITECTURES)
    n = CLAIM["cycles"]
    scale = np.sqrt(n) if standard_error else 1
    from scipy import stats  # late: it takes a second to load, here and below

    test = stats.ttest_ind_from_stats(
        first["mean"], scale * first["sd"], n, second["mean"], scale * second["sd"], n
    )
    return float(test.pvalue)


def _mean_row(
    observed: pd.DataFrame, compared: pd.DataFrame, split: str, name: Architecture, metric: str
) -> dict[str, Any]:
    claimed = CLAIM["networks"][name][metric]
    row = {
        "row": "mean",
        "architecture": name,
        "metric": metric,
        "claimed": claimed["mean"],
        "claimed_sd": claimed["sd"],
        "cycles": 0,
        "verdict": "not decided",
    }
    subject = f"{DISPLAY_NAME[name]}, {METRICS[metric].lower()}"
    values = by_network(observed, split, metric).get(name)
    if values is None or values.empty:
        return row | {"sentence": f"{subject}: no cycle was measured on {split} films."}
    mean, cycles = values.mean(), len(values)
    row |= {"ours": mean, "cycles": cycles, "difference": mean - claimed["mean"]}
    if cycles > 1:
        row["ours_sd"] = values.std(ddof=1)
    figures = f"{subject}: claimed {claimed['mean']:.1%}, ours {mean:.1%} over {_cycles(cycles)}"
    reach = _reach(values, compared, split, name, metric)
    if reach is None:
        lacking = (
            "One cycle has no spread"
            if cycles == 1
            else "There is no interval over patients, see the comparisons"
        )
        return row | {"sentence": f"{figures}. {lacking}: nothing is decided."}
    low, high = (row["difference"] - side for side in (reach[0], -reach[1]))
    row |= {"difference_low": low, "difference_high": high}
    row["verdict"] = _decide(low, high)
    interval = f"({100 * low:+.1f} to {100 * high:+.1f})"
    points = f"{figures}, a difference of {100 * row['difference']:+.1f} points {interval}"
    return row | {"sentence": f"{points}: {_WORDS[row['verdict']]}."}


_WORDS = {
    "not reproduced": "not reproduced",
    "reproduced": "reproduced within that interval",
    "exceeded": "exceeded",
    "not decided": "not decided, the interval is too wide",
}


def _decide(low: float, high: float) -> str:
    if high < 0:
        return "not reproduced"
    if low > 0:
        return "exceeded"
    return "reproduced" if (high - low) / 2 <= WIDEST else "not decided"


def _reach(
    values: pd.Series, compared: pd.DataFrame, split: str, name: Architecture, metric: str
) -> tuple[float, float] | None:
    """Return how far the interval reaches below and above our mean, or None if it is unknown."""
    if len(values) < 2:
        return None
    from scipy import stats

    error = values.std(ddof=1) / np.sqrt(len(values))
    by_seed = stats.t.ppf(0.975, len(values) - 1) * error
    sampling = compared[
        (compared["method"] == "bootstrap over patients")
        & (compared["split"] == split)
        & (compared["metric"] == metric)
        & (compared["comparison"] == DISPLAY_NAME[name])
    ]
    if sampling.empty:
        return None
    (bootstrapped,) = sampling.to_dict("records")
    if pd.isna(bootstrapped["low"]):
        return None
    # Resampling biases macro averages, so that an end may lie on the wrong side: it reaches 0.
    below = max(bootstrapped["estimate"] - bootstrapped["low"], 0)
    above = max(bootstrapped["high"] - bootstrapped["estimate"], 0)
    return np.hypot(below, by_seed), np.hypot(above, by_seed)


def _anova_row(anova: pd.DataFrame, metric: str, groups: dict[str, pd.Series]) -> dict[str, Any]:
    claimed, implied = CLAIM["anova_p"][metric], implied_p(metric)
    between = anova[(anova["metric"] == metric) & (anova["source"] == "between networks")]
    (ours,) = between.to_dict("records")
    row = {
        "row": "anova p",
        "architecture": "",
        "metric": metric,
        "claimed": claimed,
        "cycles": ours["n"],
        "implied_p": implied,
        "verdict": "not decided",
    }
    sentence = f"ANOVA of {METRICS[metric].lower()}: claimed p = {claimed:.2g}"
    if pd.isna(ours["p"]):
        sentence = f"{sentence}; ours is not defined. {ours['note']}"
    else:
        is_significant = ours["p"] < 0.05
        ahead = max(ARCHITECTURES, key=lambda name: groups[name].mean())
        same_order = ahead == max(ARCHITECTURES, key=lambda n: CLAIM["networks"][n][metric]["mean"])
        decided = "reproduced" if is_significant and same_order else "not reproduced"
        if not is_significant and _holds_the_claim(metric, groups):
            decided = "not decided"
        row |= {"ours": ours["p"], "verdict": decided}
        sentence = (
            f"{sentence}; ours {ours['p']:.2g}, {DISPLAY_NAME[ahead]} ahead, a difference between "
            f"the networks {'above' if is_significant else 'not above'} seed spread."
        )
        if decided == "not decided":
            sentence += " Nor do these cycles rule out the claimed difference."
    if abs(np.log10(implied / claimed)) > 1:
        if_error = implied_p(metric, standard_error=True)
        sentence += (
            f" The claimed means and standard deviations themselves give p = {implied:.1g} at ten "
            f"cycles a network ({if_error:.1g} if the ± is a standard error): the claimed p does "
            "not follow from the claimed figures."
        )
    return row | {"sentence": sentence}


def _holds_the_claim(metric: str, groups: dict[str, pd.Series]) -> bool:
    """Return whether the 95% interval of our difference, over cycles, holds the claimed one.

    With the variance pooled, as the ANOVA has it, one cycle of one network is enough.
    """
    from scipy import stats

    first, second = (groups[name] for name in ARCHITECTURES)
    degrees = len(first) + len(second) - 2
    squares = sum(((values - values.mean()) ** 2).sum() for values in (first, second))
    error = np.sqrt(squares / degrees * (1 / len(first) + 1 / len(second)))
    reach = stats.t.ppf(0.975, degrees) * error
    claimed = [CLAIM["networks"][name][metric]["mean"] for name in ARCHITECTURES]
    ours = second.mean() - first.mean()
    return bool(abs(claimed[1] - claimed[0] - ours) <= reach)


def _cycles(count: int) -> str:
    return "1 cycle" if count == 1 else f"{count} cycles"
