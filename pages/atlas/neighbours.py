"""Two neighbouring grades: a film of each, side by side and wiped over one another."""

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.teaching import atlas, examples
from pages.atlas import example_films
from pages.shared import boundary, cached, kept, overlays

PAIRS = {f"{int(step.low)}-{int(step.high)}": step for step in atlas.STEPS}


def show() -> None:
    """Show a pair of films and a slider that wipes from the one to the other."""
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
    low, high = (_examples_of(films, answers, grade) for grade in (step.low, step.high))
    pairs = examples.paired(low, high)
    if not pairs:
        lacking = [grade.label for grade, of in ((step.low, low), (step.high, high)) if not of]
        of = f" of {' and '.join(lacking)}" if lacking else " of the same side"
        st.info(f"There are no films{of} to compare.")
        return
    _show_pairs(pairs, step, len(answers) > 0)


def _examples_of(films, answers, grade):
    found = example_films.of_grade(films, answers, grade, "clear")
    return found or example_films.of_grade(films, answers, grade, "any")


@st.fragment
def _show_pairs(pairs, step, are_clear) -> None:
    """Show one of the pairs; another pair and the slider rerun nothing else."""
    counter = f"pair_number_{int(step.low)}"
    # Counts rather than stands at a place: the number of pairs depends on the films.
    number = st.session_state.get(counter, 0) % len(pairs)
    names = pairs[number]
    places = st.columns(3, gap="small")
    pictures = [
        _picture(place, name, grade)
        for place, name, grade in zip(
            (places[0], places[2]), names, (step.low, step.high), strict=True
        )
    ]
    with places[1]:
        if all(picture is not None for picture in pictures):
            share = st.session_state.get("wipe", 50) / 100
            picture = examples.wiped(*pictures, share)
            st.image(picture, width="stretch", output_format="PNG", alt="One film over the other")
            st.slider(
                f"How much of {step.low.label}, from the left (%)",
                0,
                100,
                50,
                key="wipe",
                persist_state="session",
                help="Arrow keys move it by steps.",
            )
        left, right = st.columns(2, vertical_alignment="center")
        left.button(
            "Another pair",
            key="another_pair",
            width="stretch",
            on_click=_count,
            args=[counter, number + 1],
            disabled=len(pairs) < 2,
        )
        right.markdown(f":small[Pair {number + 1} of {len(pairs)}]")
    st.caption(
        ("Clear examples: both networks agree with the reference. " if are_clear else "")
        + "Where names tell the side, both are of the same one."
    )


def _count(counter, number):
    st.session_state[counter] = number


def _picture(place, name, grade):
    """Show a film in its column and return its picture; None where it cannot be read."""
    with place:
        try:
            radiograph, frame, _ = cached.teaching_film(name)
            picture = overlays.picture_of(radiograph, frame)
        except KneeOAError as error:
            st.warning(f"{boundary.escaped(name)}: {boundary.escaped(str(error))}")
            return None
        st.image(picture, width="stretch", output_format="PNG", alt=f"Film {name}")
        st.markdown(f"**{grade.label} {grade.text}** :small[{boundary.escaped(name)}]")
        example_films.show_way_on(name, "pair")
    return picture
