"""What the tables say, in plain sentences that follow from the numbers alone.

A difference that is not significant is never called an equality, and none is called large.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from kneeoa.analysis.anova import METRICS
from kneeoa.metrics import agreement
from kneeoa.networks import DISPLAY_NAME
from kneeoa.wording import p_text

LEVEL = 0.05
IN_GRADES = ("mean_absolute_error",)
UNITLESS = ("quadratic_kappa", "auc_kl2")


def value_text(metric: str, value: float, *, signed: bool = False) -> str:
    """Return a value of a metric as readers expect it: percent, grades, or plain.

    With `signed` it is a difference: percentage points instead of percent.
    """
    if pd.isna(value):
        return "not defined"
    sign = "+" if signed else ""

    def text(number: float, digits: int) -> str:
        # What rounds to nothing has no sign of its own: -0.0 is 0.0.
        return f"{round(number, digits) + 0.0:{sign}.{digits}f}"

    if metric in UNITLESS:
        return text(value, 3)
    if metric in IN_GRADES:
        return f"{text(value, 2)} grades"
    return f"{text(100 * value, 1)} points" if signed else f"{text(100 * value, 1)}%"


def performance_rows(measured: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return one row a metric: its name under ``Measure``, then each model's value and interval.

    `measured` holds, by the model's name, what a card says of a split: ``values`` and
    ``intervals_95``. A metric that a card lacks is left out: the card is from before it. Those of
    `agreement.NO_INTERVAL` have none, whatever the card says, and others where its films bear none.
    """

    def text(metric: str, figures: Mapping[str, Any]) -> str:
        numbers = [figures["values"][metric]]
        if metric not in agreement.NO_INTERVAL:
            low, high = figures["intervals_95"][metric]
            # No width is no knowledge: see `bootstrap.known_interval`.
            numbers += [low, high] if low is not None and high - low > 1e-12 else []
        # The unit stands in the name of the metric.
        value, *ends = (value_text(metric, number).removesuffix(" grades") for number in numbers)
        return f"{value}  ({' to '.join(ends)})" if ends else value

    return [
        {"Measure": name} | {model: text(metric, figures) for model, figures in measured.items()}
        for metric, name in METRICS.items()
        if all(metric in figures["values"] for figures in measured.values())
    ]


def calibration_sentence(probabilities: np.ndarray) -> str:
    """Return what a calibration error on films with these probabilities, ``(N, 5)``, is held to."""
    mean, low, high = agreement.calibration_by_chance(probabilities)
    return (
        "The expected calibration error (15 bins) has no interval: it is a sum of gaps, which "
        "resampling only widens. By chance alone, networks whose confidence is exactly right would "
        f"score {mean:.1%} ({low:.1%} to {high:.1%}) on these films."
    )


def claim_rows(table_1: pd.DataFrame) -> pd.DataFrame:
    """Return the means of `claim.table_1` as readers expect them, in words and percent."""
    means = table_1[table_1["row"] == "mean"]
    rows = [
        {
            "Network": DISPLAY_NAME[row["architecture"]],
            "Metric": METRICS[row["metric"]],
            "Claimed": _mean_text(row["metric"], row["claimed"], row["claimed_sd"]),
            "Ours, mean ± sd over cycles": _mean_text(row["metric"], row["ours"], row["ours_sd"]),
            "Cycles": row["cycles"],
            "Ours minus claimed (95%)": _difference_text(row),
            "Verdict": row["verdict"],
        }
        for row in means.to_dict("records")
    ]
    return pd.DataFrame(rows)


def _mean_text(metric: str, mean: float, sd: float) -> str:
    if pd.isna(mean):
        return "not measured"
    text = value_text(metric, mean)
    return text if pd.isna(sd) else f"{text} ± {value_text(metric, sd)}"


def _difference_text(row: Mapping[str, Any]) -> str:
    if pd.isna(row["difference"]):
        return ""
    names = ("difference", "difference_low", "difference_high")
    return _with_interval(row["metric"], *(row[name] for name in names))


def anova_sentence(anova: pd.DataFrame, metric: str) -> str:
    """Say what the paper's ANOVA of a metric shows, and what it does not.

    ``anova`` as from `anova.anova`, of one split.
    """
    by_source = anova[anova["metric"] == metric].set_index("source")
    between, within = by_source.loc["between networks"], by_source.loc["within networks"]
    name = METRICS[metric]
    if pd.isna(between["p"]):
        return f"{name}: ANOVA is not defined. {between['note']}"
    test = (
        f"F({between['df']:.0f}, {within['df']:.0f}) = {between['F']:.2f}, {p_text(between['p'])}"
    )
    share = f"the networks explain {100 * between['eta_squared']:.0f}% of the variance over cycles"
    if between["p"] < LEVEL:
        conclusion = "the networks differ by more than cycles of one network do"
    else:
        conclusion = (
            "no difference beyond the spread of cycles is shown, which is no proof that there is "
            "none"
        )
    return (
        f"{name}: {conclusion} ({test}; {share}). "
        "This is about cycles on these films, not patients."
    )


def claimed_p_sentence(table_1: pd.DataFrame, metric: str) -> str:
    """Return what `claim.table_1` says of the paper's p of a metric; nothing without such a claim.

    It is about the test films, as the paper's is, and says so.
    """
    rows = table_1[(table_1["row"] == "anova p") & (table_1["metric"] == metric)]
    return f"{rows['sentence'].iloc[0]} Both on test films." if len(rows) else ""


def careful_sentences(compared: pd.DataFrame, metric: str) -> Iterator[str]:
    """Yield what the careful analysis of a metric adds: cycles, effect, patients, films.

    ``compared`` as from `comparisons.comparisons`, of one split. What was not computed is left
    out; where nothing was, it is said why.
    """
    of_metric = compared[compared["metric"] == metric]
    if len(why := of_metric.loc[of_metric["method"] == "all between networks", "note"]):
        yield why.iloc[0]
        return
    difference = next(c for c in of_metric["comparison"].dropna() if " - " in c)

    def row_of(method: str, value: str = "p") -> pd.Series | None:
        rows = of_metric[(of_metric["method"] == method) & (of_metric["comparison"] == difference)]
        rows = rows.dropna(subset=value)
        return None if rows.empty else rows.iloc[0]

    if (welch := row_of("Welch t test")) is not None:
        yield (
            f"Over cycles: {difference} = {_interval(metric, welch)}, {_tested(welch)} "
            f"({'beyond' if welch['p'] < LEVEL else 'not beyond'} seed spread; Welch, which does "
            "not assume equal variances)."
        )
    if (paired := row_of("paired t test by seed")) is not None:
        yield (
            f"Cycles of one seed paired ({paired['n']:.0f} seeds): {_interval(metric, paired)}, "
            f"{_tested(paired)}; a seed means little across networks."
        )
    if (permuted := row_of("permutation test")) is not None:
        yield f"Permuting the cycles, which assumes no distribution: {_tested(permuted)}."
    if (effect := row_of("Hedges g", "estimate")) is not None:
        yield (
            f"Effect: Hedges g {effect['estimate']:.2f} ({effect['low']:.2f} to "
            f"{effect['high']:.2f}), in standard deviations over seeds."
        )
    patients = row_of("bootstrap over patients", "low")
    # Of these not even the interval of a difference tells chance: it holds 0 too seldom.
    if patients is not None and metric not in agreement.NO_INTERVAL:
        zero = patients["low"] <= 0 <= patients["high"]
        yield (
            f"Other patients: {difference} = {_interval(metric, patients)}; "
            + (
                "the interval holds 0: these films do not tell which network is better."
                if zero
                else "the interval leaves out 0."
            )
        )
    if (untested := row_of("McNemar", "note")) is not None and pd.isna(untested["estimate"]):
        yield f"Film by film: not tested. {untested['note']}"
    if (mcnemar := row_of("McNemar")) is not None:
        yield f"Film by film: {mcnemar['note']} McNemar {_tested(mcnemar)}."
    if (flipped := row_of("sign-flip test over patients")) is not None:
        yield f"Patient by patient, both knees kept together: {_tested(flipped)}."


def assumption_sentences(compared: pd.DataFrame, metric: str) -> Iterator[str]:
    """Yield whether the assumptions of the ANOVA of a metric hold, as far as cycles can tell."""
    of_metric = compared[compared["metric"] == metric]
    for row in of_metric[of_metric["method"] == "Shapiro-Wilk normality"].to_dict("records"):
        if pd.isna(row["p"]):
            yield f"Normality of {row['comparison']}: not tested. {row['note']}"
        else:
            finding = "unlike" if row["p"] < LEVEL else "not shown to be unlike"
            yield (
                f"Normality of {row['comparison']}: the cycles are {finding} a normal distribution "
                f"(Shapiro-Wilk, {p_text(row['p'])}, {row['n']:.0f} cycles)."
            )
    for row in of_metric[of_metric["method"] == "Brown-Forsythe equal variance"].to_dict("records"):
        if pd.isna(row["p"]):
            yield f"Equal variance: not tested. {row['note']}"
        else:
            finding = "differ" if row["p"] < LEVEL else "are not shown to differ"
            test = f"Brown-Forsythe, {p_text(row['p'])}"
            yield f"Equal variance: the seed spreads {finding} ({test})."


def _interval(metric: str, row: pd.Series) -> str:
    return _with_interval(metric, row["estimate"], row["low"], row["high"])


def _with_interval(metric: str, difference: float, low: float, high: float) -> str:
    text = value_text(metric, difference, signed=True)
    if pd.isna(low):
        return text
    # The unit stands once.
    ends = [value_text(metric, end, signed=True).partition(" ")[0] for end in (low, high)]
    return f"{text} ({' to '.join(ends)})"


def _tested(row: pd.Series) -> str:
    corrected = row.get("p_holm")
    if pd.isna(corrected):
        return p_text(row["p"])
    return f"{p_text(row['p'])}, {p_text(corrected)} after Holm over the metrics"
