"""Films on which the reference and the networks differ, with what spoke for each answer."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.grades import KLGrade
from kneeoa.networks import ARCHITECTURES, DISPLAY_NAME
from kneeoa.teaching import examples
from pages.atlas import example_films
from pages.shared import boundary, cached, kept, known_film
from pages.shared.answers import counting

A_PAGE = 3
_ASKED = "atlas_graded_now"


@dataclass(frozen=True)
class FilmList:
    """A list of films: which they are, and what it shows."""

    title: str
    description: str
    select: Callable[[pd.DataFrame], pd.DataFrame]


def _divided(answers):
    # Late: what no other part of the atlas needs.
    from kneeoa.store import group as store

    try:
        votes = store.votes_of_all(cached.store())
    except KneeOAError as error:  # the other lists need no database
        st.caption(boundary.escaped(str(error)))
        return answers.iloc[:0]
    return examples.divided(answers, votes)


LISTS = {
    "against": FilmList(
        "Both networks against the reference",
        "Both networks give the same grade, the reference another one. They may share an error, or "
        "the reference may be one: look before you decide.",
        examples.against_reference,
    ),
    "apart": FilmList(
        "The networks differ by 2 or more",
        "The networks are two grades apart or more. The Grad-CAMs say where each found its "
        "evidence: does a sign of the grade lie there?",
        examples.far_apart,
    ),
    "readers": FilmList(
        "Readers differ",
        f"At least {examples.FEWEST_READERS} readers of group sessions that have ended graded the "
        "film, and not alike.",
        _divided,
    ),
}


def show() -> None:
    """Show one of `LISTS`, its films with both networks' Grad-CAMs."""
    films = example_films.opened()
    answers = _answers(films)
    if answers is None:
        return
    films_by_list = {key: film_list.select(answers) for key, film_list in LISTS.items()}
    which, grades = st.columns([2, 1.6], vertical_alignment="bottom")
    key = kept.one(
        which.segmented_control,
        "Films",
        LISTS,
        "list",
        required=True,
        format_func=lambda key: f"{LISTS[key].title} ({len(films_by_list[key])})",
    )
    reference = kept.several(
        grades.pills,
        "Reference grade (none chosen: all)",
        range(5),
        "reference_grades",
        selection_mode="multi",
        format_func=lambda grade: KLGrade(grade).label,
    )
    st.caption(
        f"{LISTS[key].description} Of {len(answers)} films. Both together is not the mean of the "
        "two below it: more networks take part, and see the mirror image, too."
    )
    table = films_by_list[key]
    if reference:
        table = table[table["grade"].isin(reference)]
    if table.empty:
        st.info("There is no such film.")
        return
    rows = list(table.itertuples(index=False))
    chosen = "".join(str(grade) for grade in reference)
    for row in example_films.page_of(rows, A_PAGE, f"{key}_{chosen}"):
        with st.container(border=True):
            _show_film(row)


def _answers(films):
    """Return what the networks said of `films`; None after saying why there is nothing yet."""
    answers = example_films.published_answers()
    if len(answers):
        return answers
    if films.is_synthetic:
        st.info("Where reference and networks differ, only real films teach anything.")
        return None
    st.caption(
        f"The networks' published answers are about other films. Up to {cached.GRADED_AT_MOST} of "
        "these, spread over the grades, can be graded now; that takes a moment, once."
    )
    if st.session_state.get(_ASKED) != films.folder:
        if not st.button("Let both networks grade films", key="grade_now", type="primary"):
            return None
        st.session_state[_ASKED] = films.folder
    grades = [cached.network_grades(name) for name in ARCHITECTURES]
    return examples.answered_by_grade(grades, films)


def _show_film(row):
    name = row.image_id
    try:
        film = counting.teaching_film(name)
    except KneeOAError as error:
        st.warning(f"{boundary.escaped(name)}: {boundary.escaped(str(error))}")
        return
    shown, answers = st.columns([2.2, 1], gap="medium")
    with shown:
        st.markdown(
            f"**{boundary.escaped(name)}**: reference {KLGrade(row.grade).label}, {_given(row)}"
        )
        known_film.show_in_list(film, name, key=f"differing_{name}")
        example_films.show_way_on(name, "differing")
    with answers:
        known_film.show_answers(film)
        if hasattr(row, "readers"):
            st.markdown(f"Readers {row.readers}")
        for grade in sorted({row.grade, row.first, row.second}):
            st.markdown(f":small[**{KLGrade(grade).label}.** {KLGrade(grade).criteria}]")


def _given(row):
    if row.first == row.second:
        return f"both networks {KLGrade(row.first).label}"
    return ", ".join(
        f"{DISPLAY_NAME[name]} {KLGrade(grade).label}"
        for name, grade in zip(ARCHITECTURES, (row.first, row.second), strict=True)
    )
