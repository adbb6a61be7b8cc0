"""The bar above every research page: results folder, study, networks, split, runs; in the URL."""

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from kneeoa.analysis import selection
from kneeoa.analysis.selection import Selection
from kneeoa.networks import ARCHITECTURES, DISPLAY_NAME
from kneeoa.wording import counted
from pages.shared import boundary, kept, table_view
from pages.shared.research import cached_runs

SPLITS = {"test": "test", "val": "validation"}


def choose(*, split: bool = True) -> Selection | None:
    """Show the bar and what cannot be read; return the choice, or None where there is nothing."""
    folders = cached_runs.results_folders()
    labels = {name: folder for folder, name in selection.folder_labels(folders).items()}
    widths = [2, 3, 2.4, 2, 2] if len(folders) > 1 else [3, 2.4, 2, 2]
    with st.container(key="bar_of_runs"):
        columns = iter(st.columns(widths, vertical_alignment="bottom"))
    chosen: Sequence[str] = list(labels)
    if len(folders) > 1:
        chosen = kept.several(
            next(columns).multiselect,
            "Results",
            labels,
            "results",
            default=list(labels),
            help="The folders that KNEEOA_RESULTS names.",
        )
    archive = cached_runs.read_archive(tuple(labels[name] for name in chosen))
    studies = selection.study_labels(archive)
    names = [selection.ALL, *studies]
    study = kept.one(
        next(columns).selectbox, "Study", names, "study", default=names[min(1, len(studies))]
    )
    networks = kept.several(
        next(columns).pills,
        "Networks",
        ARCHITECTURES,
        "networks",
        selection_mode="multi",
        default=ARCHITECTURES,
        format_func=DISPLAY_NAME.get,
    )
    on = "test"
    place = next(columns)
    if split:
        on = kept.one(
            place.segmented_control,
            "Films",
            SPLITS,
            "split",
            format_func=SPLITS.get,
            required=True,
        )
    select = partial(
        selection.select, archive, study=studies.get(study), networks=networks, split=on
    )
    offered = select()
    with next(columns).popover("More choices", width="stretch"):
        picked = kept.several(
            st.multiselect,
            "Only these runs",
            offered.runs["label"],
            "runs",
            placeholder="All of them",
        )
        table_view.choose_image()
    _show_problems(archive)
    if copies := selection.copied(archive.runs):
        st.caption(
            f"{counted(copies, 'run')} {'stands' if copies == 1 else 'stand'} here more than once, "
            "in copied folders: each run counts once."
        )
    made = select(picked=picked)
    if made.runs.empty:
        st.info(_why_empty(archive, folders))
        return None
    return made


def _show_problems(archive):
    if not archive.problems:
        return
    count = counted(len(archive.problems), "thing")
    with st.expander(f"{count} here could not be read", icon=":material/warning:"):
        for problem in archive.problems:
            st.markdown("- " + boundary.escaped(problem))


def _why_empty(archive, folders):
    if len(archive.runs):
        return "No run fits this choice: choose another study, more networks, or all runs."
    places = boundary.escaped(", ".join(str(folder) for folder in folders))
    return (
        f"There are no runs in {places} yet. Train some "
        "(`python -m train study --data DIR --out results`) and name their folder: "
        "`KNEEOA_RESULTS=results streamlit run app.py`."
    )


UNLIKE_COUNTS = (
    "A mean of more runs is right on more films, whatever they are: choose as many of each to "
    "compare what they say together."
)
"""What is said where unlike numbers of runs are averaged beside each other."""


def say_mixed(selection: Selection) -> None:
    """Warn where the runs of a network are of several recipes, over which a mean says little."""
    recipes = cached_runs.names(selection.archive)["recipe"]
    for network, runs in selection.finished.groupby("architecture"):
        count = recipes.loc[list(runs["label"])].nunique()
        if count > 1:
            st.warning(
                f"These {counted(len(runs), 'run')} of the {DISPLAY_NAME[network]} are of {count} "
                "recipes: a mean over them is that of no recipe. Choose a study above, or runs of "
                "one recipe under More choices, or compare recipes under Results, Two sets side by "
                "side."
            )


def measured(selection: Selection) -> tuple[pd.DataFrame, tuple[tuple, ...]]:
    """Return the metrics of the finished runs, and the runs that have some; say why others do not.

    The metrics are `measuring.observed`, the runs as `cached_runs.observed` takes them.
    """
    runs = tuple(
        (row.label, row.folder, row.run_id, row.architecture, int(row.seed))
        for row in selection.finished.itertuples()
    )
    metrics, unread = cached_runs.observed(runs)
    for problem in unread.values():
        st.warning(boundary.escaped(problem))
    return metrics, tuple(run for run in runs if run[0] not in unread)


def say_left_out(count: int, total: int, whose: str = "") -> None:
    """Say that `count` of `total` finished runs are not counted here, where some are not."""
    if count:
        st.warning(
            f"{count} of {counted(total, 'finished run')}{whose} "
            f"{'is' if count == 1 else 'are'} not counted here: the answers could not be read, or "
            "hold no graded films of this part. *Runs* says which."
        )


def graded_films(selection: Selection) -> dict[str, Mapping[str, pd.DataFrame]]:
    """Return `measuring.graded_films` of the selection."""
    return _in_order(cached_runs.graded(_runs_of(selection), selection.split))


def mean_answers(selection: Selection) -> dict[str, pd.DataFrame]:
    """Return `confusions.mean_answers` of each network's `graded_films`."""
    return _in_order(cached_runs.answers(_runs_of(selection), selection.split))


def _runs_of(selection):
    return tuple(
        (row.architecture, row.label, row.folder, row.run_id)
        for row in selection.finished.itertuples()
    )


def _in_order(by_network):
    return {name: by_network[name] for name in ARCHITECTURES if name in by_network}
