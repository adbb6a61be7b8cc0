"""The runs page: what was trained, how it went, what differs between runs, what trains now."""

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from kneeoa import learning
from kneeoa.archive import FINISHED
from kneeoa.charts.training import MOST_LINES, learning_figure
from kneeoa.networks import DISPLAY_NAME
from kneeoa.selection import counted
from kneeoa.studies import read_status
from views import _kept, _live, _selection, _shared, _tables

# A study that says it trains but has not reported for so long was probably killed.
STALE_MINUTES = 15

# Column, factor and form of the metrics in the table.
SHOWN_METRICS = {
    "accuracy": ("Accuracy (%)", 100, "%.1f"),
    "quadratic_kappa": ("Kappa (quadratic)", 1, "%.3f"),
    "mean_absolute_error": ("Mean error (grades)", 1, "%.2f"),
    "expected_calibration_error": ("Calibration error (%)", 100, "%.1f"),
}


def show_live(selection) -> None:
    """Show the studies that train now, again every few seconds."""
    running = [study for study in selection.archive.studies if study.is_training]
    if selection.study is not None:
        running = [study for study in running if study is selection.study]
    for study in running:
        _live.every(5.0, _show_progress, study.folder, study.record.study_id)


def _show_progress(folder, study_id):
    status = read_status(folder, study_id)
    if status is None:
        return
    done, total = status.runs_done, max(1, status.runs)
    said = f"**{_shared.escaped(study_id)}** trains: {done} of {counted(total, 'run')} finished"
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
    rows = [
        {
            "Run": row.run_id,
            "Epoch": f"{row.epoch} of {row.epochs}",
            "This epoch": row.share,
            "Loss": row.loss,
            "Validation accuracy": row.val_accuracy,
            "Images/s": row.images_per_second,
        }
        for row in status.rows
        if row.state == "training"
    ]
    if rows:
        st.dataframe(
            rows,
            column_config={
                "This epoch": st.column_config.ProgressColumn(format="percent"),
                "Loss": st.column_config.NumberColumn(format="%.3f"),
                "Validation accuracy": st.column_config.NumberColumn(format="percent"),
                "Images/s": st.column_config.NumberColumn(format="%.0f"),
            },
        )


def show_runs(selection) -> list[str]:
    """Show the table of runs; return the labels of those that are marked in it."""
    measured, unread = _selection.measured(selection)
    values = measured[measured["split"] == selection.split].set_index("label")
    runs = selection.runs.set_index("label", drop=False)
    table = pd.DataFrame(
        {
            "Run": runs["label"],
            "Network": runs["architecture"].map(DISPLAY_NAME),
            "Seed": runs["seed"].astype("Int64"),
            "Preset": runs["preset"],
            "State": [_state(row, unread) for row in runs.to_dict("records")],
            **{
                label: factor * values[name].reindex(runs.index).astype(float)
                for name, (label, factor, _) in SHOWN_METRICS.items()
            },
            "Epochs": runs["epochs"].astype("Int64"),
            "Best epoch": runs["best_epoch"].astype("Int64"),
            "Stopped because": runs["stopped_because"],
            "Minutes": runs["minutes"].astype(float),
            "Images/s": runs["images_per_second"].astype(float),
            "Device": runs["device"],
            "Precision": runs["precision"],
            "Finished (UTC)": pd.to_datetime(runs["finished_at"], errors="coerce", utc=True),
            "Split": runs["split_hash"].str[:8],
            "Weights": runs["model_sha256"].str[:8],
        }
    )
    event = _tables.show_table(
        table,
        f"runs_{selection.split}",
        f"""
from pathlib import Path
from kneeoa import archive, results, statistics

found = archive.read_archive([Path(p) for p in {[str(f) for f in selection.archive.folders]!r}])
runs = found.runs[found.runs["state"] == "finished"]
observed = statistics.observations(
    (run.run_id, run.architecture, run.seed,
     results.read_predictions(Path(run.folder, "runs", run.run_id, "predictions.csv")))
    for run in runs.itertuples()
)
print(observed[observed["split"] == {selection.split!r}])
""",
        columns={
            "Run": st.column_config.TextColumn(width="medium"),
            **{
                label: st.column_config.NumberColumn(format=form)
                for label, _, form in SHOWN_METRICS.values()
            },
            "Minutes": st.column_config.NumberColumn(format="%.0f"),
            "Images/s": st.column_config.NumberColumn(format="%.0f"),
            "Finished (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        },
        on_select="rerun",
        selection_mode="multi-row",
        height=min(380, 38 + 35 * len(table)),
        key="runs_table",
    )
    return [table["Run"].iloc[row] for row in event.selection.rows]


def _state(row, unread):
    if row["state"] == FINISHED and row["label"] in unread:
        return "no predictions"
    if row["unpaired"]:
        return "finished, unpaired"
    return row["state"]


def show_comparison(selection, marked) -> None:
    """Show the settings in which runs differ: those `marked` in the table, or chosen here."""
    st.subheader("Settings that differ")
    rows = selection.finished.set_index("label")
    marked = [label for label in marked if label in rows.index]
    if marked and marked != st.session_state.get("marked_before"):
        _kept.choose("compare", marked)
    st.session_state["marked_before"] = marked
    chosen = _kept.several(
        st.multiselect,
        "Runs",
        rows.index,
        "compare",
        placeholder="Choose two or more here, or mark them in the table",
        label_visibility="collapsed",
    )
    if len(chosen) < 2:
        return
    configs = {
        label: selection.archive.records[
            rows.loc[label, "folder"], rows.loc[label, "run_id"]
        ].config
        for label in chosen
    }
    table = learning.config_differences(configs)
    if table.empty:
        st.caption("These runs have the same settings.")
        return
    shown = table.map(lambda value: "" if value is None else str(value))
    _tables.show_table(
        shown.rename_axis("Setting").reset_index(),
        "settings",
        """
from pathlib import Path
from kneeoa import learning, results

folders = [Path("RESULTS/runs/ONE"), Path("RESULTS/runs/OTHER")]
configs = {folder.name: results.read_record(folder).config for folder in folders}
print(learning.config_differences(configs))
""",
    )


def show_curves(selection) -> None:
    """Show how training went, epoch by epoch."""
    heading, control = st.columns([3, 2], vertical_alignment="bottom")
    heading.subheader("Learning curves")
    rows = selection.finished.set_index("label")
    found, problems = _shared.histories(
        tuple(zip(rows.index, rows["folder"], rows["run_id"], strict=True))
    )
    for problem in problems:
        st.warning(_shared.escaped(problem))
    histories = {
        label: (rows.loc[label, "architecture"], epochs) for label, epochs in found.items()
    }
    chosen = {label: rows.loc[label, "best_epoch"] for label in found}
    curves = learning.learning_curves(histories)
    there = [name for name in learning.CURVES if name in curves and curves[name].notna().any()]
    if not there:
        st.caption("No finished run has epochs to draw.")
        return
    measure = _kept.one(
        control.selectbox,
        "Measure",
        there,
        "curve",
        format_func=learning.CURVES.get,
        label_visibility="collapsed",
    )
    figure = learning_figure(
        curves, learning.band(curves, measure), learning.stages(curves), chosen, measure
    )
    _tables.show_figure(figure, f"learning_{measure}")
    lines = (
        f" Of {len(histories)} runs the first {MOST_LINES} of each network are drawn singly."
        if len(histories) > 2 * MOST_LINES
        else ""
    )
    st.caption(
        "Thin: a run each, a star at the epoch whose weights were kept. Bold: mean over runs; "
        "shaded: one standard deviation over runs. Dotted: where a stage unfreezes more layers."
        + lines
    )


def _minutes_since(text):
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds() / 60
    except (TypeError, ValueError):
        return None


_shared.apply_style()
with _shared.refusals_shown():
    selection = _selection.choose()
    if selection is not None:
        show_live(selection)
        marked = show_runs(selection)
        show_curves(selection)
        show_comparison(selection, marked)
