"""The reading page: a film, and what both networks say of it, side by side."""

import contextlib
from collections.abc import Callable

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.films.frames import Frame
from kneeoa.graders.grading import Reading
from kneeoa.graders.together import TogetherReading
from kneeoa.grades import GRADES
from pages.reading import (
    answer_card,
    beside,
    case_line,
    filmstrip,
    frame_control,
    gate_strip,
    joint_space,
    maps,
    networks,
    own_grade,
    profile_line,
    reading_viewer,
    report,
    saving,
)
from pages.shared import boundary, cached, session_films, style
from pages.shared.cases import arrivals, own_grades
from pages.shared.patients import named
from pages.shared.profiles import in_use, strip

TRIED = "read_last"
"""Which knee the networks were last made to read, and their reading: what they cannot is tried
once."""
PATIENCE = 0.5
"""Seconds for which a knee is read before the page says that it is: mostly it is drawn once."""


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
        session_films.show_uploader()
    with right:
        session_films.show_demo_picker()
        own_grade.choose_when()
        named.choose()
    filmstrip.offer_to_bring_back()
    session_films.show_refusals()
    show_scale_of_grades()
    # While she looks for her film.
    reading_viewer.load_ahead()


def show_scale_of_grades() -> None:
    """Show all five grades with their criteria, side by side."""
    st.subheader("The Kellgren-Lawrence scale")
    cells = (
        f"<div><b>{grade.label}, {grade.text}</b><br>{grade.criteria}</div>" for grade in GRADES
    )
    # One element: each is drawn anew in every run of the page.
    st.html(f'<div class="kl-all-grades">{"".join(cells)}</div>')


def read_first(film: session_films.Film) -> None:
    """Have the knee that is to be shown read before the page draws anything of it.

    So it is mostly drawn once, with its answer: sooner than the film alone would be there while the
    networks take all of the processor. What stands there meanwhile is all of the knee before.
    """
    knee = frame_control.knee_of(film)
    frame = frame_control.frame_of(film, knee)
    with contextlib.suppress(KneeOAError):  # said where the film is shown
        if gate_strip.may_be_graded(film, frame_control.findings_of(film, knee, frame)):
            has_been_read(film, frame, within=PATIENCE)


def show_reading(films: dict[str, session_films.Film]) -> None:
    """Show the film and, beside it, what the networks say of it."""
    # The line stays in one place from run to run: moved, it would stand there twice for a moment.
    line_place = st.container()
    line = line_place.container(key="case")
    # Below it, not in it: what stays in sight is to leave the film its room.
    # One that holds nothing would move the film down all the same.
    profile_place = st.container() if in_use.loaded() else None
    with st.container(key="reading"):
        # Films that are still to come have their place: the viewer would move, and load anew.
        several = len(films) > 1 or arrivals.coming() > 0
        widths = [0.34, 3, 1] if several else [3.35, 1]
        *strip_place, left, right = st.columns(widths, gap="small")
    show_scale_of_grades()
    with right.container(key="networks"):
        film = filmstrip.choose_film(films)
        film.looked_at = True
        session_films.show_refusals()
        knee = frame_control.choose_knee(film)
        frame = frame_control.frame_of(film, knee)
        findings = frame_control.findings_of(film, knee, frame)
        graded = gate_strip.may_be_graded(film, findings)
        box_place, report_place = st.columns(2, gap="small")
        with box_place:
            frame_control.show_frame(film, knee)
        # Whichever of the two there is has the row.
        with st.container(horizontal=True, gap="small"):
            saving_place, other_place = st.container(), st.container()
        with other_place:
            beside.choose(film, knee)
        saving_notes = st.container()
        grades_place = st.container(key="grades")
        answers_place = st.container(key="answers")

    def show_knee(*shown, by=show_film):
        with left:
            by(film, knee, frame, *shown)
        # After name and film: until then the buttons there are those of the one still in sight.
        with grades_place:
            own_grade.show(film, knee, waiting=graded)

    # A film that takes longer stands there at once.
    if graded and not has_been_read(film, frame, within=0):
        with line:
            case_line.show_waiting_line(film, frame)
        show_waiting(profile_place, answers_place)
        with report_place:
            report.show_closed("Once the networks have read this knee.")
        show_knee(reading_viewer.WAITING, by=reading_viewer.show)
        filmstrip.show_strip(strip_place, film.digest, ahead=False)
        has_been_read(film, frame)
        st.rerun()
    with answers_place, st.container():
        moved = frame != frame_control.proposal(film, knee, in_use.current())
        gate_strip.show_gate(film, frame, findings, moved=moved)
        both = read_both(film, frame) if graded else None
        if both is None:
            with line:
                case_line.show_refused_line(film, frame)
            show_knee()
            with report_place:
                report.show_report(film, frame, findings, graded=False, measured=False)
        elif own_grades.hides(film.digest, knee):
            own_grade.show_hidden()
            with line:
                case_line.show_hidden_line(film, frame)
            show_knee()
            with report_place:
                report.show_closed("After your grade: it says what the networks say.")
        else:
            own_grades.saw(film.digest, knee)
            measured = gate_strip.is_as_measured(film, frame, findings, moved=moved)
            show_answers(film, frame, *both, measured=measured, line=line, show=show_knee)
            if profile_place is not None:
                with profile_place, st.container():
                    profile_line.show_profile_line(film, frame)
            with report_place:
                report.show_report(film, frame, findings, graded=True, measured=measured)
    filmstrip.show_strip(strip_place, film.digest)
    # Last: before a film is saved for the first time, text is looked for in it.
    saving.show(film, saving_place, saving_notes)


def show_waiting(below, answers) -> None:
    """Show that a film is being read; nothing of another one stays."""
    # One element takes the place of the container that held all of the one before.
    answers.html('<div class="kl-lead kl-quiet">Both networks are reading this knee.</div>')
    if below is not None:
        below.empty()


def has_been_read(film: session_films.Film, frame: Frame, *, within: float | None = None) -> bool:
    """Return whether both networks have read `frame` `within` so many seconds; None waits for it.

    They read it beside this run of the page, once; why they could not is said where their answer
    would stand.
    """
    if session_films.is_read(film, frame):
        return True
    profile = in_use.current()
    asked = film.digest, film.changes, frame, profile and profile.digest
    tried, reading = st.session_state.get(TRIED, (None, None))
    if reading is None or asked != tried:
        reading = cached.readers().submit(session_films.read, film, frame, in_use.graders())
        st.session_state[TRIED] = asked, reading
    try:
        failed = reading.exception(within)
    except TimeoutError:
        return False
    if failed is not None and not isinstance(failed, KneeOAError):
        raise failed
    return True


def read_both(
    film: session_films.Film, frame: Frame
) -> tuple[tuple[Reading, ...], TogetherReading | None] | None:
    """Return the readings of each network and of both together; None after saying why not."""
    with boundary.refusals_shown():
        return session_films.read(film, frame), session_films.read_together(film, frame)
    return None


def show_film(film: session_films.Film, knee: int, frame: Frame, *shown) -> None:
    """Show a knee beside the one that was chosen, else alone, with its maps and lines `shown`."""
    if not beside.show(film, knee, frame):
        reading_viewer.show(film, knee, frame, *shown)


def show_answers(
    film: session_films.Film,
    frame: Frame,
    readings: tuple[Reading, ...],
    together: TogetherReading | None,
    *,
    measured: bool,
    line,
    show: Callable[..., None],
) -> None:
    """Show the grades, and by `show` the film with its maps; the case line goes to `line`."""
    answer_place, maps_place = st.container(), st.container()
    with maps_place:
        choice = maps.choose_maps()
        shown = maps.network_maps(film, frame, readings, choice)
    # Maps and grades of one knee right after each other.
    with line:
        case_line.show_case_line(film, frame, readings, together)
    show(shown, joint_space.marks(film, frame))
    card = cached.together_card()
    if together is not None and card is not None:
        with answer_place:
            answer_card.show_answer_card(
                together, card, readings, measured=measured, drawn=film.drawn
            )
    networks.show_networks(readings, shown, measured=measured)
    joint_space.show(film, frame)


style.apply_style()
saving.open_wanted()
beside.open_wanted()
with boundary.refusals_shown():
    session_films.take_in_uploads()
    films = session_films.all_films()
    if films:
        read_first(filmstrip.current_film(films))
        show_reading(films)
    else:
        show_empty()
    saving.has_been_said()
