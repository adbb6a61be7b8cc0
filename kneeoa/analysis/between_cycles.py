"""Whether the networks differ by more than cycles of one network do, on these very films."""

import functools
import itertools
import math
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from kneeoa.analysis.anova import UNDEFINED
from kneeoa.networks import DISPLAY_NAME, Architecture, difference_of, pair_of

_MOST_WAYS = 200_000
"""Up to ten cycles of each network, shared out in 184,756 ways, the permutation test is exact."""

_SEED = "Seed spread is not sampling error: says nothing of other patients."


def between_cycles(groups: Mapping[str, pd.Series], *, unlike: str = "") -> Iterator[dict]:
    """Yield one row per method whose unit is the training cycle.

    `groups` holds the values of one metric per network, each indexed by seed; `unlike` says where
    the runs were measured on different films (`anova.unlike_films`), so that none is tested.
    """
    names = pair_of(groups)
    note = unlike or (UNDEFINED if any(groups[name].empty for name in names) else "")
    for name in names:
        yield _normality(name, groups[name].to_numpy(), note)
    if len(names) < 2:
        note = (
            "Needs cycles of two networks. There are cycles of: "
            f"{', '.join(DISPLAY_NAME[name] for name in names) or 'none'}."
        )
    if note:
        yield {"method": "all between networks", "note": note}
        return
    first, second = (groups[name] for name in names)
    base = {"comparison": difference_of(names), "unit": "cycles", "cannot_show": _SEED}
    fewest, spread = min(len(first), len(second)), max(np.ptp(first), np.ptp(second)) > 1e-12
    n = {"n": len(first) + len(second)}
    for method, compute, least, shows in _TESTS:
        why = {"note": "The cycles of each network are all equal."}
        if fewest < least:
            why = {"note": f"Needs {_IN_WORDS[least]} cycles of each network."}
        is_tested = fewest >= least and spread
        with warnings.catch_warnings():
            # Equal cycles of one network have no variance, which is no loss of precision.
            warnings.simplefilter("ignore", RuntimeWarning)
            figures = compute(first.to_numpy(), second.to_numpy()) if is_tested else why
        yield base | n | {"method": method, "shows": shows} | figures
    # Of several recipes, a seed is that of no cycle.
    if first.index.is_unique and second.index.is_unique:
        seeds = first.index.intersection(second.index)
        pairs, paired = len(seeds), _paired((second[seeds] - first[seeds]).to_numpy())
    else:
        pairs, paired = 0, {"note": "Several cycles of one network have the same seed."}
    yield (
        base
        | {
            "method": "paired t test by seed",
            "n": pairs,
            "shows": "Whether the difference is above seed spread, cycles of one seed paired.",
            "cannot_show": "A seed means little across networks: pairs are hardly alike. " + _SEED,
        }
        | paired
    )


def hedges_g(first: np.ndarray, second: np.ndarray) -> tuple[float, float, float]:
    """Return Hedges' g of ``second - first`` and its 95% interval.

    The standardised mean difference with the small-sample factor 1 - 3 / (4 df - 1) and its large-
    sample variance (Hedges and Olkin 1985; Borenstein et al. 2009, ch. 4).
    """
    n, m = len(first), len(second)
    degrees = n + m - 2
    pooled = ((n - 1) * np.var(first, ddof=1) + (m - 1) * np.var(second, ddof=1)) / degrees
    d = (np.mean(second) - np.mean(first)) / np.sqrt(pooled)
    factor = 1 - 3 / (4 * degrees - 1)
    error = factor * np.sqrt((n + m) / (n * m) + d**2 / (2 * (n + m)))
    reach = stats.norm.ppf(0.975) * error
    return float(factor * d), float(factor * d - reach), float(factor * d + reach)


def _normality(name: Architecture, values: np.ndarray, note: str) -> dict[str, Any]:
    row = {
        "method": "Shapiro-Wilk normality",
        "comparison": DISPLAY_NAME[name],
        "n": len(values),
        "unit": "cycles",
        "shows": "Whether the cycles look unlike a normal distribution, as ANOVA assumes.",
        "cannot_show": "Normality itself: with so few cycles only gross departures are found.",
    }
    if note:
        return row | {"note": note}
    if len(values) < 3 or np.ptp(values) <= 1e-12:
        return row | {"note": "Needs three cycles that are not all equal."}
    test = stats.shapiro(values)
    return row | {"statistic": test.statistic, "p": test.pvalue}


def _brown_forsythe(first: np.ndarray, second: np.ndarray) -> dict[str, Any]:
    test = stats.levene(first, second, center="median")
    ratio = np.var(second, ddof=1) / np.var(first, ddof=1) if np.ptp(first) > 1e-12 else np.nan
    return {"estimate": ratio, "statistic": test.statistic, "p": test.pvalue}


def _welch(first: np.ndarray, second: np.ndarray) -> dict[str, Any]:
    test = stats.ttest_ind(second, first, equal_var=False)
    low, high = test.confidence_interval(0.95)
    return {
        "estimate": np.mean(second) - np.mean(first),
        "low": low,
        "high": high,
        "statistic": test.statistic,
        "p": test.pvalue,
    }


def _permutation(first: np.ndarray, second: np.ndarray) -> dict[str, Any]:
    together = np.concatenate([second, first])
    seen = np.mean(second) - np.mean(first)
    if math.comb(len(together), len(second)) <= _MOST_WAYS:
        shared = _ways(len(second), len(first))
        sums = shared @ together
        differences = sums / len(second) - (together.sum() - sums) / len(first)
        # A way that gives the same difference counts, whatever the rounding of its sum.
        p_greater = np.mean(differences >= seen - 1e-12)
        p_less = np.mean(differences <= seen + 1e-12)
        p = min(1.0, 2 * min(p_greater, p_less))
    else:
        p = stats.permutation_test(
            (second, first),
            lambda a, b, axis: np.mean(a, axis=axis) - np.mean(b, axis=axis),
            vectorized=True,
            n_resamples=20_000,
            rng=np.random.default_rng(0),
        ).pvalue
    return {"estimate": seen, "p": p}


@functools.lru_cache(maxsize=4)
def _ways(chosen: int, others: int) -> np.ndarray:
    """Every way to choose, ``(ways, chosen + others)`` of 0 and 1.

    SciPy goes through them one by one: seconds for each metric of ten cycles.
    """
    places = np.array(list(itertools.combinations(range(chosen + others), chosen)))
    ways = np.zeros((len(places), chosen + others))
    ways[np.arange(len(places))[:, None], places] = 1
    return ways


def _effect(first: np.ndarray, second: np.ndarray) -> dict[str, Any]:
    g, low, high = hedges_g(first, second)
    return {"estimate": g, "low": low, "high": high}


def _paired(change: np.ndarray) -> dict[str, Any]:
    if len(change) < 2:
        return {"note": "Needs two seeds that both networks have."}
    mean = {"estimate": change.mean()}
    if np.ptp(change) <= 1e-12:
        return mean | {"note": "The differences are all equal."}
    test = stats.ttest_1samp(change, 0)
    low, high = test.confidence_interval(0.95)
    return mean | {"low": low, "high": high, "statistic": test.statistic, "p": test.pvalue}


_IN_WORDS = {2: "two", 3: "three"}
_TESTS = (
    (
        "Brown-Forsythe equal variance",
        _brown_forsythe,
        # Two values lie equally far from their median: F would be infinite, whatever they are.
        3,
        "Whether the networks' seed spreads differ (estimate: ratio of variances).",
    ),
    (
        "Welch t test",
        _welch,
        2,
        "Whether the difference is above seed spread, without assuming equal variances.",
    ),
    (
        "permutation test",
        _permutation,
        2,
        "Whether the difference is above seed spread, without assuming a distribution.",
    ),
    (
        "Hedges g",
        _effect,
        2,
        "How large the difference is, in standard deviations over seeds (interval: large-sample).",
    ),
)
