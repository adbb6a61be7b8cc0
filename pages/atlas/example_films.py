"""The atlas on films: examples of a grade, and what its other parts show films with."""

from dataclasses import replace

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.networks import DISPLAY_NAME
from kneeoa.teaching import examples
from kneeoa.wording import counted
from pages.atlas import criteria
from pages.shared import boundary, cached, dataset_films, kept, known_film, session_films
from pages.shared.answers import counting
from pages.shared.memory.folder_film import FolderFilm
from pages.shared.viewer import component as viewer
from pages.shared.viewer.component import Pane

A_PAGE, ACROSS = 6, 3
KINDS = {"clear": "Clear", "any": "Any", "disputed": "Disputed"}
EXPLAINED = {
    "clear": "Clear examples: both networks agree with the reference, the surest first.",
    "any": "All films with this reference grade, by name.",
    "disputed": "A network gives another grade than the reference, the furthest off first.",
}


def show() -> None:
    """Show films of the grade that is chosen, `A_PAGE` at a time."""
    films = opened()
    grades, kinds = st.columns([1.6, 1], vertical_alignment="bottom")
    grade = criteria.choose_grade(grades)
    answers = published_answers()
    kind = "any"
    if len(answers):
        kind = kept.one(
            kinds.segmented_control, "Which", KINDS, "which", required=True, format_func=KINDS.get
        )
    st.markdown(f"**{grade.label}, {grade.text}.** {grade.criteria}")
    names = of_grade(films, answers, grade, kind)
    explanation = EXPLAINED[kind]
    if not len(answers):
        explanation += (
            " The networks' published answers are about other films: no clear ones are chosen."
        )
    st.caption(f"{counted(len(names), 'film')}. {explanation}")
    if not names:
        return
    shown = page_of(names, A_PAGE, f"{kind}_{int(grade)}")
    for start in range(0, len(shown), ACROSS):
        show_row(shown[start : start + ACROSS], f"example_{start}")


def opened():
    """Return the films that are taught with, after saying what is to be known of them."""
    films = cached.teaching_set()
    if films.is_synthetic:
        st.warning(
            "These films are drawn, not taken, and marked so: they show the signs of each grade, "
            "not what real films look like."
        )
        dataset_films.say_how_to_get_films()
    for note in films.notes:
        st.caption(boundary.escaped(note))
    return films


def published_answers():
    """Return `examples.answered` of the published networks; empty: they know other films."""
    tables = cached.published_predictions()
    rules = cached.graders().rules
    return examples.answered(
        [tables[name] for name in DISPLAY_NAME],
        cached.teaching_set(),
        [rules[name] for name in DISPLAY_NAME],
    )


def of_grade(films, answers, grade, kind):
    """Return the ids of the films of `grade` that are `kind` of `KINDS`."""
    if kind == "clear":
        return examples.clear(answers, grade)
    if kind == "disputed":
        return examples.disputed(answers, grade)
    return sorted(name for name, film in films.films.items() if film.grade == grade)


def page_of(names, size, key):
    """Return `size` of `names`, after showing the choice of which where there are more."""
    pages = -(-len(names) // size)
    page = st.pagination(pages, key=f"page_{key}") if pages > 1 else 1
    return names[(page - 1) * size : page * size]


def show_row(names: list[str], key: str) -> None:
    """Show films beside each other, looked at together; below each what was said of it."""
    read = {}
    for name in names:
        try:
            read[name] = counting.teaching_film(name)
        except KneeOAError as error:
            st.warning(f"{boundary.escaped(name)}: {boundary.escaped(str(error))}")
    if not read:
        return
    films = [known_film.film_of(film, f"Film {name}") for name, film in read.items()]
    panes = [Pane(place, name) for place, name in enumerate(read)]
    height = f"max(24rem, calc({len(panes)} * 20rem * var(--stacked)))"
    options = replace(known_film.IN_A_LIST, height=height, layout="stack", columns=len(panes))
    viewer.show(films, panes, key=key, options=options)
    for place, (name, film) in zip(st.columns(len(read)), read.items(), strict=True):
        with place:
            _show_caption(name, film)
            show_way_on(name, "example")
            show_what_to_bear_in_mind(film)


def _show_caption(name, film):
    reference = cached.teaching_set().films[name].grade
    networks = ", ".join(
        f"{known_film.name_of(answer)} {answer.said.label}" for answer in film.networks
    )
    text = f"Reference {reference.label}" + f"; {networks}" * bool(networks)
    st.markdown(f"**{boundary.escaped(name)}**  \n:small[{text}]")


def show_what_to_bear_in_mind(film: FolderFilm) -> None:
    """Show why the reading page gives a film no grade, and what it warns of; mostly nothing."""
    if against := known_film.refusal_html(film) + known_film.warnings_html(film):
        st.html(against)


def show_way_on(name: str, key: str) -> None:
    """Show the button that opens a film in the reading page."""
    label = boundary.told_apart("Open in the reading page", f"film {name}")
    if st.button(label, key=f"open_{key}_{name}", width="stretch"):
        films = cached.teaching_set()
        digest = session_films.add(*films.read(name))
        if digest is not None:
            session_films.all_films()[digest].drawn |= films.is_synthetic
        st.session_state[session_films.NEXT] = digest
        kept.open_read()
