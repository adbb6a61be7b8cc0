"""What was learnt about the readers, where they and the networks differ, and what more would do."""

import streamlit as st

from kneeoa.adaptation import curve
from kneeoa.adaptation.curve import MEASURES
from kneeoa.adaptation.disagreeing import disagreements
from kneeoa.adaptation.films import data_of
from kneeoa.charts import adapting
from pages.own_films.outcome import PYTHON
from pages.own_films.work import Work
from pages.shared import boundary, kept, session_films, table_view
from pages.shared.cases import knees

A_ROW = 6
MOST = 12


def show_lines(work: Work) -> None:
    """Show which lines between grades these readers draw elsewhere."""
    adaptation = work.adaptation
    if adaptation is None:
        return
    st.subheader("What the networks learnt about your readers")
    table = adaptation.lines
    words, drawn = st.columns([1, 1], gap="large")
    with words:
        sentences = adaptation.lines_said
        st.markdown("\n".join(f"- {boundary.escaped(sentence)}" for sentence in sentences))
        st.caption(
            "The networks' own readers are those whom they learnt from: of the published networks, "
            "those of the Osteoarthritis Initiative. What the networks do with your films is held "
            "against what they do with validation films of the same grades by those. Earlier and "
            "later are no errors of either: the criteria leave room."
        )
    with drawn:
        table_view.show_figure(adapting.lines_figure(table), "lines")


def show_disagreements(work: Work) -> None:
    """Show the films whose grade the networks find least probable, each to be opened."""
    if work.adaptation is None:
        return
    st.subheader("Where readers and networks disagree most")
    films = disagreements(work.adaptation)
    if films.empty:
        st.markdown("Nowhere: out of fold, the networks give every film its grade.")
        return
    st.caption(
        f"{len(films)} films have another answer, out of fold. Slips of the pen are found here; it "
        "does not say who is right. Correct slips alone: to change a grade because the networks "
        "disagree makes all figures too good."
    )
    shown = films.head(MOST)
    for start in range(0, len(shown), A_ROW):
        rows = shown.iloc[start : start + A_ROW]
        for column, row in zip(st.columns(A_ROW, gap="small"), rows.itertuples(), strict=False):
            with column:
                _show_film(work, row)
    with st.expander("All of them"):
        table_view.show_table(
            films.drop(columns="row"),
            "disagreements",
            f"{PYTHON}from kneeoa.adaptation.disagreeing import disagreements\n\n"
            "print(disagreements(adaptation))",
            columns={
                "film": "Film",
                "given": "Your grade",
                "answer": "Adapted, out of fold",
                "published": "As published",
                "probability": st.column_config.NumberColumn(
                    "Probability of your grade", format="percent"
                ),
                "apart": "Grades apart",
            },
            height=300,
            width="stretch",
        )


def _show_film(work, row):
    film = work.film_of(work.adaptation.films.digests[row.row])
    name = film.listed.name.rpartition("/")[2]
    st.image(work.shown(film), width="stretch", alt=name)
    st.caption(
        f"{boundary.escaped(name)}  \nyours **KL {row.given}**, networks **KL {row.answer}**; "
        f"yours {row.probability:.0%} probable"
    )
    label = boundary.told_apart("Open", name)
    if st.button(label, key=f"own_open_{row.row}", width="stretch"):
        _open(film)


def _open(film):
    """Turn to the reading page with this film, its frame as on the sheet."""
    with boundary.refusals_shown():
        digest = session_films.add(film.listed.file.name, data_of(film.listed))
        if digest is not None:
            opened = session_films.all_films()[digest]
            session_films.propose(opened, film.knee, film.frame, film.findings)
            knees.turn_to(opened, film.knee)
        st.session_state[session_films.NEXT] = digest
        kept.open_read()


def show_curve(work: Work) -> None:
    """Show, when asked, how much more films would bring."""
    st.subheader("What more films would bring")
    if work.curve is None and work.adaptation is not None:
        st.caption(
            "Learns again from some of the films and scores the rest, many times: about a minute "
            "for two hundred films."
        )
        if st.button("Draw the learning curve", key="own_curve"):
            with boundary.refusals_shown():
                bar = st.progress(0.0, text="Learning from some of the films")
                work.curve = curve.learning_curve(
                    work.adaptation,
                    told=lambda share: bar.progress(share, text="Learning from some of the films"),
                )
                bar.empty()
    if work.curve is None:
        return
    st.markdown(boundary.escaped(curve.in_words(work.curve)))
    for column, measure in zip(
        st.columns(2, gap="large"), ("accuracy", "median_kappa"), strict=True
    ):
        with column:
            table_view.show_figure(
                adapting.learning_curve_figure(work.curve.table, measure, MEASURES[measure]),
                f"curve_{measure}",
            )
    st.caption(
        "Each point: both networks together, fitted to so many of the films, on films of other "
        "patients; 95% intervals over patients."
    )
