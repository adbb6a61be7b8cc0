"""The reading page: a film, and what both networks say of it, side by side."""

import streamlit as st

from kneeoa.films.frames import Frame
from kneeoa.grades import GRADES
from pages.reading import (
    answer_card,
    case_line,
    filmstrip,
    frame_control,
    gate_strip,
    networks,
    profile_line,
    reading_viewer,
)
from pages.shared import boundary, cached, session_films, style
from pages.shared.profiles import in_use, strip
from pages.shared.viewer.feed import Layer


def show_empty() -> None:
    """Show how to begin."""
    st.title("Grade a knee X-ray")
    st.markdown(
        "A frontal knee film in; the Kellgren-Lawrence grades of two networks out, with their "
        "Grad-CAMs. For research and teaching; not a medical device."
    )
    strip.show()
    left, right = st.columns([3, 2], gap="large")
    with left:
        uploaded = session_films.show_uploader()
    with right:
        picked = session_films.show_demo_picker()
    turn_to(uploaded if uploaded is not None else picked)
    offer_to_bring_back()
    session_films.show_refusals()
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
    st.session_state[session_films.NEXT] = digest
    st.rerun()


def choose_film(films: dict[str, session_films.Film]) -> session_films.Film:
    """Show the film list and the way to more films; return the film to read."""
    wanted = st.session_state.pop(session_films.NEXT, None) or st.session_state.get(
        session_films.CURRENT
    )
    st.session_state[session_films.CURRENT] = wanted if wanted in films else next(reversed(films))
    labels = session_films.labels()
    digest = st.selectbox(
        "Film",
        list(films),
        key=session_films.CURRENT,
        persist_state="session",
        format_func=labels.get,
        on_change=session_films.forget_refusals,
        label_visibility="collapsed",
    )
    more, away = st.columns(2, gap="small")
    # Another key closes it, once its films are there.
    key = f"add_films_{session_films.upload_round()}"
    with more.popover("Add films", width="stretch", key=key):
        uploaded = session_films.show_uploader()
        picked = session_films.show_demo_picker()
    turn_to(uploaded if uploaded is not None else picked)
    away.button("Remove film", on_click=session_films.remove, args=[digest], width="stretch")
    offer_to_bring_back()
    return films[digest]


def offer_to_bring_back() -> None:
    """Offer the film that was taken away last."""
    if name := session_films.removed():
        st.button(
            f"Bring back {boundary.escaped(name)}",
            key="bring_back",
            on_click=session_films.bring_back,
            type="tertiary",
        )


def show_reading(films: dict[str, session_films.Film]) -> None:
    """Show the film and, beside it, what the networks say of it."""
    line = st.container()
    with st.container(key="reading"):
        several = len(films) > 1
        widths = [0.34, 3, 1] if several else [3.35, 1]
        *strip_place, left, right = st.columns(widths, gap="small")
    with right.container(key="networks"):
        film = choose_film(films)
        session_films.show_refusals()
        knee = frame_control.choose_knee(film)
        frame = frame_control.frame_of(film, knee)
        frame_control.show_frame(film, knee)
        layers = ()
        # A frame that cannot be graded must leave the film in place.
        with boundary.refusals_shown():
            layers = show_answers(film, knee, frame, line)
    with left:
        reading_viewer.show(film, knee, frame, layers)
    for place in strip_place:
        with place:
            filmstrip.show_strip(film.digest)
    show_scale_of_grades()


def show_answers(film: session_films.Film, knee: int, frame: Frame, line) -> tuple[Layer, ...]:
    """Show what stands against grading, and the grades; return the maps to lay on the film.

    The case line goes to `line`, above film and grades.
    """
    findings = frame_control.findings_of(film, knee, frame)
    if not gate_strip.show_gate(film, findings):
        with line:
            case_line.show_refused_line(film, frame)
        return ()
    readings = session_films.read(film, frame)
    together = session_films.read_together(film, frame)
    with line:
        case_line.show_case_line(film, frame, readings, together)
        profile_line.show_profile_line(film, frame)
    measured = is_as_measured(film, knee, frame, findings)
    if together is not None:
        answer_card.show_answer_card(
            together, cached.together_card(), readings, measured=measured, drawn=film.drawn
        )
    return networks.show_networks(readings, frame, measured=measured)


def is_as_measured(film, knee: int, frame: Frame, findings) -> bool:
    """Return whether this film is like those that the track record was measured on.

    As published: crops of one study's films. Under a profile: films framed as they are found. Of
    neither are drawings, films that were turned, and those with anything against them but that a
    box reaches past the film.
    """
    if film.changes or film.drawn:
        return False
    profile = in_use.current()
    if profile is None:
        return not findings and frame == Frame(0, 0, *film.shape)
    against = [finding for finding in findings if finding.code != "cut-off"]
    return not against and frame == frame_control.proposal(film, knee, profile)


style.apply_style()
with boundary.refusals_shown():
    films = session_films.all_films()
    if films:
        show_reading(films)
    else:
        show_empty()
