"""The runs page: what was trained, how it went, what differs between runs, what trains now."""

from datetime import UTC, datetime

import streamlit as st

from kneeoa.analysis import learning_curves, measuring
from kneeoa.charts.training import MOST_LINES, learning_figure
from kneeoa.records.studies import read_status, training_rows
from kneeoa.wording import counted
from pages.shared import boundary, kept, live, style, table_view
from pages.shared.research import cached_runs, run_selection

# A study that says it trains but has not reported for so long was probably killed.
STALE_MINUTES = 15

LIVE_COLUMNS = {
    "run": "Run",
    "epoch": "Epoch",
    "epochs": "Of epochs",
    "share": st.column_config.ProgressColumn("This epoch", format="percent"),
    "loss": st.column_config.NumberColumn("Loss", format="%.3f"),
    "val_accuracy": st.column_config.NumberColumn("Validation accuracy", format="percent"),
    "images_per_second": st.column_config.NumberColumn("Images/s", format="%.0f"),
}
COLUMNS = {
    "run": st.column_config.TextColumn("Run", width="medium"),
    "network": "Network",
    "seed": "Seed",
    "preset": "Preset",
    "state": "State",
    "accuracy": st.column_config.NumberColumn("Accuracy", format="%.3f"),
    "quadratic_kappa": st.column_config.NumberColumn("Kappa (quadratic)", format="%.3f"),
    "mean_absolute_error": st.column_config.NumberColumn("Mean error (grades)", format="%.3f"),
    "expected_calibration_error": st.column_config.NumberColumn("Calibration error", format="%.3f"),
    "epochs": "Epochs",
    "best_epoch": "Best epoch",
    "why": st.column_config.TextColumn("Why it stopped", width="medium"),
    "minutes": st.column_config.NumberColumn("Minutes", format="%.0f"),
    "images_per_second": st.column_config.NumberColumn("Images/s", format="%.0f"),
    "device": "Device",
    "precision": "Precision",
    "finished_at": st.column_config.DatetimeColumn("Finished (UTC)", format="YYYY-MM-DD HH:mm"),
    "split_hash": st.column_config.TextColumn("Split", width="small"),
    "model_sha256": st.column_config.TextColumn("Weights (SHA-256)", width="small"),
}


def show_live(selection) -> None:
    """Show the studies that train now, again every few seconds."""
    running = [study for study in selection.archive.studies if study.is_training]
    if selection.study is not None:
        running = [study for study in running if study is selection.study]
    for study in running:
        live.every(5.0, _show_progress, study.folder, study.record.study_id)


def _show_progress(folder, study_id):
    status = read_status(folder, study_id)
    if status is None:
        return
    done, total = status.runs_done, max(1, status.runs)
    said = f"**{boundary.escaped(study_id)}** trains: {done} of {counted(total, 'run')} finished"
    left = status.seconds_left_at_most
    if left:
        said += (
            f", at most {left / 3600:.1f} h left"
            if left > 5400
            else f", at most {left / 60:.0f} min left"
        )
    ago = _minutes_since(status.updated_at)
    if ago is not None and ago > STALE_MINUTES:
        said += f". It last reported {ago:.0f} minutes ago: it may have been stopped"
    st.progress(min(1.0, max(0.0, done / total)), text=said + ".")
    rows = training_rows(status)
    if len(rows):
        table_view.show_table(
            rows,
            f"training_{study_id}",
            "from pathlib import Path\nfrom kneeoa.records import studies\n\n"
            f"status = studies.read_status(Path({str(folder)!r}), {study_id!r})\n"
            "print(studies.training_rows(status))",
            columns=LIVE_COLUMNS,
            height="content",
        )


def show_runs(selection) -> list[str]:
    """Show the table of runs; return the labels of those that are marked in it."""
    measured, _ = run_selection.measured(selection)
    table = measuring.run_table(selection, measured)
    st.caption(
        boundary.escaped(selection.states())
        + f". Metrics on the {run_selection.SPLITS[selection.split]} films."
    )
    event = table_view.show_table(
        table,
        f"runs_{selection.split}",
        selection.python("measuring.run_table(chosen, measuring.observed(chosen))", "measuring"),
        columns=COLUMNS,
        on_select="rerun",
        selection_mode="multi-row",
        height=min(380, 38 + 35 * len(table)),
        key="runs_table",
    )
    return [table["run"].iloc[row] for row in event.selection.rows]


def show_comparison(selection, marked) -> None:
    """Show the settings in which runs differ: those `marked` in the table, or chosen here."""
    st.subheader("Settings that differ")
    rows = selection.finished.set_index("label")
    marked = [label for label in marked if label in rows.index]
    if marked and marked != st.session_state.get("marked_before"):
        kept.choose("compare", marked)
    st.session_state["marked_before"] = marked
    chosen = kept.several(
        st.multiselect,
        "Runs",
        rows.index,
        "compare",
        placeholder="Choose two or more here, or mark them in the table",
        label_visibility="collapsed",
    )
    if len(chosen) < 2:
        return
    table = measuring.setting_table(selection, chosen)
    if table.empty:
        st.caption("These runs have the same settings.")
        return
    table_view.show_table(
        table,
        "settings",
        selection.python(f"measuring.setting_table(chosen, {list(chosen)!r})", "measuring"),
        columns={"setting": "Setting"},
        height="content",
    )


def show_curves(selection) -> None:
    """Show how training went, epoch by epoch."""
    heading, control = st.columns([3, 2], vertical_alignment="bottom")
    heading.subheader("Learning curves")
    rows = selection.finished.set_index("label")
    found, problems = cached_runs.histories(
        tuple(zip(rows.index, rows["folder"], rows["run_id"], strict=True))
    )
    for problem in problems:
        st.warning(boundary.escaped(problem))
    histories = {
        label: (rows.loc[label, "architecture"], epochs) for label, epochs in found.items()
    }
    chosen = {label: rows.loc[label, "best_epoch"] for label in found}
    curves = learning_curves.learning_curves(histories)
    there = [
        name for name in learning_curves.CURVES if name in curves and curves[name].notna().any()
    ]
    if not there:
        st.caption("No finished run has epochs to draw.")
        return
    measure = kept.one(
        control.selectbox,
        "Measure",
        there,
        "curve",
        format_func=learning_curves.CURVES.get,
        label_visibility="collapsed",
    )
    figure = learning_figure(
        curves,
        learning_curves.band(curves, measure),
        learning_curves.stages(curves),
        chosen,
        measure,
    )
    table_view.show_figure(figure, f"learning_{measure}")
    lines = (
        f" Of {len(histories)} runs the first {MOST_LINES} of each network are drawn singly."
        if len(histories) > 2 * MOST_LINES
        else ""
    )
    st.caption(
        "Thin: a run each, a star at the epoch whose weights were kept. Bold: mean over runs; "
        "shaded: one standard deviation over runs. Dotted: where a stage begins, and which layers "
        "it trains." + lines
    )


def _minutes_since(text):
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds() / 60
    except (TypeError, ValueError):
        return None


style.apply_style()
with boundary.refusals_shown():
    selection = run_selection.choose()
    if selection is not None:
        show_live(selection)
        marked = show_runs(selection)
        show_curves(selection)
        show_comparison(selection, marked)
