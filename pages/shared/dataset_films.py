"""Films of the user's data set on research pages: small ones, and one in the viewer."""

import os
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from kneeoa.data.film_folder import FilmFolder
from kneeoa.errors import KneeOAError
from pages.shared import boundary, cached, kept, known_film, session_films
from pages.shared.answers import counting

SMALL = 200
"""Pixels of the longer side of a film on a contact sheet."""


def folder() -> FilmFolder | None:
    """Return the films that ``KNEEOA_DATASET`` names; None without any, said by `say_why_none`."""
    setting = os.environ.get("KNEEOA_DATASET")
    if not setting:
        return None
    try:
        return cached.film_folder(Path(setting).expanduser())
    except KneeOAError:
        return None


def say_why_none() -> None:
    """Say why there are no films: none were named, or what was named holds none."""
    setting = os.environ.get("KNEEOA_DATASET")
    if not setting:
        say_how_to_get_films()
        return
    with boundary.refusals_shown():
        cached.film_folder(Path(setting).expanduser())


def say_how_to_get_films() -> None:
    """Say where real films are had, in words for who did not start the dashboard, too."""
    st.info(
        "Real films are not part of this dashboard. Whoever runs it can add those of a public data "
        "set (Chen 2018, doi 10.17632/56rmx5bjcr.1, CC BY 4.0; see About): docs/settings.md "
        "says how."
    )


def picture(films: FilmFolder | None, image_id: str) -> str | None:
    """Return a film as a small picture, a ``data:`` address; None where there is none to see."""
    if films is None or image_id not in films.files:
        return None
    try:
        changed = cached.changed(films.files[image_id])
        return cached.thumbnail(films.folder, image_id, changed, SMALL)
    except KneeOAError:
        return None  # said where the film is opened


def show_film(image_id: str, key: str, *, show_beside: Callable[[], None]) -> None:
    """Show a film with both published networks' Grad-CAMs, answers and the way on.

    `show_beside` shows what else there is to say of it, below it. A film that cannot be shown has
    a sentence instead.
    """
    films, place = folder(), st.container()
    published, beside = st.columns(2, gap="medium")
    with beside:
        show_beside()
    with place, boundary.refusals_shown():
        if films is None:
            say_why_none()
            return
        data = films.read(image_id)
        name = films.files[image_id].name
        film = counting.as_counted(cached.read_film(name, data), image_id)
        known_film.show_in_list(film, image_id, key=f"{key}_{image_id}")
        with published:
            st.markdown("**The published models**")
            known_film.show_answers(film)
            if st.button("Open in the reading page", key=f"open_{key}", width="stretch"):
                st.session_state[session_films.NEXT] = session_films.add(name, data)
                kept.open_read()
