"""Many runs at once: lines through the settings in which they differ and what they gave."""

import streamlit as st

from kneeoa.analysis.many import parallel_runs
from kneeoa.analysis.many.parallel_runs import HIGHER_IS_BETTER, OUTCOMES
from kneeoa.charts.parallel import parallel_figure
from kneeoa.wording import counted
from pages.shared import kept, table_view

FIRST = 5
"""Settings that are drawn before the reader chooses."""
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
        "the runs that pass there; drag an axis' name to move it. What each change of a recipe "
        "gave, such as soft targets: *Results*, *What was tried*. A browser without WebGL "
        "cannot draw these lines: the table below holds the same."
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
    figure = parallel_figure(table, drawn, coloured, higher_is_better=coloured in HIGHER_IS_BETTER)
    table_view.show_figure(figure, "settings_and_results")
    left_out = int(table[coloured].isna().sum())
    caption = f"Teal: the better end. {counted(len(table) - left_out, 'run')} drawn"
    if left_out:
        caption += (
            f", {left_out} left out: without {OUTCOMES[coloured].lower()} on validation films"
        )
    st.caption(f"{caption}.")
    table_view.show_table(
        table,
        "settings_and_results",
        selection.python(
            "parallel_runs.run_settings(chosen, measuring.observed(chosen))",
            "parallel_runs",
            "measuring",
        ),
        columns={name: name.replace("_", " ").capitalize() for name in settings} | COLUMNS,
        height=min(300, 38 + 35 * len(table)),
    )
