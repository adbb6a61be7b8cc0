"""The results page: the paper's claim against ours, and what differences can and cannot show."""

import pandas as pd
import streamlit as st

from kneeoa.analysis import findings
from kneeoa.analysis.anova import METRICS
from kneeoa.analysis.claim import CLAIM
from kneeoa.analysis.selection import PAPER
from kneeoa.charts.comparing import spread_figure, strip_figure
from kneeoa.networks import TOGETHER
from kneeoa.wording import counted
from pages.results import exported, grade_rules, tried_recipes
from pages.results import side_by_side as beside
from pages.shared import boundary, kept, style, table_view
from pages.shared.research import cached_runs, paper_sheet, run_selection

TABS = {
    "claim": "The paper's claim",
    "beside": "Two sets side by side",
    "rules": "How a grade is chosen",
    "tried": "What was tried",
    "whole": "The tables whole",
}
_RECIPES = {
    PAPER: f"It is the paper's own experiment, which had {CLAIM['cycles']} cycles of each.",
    "reference": "It is the recipe of the published models, not the paper's.",
}


def _preset(selection):
    return selection.study.record.preset


def show_claim(selection, tables, left_out: int) -> None:
    """Show the paper's Table 1 with ours beside it; `left_out` runs are not in all of it."""
    st.subheader("The paper's Table 1, and ours")
    if standing := selection.standing():
        st.caption(boundary.escaped(f"{standing} {_RECIPES.get(_preset(selection), '')}".strip()))
    run_selection.say_left_out(left_out, len(selection.finished))
    st.caption("On the test films, always, whichever films are chosen above.")
    ensembles = tables["ensembles"]
    table_view.show_table(
        findings.claim_rows(tables["table1"]),
        "table1",
        exported.python_of(selection, "table 1"),
        height="content",
    )
    st.caption(
        "The interval holds both errors: of the films (bootstrap over patients) and of the cycles "
        "(t over seeds). *Reproduced* needs the claim inside an interval no wider than ±5 points. "
        f"{CLAIM['caution']}"
    )
    together = ensembles[
        (ensembles["split"] == selection.split) & (ensembles["metric"] == "accuracy")
    ]
    if len(together):
        accuracies = [
            f"{boundary.escaped(row['ensemble'])} ({counted(row['members'], 'run')}, "
            f"{counted(row['knees'], 'film')}) "
            f"{findings.value_text('accuracy', row['value'])}{_interval(row)}"
            for row in together.to_dict("records")
        ]
        st.markdown(
            "All runs of a network averaged, accuracy on the "
            f"{run_selection.SPLITS[selection.split]} films that all of them have: "
            + "; ".join(accuracies).replace(TOGETHER, TOGETHER.lower())
            + ". Each run is calibrated on the validation films before; *Confusion* averages them "
            "as they are, and may differ by a few films."
        )
        of_networks = together.loc[together["ensemble"] != TOGETHER, "members"]
        if of_networks.nunique() > 1:
            st.caption(run_selection.UNLIKE_COUNTS)


def _interval(row):
    if pd.isna(row["low"]):
        return ""
    low, high = (findings.value_text("accuracy", row[end]) for end in ("low", "high"))
    return f" ({low} to {high})"


def show_metric(selection, tables) -> None:
    """Show one metric closely: every cycle, the spreads, the tests in words."""
    heading, control = st.columns([3, 2], vertical_alignment="bottom")
    heading.subheader("Cycle by cycle")
    metric = kept.one(
        control.selectbox,
        "Metric",
        METRICS,
        "metric",
        format_func=METRICS.get,
        label_visibility="collapsed",
    )
    observed, compared, anova = (
        exported.of_split(tables[name], selection.split)
        for name in ("observations", "comparisons", "anova")
    )
    left, right = st.columns(2, gap="medium")
    with left:
        figure = strip_figure(observed, metric, exported.claims_of(metric))
        table_view.show_figure(figure, f"cycles_{metric}")
    with right:
        table_view.show_figure(spread_figure(compared, observed, metric), f"spread_{metric}")
        st.caption("Seed spread and sampling error are different things: neither holds the other.")
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**As the paper did it**")
        st.markdown(boundary.escaped(findings.anova_sentence(anova, metric)))
        if claimed := findings.claimed_p_sentence(tables["table1"], metric):
            st.markdown(boundary.escaped(claimed))
        st.markdown("**Do its assumptions hold?**")
        st.markdown(_listed(findings.assumption_sentences(compared, metric)))
    with right:
        st.markdown("**What a careful analysis adds**")
        st.markdown(_listed(findings.careful_sentences(compared, metric)))


def show_all(selection, tables) -> None:
    """Show the whole tables."""
    split = selection.split
    st.subheader("The tables whole")
    *tabs, claim = st.tabs([*exported.WHOLE.values(), "The claim"])
    for tab, name in zip(tabs, exported.WHOLE, strict=True):
        with tab:
            table_view.show_table(
                exported.of_split(tables[name], split),
                f"{name}_{split}",
                exported.python_of(selection, name),
                columns={"split": None},
            )
    with claim:
        table_view.show_table(
            tables["table1"],
            "claim",
            exported.python_of(selection, "claim"),
        )


def _listed(sentences):
    return "\n".join(f"- {boundary.escaped(sentence)}" for sentence in sentences)


def _tables_of(selection, readable):
    study = selection.study if selection.whole_study else None
    folder = study and study.folder / "studies" / study.record.study_id
    return cached_runs.study_tables(readable, selection.split, folder)


def show(selection, export) -> None:
    """Show the open tab, and compute nothing for the others."""
    tabs = kept.tabs(TABS, "part")
    at = next(name for name, tab in tabs.items() if tab.open)
    with tabs[at]:
        if at == "beside":
            beside.show(selection, export)
        elif at == "rules":
            grade_rules.show(selection.split)
        elif at == "tried":
            tried_recipes.show(selection.archive)
        else:
            show_study(selection, export, at)


def show_study(selection, export, at: str) -> None:
    """Show the claim or, where `at` is ``whole``, the tables of all runs that can be measured."""
    observed, readable = run_selection.measured(selection)
    if not readable:
        st.info("None of these runs is finished: there is nothing to compare yet.")
        return
    if len(readable) > beside.MOST_AT_ONCE and not beside.compare_many(len(readable)):
        return
    run_selection.say_mixed(selection)
    tables = _tables_of(selection, readable)
    with export:
        paper_sheet.show_button("results", lambda: exported.content(selection, tables))
    if at == "whole":
        show_all(selection, tables)
        return
    # Why something could not be compared at all, such as runs on different films.
    compared = exported.of_split(tables["comparisons"], selection.split)
    for note in compared.loc[compared["method"] == "by patient", "note"].unique():
        st.warning(boundary.escaped(note))
    # The claim is of the test films, what stands below it of the films chosen above.
    in_all = set.intersection(
        *(set(exported.of_split(observed, name)["run_id"]) for name in {"test", selection.split})
    )
    show_claim(selection, tables, len(selection.finished) - len(in_all))
    show_metric(selection, tables)


style.apply_style()
title, export = st.columns([5, 1.32], vertical_alignment="bottom")
title.title("Results")
with boundary.refusals_shown():
    selection = run_selection.choose()
    if selection is not None:
        show(selection, export)
    else:
        # A search keeps no runs: what it found is there without any.
        tried_recipes.show(cached_runs.read_archive(cached_runs.results_folders()))
