"""The runs page: what was trained, how it went, what differs between runs, what trains now."""

from datetime import UTC, datetime

import streamlit as st

from kneeoa.analysis import measuring
from kneeoa.analysis import selection as runs_of
from kneeoa.analysis.selection import ALL
from kneeoa.networks import ARCHITECTURES
from kneeoa.records.studies import read_status, training_rows
from kneeoa.wording import counted
from pages.runs import across, curves, marks, notes
from pages.shared import boundary, cached, kept, live, style, table_view
from pages.shared.research import cached_runs, run_selection

TABS = {
    "curves": "Learning curves",
    "across": "Settings against results",
    "notes": "Notes and tags",
}
SHORT = 28
"""Letters of a text that stand in one line of its column."""
WAYS = {"confusion, with the films": "", "films to look at twice": "look"}
"""What a run's links lead to, with the tab of the page Confusion that it needs."""
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
CHANGED = st.column_config.TextColumn(
    "Changed in it",
    width="medium",
    help="Settings in which it differs from most runs of that network and recipe.",
)
COLUMNS = {
    "network": "Network",
    "preset": "Recipe",
    "seed": "Seed",
    "changed": CHANGED,
    "tags": st.column_config.TextColumn("Tags", width="small"),
    "note": st.column_config.TextColumn("Note", width="medium"),
    "state": "State",
    "accuracy": st.column_config.NumberColumn("Accuracy", format="percent"),
    "quadratic_kappa": st.column_config.NumberColumn("Kappa (quadratic)", format="%.3f"),
    "mean_absolute_error": st.column_config.NumberColumn("Mean error (grades)", format="%.3f"),
    "expected_calibration_error": st.column_config.NumberColumn(
        "Calibration error", format="percent"
    ),
    "finished_at": st.column_config.DatetimeColumn("Finished (UTC)", format="YYYY-MM-DD HH:mm"),
    "minutes": st.column_config.NumberColumn("Minutes", format="%.0f"),
    "epochs": "Epochs",
    "best_epoch": "Best epoch",
    "why": st.column_config.TextColumn("Why it stopped", width="large"),
    "images_per_second": st.column_config.NumberColumn("Images/s", format="%.0f"),
    "device": "Device",
    "backend": "Backend",
    "precision": "Precision",
    "run": st.column_config.TextColumn("Name of its folder", width="medium"),
    "split_hash": st.column_config.TextColumn("Split", width="small"),
    "model_sha256": st.column_config.TextColumn("Weights (SHA-256)", width="small"),
}
"""The columns in the order in which they stand."""


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
    progress = (
        f"**{boundary.escaped(study_id)}** trains: {done} of {counted(total, 'run')} finished"
    )
    left = status.seconds_left_at_most
    if left:
        progress += (
            f", at most {left / 3600:.1f} h left"
            if left > 5400
            else f", at most {left / 60:.0f} min left"
        )
    ago = _minutes_since(status.updated_at)
    if ago is not None and ago > STALE_MINUTES:
        progress += f". It last reported {ago:.0f} minutes ago: it may have been stopped"
    st.progress(min(1.0, max(0.0, done / total)), text=progress + ".")
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


def show_runs(selection, observed, noted) -> tuple[str, ...]:
    """Show the table of runs; return the labels of those that are marked, here or elsewhere."""
    names = cached_runs.names(selection.archive)
    table = measuring.run_table(selection, observed, names=names, noted=noted)
    python = "measuring.run_table(chosen, measuring.observed(chosen))"
    before = []
    labels = notes.choose_by(noted)
    if labels is not None:
        table = table[table["run"].isin(labels)].reset_index(drop=True)
        before, python = [f"table = {python}"], f'table[table["run"].isin({labels!r})]'
    caption = boundary.escaped(selection.states())
    if labels is not None:
        caption = f"{len(table)} of them have these tags and words; {caption}"
    st.caption(f"{caption}. Metrics on the {run_selection.SPLITS[selection.split]} films.")
    _say_which_are_published(selection, names["name"])
    place = st.container()
    marked = marks.choose(selection)
    empty = {name: None for name in ("changed", "tags", "note") if not table[name].any()}
    is_long = bool(table[["changed", "note"]].fillna("").map(len).gt(SHORT).any(axis=None))
    row = table_view.THREE_LINES if is_long else table_view.ONE_LINE
    # Three lines hold what is changed in a run only if the column is wide.
    wide = {"changed": dict(CHANGED, width="large")} if is_long else {}
    with place:
        table_view.show_table(
            table,
            f"runs_{selection.split}",
            selection.python(python, "measuring", before=before),
            columns=COLUMNS | wide | empty,
            column_order=list(COLUMNS),
            height=min(420, 38 + row * max(1, len(table))),
            row_height=row,
            **marks.of_rows(list(table["run"]), marked),
        )
    return marked


def _say_which_are_published(selection, names):
    ids = {card["run_id"] for card in cached.cards().values()}
    runs = runs_of.finished_runs(selection.archive)
    published = runs.loc[runs["run_id"].isin(ids), "label"]
    if published.empty:
        return
    are_here = published.isin(selection.finished["label"]).any()
    which = "Published:" if are_here else "None of these runs is published; published are:"
    st.caption(
        boundary.escaped(f"{which} {'; '.join(names[label] for label in published)}.")
        + " They were chosen on the validation films, for the cross-entropy there (*Results*, "
        "*What was tried*). Another run may well score more on test films, by chance or not: test "
        "films choose nothing."
    )


def show_ways_on(selection, marked: tuple[str, ...]) -> None:
    """Show the links that lead from the marked runs to their confusion and films."""
    if not marked:
        return
    whose = "Its" if len(marked) == 1 else "Their"
    for open_film in ("film", "listed_film"):
        kept.turn_to(open_film, None)  # else one that was open there would stand over its films
    # Marks may be of any study and network.
    runs = runs_of.finished_runs(selection.archive)
    networks = set(runs.loc[runs["label"].isin(marked), "architecture"])
    chosen = {
        **kept.standing("results", "split", "by", "reference", "given"),
        **{"study": ALL, "networks": ARCHITECTURES, "runs": marked, "source": "together"},
        "cell_network": [name for name in ARCHITECTURES if name in networks][:1],
    }
    with st.container(horizontal=True, gap="medium"):
        for words, tab in WAYS.items():
            st.page_link(
                "confusion/page.py",
                icon=":material/arrow_forward:",
                label=f"{whose} {words}",
                query_params=chosen | ({"below": tab} if tab else {}),
                width="content",
            )


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
        observed, _ = run_selection.measured(selection)
        noted = notes.read(selection)
        marked = show_runs(selection, observed, noted)
        show_ways_on(selection, marked)
        tabs = kept.tabs(TABS, "runs_part")
        with tabs["curves"]:
            if tabs["curves"].open:
                curves.show(selection, marked)
        with tabs["across"]:
            if tabs["across"].open:
                across.show(selection, observed)
        with tabs["notes"]:
            if tabs["notes"].open:
                notes.show(selection, noted, marked)
