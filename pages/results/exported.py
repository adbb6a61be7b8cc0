"""The results page for a paper: its figures and tables in one ZIP, with the Python of each."""

from collections.abc import Mapping

import pandas as pd

from kneeoa.analysis import findings
from kneeoa.analysis.anova import METRICS
from kneeoa.analysis.claim import CLAIM
from kneeoa.analysis.selection import Selection
from kneeoa.charts.comparing import spread_figure, strip_figure
from kneeoa.charts.paper import sheet
from pages.shared.research import paper_sheet
from pages.shared.research.run_selection import SPLITS

WHOLE = {
    "anova": "ANOVA, as published",
    "comparisons": "What a careful analysis adds",
    "ensembles": "Ensembles",
    "observations": "Every cycle",
}
"""The tables of a selection that are shown whole, with the words on their tabs."""


NOTES = (
    "Figures cycles_...: a point a training cycle; the bar is their mean with one standard "
    "deviation over cycles, the cross what the paper claims, with its ±, of which it does not say "
    "what it is.",
    "Figures spread_...: two standard deviations over cycles, and the 95% interval of the mean "
    "over patients. Neither holds the other.",
    "Tables table_1 and claim are of the test films, always, as the paper's are.",
)
"""What is said of the figures and tables in the ZIP."""


def of_split(table: pd.DataFrame, split: str) -> pd.DataFrame:
    """Return the rows of a split."""
    return table[table["split"] == split]


def claims_of(metric: str) -> dict[str, tuple[float, float]]:
    """Return what the paper claims of a metric by network: mean and standard deviation."""
    return {
        name: (claims[metric]["mean"], claims[metric]["sd"])
        for name, claims in CLAIM["networks"].items()
        if metric in claims
    }


def python_of(selection: Selection, name: str) -> str:
    """Return the Python of a table: one of `WHOLE`, ``claim``, or ``table 1`` in words."""
    if name == "table 1":
        return selection.python(
            'findings.claim_rows(measuring.tables(chosen)["table1"])', "findings", "measuring"
        )
    if name == "claim":
        return selection.python('measuring.tables(chosen)["table1"]', "measuring")
    return selection.python(
        'table[table["split"] == chosen.split]',
        "measuring",
        before=[f'table = measuring.tables(chosen)["{name}"]'],
    )


def content(selection: Selection, tables: Mapping[str, pd.DataFrame]) -> bytes:
    """Return the ZIP: every metric as cycles and spreads, every table."""
    split = selection.split
    observed, compared = (of_split(tables[name], split) for name in ("observations", "comparisons"))
    figures = {}
    for metric in METRICS:
        figures[f"cycles {metric}"] = strip_figure(observed, metric, claims_of(metric))
        figures[f"spread {metric}"] = spread_figure(compared, observed, metric)
    whole = {name: of_split(tables[name], split) for name in WHOLE}
    whole["table 1"] = findings.claim_rows(tables["table1"])
    whole["claim"] = tables["table1"]
    with_python = {name: (table, python_of(selection, name)) for name, table in whole.items()}
    name = sheet.slug(f"results {split}")
    notes = (*NOTES, f"Everything else is of the {SPLITS[split]} films.")
    # Not those whose answers could not be read: no figure stands on them.
    measured = selection.finished["label"].isin(tables["observations"]["run_id"])
    cited = paper_sheet.cited(selection, runs=selection.finished[measured])
    made = sheet.Sheet(figures, with_python, cited, notes)
    return sheet.packed(made, name)
