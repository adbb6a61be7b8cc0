"""Which differences between two sets of runs are beyond chance, and beyond which: in sentences.

There are two chances. Other patients: the interval of `side_by_side`, a bootstrap over patients.
Other runs: Welch's t from mean, standard deviation and number of the runs of each set, known where
each set has two or more. Neither holds the other, and a claim about recipes or networks needs both.
"""

from collections.abc import Iterator
from typing import Any

from kneeoa.analysis.many.side_by_side import MEASURES, SideBySide
from kneeoa.metrics import agreement
from kneeoa.wording import counted, within_sentence

LEVEL = 0.05


def runs_p(first_sd: float, second_sd: float, difference: float, runs: tuple[int, int]) -> float:
    """Return the p of Welch's t test (1947) from the runs' standard deviations and numbers.

    NaN where a set has one run, or no run differs from another.
    """
    if min(runs) < 2 or not first_sd + second_sd > 0:
        return float("nan")
    from scipy import stats  # takes a second to load, which a page that shows no two sets need not

    test = stats.ttest_ind_from_stats(
        difference, second_sd, runs[1], 0, first_sd, runs[0], equal_var=False
    )
    return float(test.pvalue)


def verdicts(compared: SideBySide) -> Iterator[str]:
    """Yield which measures differ by more than chance, with who has more; the rest is undecided."""
    by_both: list[str] = []
    by_patients: list[str] = []
    known = min(compared.answers) > 1
    if max(compared.answers) == 1 and len(set(compared.members)) > 1:
        first, second = (counted(count, "run") for count in compared.members)
        yield (
            f"A mean over {first} stands beside one over {second}. That of more runs is right on "
            "more films, whatever they are: choose as many of each to learn of anything else."
        )
    # Metrics that never have an interval are no matter of these sets: the table says so of them.
    tested = compared.table[~compared.table["metric"].isin(agreement.NO_INTERVAL)]
    undefined = " or is not defined" if tested["low"].isna().any() else ""
    for row in compared.table.to_dict("records"):
        if not (row["low"] > 0 or row["high"] < 0):
            continue
        p = runs_p(row["first_sd"], row["second_sd"], row["difference"], compared.answers)
        (by_both if p < LEVEL else by_patients).append(_named(row))
    if by_both:
        yield f"Beyond the chance of patients and of runs: {'; '.join(by_both)}."
    if by_patients and known:
        yield (
            f"Beyond the chance of patients, but not of runs, so that other seeds might turn it: "
            f"{'; '.join(by_patients)}."
        )
    elif by_patients:
        yield (
            f"Beyond the chance of patients: {'; '.join(by_patients)}. How far other seeds would "
            "move it is not known, because a set counts as one answer."
        )
    if by_both or by_patients:
        yield f"Everything else may be chance: its interval holds 0{undefined}."
    else:
        yield (
            f"Nothing here is beyond chance: every interval holds 0{undefined}. That is no proof "
            "that the sets are alike."
        )


def _named(row: dict[str, Any]) -> str:
    words, side = MEASURES[row["metric"]], "more" if row["difference"] > 0 else "less"
    return f"{within_sentence(words)} ({side} in the second)"
