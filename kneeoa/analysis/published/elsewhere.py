"""How well the published networks grade another hospital's films, by how the knee is framed."""

from typing import Any

import pandas as pd
from scipy import stats

FRAMINGS = {
    "whole_film_stretched": "the whole film, stretched to a square",
    "localiser": "the localiser finds the joint, as published",
}
MEASURES = (
    *("films", "accuracy", "quadratic_kappa", "kappa_of_median", "within_one_grade"),
    *("auc_kl2", "spearman"),
)


def framings(card: dict[str, Any]) -> pd.DataFrame:
    """Return a row a way to frame, from the localiser's card; none where that was not measured.

    Columns ``framing``, in words, and `MEASURES`: of both networks together, by their most probable
    grade; ``kappa_of_median`` by the median grade; ``spearman`` is the rank correlation of the
    expected grade with the reference. What an older card does not have is empty.
    """
    measured = card["metrics"].get("elsewhere", {}).get("graded", {})
    rows = [
        {"framing": words} | {name: measured[key].get(name) for name in MEASURES}
        for key, words in FRAMINGS.items()
        if key in measured
    ]
    return pd.DataFrame(rows, columns=["framing", *MEASURES])


def in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Return `framings` with the shares of films as text, each with its 95% interval over films.

    Wilson's interval, as if each film were of another patient: the card holds no films. What a
    card does not have is empty.
    """
    shares = {name: _share_texts(table, name) for name in ("accuracy", "within_one_grade")}
    return table.assign(**shares)


def _share_texts(table: pd.DataFrame, name: str) -> list[str | None]:
    texts: list[str | None] = []
    for share, films in zip(table[name], table["films"], strict=True):
        if pd.isna(share) or pd.isna(films):
            texts.append(None)
            continue
        interval = stats.binomtest(round(share * films), int(films)).proportion_ci(method="wilson")
        texts.append(f"{share:.1%} ({interval.low:.1%} to {interval.high:.1%})")
    return texts
