"""A table as every research page shows it: sortable, to download, with the Python behind it."""

from typing import Any

import pandas as pd
import streamlit as st

from kneeoa.spreadsheet import csv_text
from pages.shared import boundary, column_words, kept

IMAGE = "image"
ONE_LINE, THREE_LINES = 35, 66
"""Heights of a row; Streamlit breaks texts instead of cutting them off in rows above 64 pixels."""


def show_table(
    table: pd.DataFrame,
    name: str,
    python: str,
    *,
    columns: dict | None = None,
    download: pd.DataFrame | None = None,
    **options,
):
    """Show `table`; below it its CSV and the lines of `python` that reproduce it.

    `name` is that of the file; `download` is its content where the table shows words for numbers.
    What ``st.dataframe`` returns for a selection is returned.
    """
    # What is not known or does not apply is an empty cell, not a word.
    shown: dict[str, Any] = {"hide_index": True, "placeholder": ""} | options
    content, columns = column_words.to_a_tenth(table, column_words.described(table, columns))
    event = st.dataframe(content, column_config=columns, **shown)
    # In a row of their own width: in narrow columns their words would be cut off.
    ways = st.container(horizontal=True, gap="small")
    with ways:
        show_csv(table if download is None else download, name)
        with st.popover(boundary.told_apart("Python", f"of {name.replace('_', ' ')}")):
            st.code(python.strip(), language="python")
    return event


def show_csv(table: pd.DataFrame, name: str) -> None:
    """Show the button that downloads `table` as the file ``<name>.csv``.

    The one that Streamlit puts over a table leaves formulas in it, and is hidden (`style`).
    """
    st.download_button(
        boundary.told_apart("CSV", f"of {name.replace('_', ' ')}"),
        csv_text(table),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=f"csv_{name}",
        on_click="ignore",
    )


def show_figure(figure, name: str, **options):
    """Show a Plotly figure whose menu saves it; return its event, if it has one."""
    from kneeoa.charts import style

    config = style.config(name, st.session_state.get(IMAGE, "png"))
    # Of a picture that is saved; on the page they take the theme's, whichever a reader chooses.
    ink = style.INK[st.context.theme.type or "light"]
    figure.update_traces(textfont_color=ink, selector={"type": "heatmap"})
    return st.plotly_chart(figure, config=config, key=f"figure_{name}", **options)


def choose_image() -> None:
    """Let the reader choose as what the menu of every figure saves it."""
    kept.one(
        st.segmented_control,
        "The camera of a figure saves",
        ["png", "svg"],
        IMAGE,
        format_func=str.upper,
        required=True,
    )
