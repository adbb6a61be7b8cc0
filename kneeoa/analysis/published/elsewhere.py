"""How well the published networks grade another hospital's films, by how the knee is framed."""

from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from kneeoa.metrics import agreement
from kneeoa.wording import capitalised, listed, within_sentence

FRAMINGS = {
    "whole_film_stretched": "the whole film, stretched to a square",
    "localiser": "the localiser finds the joint, as published",
}
SHARES = ("accuracy", "within_one_grade")
MEASURES = {
    "accuracy": "Accuracy",
    "within_one_grade": "Within one grade",
    "quadratic_kappa": "Kappa (quadratic)",
    "kappa_of_median": "Kappa by the median grade",
    "auc_kl2": "Area under ROC, KL 2 or more",
    "spearman": "Rank correlation",
}
"""What is measured, with the words for it."""
COLUMNS = [
    *("framing", "films"),
    *(part for name in MEASURES for part in (name, f"{name}_low", f"{name}_high")),
]


def framings(card: dict[str, Any]) -> pd.DataFrame:
    """Return a row a way to frame, from the localiser's card; none where that was not measured.

    Columns `COLUMNS`: ``framing``, in words, ``films``, and `MEASURES` of both networks together,
    by their most probable grade (``kappa_of_median`` by the median grade; ``spearman`` is the rank
    correlation of the expected grade with the reference), each with the ends of its 95% interval
    over films, as if each were of another patient. That of the card, a bootstrap; of shares and of
    the rank correlation, where the card has none, one that follows from the value and the count
    (Wilson 1927; Bonett and Wright 2000). What cannot be known from the card is empty.
    """
    measured = card["metrics"].get("elsewhere", {}).get("graded", {})
    rows = [_row(words, measured[key]) for key, words in FRAMINGS.items() if key in measured]
    return pd.DataFrame(rows, columns=COLUMNS)


def in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Return `framings` as readers expect it: a row a measure, a column a way to frame.

    Each figure is text with its interval, or says that there is none; empty where it is not known.
    """
    columns = {
        capitalised(row["framing"]): [
            _text(name, *(row[f"{name}{end}"] for end in ("", "_low", "_high")))
            for name in MEASURES
        ]
        for row in table.to_dict("records")
    }
    return pd.DataFrame({"Measure": list(MEASURES.values())} | columns)


def why_no_interval(table: pd.DataFrame) -> str:
    """Say of which measures of `framings` there is no interval, and why; nothing where all have."""
    lacking = [
        within_sentence(words)
        for name, words in MEASURES.items()
        if (table[name].notna() & table[f"{name}_low"].isna()).any()
    ]
    if not lacking:
        return ""
    return (
        f"There is no interval of {listed(lacking, 'and')}: it needs the answers film by film, and "
        "the published card keeps the figures alone."
    )


def rank_interval(correlation: float, films: int) -> tuple[float, float]:
    """Return the 95% interval of Spearman's rank correlation (Bonett and Wright 2000).

    Fisher's transformation with the variance (1 + r^2 / 2) / (n - 3). NaN where it is not defined:
    three films or fewer, or a correlation of 1.
    """
    if films <= 3 or not abs(correlation) < 1:
        return float("nan"), float("nan")
    reach = NormalDist().inv_cdf(0.975) * np.sqrt((1 + correlation**2 / 2) / (films - 3))
    middle = np.arctanh(correlation)
    return float(np.tanh(middle - reach)), float(np.tanh(middle + reach))


def _row(words: str, measured: dict[str, Any]) -> dict[str, Any]:
    films = measured["films"]
    row: dict[str, Any] = {"framing": words, "films": films}
    for name in MEASURES:
        value = measured.get(name)
        ends = measured.get("intervals_95", {}).get(name)
        if ends is None and value is not None:
            ends = _from_value(name, value, films)
        row[name] = np.nan if value is None else value
        row[f"{name}_low"], row[f"{name}_high"] = ends or (np.nan, np.nan)
    return row


def _from_value(name: str, value: float, films: int) -> tuple[float, float] | None:
    if name in SHARES and (share := agreement.proportion(round(value * films), films)):
        return share.low, share.high
    return rank_interval(value, films) if name == "spearman" else None


def _text(name: str, *ends: float) -> str:
    if pd.isna(ends[0]):
        return ""
    value, low, high = (f"{end:.1%}" if name in SHARES else f"{end:.3f}" for end in ends)
    return f"{value}, no interval" if pd.isna(ends[1]) else f"{value} ({low} to {high})"
