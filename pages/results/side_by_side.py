"""Any two sets of runs side by side: networks, recipes, single runs, published models."""

from dataclasses import replace
from pathlib import Path

import streamlit as st

from kneeoa.analysis import confusions
from kneeoa.analysis.many import run_sets, side_by_side, verdicts
from kneeoa.analysis.many.run_sets import CHOSEN, RunSet
from kneeoa.analysis.selection import Selection, distinct, finished_runs
from kneeoa.charts.comparing import differences_figure
from kneeoa.charts.confusion import confusion_figure, difference_figure
from kneeoa.charts.paper import sheet
from kneeoa.networks import TOGETHER
from pages.shared import boundary, cached, kept, table_view
from pages.shared.research import cached_runs, paper_sheet, run_selection

MOST_AT_ONCE = 60
"""Runs beyond these take minutes to compare, and a reader is asked first."""
SIDES = {"first": "First set", "second": "Second set"}
COUNTED = {"runs": "The mean of its runs", "together": "Its runs together, one answer a film"}


NOTES = (
    "Differences are second minus first with 95% intervals over patients, in the figure in "
    "hundredths: percentage points, hundredths of kappa, of an area, of a grade.",
    "Matrices: % of the reference grade, rows the reference, mean over the runs of a set.",
    "The columns first_sd and second_sd: one standard deviation over the runs of a set.",
)
"""What is said with the figures in the ZIP."""


def show(selection: Selection, export) -> None:
    """Show two sets and their difference; the button for a paper goes to the place `export`."""
    st.markdown(
        "Choose any two sets of runs. The difference is second minus first, with its 95% interval "
        "over patients: where it would lie with other patients like these. It says nothing of runs "
        "that were not trained; for that the spread over runs stands beside each mean."
    )
    names = cached_runs.names(selection.archive)
    sets = run_sets.run_sets(selection, names, [*_files()])
    chosen = {}
    for place, (side, label) in zip(st.columns(2, gap="medium"), SIDES.items(), strict=True):
        with place:
            chosen[side] = _choose(selection, sets, names, side, label)
    averaged = (
        kept.one(
            st.segmented_control,
            "Each set counts as",
            COUNTED,
            "counts_as",
            format_func=COUNTED.get,
            required=True,
        )
        == "together"
    )
    for side, run_set in chosen.items():
        recipes = names.loc[list(run_set.labels), "recipe"].nunique()
        if recipes > 1:
            st.warning(
                f"The {SIDES[side].lower()} holds runs of {recipes} recipes: its mean is that of "
                "no recipe. Choose a recipe, a study above, or single runs."
            )
    count = len({label for run_set in chosen.values() for label in run_set.labels})
    if count > MOST_AT_ONCE and not averaged and not compare_many(count):
        return
    for side, run_set in chosen.items():
        missing = len(run_set.labels) - len(_films(selection, run_set)[1]) if run_set.labels else 0
        run_selection.say_left_out(missing, len(run_set.labels), f" of the {SIDES[side].lower()}")
    comparison = compared(selection, chosen["first"], chosen["second"], averaged)
    st.caption(
        boundary.escaped(" ".join(comparison.sentences))
        + f" {run_selection.SPLITS[selection.split].title()} films."
    )
    asked = (selection, chosen["first"], chosen["second"], averaged)
    with export:
        kept_python, cited = python_of(*asked, in_words=False), _cited(selection, chosen)
        paper_sheet.show_button("side_by_side", lambda: content(comparison, kept_python, cited))
    st.markdown(" ".join(verdicts.verdicts(comparison)))
    _show_table(selection, comparison, python_of(*asked))
    _show_matrices(comparison)


def compare_many(count: int) -> bool:
    """Ask whether so many runs are to be compared, which takes its time."""
    asked = kept.one(
        st.segmented_control,
        f"Compare all {count} runs? It takes about {max(5, count // 15)} seconds, once; a smaller "
        "study takes less.",
        ["no", "yes"],
        "compare_many",
        required=True,
    )
    return asked == "yes"


def _choose(selection, sets, names, side, label):
    options = {key: run_set.name for key, run_set in sets.items()}
    options[CHOSEN] = "Runs chosen one by one"
    keys = list(options)
    default = keys[0] if side == "first" else keys[min(1, len(keys) - 1)]
    key = kept.one(st.selectbox, label, keys, side, default=default, format_func=options.get)
    if key != CHOSEN:
        return sets[key]
    labels = kept.several(
        st.multiselect,
        f"Runs of the {label.lower()}",
        list(finished_runs(selection.archive)["label"]),
        f"{side}_runs",
        format_func=names["name"].get,
        placeholder="Choose runs",
    )
    rows = finished_runs(selection.archive)
    once = set(distinct(rows[rows["label"].isin(labels)])["label"])
    return RunSet("Runs chosen one by one", tuple(name for name in labels if name in once))


def _files():
    files = dict(cached.published_files())
    if (together := cached.together_file()) is not None:
        files[TOGETHER] = together
    return files


def compared(
    selection: Selection, first: RunSet, second: RunSet, averaged: bool
) -> side_by_side.SideBySide:
    """Return the comparison, computed once."""
    parts = [_films(selection, run_set) for run_set in (first, second)]
    files, films = zip(*parts, strict=True)
    return cached_runs.side_by_side(files, selection.split, films, averaged=averaged)


def _films(selection, run_set):
    """Return the files of a set, and its films by run."""
    if run_set.published:
        file = _files()[run_set.published]
        table = confusions.graded(cached.predictions(file), selection.split)
        return (file,), {f"published {run_set.published}": table} if len(table) else {}
    runs = finished_runs(selection.archive).set_index("label", drop=False).loc[list(run_set.labels)]
    by_network = cached_runs.graded(
        tuple((row.architecture, row.label, row.folder, row.run_id) for row in runs.itertuples()),
        selection.split,
    )
    files = tuple(
        Path(row.folder, "runs", row.run_id, "predictions.csv") for row in runs.itertuples()
    )
    # Run by run: those of a set alone are made.
    return files, {
        label: by_label[label]
        for label in run_set.labels
        for by_label in by_network.values()
        if label in by_label
    }


def python_of(
    selection: Selection, first: RunSet, second: RunSet, averaged: bool, *, in_words: bool = True
) -> str:
    """Return the Python of the table, in words as it is shown or in numbers as it is kept."""
    files = {name: str(file) for name, file in _files().items()}
    averaging = ", averaged=True" if averaged else ""
    sides = [run_sets.films_python(run_set, selection.split, files) for run_set in (first, second)]
    needed = [
        name
        for name in ("confusions", "measuring", "results")
        if any(f"{name}." in line for line in sides)
    ]
    # Nothing of it follows from the choice of runs above: the sets name their own.
    base = replace(selection, picked=())
    table = f"side_by_side.side_by_side(first, second{averaging}).table"
    return base.python(
        f"side_by_side.in_words({table})" if in_words else table,
        "side_by_side",
        *needed,
        before=[f"first = {sides[0]}", f"second = {sides[1]}"],
    )


def _show_table(selection, comparison, python):
    with st.container(key="two_sets"):
        left, right = st.columns([1.2, 1], gap="medium")
    with left:
        table_view.show_table(
            side_by_side.in_words(comparison.table),
            f"side_by_side_{selection.split}",
            python,
            download=comparison.table,
            height="content",
        )
        st.caption("± is one standard deviation over the runs of a set.")
    with right:
        table_view.show_figure(differences_figure(comparison.table), "differences")
        st.caption(
            "In hundredths: percentage points, hundredths of kappa, of an area, of a grade. Of the "
            "two errors less is better, of all else more. Pale: the interval crosses 0. That shows "
            "no difference, and is no proof that there is none. Of so many measures one may lie "
            "off 0 by chance."
        )


def figures_of(comparison: side_by_side.SideBySide) -> dict:
    """Return the figures by the words above them."""
    first, second = comparison.matrices
    return {
        "First, % of the reference grade": confusion_figure(first, by="row"),
        "Second, % of the reference grade": confusion_figure(second, by="row"),
        "Second minus first, points": difference_figure(second - first, by="row"),
    }


def _show_matrices(comparison):
    figures = figures_of(comparison)
    for place, (title, figure) in zip(st.columns(3, gap="medium"), figures.items(), strict=True):
        with place:
            st.markdown(f"**{title}**")
            table_view.show_figure(figure, f"matrix_{title.partition(',')[0]}")


def content(comparison: side_by_side.SideBySide, python: str, cited: str) -> bytes:
    """Return the ZIP for a paper."""
    figures = {"differences": differences_figure(comparison.table), **figures_of(comparison)}
    made = sheet.Sheet(
        figures,
        {"side by side": (comparison.table, python)},
        cited,
        (*comparison.sentences, *verdicts.verdicts(comparison), *NOTES),
    )
    return sheet.packed(made, "side_by_side")


def _cited(selection, chosen):
    runs = finished_runs(selection.archive)
    # Not those whose answers could not be read: no figure stands on them.
    labels = [label for run_set in chosen.values() for label in _films(selection, run_set)[1]]
    published = any(run_set.published for run_set in chosen.values())
    named = "".join(f"{SIDES[side]}: {run_set.name}\n" for side, run_set in chosen.items())
    rows = runs[runs["label"].isin(labels)]
    return named + "\n" + paper_sheet.cited(selection, published=published, runs=rows)
