"""What came of a group session: how far the readers agree, and on which films they do not."""

import contextlib
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from kneeoa.analysis import findings
from kneeoa.charts import teaching as charts
from kneeoa.errors import KneeOAError
from kneeoa.networks import DISPLAY_NAME
from kneeoa.spreadsheet import csv_text
from kneeoa.store import group as store
from kneeoa.teaching import readers, scoring
from kneeoa.wording import counted
from pages.shared import boundary, cached, clients, exam_choice, table_view

KAPPAS = {"plain": "Fleiss' kappa", "quadratic": "Fleiss' kappa, quadratic weights"}
TABLE_PYTHON = """
import pandas as pd
from kneeoa.teaching import readers

votes = pd.read_csv("votes.csv", dtype={"image_id": str, "grade": "Int64"})
readers.by_film(votes)
"""


def show(group) -> None:
    """Show the results of a session."""
    title, leave = st.columns([5, 1], vertical_alignment="bottom")
    title.title(boundary.escaped(group.exam.title or "Results of the session"))
    leave.button("All sessions", key="leave", on_click=st.query_params.clear, width="stretch")
    votes = store.votes_of(cached.store(), group.group_id)
    given = votes.dropna(subset="grade")
    shown = store.shown_positions(cached.store(), group.group_id)
    st.caption(
        f"{votes['participant'].nunique()} learners, {len(shown)} of {len(group.exam.films)} films "
        f"shown, {len(given)} votes; {group.opened_at:%Y-%m-%d %H:%M} UTC, code {group.code}"
    )
    if given.empty:
        st.info("Nobody voted in this session: there is nothing to measure.")
        return
    if len(given) < len(votes):
        st.caption(
            f"{counted(len(votes) - len(given), 'vote')} not given: kappa takes each film by the "
            "votes that it has (Gwet 2014)."
        )
    if cached.teaching_set().is_synthetic:
        st.caption("On synthetic films: this says nothing of real ones.")
    agreement = agreement_of(votes)
    for column, (name, (value, basis)) in zip(
        st.columns(len(agreement)), agreement.items(), strict=True
    ):
        column.metric(name, value)
        column.caption(basis)
    films = readers.by_film(votes)
    films.insert(0, "number", votes.drop_duplicates("image_id")["position"].to_numpy() + 1)
    networks = networks_of(films)
    if networks:
        st.markdown(f"The networks on the same films: {networks}.")
    st.subheader("Each film, the one that divides most first")
    table_view.show_figure(charts.spread_figure(films), "spread")
    table_view.show_table(films.round(2), "films", TABLE_PYTHON, columns=_COLUMNS, download=films)
    show_ways_out(group, votes, films, agreement, networks)


_COLUMNS = {
    "number": "Film",
    "image_id": "Id",
    "reference": "Reference KL",
    "votes": "Votes",
    "median": "Median",
    "spread": st.column_config.NumberColumn("Spread (SD)", format="%.2f"),
    "agree": st.column_config.NumberColumn("Commonest grade", format="percent"),
    "right": st.column_config.NumberColumn("Same grade as the reference", format="percent"),
}


def agreement_of(votes: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Return figures of the group, as text with what it rests on, by name."""
    counts = readers.counts_of(votes).to_numpy()
    figures = {}
    for weights, name in KAPPAS.items():
        value = readers.group_kappa(counts, weights)
        low, high = readers.group_kappa_interval(counts, weights)
        figures[name] = (
            findings.value_text("quadratic_kappa", value),
            "needs two films with two votes, and more than one grade"
            if value != value
            else f"95% interval {low:.2f} to {high:.2f} (bootstrap over films)"
            if low == low
            else "too few films for an interval",
        )
    pairs = readers.pair_kappa(votes)
    figures["Mean pair, weighted kappa"] = (
        findings.value_text("quadratic_kappa", pairs),
        "all pairs of readers who gave more than one grade (Light)"
        if pairs == pairs
        else "needs two readers who gave more than one grade",
    )
    of_all = scoring.score(votes)
    accuracy, missing = of_all.accuracy, of_all.why_no_kappa
    if accuracy is None:
        return figures
    figures["Same grade as the reference"] = (
        f"{accuracy.value:.0%}",
        f"{accuracy.count} of {accuracy.total} votes; weighted kappa of all votes "
        f"{findings.value_text('quadratic_kappa', of_all.kappa)}"
        f"{f': {missing}' if missing else ''}",
    )
    return figures


def networks_of(films: pd.DataFrame) -> str:
    """Return what the networks score on the films, in words; empty where they are not known."""
    scores = []
    for name in cached.cards():
        grades = films["image_id"].map(_grades_by(name, films["image_id"]))
        score = scoring.score(films.assign(grade=grades.astype("Int64")))
        if score.accuracy:
            scores.append(
                f"{DISPLAY_NAME[name]} {score.accuracy.count} of {score.accuracy.total} as the "
                f"reference, kappa {findings.value_text('quadratic_kappa', score.kappa)}"
            )
    return "; ".join(scores)


def _grades_by(architecture, image_ids):
    """Grades by image id: published ones where there are, else of the films that were shown."""
    grades = cached.published_grades(architecture)
    for name in set(image_ids) - set(grades):
        with contextlib.suppress(KneeOAError):  # said where the film itself was shown
            for reading in cached.teaching_film(name)[2]:
                if reading.architecture == architecture:
                    grades[name] = int(reading.said)
    return grades


def show_ways_out(group, votes, films, agreement, networks) -> None:
    """Show what can be taken along."""
    st.subheader("To take along")
    table, sheet, exam, _ = st.columns([1, 1, 1, 2])
    table.download_button(
        "Votes (CSV)",
        clients.noted("votes exported", lambda: csv_text(votes), group.code),
        file_name="votes.csv",
        mime="text/csv",
        on_click="ignore",
        width="stretch",
    )
    sheet.download_button(
        "Result sheet (PDF)",
        clients.noted(
            "session's sheet exported",
            lambda: _sheet(group, votes, films, agreement, networks),
            group.code,
        ),
        file_name="group.pdf",
        mime="application/pdf",
        on_click="ignore",
        width="stretch",
    )
    with exam:
        exam_choice.show_file(group.exam)


def _sheet(group, votes, films, agreement, networks):
    from kneeoa.teaching import sheet

    table = films.drop(columns=["agree"]).assign(
        reference=[f"KL {grade}" for grade in films["reference"]],
        spread=films["spread"].map("{:.2f}".format, na_action="ignore"),
        right=films["right"].map("{:.0%}".format, na_action="ignore"),
    )
    short = {"number": "film", "image_id": "id", "reference": "ref.", "spread": "SD"}
    table = table.rename(columns=short)
    facts = {
        "Session": f"{group.code}, {group.opened_at:%Y-%m-%d %H:%M} UTC, seed {group.exam.seed}",
        "Learners": str(votes["participant"].nunique()),
        **{name: f"{value}; {basis}" for name, (value, basis) in agreement.items()},
    }
    if networks:
        facts["The networks"] = networks
    return sheet.sheet(
        group.exam.title or "KL grading together",
        facts,
        [("Each film", table)],
        made_at=datetime.now(UTC),
    )
