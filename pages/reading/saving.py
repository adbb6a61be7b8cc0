"""Saving the film that is read as a case: asked for once, kept up to date from then on."""

import contextlib
from collections.abc import Callable

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.grades import KLGrade
from pages.shared import boundary, keyboard, session_films
from pages.shared.cases import (
    ahead,
    being_saved,
    book,
    identities,
    knees,
    own_grades,
    reopening,
    same_films,
    saved,
    text_in_pixels,
)
from pages.shared.session_films import Film

_SAID, _NOT_OPENED = "case_opened_said", "case_not_opened"


def show(film: Film, place, below) -> None:
    """Show in `place` whether the film is saved, or how it can be, and `below` what else there is
    to say; keep its changes once it is saved."""
    if not saved.is_on():
        return
    if not saved.is_open():
        with place.popover("Save", width="stretch", key="save_sign_in"):
            st.caption("Who has the key of the case list can save films and see those saved.")
            saved.show_sign_in()
        return
    with below:
        notes, progress = st.container(), st.container()
    with progress, boundary.refusals_shown():
        for why in being_saved.go_on().failed:
            st.error(boundary.escaped(why))
    with notes, boundary.refusals_shown():
        if saved.case_of(film.digest) is None:
            _offer(film, place)
        else:
            _keep_up(film, place)


def _offer(film, place):
    if (case_id := saved.known(film)) is not None:
        place.button(
            f"Open case {case_id}",
            key=keyboard.key_for("open_known", film.digest),
            on_click=reopening.want,
            args=[case_id],
            width="stretch",
            help="This film was saved before: brings back its boxes and your grade as they were.",
        )
        _say_what_is_kept(film, case_id)
        return
    sentence = identities.said_before_saving(film)
    place.button(
        "Save this case",
        key=keyboard.key_for("save_case", film.digest),
        on_click=being_saved.ask,
        args=[[film.digest]],
        width="stretch",
        help="Keeps the film, its boxes, your grade and what the networks say in the list "
        "(Cases). Changes are kept from then on.",
    )
    more = identities.MORE.get(sentence.removesuffix(identities.NO_WAY_BACK), "")
    note = f'title="{boundary.as_html(more)}">{boundary.as_html(sentence)}'
    st.html(f'<div class="kl-note kl-quiet" {note}</div>')
    _show_text_warning(film)


def _say_what_is_kept(film, case_id):
    """Say, before it is opened, what a case keeps of hers, and what goes with this upload."""
    hers = None
    with contextlib.suppress(KneeOAError):  # said where it is opened
        hers = same_films.hers_of(film, case_id, saved.reader())
        if hers is None:
            st.caption(
                f"Case {case_id} counts its knees otherwise than this film does now, for it was "
                "turned or has another number of them. Open it before you grade: a grade that you "
                "give here is not taken over."
            )
    for knee, own in (hers or {}).items():
        if own.grade is None or knee >= len(film.frames):
            continue
        which = f" of the knee on the {film.frames[knee].name}" if len(film.frames) > 1 else ""
        if sentence := own_grades.aside_in_words(film.digest, knee, is_open=False):
            st.warning(boundary.escaped(sentence))
        elif own_grades.hides(film.digest, knee):  # she reads it blind to that one, too
            st.caption(f"Case {case_id} keeps a grade of yours{which}: it stays until you open it.")
        else:
            grade = KLGrade(own.grade).label
            words = f"Case {case_id} keeps your grade{which}: {grade}"
            st.caption(f"{words}. It stays, whatever you give here.")
    if book.is_touched(film):
        st.caption(
            "Opening the case brings back its own boxes, sides and measurements: those that you "
            "made here go."
        )


def _show_text_warning(film):
    place = st.empty()
    for warning in text_in_pixels.warnings([film], place).values():
        place.warning(boundary.escaped(warning))


def _keep_up(film, place):
    try:
        case = saved.save(film)
    except KneeOAError as error:
        st.error(f"Not saved. {boundary.escaped(str(error))}")
        key = keyboard.key_for("save_anew", film.digest)
        st.button("Save anew", key=key, on_click=saved.forget, args=[film.digest])
        return
    place.html(
        '<div class="kl-note kl-saved" title="Changes are kept from here on">'
        f"Saved as case {case.case_id}</div>"
    )
    _show_neighbours(film, case)
    if being_saved.was_too_fast(film.digest):
        _show_text_warning(film)
    for sentence in st.session_state.get(_SAID, {}).get(case.case_id, ()):
        st.caption(boundary.escaped(sentence))
    for number in range(len(film.frames)):
        if sentence := own_grades.aside_in_words(film.digest, number, is_open=True):
            which = f"Knee on the {film.frames[number].name}: " if len(film.frames) > 1 else ""
            st.warning(boundary.escaped(f"{which}{sentence}"))
    for number, knee in enumerate(case.state.knees):
        if not saved.is_by_others(knee) or own_grades.hides(film.digest, number):
            continue
        own_grades.saw(film.digest, number)
        how = knee.profile_said or "other networks, or these as published"
        st.caption(
            f"The list keeps {knee.answer}, as it was graded then: {boundary.escaped(how)}. A box "
            "that is moved is graded anew."
        )


def _show_neighbours(film, case):
    """Show how to go on with the list that the case was opened from; have the next one be ready."""
    around = reopening.neighbours(case, film)
    if around is None or around.count < 2:
        return
    columns = st.columns(2, gap="small")
    act: Callable[..., None] = reopening.want
    before, after = ("Previous case", act, around.before), ("Next case", act, around.after)
    if around.knee is not None:
        after = ("Next knee", _turn_to, (film.digest, around.knee))
    for place, (label, act, to), name, shortcut in (
        (columns[0], before, "case_before", None),
        (columns[1], after, "case_after", "N"),
    ):
        place.button(
            label,
            key=keyboard.key_for(name, film.digest, knees.knee_of(film)),
            shortcut=shortcut,
            disabled=to is None,
            on_click=act,
            args=to or (),
            width="stretch",
            help=f"This is {around.place} of {around.count} in the list as you left it.",
        )
    if around.after is not None:
        ahead.begin(around.after[0], film)


def _turn_to(digest, knee):
    if (film := session_films.all_films().get(digest)) is not None:
        knees.turn_to(film, knee)


def open_wanted() -> None:
    """Bring back the case that was chosen in the list."""
    wanted = reopening.wanted()
    if wanted is not None:
        try:
            with reopening.once():
                changes = reopening.bring_back(*wanted)
                # Beside the film, as long as it is this case.
                st.session_state.setdefault(_SAID, {})[wanted[0]] = changes
                reopening.has_told(wanted[0])
        except KneeOAError as error:
            st.session_state[_NOT_OPENED] = str(error)
    if why := st.session_state.get(_NOT_OPENED):
        st.error(boundary.escaped(why))


def has_been_said() -> None:
    """Take away why a case was not opened: a run came to its end, so that it could be read."""
    st.session_state.pop(_NOT_OPENED, None)
