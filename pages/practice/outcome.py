"""What came of a practice session."""

import pandas as pd
import streamlit as st

from kneeoa.charts import confusion as confusion_charts
from kneeoa.charts import teaching as charts
from kneeoa.grades import KLGrade
from kneeoa.networks import DISPLAY_NAME
from kneeoa.store import practice as store
from kneeoa.teaching import answers as answered
from kneeoa.teaching import films as films_taught
from kneeoa.teaching import scoring, swayed
from kneeoa.teaching.wording import (
    DRAWN,
    interval_text,
    kappa_rests_on,
    kappa_text,
    left_out_text,
    number_text,
    share_text,
    time_text,
    what_counts,
)
from kneeoa.wording import counted
from pages.practice import progress, take_along
from pages.shared import boundary, cached, known_film, table_view
from pages.shared.answers import counting

MISSED_SHOWN = 3


def show(learner, session, go_on) -> None:
    """Show the result of one session; ``go_on(learner, session)`` takes it up again."""
    answers = answered.settled(store.answers_of(cached.store(), session.session_id))
    show_head(learner, session, len(session.exam.films) - len(answers), go_on)
    patients = cached.teaching_set().patients
    mine = scoring.score(answers, patients)
    if not mine.answered:
        st.info("No film was graded in this session: there is nothing to score.")
        return
    if left_out := session.options.left_out:
        st.warning(f"Not the whole exam of the file: {left_out_text(left_out)}.")
    if drawn := films_taught.are_drawn(session.exam.image_ids):
        st.caption(DRAWN)
    # On what she graded and nothing else: the two stand beside each other.
    graded = answers.dropna(subset="grade")
    networks = {
        DISPLAY_NAME[name]: scoring.score(answers_of_network(graded, name), patients)
        for name in cached.cards()
    }
    over = "films" if drawn else "patients"
    show_scores(mine, networks, len(session.exam.films), over=over)
    take_along.show(session, answers, mine, networks)
    if session.options.mode == "ai":
        show_sway(learner, session, answers)
    show_confusion(mine, networks)
    show_pace(answers, session.options.seconds_per_film)
    show_missed(answers)


def show_head(learner, session, left, go_on) -> None:
    """Show the ways on: the films that are left, another session."""
    title, rest, again = st.columns([3, 1.2, 1], vertical_alignment="bottom")
    title.title("Your result")
    if left and rest.button(
        f"Go on: {counted(left, 'film')} left", key="go_on", shortcut="G", width="stretch"
    ):
        go_on(learner, session)
        st.rerun()
    # Not Enter, of which one too many would turn the page before it is read.
    again.button(
        "Another session",
        type="primary",
        key="again",
        shortcut="N",
        on_click=progress.leave,
        width="stretch",
    )


def answers_of_network(answers: pd.DataFrame, architecture) -> pd.DataFrame:
    """Return `answers` with the grades that a network is counted with in place of hers.

    What it said beside her in *AI or not* is what it said; else `counting.grades` has it.
    """
    own = answers[answers["network"] == architecture].dropna(subset="shown_grade")
    beside = dict(zip(own["image_id"], own["shown_grade"], strict=True))
    others = [name for name in answers["image_id"] if name not in beside]
    by_film = counting.grades(architecture, others) | beside
    grades = [by_film.get(name) for name in answers["image_id"]]
    return answers.assign(grade=pd.array(grades, "Int64"), seconds=None)


def show_scores(mine, networks, films, *, over) -> None:
    """Show accuracy and kappa with intervals, the learner's beside the networks'.

    `over` is what the intervals of kappa are over.
    """
    accuracy, kappa, off, pace = st.columns(4)
    accuracy.metric("Accuracy", share_text(mine.accuracy), help="95% interval: Wilson")
    accuracy.caption(interval_text(mine.accuracy))
    kappa.metric("Quadratic weighted kappa", number_text(mine.kappa))
    kappa.caption(kappa_rests_on(mine, over=over))
    off.metric("Mean error (grades)", f"{mine.mean_error:.2f}")
    off.caption(
        f"{share_text(mine.within_one)} within one grade ({interval_text(mine.within_one)})"
    )
    pace.metric("Median time for a film", time_text(mine.seconds))
    pace.caption(f"{mine.answered} of {films} films graded")
    scores = "; ".join(
        f"{name} {share_text(score.accuracy)} ({interval_text(score.accuracy)}), "
        f"kappa {kappa_text(score, over=over)}"
        for name, score in networks.items()
        if score.accuracy
    )
    if scores:
        st.markdown(f"The networks on the films that you graded: {scores}.")
    if networks:
        st.caption(what_counts(networks.values(), mine.answered))


def show_sway(learner, session, answers) -> None:
    """Show what seeing the network's answer did, in this session and in all like it."""
    st.subheader("How the network swayed you")
    every, network = progress.every(learner).values(), session.options.network
    alike = sum(
        (kept_session.options.mode, kept_session.options.network) == ("ai", network)
        and bool(kept_answers["grade"].notna().any())
        for kept_session, kept_answers in every
    )
    st.markdown(swayed.in_words(answers))
    columns = {"This session": answers}
    if alike > 1:
        pooled = swayed.pooled([kept_answers for _, kept_answers in every], network)
        name = f"Your {alike} sessions"
        columns[name] = pooled
        st.markdown(f"{name}, every film as first seen: {swayed.in_words(pooled)}")
    findings = {name: swayed.findings(given) for name, given in columns.items()}
    rows = [
        {"": row[0].what}
        | {name: _share_cell(finding.share) for name, finding in zip(findings, row, strict=True)}
        for row in zip(*findings.values(), strict=True)
    ]
    st.table(rows, border="horizontal", width="content")


def _share_cell(share):
    return f"{share_text(share)} ({interval_text(share)})" if share else "no such film yet"


def show_confusion(mine, networks) -> None:
    """Show whose answers fell where."""
    st.subheader("Which grades were taken for which")
    columns = st.columns(1 + len(networks), gap="medium")
    for column, (name, score) in zip(columns, {"You": mine, **networks}.items(), strict=True):
        with column:
            st.markdown(f"**{name}**")
            figure = confusion_charts.confusion_figure(
                score.confusion.astype(float),
                by="counts",
                axes=("Reference grade", "Your grade" if score is mine else "Network's grade"),
                height=320,
            )
            table_view.show_figure(figure, f"practice_{name}")


def show_pace(answers, limit) -> None:
    """Show how long each film took, and whether it was the worse for it."""
    if answers["seconds"].isna().all():
        return
    st.subheader("Time for each film")
    table_view.show_figure(charts.pace_figure(answers, limit=limit), "pace")


def show_missed(answers) -> None:
    """Show the films that were missed, with what the networks saw in them."""
    unseen = answered.never_shown(answers)
    if unseen.any():
        st.caption(f"{counted(int(unseen.sum()), 'film')} not scored: could not be shown.")
    missed = scoring.missed(answers[~unseen])
    if missed.empty:
        st.success("Every film that you graded got the reference grade.")
        return
    st.subheader(f"Missed films ({len(missed)})")
    pages = -(-len(missed) // MISSED_SHOWN)
    page = st.pagination(pages, key="missed_page") if pages > 1 else 1
    for row in missed.iloc[(page - 1) * MISSED_SHOWN : page * MISSED_SHOWN].itertuples():
        with st.container(border=True):
            _show_missed(row)


def _show_missed(row):
    own_answer = "time was up" if pd.isna(row.grade) else f"you said KL {int(row.grade)}"
    shown, answers = st.columns([2.2, 1], gap="medium")
    reference = KLGrade(int(row.reference))
    # What was said stands whether or not the film is still to be had.
    answers.markdown(
        f"Film {row.position + 1}: reference **{reference.label}, {reference.text}**; "
        f"{own_answer}.\n\n{reference.label}: {reference.criteria}"
    )
    with shown, boundary.refusals_shown():
        film = counting.teaching_film(row.image_id)
        label, key = f"Film {row.position + 1}", f"missed_{row.position}"
        known_film.show_in_list(film, label, key=key)
        with answers:
            known_film.show_answers(film)
