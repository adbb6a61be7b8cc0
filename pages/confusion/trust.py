"""The lower part of the confusion page: error sizes, ROC, precision-recall, reliability."""

import pandas as pd
import streamlit as st

from kneeoa.analysis import confusions, operating
from kneeoa.charts import confusion as charts
from kneeoa.charts import trust
from pages.shared import cached, kept, table_view


def show_errors(selection, films: dict[str, pd.DataFrame]) -> None:
    """Show how many grades the answers are off."""
    st.subheader("How far off")
    tables = {name: confusions.error_sizes(of) for name, of in films.items()}
    table_view.show_figure(charts.error_figure(tables), f"errors_{selection.split}")


def show_trust(selection, films: dict[str, pd.DataFrame], python) -> None:
    """Show ROC, precision-recall and reliability; `python` gives the lines of a table."""
    heading, control = st.columns([3, 2], vertical_alignment="bottom")
    heading.subheader("Telling apart, and being sure")
    threshold = kept.one(
        control.segmented_control,
        "Positive from",
        operating.THRESHOLDS,
        "threshold",
        default=2,
        required=True,
        format_func=lambda grade: f"KL {grade} and more",
        label_visibility="collapsed",
    )
    roc, precision, reliability = st.columns(3, gap="medium")
    with roc:
        st.markdown("**ROC**")
        curves = {name: operating.roc(of, threshold) for name, of in films.items()}
        table_view.show_figure(trust.roc_figure(curves), f"roc_{threshold}")
    with precision:
        st.markdown("**Precision and recall**")
        curves = {name: operating.precision_recall(of, threshold) for name, of in films.items()}
        first = next(iter(films.values()))
        prevalence = float((first["true_grade"] >= threshold).mean())
        figure = trust.precision_recall_figure(curves, prevalence)
        table_view.show_figure(figure, f"precision_recall_{threshold}")
    with reliability:
        st.markdown("**Reliability**")
        tables = {name: operating.reliability(of) for name, of in films.items()}
        table_view.show_figure(trust.reliability_figure(tables), "reliability")
    areas = {name: cached.of_films(operating.separation, of) for name, of in films.items()}
    table = "{name: operating.separation(of) for name, of in answers.items()}"
    table_view.show_table(
        confusions.of_networks(areas),
        f"separation_{selection.split}",
        python(f"confusions.of_networks({table})"),
        columns={
            name: st.column_config.NumberColumn(format="%.3f")
            for name in next(iter(areas.values())).select_dtypes("float")
        },
        height="content",
    )
    st.caption(
        "Areas with 95% intervals over patients; reliability with Wilson's, by knee. Probabilities "
        "are the means over runs, not calibrated; published models are."
    )
