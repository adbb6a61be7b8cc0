"""How far the proposed joint space widths can be trusted, in sentences that follow from numbers."""

from typing import Any

import pandas as pd

from kneeoa.grades import GRADES
from kneeoa.records.joint_space import (
    AGREEMENT,
    ALL_AT_ONCE,
    GRADE,
    INTERVAL,
    NARROWER,
    REFUSED,
    REPEATED,
    SIDES,
    broken,
)


def sentences(table: pd.DataFrame) -> list[str]:
    """Return what was measured, a sentence a question, from a table of `kneeoa.records`."""

    def line(check: str, what: str) -> Any:  # a row, whose columns only names tell
        (row,) = table[(table["check"] == check) & (table["what"] == what)].itertuples()
        return row

    def percent(check: str, what: str, digits: int = 1) -> str:
        row = line(check, what)
        value, low, high = (f"{100 * share:.{digits}f}" for share in (row.value, row.low, row.high))
        return f"{value}% ({low} to {high})"

    ranks = line(GRADE, f"{NARROWER}, rank correlation with KL")
    medians = [line(GRADE, f"{NARROWER}, median at {grade.label}").value for grade in GRADES]
    paragraphs = [
        "**Measured again** on a copy of the film that is shifted, turned by up to 3 degrees, "
        f"scaled and noisy ({line(REPEATED, f'medial, {ALL_AT_ONCE}').films:.0f} films medially, "
        f"{line(REPEATED, f'lateral, {ALL_AT_ONCE}').films:.0f} laterally), "
        "95% of widths differ by less than "
        f"{percent(REPEATED, f'medial, {ALL_AT_ONCE}')} of the tibia's width medially and "
        f"{percent(REPEATED, f'lateral, {ALL_AT_ONCE}')} laterally. Of the copies, "
        f"{percent(INTERVAL, 'copies inside the interval', 0)} lie in the interval that is shown. "
        f"Of all kinds of copies {percent(REFUSED, 'copies of what was measured')} gave no width "
        "any more; they are left out.",
        f"**Grades**: rank correlation of the narrower compartment with KL {ranks.value:.2f} "
        f"({ranks.low:.2f} to {ranks.high:.2f}); its medians at KL 0 to 4 are "
        + ", ".join(f"{median:.1%}" for median in medians)
        + ".",
        "**Another way to measure** (half heights of the brightness from top to bottom) gives "
        f"{percent(AGREEMENT, 'medial, mean difference')} more medially and "
        f"{percent(AGREEMENT, 'lateral, mean difference')} more laterally in the mean; 95% lie "
        f"within {percent(AGREEMENT, 'medial, half of the 95% limits')} and "
        f"{percent(AGREEMENT, 'lateral, half of the 95% limits')} of that, films on which nothing "
        "is said included.",
        f"**Nothing is said** of {percent(REFUSED, 'medial widths')} of medial and "
        f"{percent(REFUSED, 'lateral widths')} of lateral compartments; of KL 4, "
        f"{percent(REFUSED, 'medial widths at KL 4', 0)} of medial ones.",
    ]
    apart = table[table["check"] == SIDES]
    if len(apart):
        largest = 100 * apart["value"].max()
        paragraphs.append(
            f"**Two knees of KL 0 of one person** differ by up to {largest:.1f}% in 95% of "
            "persons. How much a knee differs between two visits was not measured."
        )
    return paragraphs


def verdict(table: pd.DataFrame) -> str:
    """Return whether the bounds that were set beforehand are kept, as a sentence."""
    if lines := broken(table):
        return f"Not good enough to be shown as a number: {'; '.join(lines)}."
    return "All bounds that were set before these films were measured are kept."


def markdown(table: pd.DataFrame) -> str:
    """Return every line of the table, as Markdown, in percent; a rank correlation as it is."""
    rows = ["| check | what | value | 95% interval | films | bound |", "|---|---|---|---|---|---|"]
    for row in table.itertuples():
        is_rank = "correlation" in row.what
        value, low, high, least, most = (
            "" if pd.isna(number) else f"{number:.2f}" if is_rank else f"{100 * number:.2f}%"
            for number in (row.value, row.low, row.high, row.at_least, row.at_most)
        )
        bound = " to ".join(filter(None, (least, most))) if least and most else ""
        bound = bound or (f"at least {least}" if least else f"at most {most}" if most else "")
        rows.append(
            f"| {row.check} | {row.what} | {value} | {low} to {high} | {row.films:.0f} | {bound} |"
        )
    return "\n".join(rows)
