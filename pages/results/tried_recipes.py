"""What was tried in training: each set of settings on the validation films, and searches."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from kneeoa.analysis.many import run_sets
from kneeoa.analysis.many import tried_recipes as words
from kneeoa.analysis.selection import finished_runs, study_labels
from kneeoa.charts.tuning import importance_figure, trials_figure
from kneeoa.records import tried, tuning
from kneeoa.records.archive import Archive
from kneeoa.records.tried import UNCHANGED
from kneeoa.wording import plain
from pages.shared import boundary, kept, table_view

MOST_SENTENCES = 12
COLUMNS = {
    "network": "Network",
    "changed": st.column_config.TextColumn(width="large"),
    "seeds": "Seeds",
    "cross_entropy": st.column_config.NumberColumn(format="%.3f"),
    "cross_entropy_sd": st.column_config.NumberColumn("± sd", format="%.3f"),
    "accuracy": st.column_config.NumberColumn("Accuracy", format="percent"),
    "accuracy_sd": st.column_config.NumberColumn("± sd", format="percent"),
    "quadratic_kappa": st.column_config.NumberColumn("Kappa", format="%.3f"),
    "mean_absolute_error": st.column_config.NumberColumn("Mean error (grades)", format="%.3f"),
    "minutes": st.column_config.NumberColumn(format="%.0f"),
}
"""The columns in the order in which they stand, each spread beside what it is of; the file has the
names of the runs, too, which would not fit.
"""


def show(archive: Archive) -> None:
    """Show what was tried in the folders of `archive`, and the searches for settings there."""
    files = _tables(archive.folders)
    if files:
        st.subheader("What was tried")
        st.caption(
            "On the validation films alone; no test film had a say. Settings are named where they "
            f"differ from the recipe; its own row reads *{UNCHANGED}*. Less cross-entropy is "
            "better; it is after calibration, and tells recipes apart more surely than accuracy."
        )
    for name, file in files.items():
        with boundary.refusals_shown():
            _show_table(archive, tried.read(file), name, file)
    _show_searches(archive)


def _tables(folders: Sequence[Path]) -> dict[str, Path]:
    """Return the tables of what was tried, each under a name of its own."""
    files = [folder / tried.FILE for folder in folders if (folder / tried.FILE).exists()]
    return {"tried" if not n else f"tried_{n + 1}": file for n, file in enumerate(files)}


def _show_table(archive, table, name, file):
    if sentences := list(words.single_changes(table)):
        st.markdown("**What one setting alone changed**")
        shown = [boundary.escaped(sentence) for sentence in sentences[:MOST_SENTENCES]]
        if more := len(sentences) - len(shown):
            shown.append(f"And {more} more, in the table.")
        st.markdown("\n".join(f"- {sentence}" for sentence in shown))
    table_view.show_table(
        table,
        name,
        "from pathlib import Path\nfrom kneeoa.records import tried\n"
        f"print(tried.read(Path({str(file)!r})))",
        row_height=table_view.THREE_LINES,
        columns=COLUMNS,
        column_order=list(COLUMNS),
    )
    st.caption(
        "± sd: one standard deviation over seeds. No interval over patients stands here, since a "
        "row is a mean over seeds: below, its runs stand beside the recipe's, with the interval of "
        "each difference."
    )
    _offer_comparison(archive, table, name, file.parent)


def _offer_comparison(archive, table, name, folder):
    """Lead from a row to its runs beside the recipe's, where all of them are there."""
    rows = finished_runs(archive)
    rows = rows[rows["folder"] == str(folder)]
    by_run = dict(zip(rows["run_id"], rows["label"], strict=True))
    recipes = table[table["changed"] == UNCHANGED].set_index("network")["runs"]
    pairs = {}
    for row in table[table["changed"] != UNCHANGED].to_dict("records"):
        sides = (str(recipes.get(row["network"], "")), row["runs"])
        labels = [_all_of(by_run, runs.split()) for runs in sides]
        if all(labels):
            pairs[plain(f"{row['network']}: {row['changed']}", 200)] = labels
    if not pairs:
        return
    choice, button = st.columns([4, 1.6], vertical_alignment="bottom")
    row = kept.one(choice.selectbox, "Beside the recipe", pairs, f"beside_{name}")
    button.button(
        "Put them side by side",
        key=f"to_beside_{name}",
        width="stretch",
        on_click=_choose_comparison,
        args=pairs[row],
    )


def _all_of(by_run, names):
    """Return the labels of these runs; none where one of them is not there."""
    return [by_run[name] for name in names] if by_run.keys() >= set(names) else []


def _choose_comparison(recipe, row):
    for side, labels in (("first", recipe), ("second", row)):
        kept.choose(side, run_sets.CHOSEN)
        kept.choose(f"{side}_runs", labels)
    kept.choose("split", "val")
    kept.choose("part", "beside")


def _show_searches(archive):
    st.subheader("Search for settings")
    studies = {
        label: study
        for label, study in study_labels(archive).items()
        if study.record.kind == "tuning"
    }
    if not studies:
        st.caption("No search here. `python -m train tune` makes one.")
        return
    name = kept.one(st.selectbox, "Search", studies, "tuning")
    study = studies[name]
    folder = study.folder / "studies" / study.record.study_id
    with boundary.refusals_shown():
        search = tuning.read(folder)
        st.markdown(boundary.escaped(search.sentence()))
        left, right = st.columns([2, 1], gap="medium")
        with left:
            table_view.show_figure(trials_figure(search.trials), "trials")
        with right:
            if len(search.importance):
                table_view.show_figure(importance_figure(search.importance), "importance")
        table_view.show_table(
            search.trials,
            "trials",
            "from pathlib import Path\nfrom kneeoa.records import tuning\n"
            f"print(tuning.read(Path({str(folder)!r})).trials)",
        )
