"""The reading page: a film, and what both networks say of it, side by side."""

from dataclasses import replace

import streamlit as st

from kneeoa.films import display
from kneeoa.films.frames import Frame, square
from kneeoa.graders.locating import gate
from kneeoa.grades import GRADES, KLGrade
from pages.reading import case_line, frame_control, gate_strip, profile_line
from pages.shared import boundary, cached, film_viewer, network_column, session_films, style
from pages.shared.profiles import strip

OVERLAY_SIDE = 512


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
    listed, more, away = st.columns([6, 1.5, 1.5], vertical_alignment="bottom")
    digest = listed.selectbox(
        "Film",
        list(films),
        key=session_films.CURRENT,
        persist_state="session",
        format_func=labels.get,
        on_change=session_films.forget_refusals,
        label_visibility="collapsed",
    )
    with more.popover("Add films", width="stretch"):
        uploaded = session_films.show_uploader()
        picked = session_films.show_demo_picker()
    turn_to(uploaded if uploaded is not None else picked)
    away.button("Remove film", on_click=session_films.remove, args=[digest], width="stretch")
    return films[digest]


def show_controls(film: session_films.Film):
    """Show what the reader can set; return the frame, the explained grade and the opacity."""
    knee = frame_control.choose_knee(film)
    window, invert, frame = st.columns([5, 2, 3], vertical_alignment="bottom")
    film_viewer.show_window(window, invert)
    with frame:
        chosen = frame_control.choose_frame(film, knee)
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


def show_reading(film: session_films.Film) -> None:
    """Show the film and, beside it, both networks' columns."""
    line = st.container()
    left, right = st.columns([1, 1.04], gap="medium")
    with left:
        above = st.container()
        frame, explained, opacity = show_controls(film)
    with above:
        film_viewer.show_film(film.radiograph, frame)
    # A frame that cannot be graded must leave the film and the frame controls in place.
    with right.container(key="networks"), boundary.refusals_shown():
        knee = film.found.knees[frame_control.index_of(film, frame)]
        moved = replace(knee, frame=frame, findings=gate.of_frame(film.radiograph, frame))
        findings = film.found.against(moved)
        gated = st.container()
        with gated:
            shown = gate_strip.show_gate(film, findings)
        with line:
            if not shown:
                case_line.show_refused_line(film, frame)
                return
        readings = session_films.read(film, frame)
        picture = display.windowed(square(film.radiograph, frame, OVERLAY_SIDE))
        with line:
            case_line.show_case_line(film, frame, readings)
            profile_line.show_profile_line(film, frame)
        measured = is_as_measured(film, frame, findings, under_profile=bool(readings[0].profile))
        together = session_films.read_together(film, frame)
        if together is not None:
            network_column.show_together(together, cached.together_card(), measured=measured)
        show_networks(readings, picture, explained, opacity, measured=measured)
    show_scale_of_grades()


def is_as_measured(film, frame: Frame, findings, *, under_profile: bool) -> bool:
    """Return whether this film is like those that the track record was measured on.

    As published: crops of one study's films. Under a profile: films that were not refused, framed
    as this one.
    """
    if film.changes:
        return False
    if under_profile:
        return all(finding.severity != gate.REFUSED for finding in findings)
    return not findings and frame == Frame.whole(film.radiograph)


def show_networks(readings, picture, explained, opacity: float, *, measured: bool) -> None:
    """Show both answers and, on the graded square ``(S, S) uint8``, both explanations."""
    cards = cached.cards()
    scale = max(card["evidence_scale"] for card in cards.values())
    answers = st.columns(len(readings), gap="medium")
    network_column.show_scale(scale)
    overlays = st.columns(len(readings), gap="medium")
    for answer, overlay, reading in zip(answers, overlays, readings, strict=True):
        with answer:
            network_column.show_answer(reading)
            network_column.show_track_record(
                reading, cards[reading.architecture], measured=measured
            )
        grade = reading.grade if explained == "predicted" else KLGrade(explained)
        with overlay:
            network_column.show_explanation(reading, picture, grade, scale=scale, opacity=opacity)


style.apply_style()
with boundary.refusals_shown():
    films = session_films.all_films()
    if films:
        chosen = choose_film(films)
        session_films.show_refusals()
        show_reading(chosen)
    else:
        show_empty()
