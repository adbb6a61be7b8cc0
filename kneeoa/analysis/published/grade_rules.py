"""How a grade follows from five probabilities: what each rule gives, what it costs, which is ours.

The rule was chosen on the validation films (`train.publish.answer`); test films are only counted.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from kneeoa.analysis.findings import value_text
from kneeoa.metrics import bootstrap, rules
from kneeoa.records.results import probabilities_of
from kneeoa.wording import within_sentence

MEASURES = {
    "accuracy": "Right",
    "within_one_grade": "Within one grade",
    "quadratic_kappa": "Kappa (quadratic)",
    "mean_absolute_error": "Off by, grades",
    "recall_kl1": "Of KL 1, found",
    "recall_kl2": "Of KL 2, found",
}
"""The measures that are shown, with the words for them."""
LOSSES = {
    "mean_absolute_error": "the smallest distance from the reference, in grades, on average",
}
COLUMNS = ["rule", "measure", "value", "low", "high", "change", "change_low", "change_high"]


def rule_table(films: pd.DataFrame) -> pd.DataFrame:
    """Return what each rule of `metrics.rules` gives on graded films, with intervals.

    ``films`` as from `confusions.graded`. Columns `COLUMNS`: a row a rule and measure of
    `MEASURES`; ``change`` is from the most probable grade. Intervals are 95% by bootstrap over
    patients, those of a change paired: both rules see the same draws. Empty where a grade is not
    among the films; an interval also where all draws are the same.
    """
    grades, probabilities = films["true_grade"].to_numpy(int), probabilities_of(films)
    weights = bootstrap.patient_weights(films["patient_id"])
    whole = weights[:1] * 0 + 1
    rows = []
    for name, rule in rules.RULES.items():
        answers = rule(probabilities)
        once = bootstrap.grade_summaries(grades, answers, whole)
        draws = bootstrap.grade_summaries(grades, answers, weights)
        if name == rules.MOST_PROBABLE:
            first_once, first = once, draws
        for measure in MEASURES:
            change = draws[measure] - first[measure]
            rows.append(
                (
                    name,
                    measure,
                    once[measure][0],
                    *_interval(measure, draws[measure], films),
                    once[measure][0] - first_once[measure][0],
                    *bootstrap.known_interval(change),
                )
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def _interval(measure: str, draws: np.ndarray, films: pd.DataFrame) -> tuple[float, float]:
    name, _, grade = measure.partition("_kl")
    if name != "recall":
        return bootstrap.interval_of(measure, draws, patients=films["patient_id"].nunique())
    patients = films.loc[films["true_grade"] == int(grade), "patient_id"].nunique()
    return bootstrap.share_interval(draws, patients)


def rows_in_words(tables: Mapping[str, pd.DataFrame]) -> list[dict[str, str]]:
    """Return a row a model and rule, each measure as text with its interval; models by name."""
    rows = []
    for model, table in tables.items():
        for rule, part in table.groupby("rule", sort=False):
            cells = {
                MEASURES[row["measure"]]: _with_interval(row["measure"], row)
                for row in part.to_dict("records")
            }
            rows.append({"Model": model, "Rule": f"{rule} grade"} | cells)
    return rows


def chosen_sentence(answer: Mapping[str, Any]) -> str:
    """Say which rule a card's ``answer`` names, by which loss on which films, and the others'."""
    loss, measured = answer["loss"], answer["rules"]["val"]
    values = {name: measured[name][loss] for name in rules.RULES if name in measured}
    losses = ", ".join(f"{name} {value:.3f}" for name, value in values.items())
    ours = answer["rule"]
    equal = [name for name in values if name != ours and values[name] == values[ours]]
    tie = (
        f" The {' and the '.join(equal)} grade did exactly as well there: of equal rules the "
        "earlier in this list is taken."
        if equal
        else ""
    )
    wanted = LOSSES.get(loss, loss)
    return f"Ours is the {ours} grade: chosen on the validation films for {wanted} ({losses}).{tie}"


def cost_sentences(table: pd.DataFrame) -> Iterator[str]:
    """Yield what each rule gains and loses against the most probable grade, a sentence a rule.

    ``table`` as from `rule_table`. What has 0 inside its interval is said to be undecided.
    """
    for rule, part in table.groupby("rule", sort=False):
        if rule == rules.MOST_PROBABLE:
            continue
        sides: dict[str, list[str]] = {"better": [], "worse": [], "undecided": []}
        for row in part.dropna(subset="change").to_dict("records"):
            low, high = row["change_low"], row["change_high"]
            better = -row["change"] if row["measure"] == "mean_absolute_error" else row["change"]
            decided = low > 0 or high < 0  # neither, where there is no interval
            side = "undecided" if not decided else "better" if better > 0 else "worse"
            sides[side].append(f"{within_sentence(MEASURES[row['measure']])} {_change(row)}")
        verdicts = [
            f"{side.capitalize()}: {'; '.join(changes)}."
            for side, changes in sides.items()
            if changes
        ]
        yield " ".join([f"The {rule} grade instead of the most probable one.", *verdicts])


def _with_interval(measure: str, row: Mapping[str, Any]) -> str:
    texts = [_text(measure, row[name]) for name in ("value", "low", "high")]
    # Of a grade that is not among the films nothing is known.
    return texts[0] if pd.isna(row["low"]) else f"{texts[0]} ({texts[1]} to {texts[2]})"


def _text(measure: str, value: float) -> str:
    return value_text(measure, value).removesuffix(" grades")


def _change(row: Mapping[str, Any]) -> str:
    texts = [
        value_text(row["measure"], row[name], signed=True).removesuffix(" grades")
        for name in ("change", "change_low", "change_high")
    ]
    low, high = (text.removesuffix(" points") for text in texts[1:])
    return texts[0] if pd.isna(row["change_low"]) else f"{texts[0]} ({low} to {high})"
