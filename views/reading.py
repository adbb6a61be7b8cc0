"""The reading page: a film, and what both networks say of it, side by side."""

import streamlit as st

from kneeoa import display
from kneeoa.grades import GRADES, KLGrade
from kneeoa.joints import square
from views import _case, _films, _frame, _networks, _shared, _viewer

OVERLAY_SIDE = 512


def show_empty() -> None:
    """Show how to begin."""
    st.title("Grade a knee X-ray")
    st.markdown(
        "A frontal knee film in; the Kellgren-Lawrence grades of two networks out, with their "
        "Grad-CAMs. For research and teaching; not a medical device."
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        uploaded = _films.show_uploader()
    with right:
        picked = _films.show_demo_picker()
    turn_to(uploaded if uploaded is not None else picked)
    _films.show_refusals()
    show_scale_of_grades()


def show_scale_of_grades() -> None:
    """Show all five grades with their criteria, side by side."""
    st.subheader("The Kellgren-Lawrence scale")
    for column, grade in zip(st.columns(len(GRADES), gap="medium"), GRADES, strict=True):
        column.markdown(f"**{grade.label}, {grade.text}**\n\n{grade.criteria}")


def turn_to(digest: str | None) -> None:
    """Turn to a film that has just come in; an empty digest only shows the refusals."""
    if digest is None:
        return
    st.session_state[_films.NEXT] = digest
    st.rerun()


def choose_film(films: dict[str, _films.Film]) -> _films.Film:
    """Show the film list and the way to more films; return the film to read."""
    wanted = st.session_state.pop(_films.NEXT, None) or st.session_state.get(_films.CURRENT)
    st.session_state[_films.CURRENT] = wanted if wanted in films else next(reversed(films))
    labels = _films.labels()
    listed, more, away = st.columns([6, 1.5, 1.5], vertical_alignment="bottom")
    digest = listed.selectbox(
        "Film",
        list(films),
        key=_films.CURRENT,
        persist_state="session",
        format_func=labels.get,
        on_change=_films.forget_refusals,
        label_visibility="collapsed",
    )
    with more.popover("Add films", width="stretch"):
        uploaded = _films.show_uploader()
        picked = _films.show_demo_picker()
    turn_to(uploaded if uploaded is not None else picked)
    away.button("Remove film", on_click=_films.remove, args=[digest], width="stretch")
    return films[digest]


def show_controls(film: _films.Film):
    """Show what the reader can set; return the frame, the explained grade and the opacity."""
    knee = _frame.choose_knee(film)
    window, invert, frame = st.columns([5, 2, 3], vertical_alignment="bottom")
    _viewer.show_window(window, invert)
    with frame:
        chosen = _frame.choose_frame(film, knee)
    explain, strength = st.columns([5, 5], vertical_alignment="bottom")
    explained = explain.segmented_control(
        "Grad-CAM: explain grade",
        ["predicted", *map(int, GRADES)],
        default="predicted",
        required=True,
        key="explained",
        persist_state="session",
    )
    opacity = strength.slider(
        "Grad-CAM opacity (%)", 0, 100, 60, key="opacity", persist_state="session"
    )
    return chosen, explained, opacity / 100


def show_reading(film: _films.Film) -> None:
    """Show the film and, beside it, both networks' columns."""
    case_line = st.container()
    left, right = st.columns([1, 1.04], gap="medium")
    with left:
        above = st.container()
        frame, explained, opacity = show_controls(film)
    with above:
        _viewer.show_film(film.radiograph, frame)
    # A frame that cannot be graded must leave the film and the frame controls in place.
    with right.container(key="networks"), _shared.refusals_shown():
        readings = _films.read(film, frame)
        picture = display.windowed(square(film.radiograph, frame, OVERLAY_SIDE))
        with case_line:
            _case.show_case_line(film, frame, readings)
        together = _films.read_together(film, frame)
        if together is not None:
            _networks.show_together(together, _shared.together_card())
        show_networks(readings, picture, explained, opacity)
    show_scale_of_grades()


def show_networks(readings, picture, explained, opacity: float) -> None:
    """Show both answers and, on the graded square ``(S, S) uint8``, both explanations."""
    cards = _shared.cards()
    scale = max(card["evidence_scale"] for card in cards.values())
    answers = st.columns(len(readings), gap="medium")
    _networks.show_scale(scale)
    overlays = st.columns(len(readings), gap="medium")
    for answer, overlay, reading in zip(answers, overlays, readings, strict=True):
        with answer:
            _networks.show_answer(reading)
            _networks.show_track_record(reading, cards[reading.architecture])
        grade = reading.grade if explained == "predicted" else KLGrade(explained)
        with overlay:
            _networks.show_explanation(reading, picture, grade, scale=scale, opacity=opacity)


_shared.apply_style()
with _shared.refusals_shown():
    films = _films.all_films()
    if films:
        chosen = choose_film(films)
        _films.show_refusals()
        show_reading(chosen)
    else:
        show_empty()
