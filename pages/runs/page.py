"""The runs page: what was trained, how it went, what differs between runs, what trains now."""

from datetime import UTC, datetime

import streamlit as st

from kneeoa.analysis import measuring
from kneeoa.records.studies import read_status, training_rows
from kneeoa.wording import counted
from pages.runs import curves, marks
from pages.shared import boundary, live, style, table_view
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
    "network": "Network",
    "preset": "Recipe",
    "seed": "Seed",
    "changed": st.column_config.TextColumn(
        "Changed in it",
        width="medium",
        help="Settings in which it differs from most runs of that network and recipe.",
    ),
    "state": "State",
    "accuracy": st.column_config.NumberColumn("Accuracy", format="percent"),
    "quadratic_kappa": st.column_config.NumberColumn("Kappa (quadratic)", format="%.3f"),
    "mean_absolute_error": st.column_config.NumberColumn("Mean error (grades)", format="%.3f"),
    "expected_calibration_error": st.column_config.NumberColumn(
        "Calibration error", format="percent"
    ),
    "epochs": "Epochs",
    "best_epoch": "Best epoch",
    "why": st.column_config.TextColumn("Why it stopped", width="large"),
    "minutes": st.column_config.NumberColumn("Minutes", format="%.0f"),
    "images_per_second": st.column_config.NumberColumn("Images/s", format="%.0f"),
    "device": "Device",
    "precision": "Precision",
    "finished_at": st.column_config.DatetimeColumn("Finished (UTC)", format="YYYY-MM-DD HH:mm"),
    "run": st.column_config.TextColumn("Name of its folder", width="medium"),
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


def show_runs(selection) -> tuple[str, ...]:
    """Show the table of runs; return the labels of those that are marked, here or elsewhere."""
    measured, _ = run_selection.measured(selection)
    table = measuring.run_table(selection, measured, names=cached_runs.names(selection.archive))
    st.caption(
        boundary.escaped(selection.states())
        + f". Metrics on the {run_selection.SPLITS[selection.split]} films."
    )
    place = st.container()
    marked = marks.choose(selection)
    with place:
        table_view.show_table(
            table,
            f"runs_{selection.split}",
            selection.python(
                "measuring.run_table(chosen, measuring.observed(chosen))", "measuring"
            ),
            columns=COLUMNS,
            height=min(380, 38 + 35 * len(table)),
            **marks.of_rows(list(table["run"]), marked),
        )
    return marked


def _minutes_since(text):
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds() / 60
    except (TypeError, ValueError):
        return None


style.apply_style()
st.title("Runs")
with boundary.refusals_shown():
    selection = run_selection.choose()
    if selection is not None:
        show_live(selection)
        marked = show_runs(selection)
        curves.show(selection, marked)
