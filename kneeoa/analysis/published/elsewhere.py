"""How well the published networks grade another hospital's films, by how the knee is framed."""

from typing import Any

import pandas as pd

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
