"""The confusion page: which grades are taken for which, by whom, and on which films."""

import streamlit as st

from kneeoa.analysis import confusions
from pages.confusion import exported, film_lists, matrices, sources, trust
from pages.shared import boundary, kept, style
from pages.shared.research import paper_sheet, run_selection

TABS = {
    "beside": "Matrices beside each other",
    "grades": "Grade by grade",
    "trust": "ROC and reliability",
    "look": "Films worth a second look",
    "table": "The cell as a table",
}


def compared(runs: sources.Films) -> sources.Films:
    """Return `runs` with the films that all of them have, after saying which; empty: none."""
    common = confusions.shared_films(runs)
    left = len(next(iter(confusions.all_runs(common).values())))
    most = max(map(len, confusions.all_runs(runs).values()))
    if not left:
        st.warning(
            "These runs have no film in common with the same patient and reference grade, so they "
            "cannot be compared film by film. Choose one study above, or runs of one split."
        )
        return {}
    if left < most:
        st.caption(f"Below: the {left} films that all runs have, of up to {most} in a run.")
    return common


def show_workbench(selection, shown: sources.Shown, by: str) -> tuple[str, int, int]:
    """Show a matrix and, beside it, the films of the chosen cell; return the cell."""
    with st.container(key="workbench"):
        left, right = st.columns([1.05, 2], gap="medium")
        with left, st.container(key="matrix"):
            cell = matrices.choose_cell(selection, shown, by)
        with right:
            film_lists.show_cell(selection, shown, cell)
    return cell


def show_rest(selection, shown: sources.Shown, by: str, cell) -> None:
    """Show everything else in tabs, of which the open one is computed."""
    tabs = kept.tabs(TABS, "below")
    at = next(name for name, tab in tabs.items() if tab.open)
    with tabs[at]:
        if at == "beside":
            matrices.show_beside(selection, shown, by)
        elif at == "table":
            film_lists.show_cell_table(selection, shown, cell)
        elif runs := compared(shown.runs):
            lines = exported.compared_lines(shown)
            answers = {name: confusions.mean_answers(by_run) for name, by_run in runs.items()}
            if at == "grades":
                trust.show_grades(selection, answers, lines)
            elif at == "trust":
                trust.show_trust(selection, answers, lines)
            else:
                film_lists.show_lists(selection, runs, answers, lines)


style.apply_style()
title, export = st.columns([5, 1.32], vertical_alignment="bottom")
title.title("Confusion")
with boundary.refusals_shown():
    selection = run_selection.choose()
    if selection is not None:
        shown, by = sources.choose(selection)
        if not shown.films:
            st.info(
                f"No graded {run_selection.SPLITS[selection.split]} films in these runs: there is "
                "no reference to compare with."
            )
        else:
            with export:
                threshold = trust.threshold_chosen()
                paper_sheet.show_button(
                    "confusion", lambda: exported.content(selection, shown, by, threshold)
                )
            if shown.source in ("together", "mean"):
                run_selection.say_mixed(selection)
            cell = show_workbench(selection, shown, by)
            show_rest(selection, shown, by, cell)
