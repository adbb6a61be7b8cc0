"""What the confusion page counts: all runs together, single runs, or the published models."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from kneeoa.analysis import confusions
from kneeoa.analysis.selection import Selection
from kneeoa.networks import DISPLAY_NAME, TOGETHER
from kneeoa.wording import counted
from pages.shared import cached, kept
from pages.shared.research import run_selection

Films = Mapping[str, Mapping[str, pd.DataFrame]]
"""Network -> run -> `confusions.graded` films."""
SOURCES = {
    "together": "Runs together",
    "mean": "Average run",
    "one": "One run each",
    "published": "Published models",
}
PUBLISHED = "published"
"""What stands for a run where the published models are shown."""
AVERAGED = "averaged"
"""What stands for a run where one answer is made of several."""
CARDS = {
    "together": "Cards show what the runs above say together, not the published models: of each "
    "film the most probable grade of their mean probabilities.",
    "mean": "Cards show the runs above, not the published models: each film that any of them puts "
    "into this cell, with its mean probability.",
    "one": "Cards show the one run that is chosen above, not the published models.",
    "published": "Cards show the published models, by their most probable grade. The page Read "
    "leads with their headline grade, which may be another one.",
}
"""Whose answers the cards are."""
RUNS = "runs = measuring.graded_films(chosen)"
TOGETHER_LINE = (
    f"runs = {{name: {{{AVERAGED!r}: confusions.mean_answers(by_run)}} "
    "for name, by_run in runs.items()}"
)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What is shown.

    Attributes
    ----------
    source : of `SOURCES`
    films : what matrix and sheet count, by network and run
    runs : the single runs behind it
    lines, run_lines : the Python that gives `films`, and `runs`
    """

    source: str
    films: Films
    runs: Films
    lines: tuple[str, ...]
    run_lines: tuple[str, ...]

    def basis(self, name: str) -> str:
        """Return what the matrix of a network is of, for its heading."""
        if self.source == "published":
            return "published"
        count = counted(len(self.runs[name]), "run")
        together = self.source == "together" and len(self.runs[name]) > 1
        return f"{count} together" if together else count


def choose(selection: Selection) -> tuple[Shown, str]:
    """Show what is counted, and how; return it, and a key of `confusions.SHARES`."""
    source, by = st.columns([3, 3], vertical_alignment="bottom")
    chosen = kept.one(
        source.segmented_control,
        "Matrix of",
        SOURCES,
        "source",
        required=True,
        format_func=SOURCES.get,
        help="Runs together: one grade a film, from the runs' mean probabilities. Average run: the "
        "mean over the runs' own matrices, with their spread.",
    )
    counted_by = kept.one(
        by.segmented_control,
        "Cells in",
        confusions.SHARES,
        "by",
        default="row",
        required=True,
        format_func=confusions.SHARES.get,
    )
    if chosen == "published":
        runs, lines = _published(selection)
        return Shown(chosen, runs, runs, lines, lines), counted_by
    runs, lines = run_selection.graded_films(selection), (RUNS,)
    finished = len(selection.finished)
    run_selection.say_left_out(finished - sum(map(len, runs.values())), finished)
    if chosen == "one":
        runs, more = _one_run_each(runs)
        lines += more
    films, shown_lines = runs, lines
    if chosen == "together":
        answers = run_selection.mean_answers(selection)
        films = {name: {AVERAGED: table} for name, table in answers.items() if len(table)}
        shown_lines = (*lines, TOGETHER_LINE)
        if len({len(by_run) for by_run in runs.values()}) > 1:
            st.caption(run_selection.UNLIKE_COUNTS)
    return Shown(chosen, films, runs, shown_lines, lines), counted_by


def _one_run_each(runs):
    columns = st.columns(2)
    labels = {
        name: kept.one(place.selectbox, DISPLAY_NAME[name], by_run, f"run_{name}")
        for place, (name, by_run) in zip(columns, runs.items(), strict=False)
    }
    lines = (
        f"labels = {labels!r}",
        "runs = {name: {label: runs[name][label]} for name, label in labels.items()}",
    )
    return {name: {label: runs[name][label]} for name, label in labels.items()}, lines


def _published(selection):
    files = {
        name: file for name, file in cached.published_files().items() if name in selection.networks
    }
    together = cached.together_file()
    if together is not None:
        files[TOGETHER] = together
    films = {
        name: confusions.graded(cached.predictions(file), selection.split)
        for name, file in files.items()
    }
    lines = (
        "runs = {",
        *(
            f"    {name!r}: {{{PUBLISHED!r}: confusions.graded("
            f"results.read_predictions(Path({str(files[name])!r})), {selection.split!r})}},"
            for name, table in films.items()
            if len(table)
        ),
        "}",
    )
    return {name: {PUBLISHED: table} for name, table in films.items() if len(table)}, lines


def named(name: str) -> str:
    """Return how a network, or both together, are called."""
    return DISPLAY_NAME.get(name, name)


def python(selection: Selection, lines, table: str) -> str:
    """Return the Python of a table of this page, from `lines` that give ``runs``."""
    needed = [
        name
        for name in ("confusions", "film_cards", "measuring", "operating", "results")
        if any(f"{name}." in line for line in (*lines, table))
    ]
    return selection.python(table, *needed, before=lines)
