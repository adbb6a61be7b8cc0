"""A practice session on the screen: the film, the grades by key, what it was."""

import time

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.grades import GRADES, KLGrade
from kneeoa.networks import DISPLAY_NAME
from kneeoa.teaching.playing import Play
from pages.shared import boundary, exam_choice, keyboard, known_film, live
from pages.shared.answers import counting

# Where the page is longer than the screen, the next film would begin out of sight.
_BEGUN_ABOVE = st.components.v2.component(
    "begun_above",
    js="""
export default ({ data }) => {
  const page = document.querySelector('[data-testid="stMain"]');
  if (!page || page.dataset.film === String(data.film)) return;
  page.dataset.film = data.film;
  page.scrollTo(0, 0);
};
""",
)


def show(play: Play, session, keep) -> None:
    """Show the film in play of `session`; `keep(given)` is called with all that is to be kept."""
    now = time.monotonic()
    # Between a key and what is kept of it nothing is asked for of the browser's session.
    given = play.press(keyboard.pressed(_place(play)), now)
    if given is not None:
        keep(given)
    given = play.time_up(now)
    if given is not None:
        keep(given)
    if play.is_over:
        return
    try:
        # Before anything is shown: the last film's reference must not stand beside the next one.
        film = counting.teaching_film(play.film.image_id)
    except KneeOAError as error:
        show_head(play)
        st.error(boundary.escaped(f"{play.film.image_id}: {error}"))
        if st.button("Go on without it", shortcut="Enter", key=f"skip_{play.position}"):
            keep(play.leave_out())
            st.rerun()
        return
    _BEGUN_ABOVE(key="begun_above", data={"film": play.position}, height="content")
    show_head(play)
    shown, side = st.columns([3.1, 1], gap="small")
    is_told = play.stage == "told"
    with side:
        if is_told:
            show_resolution(play)
            known_film.show_answers(film)
        else:
            if play.shows_network:
                with st.container(key="network_said"):
                    show_network(play, session.options.network)
            show_grades(play)
    with shown:
        label = f"Film {play.position + 1} of {len(play.exam.films)}"
        known_film.show_large(
            film,
            label,
            with_maps=is_told,
            height="var(--practice-film)",
            name=keyboard.named(*_place(play)[:2]),
        )
    # The clock starts when the film is on its way to the screen, not while it is decoded.
    play.look(time.monotonic())


def show_head(play: Play) -> None:
    """Show how far the session is, and the time that is left."""
    total = len(play.exam.films)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(len(play.done) / total, text=f"Film {play.position + 1} of {total}")
        if play.limit is not None:
            with st.container(width="content"):
                live.every(1.0, _show_clock, play)
        is_stopped = st.button(
            "Stop here",
            key="stop",
            shortcut="Esc",
            help="The answers given so far are scored",
        )
    if is_stopped:
        play.is_stopped = True
        st.rerun()
    if not play.done:
        exam_choice.show_lacking(play.exam)


def _show_clock(play):
    left = play.left(time.monotonic())
    if left == 0:
        st.rerun(scope="app")
    st.markdown("" if left is None else f"**{left:.0f} s** left")


def _place(play):
    return st.session_state["practice"].session_id, play.position, play.stage


def show_grades(play: Play) -> None:
    """Show the five grades to choose from, by mouse or by key."""
    for grade in GRADES:
        st.button(
            f"**{grade.label}** {grade.text}",
            key=keyboard.key_for(f"grade_{int(grade)}", *_place(play)),
            shortcut=str(int(grade)),
            type="primary" if play.choice == grade else "secondary",
            on_click=keyboard.note,
            args=[_place(play), int(grade)],
            width="stretch",
        )
    # Beside each other on a phone, too.
    ways = st.container(horizontal=True, gap="xsmall")
    for key, shortcut in (("lower", "Left"), ("higher", "Right")):
        ways.button(
            key.capitalize(),
            key=keyboard.key_for(key, *_place(play)),
            shortcut=shortcut,
            on_click=keyboard.note,
            args=[_place(play), key],
            width="stretch",
        )
    st.button(
        "This is my final answer" if play.stage == "again" else "Confirm",
        key=keyboard.key_for("on", *_place(play)),
        shortcut="Enter",
        type="secondary" if play.choice is None else "primary",
        on_click=keyboard.note,
        args=[_place(play), "confirm"],
        # Never disabled: Enter may come before the page knows of the mark, and must count.
        width="stretch",
    )
    with st.container(key="practice_keys"):
        st.caption(
            "Keys: 0 to 4 mark a grade, arrows move the mark, Enter confirms and goes on, Esc "
            "stops. Z, W and I zoom, window and invert; the film's other keys stand at Keys above "
            "it."
        )


def _proceed(play, position):
    if play.position == position:
        play.proceed()


def show_network(play: Play, network: str) -> None:
    """Show what the network says, which may be wrong."""
    if play.round is None:
        return
    grade = KLGrade(play.round.network_grade)
    st.html(
        f'<div class="kl-network">{DISPLAY_NAME[network]} says</div>'
        f'<div class="kl-grade">{grade.label}<span>{grade.text}</span></div>'
    )
    if play.stage == "again":
        st.markdown(f"You said **KL {play.first}**. Keep it, or change it.")


def show_resolution(play: Play) -> None:
    """Show the reference, what was given, and the way on."""
    reference = KLGrade(play.film.grade)
    # Where both do not fit beside each other, the way on stands below.
    line = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    line.html(
        '<div class="kl-network">Reference</div>'
        f'<div class="kl-grade">{reference.label}<span>{reference.text}</span></div>',
        width="content",
    )
    last = len(play.done) == len(play.exam.films)
    line.button(
        "See the result" if last else "Next film",
        key=keyboard.key_for("next", *_place(play)),
        shortcut="Enter",
        type="primary",
        on_click=_proceed,
        args=[play, play.position],
    )
    if play.choice is None:
        verdict = ":orange[**Time was up**] without an answer."
    elif play.choice == reference:
        verdict = ":green[**Right.**]"
    else:
        off = abs(play.choice - reference)
        verdict = (
            f":orange[**Off by {off} grade{'s' if off > 1 else ''}**]: you said KL {play.choice}."
        )
    st.markdown(f"{verdict}\n\n{reference.label}: {reference.criteria}")
