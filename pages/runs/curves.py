"""How training went, epoch by epoch, of all runs or of the marked ones, and what differs there."""

import streamlit as st

from kneeoa.analysis import learning_curves, measuring
from kneeoa.analysis import selection as runs_of
from kneeoa.charts.training import MOST_LINES, learning_figure, marked_figure
from kneeoa.wording import counted
from pages.shared import boundary, kept, table_view
from pages.shared.research import cached_runs

SMOOTHING = {1: "As measured", 3: "Over 3 epochs", 5: "Over 5 epochs", 9: "Over 9 epochs"}
SCALES = {"linear": "Linear", "log": "Logarithmic"}
SAID_AT_MOST = 6


def show(selection, marked: tuple[str, ...]) -> None:
    """Show the curves of the `marked` runs and their settings, or of all runs that are chosen."""
    st.subheader("Learning curves of the marked runs" if marked else "Learning curves")
    rows = runs_of.finished_runs(selection.archive) if marked else selection.finished
    rows = rows.set_index("label")
    if marked:
        rows = rows.loc[list(marked)]
    names = cached_runs.names(selection.archive)
    curves = _curves(rows, names)
    _say_not_finite(curves, names["name"])
    measures = [
        name for name in learning_curves.CURVES if name in curves and curves[name].notna().any()
    ]
    if not measures:
        st.caption("No finished run has epochs to draw.")
        return
    measure, epochs, log = _controls(measures)
    records = selection.archive.records
    configs = [records[key].config for key in zip(rows["folder"], rows["run_id"], strict=True)]
    if note := learning_curves.note_of(measure, configs):
        st.caption(note)
    # A loss that is no number would take the whole scale, or the mean, with it.
    drawn = learning_curves.smoothed(learning_curves.finite(curves, measure), measure, epochs)
    kept_epochs = rows["best_epoch"].to_dict()
    if not marked:
        _show_all(drawn, kept_epochs, measure, names["name"], log)
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        figure = marked_figure(drawn, kept_epochs, measure, names=names["name"].to_dict(), log=log)
        table_view.show_figure(figure, f"learning_marked_{measure}")
        st.caption("A star: the epoch whose weights were kept. No mean is taken of marked runs.")
    with right:
        _show_settings(selection, marked, names["name"])


def _curves(rows, names):
    histories, problems = cached_runs.histories(
        tuple(zip(rows.index, rows["folder"], rows["run_id"], strict=True))
    )
    for problem in problems:
        st.warning(boundary.escaped(problem))
    return learning_curves.learning_curves(
        {label: (rows.loc[label, "architecture"], epochs) for label, epochs in histories.items()},
        names["recipe"].to_dict(),
    )


def _say_not_finite(curves, names):
    if curves.empty:
        return
    bad = learning_curves.not_finite(curves)
    for row in bad.head(SAID_AT_MOST).to_dict("records"):
        st.warning(
            boundary.escaped(
                f"{names[row['run_id']]}: {learning_curves.CURVES[row['measure']].lower()} is "
                f"infinite or no number in {counted(row['epochs'], 'epoch')}, first in epoch "
                f"{row['first']}. These epochs are left out of the figure and of every mean."
            )
        )
    if len(bad) > SAID_AT_MOST:
        st.warning(f"And {counted(len(bad) - SAID_AT_MOST, 'more such curve')}.")


def _controls(measures):
    with st.container(key="bar_of_curves"):
        measure, smoothing, scale, _ = st.columns([3, 2, 2, 3], vertical_alignment="bottom")
    return (
        kept.one(
            measure.selectbox,
            "Measure",
            measures,
            "curve",
            format_func=learning_curves.CURVES.get,
        ),
        kept.one(
            smoothing.selectbox,
            "Smoothing",
            SMOOTHING,
            "smoothing",
            format_func=SMOOTHING.get,
            help="The mean over as many epochs around each, run by run.",
        ),
        kept.one(
            scale.segmented_control,
            "Scale",
            SCALES,
            "scale",
            format_func=SCALES.get,
            required=True,
        )
        == "log",
    )


def _show_all(curves, kept_epochs, measure, names, log):
    networks, recipes = curves["architecture"].nunique(), curves["recipe"].nunique()
    one_recipe_each = recipes == networks
    figure = learning_figure(
        curves,
        learning_curves.band(curves, measure),
        # Stages of unlike recipes begin wherever each has them: lines of them all say nothing.
        learning_curves.stages(curves if one_recipe_each else curves.iloc[:0]),
        kept_epochs,
        measure,
        names=names.to_dict(),
        log=log,
    )
    table_view.show_figure(figure, f"learning_{measure}")
    caption = (
        "Thin: a run each, a star at the epoch whose weights were kept. Bold: mean over runs of "
        "one recipe; shaded: one standard deviation over runs. "
    )
    if one_recipe_each:
        caption += (
            "Dotted: where a stage begins in the first run, and which layers it trains; grey: "
            "until the last run is there."
        )
    else:
        caption += (
            f"These runs are of {recipes} recipes, and unlike recipes have no mean in common: one "
            "is drawn for each recipe with two runs or more."
        )
    runs = curves["run_id"].nunique()
    if runs > 2 * MOST_LINES:
        caption += f" Of {runs} runs the first {MOST_LINES} of each network are drawn singly."
    st.caption(caption)


def _show_settings(selection, marked, names):
    st.markdown("**Settings that differ**")
    if len(marked) < 2:
        st.caption("Mark another run to see in which settings they differ.")
        return
    table = measuring.setting_table(selection, marked)
    if table.empty:
        st.caption("These runs have the same settings.")
        return
    table_view.show_table(
        table,
        "settings",
        selection.python(f"measuring.setting_table(chosen, {list(marked)!r})", "measuring"),
        columns={"setting": "Setting"}
        | {label: st.column_config.TextColumn(names[label], width="small") for label in marked},
        height=min(460, 38 + 35 * len(table)),
    )
