"""Many runs at once: lines through the settings in which they differ and what they gave."""

import pandas as pd
import streamlit as st

from kneeoa.analysis.many import parallel_runs
from kneeoa.analysis.many.parallel_runs import HIGHER_IS_BETTER, OUTCOMES
from kneeoa.charts import parallel
from kneeoa.wording import counted
from pages.shared import kept, table_view

FIRST = 5
"""Settings that are drawn before the reader chooses."""
BRUSHED = "marked_on_axes"
"""Where a session keeps which runs were drawn, and which parts of axes were marked then."""
COLUMNS = {
    "run": st.column_config.TextColumn("Run", width="medium"),
    "quadratic_kappa": st.column_config.NumberColumn("Kappa (quadratic)", format="%.3f"),
    "mean_absolute_error": st.column_config.NumberColumn("Mean error (grades)", format="%.3f"),
    "minutes": st.column_config.NumberColumn("Minutes", format="%.0f"),
}


def show(selection, observed) -> None:
    """Show the finished runs of the selection as lines, and the table behind them."""
    table = parallel_runs.run_settings(selection, observed)
    settings = parallel_runs.settings_in(table)
    st.caption(
        "A line is a run: through its settings, and what it gave on the validation films, whatever "
        "is chosen above, since test films choose nothing. Drag along an axis to keep only "
        "the runs that pass there. What each change of a recipe gave, such as soft targets: "
        "*Results*, *What was tried*."
    )
    if settings and set(settings) <= {"seed"}:
        st.info(
            "These runs differ in their seed alone, which nobody chooses by what it gave. For "
            "settings against results choose another study or all runs above."
        )
    axes, colour = st.columns([3, 1.2], vertical_alignment="bottom")
    chosen = kept.several(
        axes.multiselect,
        "Settings that differ between these runs",
        settings,
        "axes",
        default=settings[:FIRST],
        placeholder="These runs have the same settings" if not settings else "Choose settings",
    )
    coloured = kept.one(
        colour.selectbox, "Colour by", OUTCOMES, "coloured", format_func=OUTCOMES.get
    )
    drawn = {"network": "network"} if table["network"].nunique() > 1 else {}
    drawn |= {name: name.replace("_", " ") for name in chosen}
    drawn |= {name: words.lower() for name, words in OUTCOMES.items()}
    lines = parallel.with_colour(table, coloured)
    kept_rows = show_lines(table, lines, drawn, coloured)
    left_out = len(table) - len(lines)
    caption = f"Teal: the better end. {counted(len(lines), 'run')} drawn"
    if left_out:
        caption += (
            f", {left_out} left out: without {OUTCOMES[coloured].lower()} on validation films"
        )
    st.caption(f"{caption}.")
    only = ""
    if len(kept_rows) < len(table):
        only = f"[lambda table: table['run'].isin({list(kept_rows['run'])})]"
    table_view.show_table(
        kept_rows,
        "settings_and_results",
        selection.python(
            f"parallel_runs.run_settings(chosen, measuring.observed(chosen)){only}",
            "parallel_runs",
            "measuring",
        ),
        columns={name: _column(table[name]) for name in settings} | COLUMNS,
        height=min(300, 38 + 35 * len(kept_rows)),
    )


def _column(values):
    words = str(values.name).replace("_", " ").capitalize()
    is_number = pd.api.types.is_float_dtype(values)
    return st.column_config.NumberColumn(words, format="%.4g") if is_number else words


def show_lines(table, lines, drawn, coloured):
    """Show the lines, let a reader drag along axes, and return the rows of the table to show."""
    runs, brushes = st.session_state.get(BRUSHED, ((), {}))
    if runs != tuple(lines["run"]):
        # What was marked is a part of an axis of other runs.
        brushes = {}
    figure = parallel.parallel_figure(
        table,
        drawn,
        coloured,
        named="run",
        brushes=brushes,
        higher_is_better=coloured in HIGHER_IS_BETTER,
    )
    event = table_view.show_figure(
        figure, "settings_and_results", on_select="rerun", selection_mode="box"
    )
    if boxes := event["selection"]["box"]:
        st.session_state[BRUSHED] = tuple(lines["run"]), brushes | parallel.brushed(drawn, boxes)
        st.rerun()
    if not brushes or lines.empty:
        return table
    passing = lines[parallel.passing(parallel.axes_of(lines, drawn), brushes)]
    text, button = st.columns([3, 1.2], vertical_alignment="center")
    text.markdown(f"**{len(passing)} of {counted(len(lines), 'run')}** pass where you marked.")
    if button.button("Show all runs", width="stretch"):
        del st.session_state[BRUSHED]
        st.rerun()
    return passing
