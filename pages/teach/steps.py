"""Steps of a group session on the teacher's page: taken by her, by another window, by the clock."""

from datetime import UTC, datetime

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.store import group as store
from kneeoa.store import voting
from kneeoa.wording import counted
from pages.shared import boundary, cached

SAID = "teacher_said"
LAST = "teacher_last"
# In the address, so that a window on the projector comes back as one.
VIEW, ALONE = "view", "projector"


def is_alone() -> bool:
    """Whether this window shows the session alone, without menu and controls."""
    return st.query_params.get(VIEW) == ALONE


def show_refusal() -> None:
    """Show, once, why the last step was not taken."""
    if SAID in st.session_state:
        st.warning(boundary.escaped(st.session_state.pop(SAID)))


def change(group, **step) -> None:
    """Take a step from `group`, which is the session as it was when the button was made.

    Streamlit 1.67 ends a run for a press that comes meanwhile, and such a press, of a button that
    the run had not come to, still has the session of the run before. So it goes on from this
    window's own last step; but a film is not closed or told for a press at the film before it.
    """
    # A note that is there already: between a step and the note of it such a press may come, too.
    note = st.session_state.setdefault(LAST, {})
    last = note.get(LAST, group)
    state, position = step.get("state"), step.get("position")
    follows = state in (None, "ended") or last.position == group.position
    if last.group_id == group.group_id and last.round > group.round and follows:
        if last.state in (state, "ended") or last.position == position:
            return  # done already
        group = last
    try:
        now = datetime.now(UTC)
        note[LAST] = store.change_group(cached.store(), group, **step, now=now)
    except KneeOAError as error:  # another window was first: the page shows where it is
        if not _is_done(group, step):
            st.session_state[SAID] = str(error)


def _is_done(group, step):
    """Whether voting on the film closed by itself just when it was to be closed."""
    try:
        now = store.find_group(cached.store(), group.code)
    except KneeOAError:
        return False
    film = (now.position, now.round) == (group.position, group.round + 1)
    return film and now.state == step.get("state") == "closed"


def _leave_view() -> None:
    st.query_params.pop(VIEW, None)


def show_view_button() -> None:
    """Let the teacher hide menu and controls, or have them again."""
    if is_alone():
        st.button(
            "Show menu and controls",
            key="whole",
            shortcut="Esc",
            on_click=_leave_view,
            width="stretch",
        )
    else:
        st.button(
            "Projector",
            key="alone",
            help="Hides menu and controls. Enter, S and the arrows lead the session as before; "
            "Esc brings them back.",
            on_click=_look_alone,
            width="stretch",
        )


def what_ending_means(left: int) -> str:
    """Return what cannot be undone once a session ends before `left` films were shown."""
    text = "The results are shown, and nobody can vote any more: there is no way back."
    if left == 0:
        return text
    was = "was" if left == 1 else "were"
    return f"**{counted(left, 'film')}** of this session {was} not shown yet. {text}"


def show_end(group) -> None:
    """Let the teacher end the session, which she has to confirm."""
    with st.popover("End", width="stretch"):
        shown = len(store.shown_positions(cached.store(), group.group_id))
        st.markdown(what_ending_means(len(group.exam.films) - shown))
        st.button(
            ":red[End the session]",
            key="end",
            on_click=change,
            args=[group],
            kwargs={"state": "ended"},
        )


def show_way_out() -> None:
    """Show, in a window that is alone, the hardly seen way to menu and controls."""
    if is_alone():
        with st.container(key="way_out"):
            show_view_button()


def _look_alone():
    st.query_params[VIEW] = ALONE


def went_on(group) -> bool:
    """Whether the session is no longer as `group`; closes voting that is over."""
    now, _ = voting.look(cached.store(), group.code, datetime.now(UTC))
    return now.round != group.round


def watch(group) -> None:
    """Show the page anew where the session went on."""
    with boundary.refusals_shown():
        if went_on(group):
            st.rerun(scope="app")
