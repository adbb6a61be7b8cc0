"""Whose readers the networks follow: named, changed, and left in one click."""

import streamlit as st

from kneeoa.graders.profile import Profile
from pages.shared import keyboard
from pages.shared.boundary import escaped
from pages.shared.profiles import in_use

PUBLISHED = "As published"


def label_of(profile: Profile | None) -> str:
    """Return what a profile is called in a choice, as text; None is the networks as published."""
    return PUBLISHED if profile is None else f"{profile.name}, {profile.record.of.films} films"


def show() -> None:
    """Show which profile readings follow, another choice, and the way back; nothing without one."""
    current = in_use.current()
    if not in_use.loaded():
        return
    line, choice, back = st.columns([5, 3, 2.4], vertical_alignment="center")
    if current is None:
        line.markdown("Readings follow the networks **as published**.")
    else:
        line.markdown(f"**{escaped(current.case_line)}.** {escaped(about(current))}")
    show_choice(choice, back)


def digest_of(profile: Profile | None) -> str | None:
    """Return what a profile is known by; None: the networks as published."""
    return None if profile is None else profile.digest


def show_choice(choice, back) -> None:
    """Show the choice of a profile and the way back to none, in the two places given."""
    loaded, current = in_use.loaded(), in_use.current()
    options = [None, *loaded]
    digest = digest_of(current)
    # Another one after each change, so that the choice follows where it is changed elsewhere.
    key = f"graded_as_{keyboard.times_changed('graded_as', digest)}"
    choice.selectbox(
        "Graded as",
        options,
        index=options.index(digest),
        format_func=lambda option: label_of(loaded.get(option)),
        key=key,
        on_change=_choose,
        args=[key, digest],
        label_visibility="collapsed",
    )
    back.button(
        "Back to the published networks",
        key="profile_leave",
        on_click=in_use.leave,
        disabled=current is None,
        width="stretch",
    )


def about(profile: Profile) -> str:
    """Return what the case line's figure is, as text."""
    films = profile.record.of
    missing = [f"KL {grade}" for grade, count in enumerate(films.by_grade) if not count]
    basis = "Of films from there, out of fold."
    return f"{basis} No film of {' or '.join(missing)} was among them." if missing else basis


def _choose(key, stood):
    # As in `keyboard.followed`: a browser may tell a choice that was left since once more.
    chosen = st.session_state[key]
    if keyboard.is_choice(key, chosen, stood, digest_of(in_use.current())):
        in_use.choose(chosen)
