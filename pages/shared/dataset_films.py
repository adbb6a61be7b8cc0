"""Films of the user's data set on research pages: a picture, both networks' answers, the way on."""

import os
from pathlib import Path

import streamlit as st

from kneeoa.data.film_folder import FilmFolder
from kneeoa.errors import KneeOAError
from kneeoa.wording import counted
from pages.shared import boundary, cached, known_film, session_films

A_PAGE = 4


def folder() -> FilmFolder | None:
    """Return the films that ``KNEEOA_DATASET`` names, or None after saying how to get them."""
    setting = os.environ.get("KNEEOA_DATASET")
    if not setting:
        say_how_to_get_films()
        return None
    try:
        return cached.film_folder(Path(setting).expanduser())
    except KneeOAError as error:
        st.warning(boundary.escaped(str(error)))
        return None


def say_how_to_get_films() -> None:
    """Say where real films are had, in words for who did not start the dashboard, too."""
    st.info(
        "Real films are not part of this dashboard. Whoever runs it can add those of a public data "
        "set (Chen 2018, doi 10.17632/56rmx5bjcr.1, CC BY 4.0; see About): docs/settings.md "
        "says how."
    )


def show_films(image_ids: list[str], key: str) -> None:
    """Show films `A_PAGE` at a time, each with both published networks' Grad-CAMs."""
    films = folder()
    if films is None or not image_ids:
        return
    missing = [name for name in image_ids if name not in films.files]
    image_ids = [name for name in image_ids if name in films.files]
    if missing:
        st.caption(
            f"{counted(len(missing), 'film')} of these are not in "
            f"{boundary.escaped(str(films.folder))}, for example "
            f"{boundary.escaped(missing[0])}: is this the data set that the runs were measured on?"
        )
    if not image_ids:
        return
    pages, page = -(-len(image_ids) // A_PAGE), 1
    if pages > 1:
        page = st.pagination(pages, key=f"page_{key}")
    for image_id in image_ids[(page - 1) * A_PAGE : page * A_PAGE]:
        with st.container(border=True):
            _show_film(films, image_id, key)


def _show_film(films, image_id, key):
    try:
        name, data = films.files[image_id].name, films.read(image_id)
        radiograph, frame, readings = cached.read_film(name, data)
    except KneeOAError as error:
        st.warning(boundary.escaped(str(error)))
        return
    film, said = st.columns([2.2, 1], gap="medium")
    with film:
        known_film.show_in_list(radiograph, frame, image_id, readings, key=f"{key}_{image_id}")
        if st.button("Open in the reading page", key=f"open_{key}_{image_id}", width="stretch"):
            st.session_state[session_films.NEXT] = session_films.add(name, data)
            st.switch_page("reading/page.py")
    with said:
        known_film.show_answers(readings)
