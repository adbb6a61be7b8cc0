"""What came of a group session: how far the readers agree, and on which films they do not."""

import math
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from kneeoa.charts import teaching as charts
from kneeoa.networks import DISPLAY_NAME
from kneeoa.spreadsheet import csv_text
from kneeoa.store import group as store
from kneeoa.teaching import readers, scoring
from kneeoa.teaching.films import are_drawn
from kneeoa.teaching.wording import (
    DRAWN,
    kappa_text,
    left_out_text,
    number_text,
    share_text,
    what_counts,
)
from kneeoa.wording import counted
from pages.shared import boundary, cached, clients, exam_choice, table_view
from pages.shared.answers import counting

KAPPAS = {"plain": "Fleiss' kappa", "quadratic": "Fleiss' kappa, quadratic weights"}
TABLE_PYTHON = """
import pandas as pd
from kneeoa.teaching import readers

votes = pd.read_csv(
    "votes.csv",
    dtype={"image_id": str, "participant": str, "grade": "Int64"},
    keep_default_na=False,  # a nickname may be NA
    na_values={"grade": [""]},
)
readers.by_film(votes).sort_values("spread", ascending=False, kind="stable")
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
        f"{counted(votes['participant'].nunique(), 'learner')}, {len(shown)} of "
        f"{counted(len(group.exam.films), 'film')} shown, {counted(len(given), 'vote')}; "
        f"{group.opened_at:%Y-%m-%d %H:%M} UTC, code {group.code}"
    )
    if group.left_out:
        st.warning(f"Not the whole exam of the file: {left_out_text(group.left_out)}.")
    if given.empty:
        st.info("Nobody voted in this session: there is nothing to measure.")
        return
    if len(given) < len(votes):
        st.caption(
            f"{counted(len(votes) - len(given), 'vote')} not given: kappa takes each film by the "
            "votes that it has (Gwet 2014)."
        )
    if are_drawn(group.exam.image_ids):
        st.caption(DRAWN)
    if again := opened_again(votes):
        st.caption(again)
    # A press on this page changes no vote, and drawing the films of all pairs anew takes long.
    agreement = cached.of_films(agreement_of, votes)
    for column, (name, (value, basis)) in zip(
        st.columns(len(agreement)), agreement.items(), strict=True
    ):
        column.metric(name, value)
        column.caption(basis)
    films = films_of(votes)
    networks = networks_of(films)
    if networks:
        st.markdown(f"The networks on the films with votes: {networks}")
    st.subheader("Each film, the one that divides most first")
    table_view.show_figure(charts.spread_figure(films), "spread")
    shares = ["agree", "right"]
    shown_table = films.assign(**{name: 100 * films[name] for name in shares})
    table_view.show_table(shown_table, "films", TABLE_PYTHON, columns=_COLUMNS, download=films)
    show_ways_out(group, votes, films, agreement, networks)


_COLUMNS = {
    "number": "Film",
    "image_id": "Id",
    "reference": "Reference KL",
    "votes": "Votes",
    "median": st.column_config.NumberColumn("Median", format="%.1f"),
    "spread": st.column_config.NumberColumn("Spread (SD)", format="%.2f"),
    # A few votes bear no decimal.
    "agree": st.column_config.NumberColumn("Commonest grade", format="%.0f%%"),
    "right": st.column_config.NumberColumn("Same grade as the reference", format="%.0f%%"),
    "again": "Opened again",
}


def films_of(votes: pd.DataFrame) -> pd.DataFrame:
    """Return `readers.by_film`, the film that divides most first.

    With ``number``, and ``again`` where voting on any film was opened again.
    """
    films, first = readers.by_film(votes), votes.drop_duplicates("image_id")
    films.insert(0, "number", first["position"].to_numpy() + 1)
    if first["again"].any():
        films = films.assign(again=first["again"].to_numpy())
    return films.sort_values("spread", ascending=False, kind="stable", ignore_index=True)


def opened_again(votes: pd.DataFrame) -> str:
    """Return on which films voting was opened again with the votes shown; empty for none."""
    films = sorted(set(votes.loc[votes["again"], "position"] + 1))
    if not films:
        return ""
    named = ", ".join(str(number) for number in films)
    return (
        f"Voting was opened again after the votes were shown: film {named}. A vote given then "
        "replaced the one before: such votes are not independent of each other, and may agree the "
        "better for it."
    )


def agreement_of(votes: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Return figures of the group, as text with what it rests on, by name."""
    counts = readers.counts_of(votes).to_numpy()
    figures = {}
    for weights, name in KAPPAS.items():
        value = readers.group_kappa(counts, weights)
        basis = readers.rests_on(counts, weights)
        figures[name] = number_text(value), basis
    figures["Mean pair, weighted kappa"] = (
        number_text(readers.pair_kappa(votes)),
        readers.pairs_rest_on(votes),
    )
    of_all = scoring.score(votes)  # its intervals are over films, each with all its votes
    if of_all.accuracy is None:
        return figures
    low, high = readers.share_right_interval(votes)
    interval = (
        "" if math.isnan(low) else f"; 95% interval {low:.0%} to {high:.0%} (bootstrap over films)"
    )
    figures["Same grade as the reference"] = (
        share_text(of_all.accuracy),
        f"{of_all.accuracy.count} of {counted(of_all.accuracy.total, 'vote')}{interval}; "
        f"weighted kappa of all votes {kappa_text(of_all, over='films')}",
    )
    return figures


def networks_of(films: pd.DataFrame) -> str:
    """Return what the networks score on the films that have votes; empty where it is not known."""
    films, scores = films[films["votes"] > 0], {}
    for name in cached.cards():
        grades = films["image_id"].map(counting.grades(name, films["image_id"]))
        scores[name] = scoring.score(films.assign(grade=grades.astype("Int64")))
    told = [
        f"{DISPLAY_NAME[name]} {score.accuracy.count} of {score.accuracy.total} as the "
        f"reference, kappa {kappa_text(score, over='films')}"
        for name, score in scores.items()
        if score.accuracy
    ]
    return f"{'; '.join(told)}. {what_counts(scores.values(), len(films))}" if told else ""


def show_ways_out(group, votes, films, agreement, networks) -> None:
    """Show what can be taken along."""
    st.subheader("To take along")
    table, sheet, exam, _ = st.columns([1, 1, 1, 2])
    table.download_button(
        "Votes (CSV)",
        clients.noted("votes exported", lambda: csv_text(numbered(votes)), group.code),
        file_name="votes.csv",
        mime="text/csv",
        on_click="ignore",
        width="stretch",
    )
    sheet.download_button(
        "Result sheet (PDF)",
        clients.noted(
            "session's sheet exported",
            lambda: made_of(group, votes, films, agreement, networks),
            group.code,
        ),
        file_name="group.pdf",
        mime="application/pdf",
        on_click="ignore",
        width="stretch",
    )
    with exam:
        exam_choice.show_file(group.exam)


def numbered(votes: pd.DataFrame) -> pd.DataFrame:
    """Return votes with films counted from 1, as in every other table."""
    return votes.assign(position=votes["position"] + 1).rename(columns={"position": "film"})


def made_of(group, votes, films, agreement, networks) -> bytes:
    """Return the sheet as a PDF."""
    from kneeoa.teaching import sheet

    films = films.sort_values("number")  # to be looked up film by film
    table = films.drop(columns=["agree"]).assign(
        reference=[f"KL {grade}" for grade in films["reference"]],
        median=films["median"].map("{:.1f}".format, na_action="ignore"),
        spread=films["spread"].map("{:.2f}".format, na_action="ignore"),
        right=films["right"].map("{:.0%}".format, na_action="ignore"),
    )
    if "again" in table:
        table["again"] = ["yes" if again else "" for again in table["again"]]
    short = {"number": "film", "image_id": "id", "reference": "ref.", "spread": "SD"}
    table = table.rename(columns=short)
    facts = {
        "Session": f"{group.code}, {group.opened_at:%Y-%m-%d %H:%M} UTC, seed {group.exam.seed}",
        "Learners": str(votes["participant"].nunique()),
        "Films": f"{len(films)} of {len(group.exam.films)} shown"
        + (f"; of the exam's file {left_out_text(group.left_out)}" if group.left_out else ""),
        "Votes": f"{votes['grade'].count()} given, {votes['grade'].isna().sum()} not given",
        **{name: f"{value}; {basis}" for name, (value, basis) in agreement.items()},
    }
    if networks:
        facts["The networks"] = networks
    if again := opened_again(votes):
        facts["Opened again"] = again
    if are_drawn(group.exam.image_ids):
        facts["Note"] = DRAWN
    return sheet.sheet(
        group.exam.title or "KL grading together",
        facts,
        [("Each film", table)],
        made_at=datetime.now(UTC),
    )
