"""A contact sheet: small films with what is known of them; a click opens one in its place."""

from collections.abc import Callable, Sequence

import streamlit as st

from kneeoa.analysis.film_cards import FilmCard
from pages.shared import boundary, dataset_films, kept

A_PAGE = 18


def show(cards: Sequence[FilmCard], key: str, *, show_answers_of: Callable[[str], None]) -> None:
    """Show `cards`, or in their place the film that was opened, with a way back.

    Which one is open stands in the address under `key`. `show_answers_of` shows what the runs
    say of a film, by its id.
    """
    names = [card.image_id for card in cards]
    opened = kept.chosen(key)
    if opened in names:
        kept.turn_to(key, opened)
        _show_film(cards, names.index(opened), key, show_answers_of)
        return
    kept.turn_to(key, None)
    if not cards:
        return
    pages, page = -(-len(cards) // A_PAGE), 1
    films = dataset_films.folder()
    with st.container(key=f"sheet_{key}"):
        place = st.container()
        if pages > 1:
            page = st.pagination(pages, key=f"page_{key}_{_digest(names)}")
        with place:
            _show_page(cards[(page - 1) * A_PAGE : page * A_PAGE], films, key)
    if films is None:
        dataset_films.say_why_none()
        return
    missing = [name for name in names if name not in films.files]
    if missing:
        st.caption(
            f"{len(missing)} of these {len(names)} are not in the folder of films that this "
            f"server was given, for example {boundary.escaped(missing[0])}: is this the data set "
            "that the runs were measured on?"
        )


def _digest(names):
    """Another sheet begins on its own first page."""
    return f"{len(names)}_{names[0]}" if names else ""


def _show_page(cards, films, key):
    with st.container(key=f"cards_{key}", gap="small"):
        for place, card in enumerate(cards):
            with st.container(key=f"card_{key}_{place}", gap=None):
                st.html(_card(card, dataset_films.picture(films, card.image_id)))
                label = boundary.escaped(", ".join((card.image_id, *card.lines())))
                st.button(
                    label,
                    key=f"turn_{key}_{place}",
                    width="stretch",
                    on_click=kept.turn_to,
                    args=(key, card.image_id),
                )


def _card(card, picture):
    name = boundary.as_html(card.image_id)
    image = (
        f'<img src="{picture}" alt="">' if picture else '<div class="kl-no-film">no film here</div>'
    )
    lines = "".join(f"<div>{boundary.as_html(line)}</div>" for line in card.lines())
    return f'<div class="kl-card" title="{name}">{image}<b>{name}</b>{lines}</div>'


def _show_film(cards, place, key, show_answers_of):
    card = cards[place]
    back, before, after, where = st.columns([2, 1, 1, 3], vertical_alignment="center")
    back.button(
        "Back to the films", icon=":material/arrow_back:", key=f"back_{key}", width="stretch",
        on_click=kept.turn_to, args=(key, None),
    )  # fmt: skip
    for column, label, target in ((before, "Previous", place - 1), (after, "Next", place + 1)):
        exists = 0 <= target < len(cards)
        column.button(
            label,
            key=f"{label.lower()}_{key}",
            disabled=not exists,
            width="stretch",
            on_click=kept.turn_to,
            args=(key, cards[target].image_id if exists else None),
        )
    where.markdown(
        f"**{boundary.escaped(card.image_id)}**, {place + 1} of {len(cards)}  \n"
        f":small[{boundary.escaped('; '.join(card.lines()))}]"
    )
    dataset_films.show_film(
        card.image_id, f"{key}_film", show_beside=lambda: show_answers_of(card.image_id)
    )
