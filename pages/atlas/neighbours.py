"""Two neighbouring grades: a film of each, side by side or wiped over one another."""

from dataclasses import replace

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.teaching import atlas, examples
from pages.atlas import example_films
from pages.shared import boundary, kept, keyboard, known_film
from pages.shared.answers import counting
from pages.shared.viewer import component as viewer
from pages.shared.viewer.component import Options, Pane, ShownFilm

OPTIONS = Options(height="calc(100dvh - 16rem)", wipes=True, shared=True)
PAIRS = {f"{int(step.low)}-{int(step.high)}": step for step in atlas.STEPS}


def show() -> None:
    """Show a pair of films of the chosen grades."""
    films = example_films.opened()
    answers = example_films.published_answers()
    choice, words = st.columns([1, 2], vertical_alignment="center")
    key = kept.one(
        choice.segmented_control,
        "KL grades",
        PAIRS,
        "pair",
        default="1-2",
        required=True,
        format_func=lambda key: f"{key[0]} or {key[-1]}",
    )
    step = PAIRS[key]
    words.markdown(f"**{step.question}** {step.decides}")
    (low, low_clear), (high, high_clear) = (
        _examples_of(films, answers, grade) for grade in (step.low, step.high)
    )
    pairs = examples.paired(low, high)
    if not pairs:
        examples_by_grade = {step.low: low, step.high: high}
        lacking = [grade.label for grade, names in examples_by_grade.items() if not names]
        st.info(f"There are no films of {' and '.join(lacking) or 'the same side'} to compare.")
        return
    _show_pairs(pairs, step, low_clear and high_clear)


def _examples_of(films, answers, grade):
    """Return the clear films of a grade, or any where there is none, and whether they are clear."""
    clear = example_films.of_grade(films, answers, grade, "clear")
    return clear or example_films.of_grade(films, answers, grade, "any"), bool(clear)


@st.fragment
def _show_pairs(pairs, step, are_clear) -> None:
    """Show one of the pairs; another pair reruns nothing else."""
    counter = f"pair_number_{int(step.low)}"
    # Counts rather than stands at a place: the number of pairs depends on the films.
    number = st.session_state.get(counter, 0) % len(pairs)
    _show_pair(pairs[number], (step.low, step.high))
    left, right = st.columns([1, 3], vertical_alignment="center")
    left.button(
        "Another pair",
        key=keyboard.key_for("another_pair", counter),
        width="stretch",
        on_click=_count,
        args=[counter, number + 1],
        disabled=len(pairs) < 2,
    )
    right.markdown(f":small[Pair {number + 1} of {len(pairs)}]")
    st.caption(
        ("Clear examples: both networks agree with the reference. " if are_clear else "")
        + "Where names tell the side, both are of the same one. Wipe lays one film over the other."
    )


def _count(counter, number):
    st.session_state[counter] = number


def _show_pair(names, grades):
    """Show two films beside each other; one alone where the other cannot be read."""
    films: list[ShownFilm] = []
    panes: list[Pane] = []
    words = st.columns(2)
    for place, name, grade in zip(words, names, grades, strict=True):
        with place:
            try:
                film = counting.teaching_film(name)
            except KneeOAError as error:
                st.warning(f"{boundary.escaped(name)}: {boundary.escaped(str(error))}")
                continue
            st.markdown(f"**{grade.label} {grade.text}** :small[{boundary.escaped(name)}]")
            example_films.show_way_on(name, "pair")
            example_films.show_what_to_bear_in_mind(film)
        panes.append(Pane(len(films), f"{grade.label} {grade.text}"))
        films.append(known_film.film_of(film, f"Film {name}, {grade.label}"))
    if films:
        viewer.show(films, panes, key="pair_films", options=replace(OPTIONS, columns=len(films)))
