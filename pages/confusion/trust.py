"""The lower part of the confusion page: grade by grade, ROC, precision-recall, reliability."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from kneeoa.analysis import confusions, operating
from kneeoa.charts import confusion as charts
from kneeoa.charts import trust
from pages.confusion import sources
from pages.shared import cached, kept, table_view

THREE_DIGITS = {
    name: st.column_config.NumberColumn(format="%.3f") for name in ("value", "low", "high")
}
GRADES_TABLE = (
    "confusions.of_networks({name: confusions.per_grade(films) for name, films in answers.items()})"
)
AREAS_TABLE = (
    "confusions.of_networks({name: operating.separation(films) for name, films in answers.items()})"
)


def show_grades(selection, answers: dict[str, pd.DataFrame], lines: Sequence[str]) -> None:
    """Show precision, recall and F1 per grade, with intervals, and how far off answers are."""
    tables = {name: cached.of_films(confusions.per_grade, films) for name, films in answers.items()}
    table_view.show_figure(charts.per_grade_figure(tables), f"grades_{selection.split}")
    st.caption(
        "Of one answer a film: of several runs, that of their mean probabilities. 95% intervals: "
        "bootstrap over patients. Whether two networks differ they do not tell: *Results*, *Two "
        "sets side by side* has the difference of each grade with an interval of its own."
    )
    st.markdown("**How far off**")
    sizes = {name: confusions.error_sizes(films) for name, films in answers.items()}
    table_view.show_figure(charts.error_figure(sizes), f"errors_{selection.split}")
    table_view.show_table(
        confusions.of_networks(tables),
        f"grades_{selection.split}",
        sources.python(selection, lines, GRADES_TABLE),
        columns=THREE_DIGITS,
        height=250,
    )


def curves_of(answers: dict[str, pd.DataFrame], threshold: int) -> dict:
    """Return the three figures by the words above them: ROC, precision and recall, reliability."""
    roc = {name: operating.roc(films, threshold) for name, films in answers.items()}
    precision = {
        name: operating.precision_recall(films, threshold) for name, films in answers.items()
    }
    first = next(iter(answers.values()))
    prevalence = float((first["true_grade"] >= threshold).mean())
    tables = {name: operating.reliability(films) for name, films in answers.items()}
    return {
        "ROC": trust.roc_figure(roc),
        "Precision and recall": trust.precision_recall_figure(precision, prevalence),
        "Reliability": trust.reliability_figure(tables),
    }


def threshold_chosen() -> int:
    """Return from which grade on a knee is positive, as chosen in `show_trust`, or as usual."""
    chosen = str(kept.chosen("threshold"))
    return int(chosen) if chosen in map(str, operating.THRESHOLDS) else 2


def show_trust(selection, answers: dict[str, pd.DataFrame], lines: Sequence[str]) -> None:
    """Show ROC, precision-recall and reliability."""
    threshold = kept.one(
        st.segmented_control,
        "Positive from",
        operating.THRESHOLDS,
        "threshold",
        default=2,
        required=True,
        format_func=lambda grade: f"KL {grade} and more",
    )
    figures = curves_of(answers, threshold)
    for place, (name, figure) in zip(st.columns(3, gap="medium"), figures.items(), strict=True):
        with place:
            st.markdown(f"**{name}**")
            suffix = "" if name == "Reliability" else f"_{threshold}"
            table_view.show_figure(figure, f"{name.lower().replace(' ', '_')}{suffix}")
    areas = {name: cached.of_films(operating.separation, films) for name, films in answers.items()}
    table_view.show_table(
        confusions.of_networks(areas),
        f"separation_{selection.split}",
        sources.python(selection, lines, AREAS_TABLE),
        columns={
            name: st.column_config.NumberColumn(format="%.3f")
            for name in next(iter(areas.values())).select_dtypes("float")
        },
        height="content",
    )
    st.caption(
        "Areas with 95% intervals over patients; reliability with Wilson's, by knee. Probabilities "
        "of several runs are their means, not calibrated; those of published models are."
    )
