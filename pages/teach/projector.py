"""A group session on the projector: the way in, each film, the votes, the reference."""

from datetime import UTC, datetime
from typing import Literal

import streamlit as st

from kneeoa.charts import teaching as charts
from kneeoa.errors import KneeOAError
from kneeoa.grades import KLGrade
from kneeoa.networks import TOGETHER
from kneeoa.store import closing, voting
from kneeoa.store import group as store
from kneeoa.teaching import invite
from pages.shared import boundary, cached, clients, exam_choice, keyboard, known_film, live
from pages.shared.answers import counting
from pages.shared.memory.folder_film import FolderFilm
from pages.teach import steps


def show(group) -> None:
    """Show the session as it stands; look every second whether it went on."""
    keyboard.lead()
    with st.container(key="projector"):
        if group.state == "waiting":
            show_waiting(group)
        else:
            show_film(group)


def show_waiting(group) -> None:
    """Show how to join, and who has."""
    page_address = st.context.url or ""  # not known while nobody's browser asks, as in tests
    address = invite.join_address(page_address, group.code)
    way, code = st.columns([1.2, 1], gap="large")
    with way:
        st.title(boundary.escaped(group.exam.title or "KL grading together"))
        place = boundary.as_html(address.partition("?")[0])
        st.html(
            f'<div class="kl-network">Join at {place} with the code</div>'
            f'<div class="kl-code">{group.code}</div>'
        )
        exam_choice.show_lacking(group.exam)
        if invite.is_own_machine(page_address):
            st.warning(
                "This address opens on this machine alone. For a class, start the dashboard with "
                "`make app ADDRESS=...`, the address of this machine in the local network, and "
                "open it there."
            )
        with st.container(key="controls"):
            _show_ways_on(group)
        steps.show_way_out()
    with code:
        st.image(invite.qr_svg(address, side=440), alt=f"QR code of {address}")
    live.every(1.0, _show_class, group)
    if not steps.is_alone():
        show_class_control(group)


def _show_ways_on(group):
    begin, leave, exam, *view = st.columns(
        [1.7, 1, 1.15] if steps.is_alone() else [1.7, 1, 1.15, 0.9], gap="xsmall"
    )
    for column in view:
        with column:
            steps.show_view_button()
    with exam:
        exam_choice.show_file(group.exam)
    begin.button(
        "Show the first film",
        key="begin",
        type="primary",
        shortcut="Enter",
        on_click=steps.change,
        args=[group],
        kwargs={"position": 0},
        width="stretch",
    )
    leave.button("All sessions", key="leave", on_click=_leave, width="stretch")


def _leave():
    st.query_params.clear()


def _show_class(group):
    with boundary.refusals_shown():
        if steps.went_on(group):
            st.rerun(scope="app")
        learners = store.participants(cached.store(), group.group_id)
        st.subheader(f"{len(learners)} {'learner is' if len(learners) == 1 else 'learners are'} in")
        with st.container(key="there"):
            st.markdown(" · ".join(boundary.escaped(learner.nickname) for learner in learners))


def show_class_control(group, width: Literal["content", "stretch"] = "content") -> None:
    """Let the teacher remove a nickname, which she has to choose and to confirm."""
    st.fragment(_show_class_control)(group, width)


def _show_class_control(group, width):
    # Looked up whenever it is opened: learners come in while the page stands.
    control = st.popover("Class", on_change="rerun", key="class", width=width)
    if not control.open:
        return
    with control, boundary.refusals_shown():
        learners = store.participants(cached.store(), group.group_id)
        names = {learner.participant_id: learner.nickname for learner in learners}
        if not names:
            st.caption("Nobody is in yet.")
            return
        chosen = st.selectbox(
            "Learner",
            list(names),
            None,
            format_func=lambda number: names.get(number, ""),
            key="learner_",
            placeholder="Who?",
        )
        # Of this learner alone: a second click must not count for the one who is next.
        if chosen in names and st.checkbox(
            "Remove this learner with all votes, for good", key=f"sure_{chosen}"
        ):
            st.button(
                ":red[Remove now]",
                key=f"remove_{chosen}",
                on_click=_remove,
                args=[group.group_id, chosen],
            )


def _remove(group_id, participant_id):
    store.remove_participant(cached.store(), group_id, participant_id, **clients.now_here())


def show_film(group) -> None:
    """Show the film that the class grades, and beside it what its state allows."""
    film = group.exam.films[group.position]
    known, problem = None, ""
    try:
        known = counting.teaching_film(film.image_id)
    except KneeOAError as error:
        problem = f"{film.image_id}: {error}"
    show_head(group)
    shown, side = st.columns([3, 1], gap="small")
    with side:
        if group.state == "voting":
            show_voting(group)
        else:
            show_votes(group, film)
            live.every(1.0, steps.watch, group)
        if group.state == "told":
            show_reference(film, known)
        with st.container(key="controls"):
            show_steps(group)
    with shown:
        if known is None:
            st.error(boundary.escaped(problem))
        else:
            label = f"Film {group.position + 1} of {len(group.exam.films)}"
            known_film.show_large(
                known,
                label,
                with_maps=group.state == "told",
                projected=True,
                height="calc(100dvh - 6rem)" if steps.is_alone() else known_film.LARGE.height,
            )


def show_head(group) -> None:
    """Show how far the session is, how to join it late, and the way out."""
    if steps.is_alone():
        # The way out beside them: in a corner below it would stand on what the column tells.
        progress, code, out = st.columns([3.1, 1, 1.1], gap="small", vertical_alignment="center")
    else:
        progress, code, view, people, end = st.columns(
            [3.4, 1.6, 1.2, 1, 1], vertical_alignment="center"
        )
    total = len(group.exam.films)
    progress.progress((group.position + 1) / total, text=f"Film {group.position + 1} of {total}")
    code.markdown(f"Code **{group.code}**")
    if steps.is_alone():
        with out:
            steps.show_way_out()
        return
    with view:
        steps.show_view_button()
    with people:
        show_class_control(group, "stretch")
    with end:
        steps.show_end(group)


def show_voting(group) -> None:
    """Show how many have voted, not what, and the time that is left."""
    live.every(1.0, _show_count, group)


def _show_count(group):
    with boundary.refusals_shown():
        database, now = cached.store(), datetime.now(UTC)
        as_it_is, closes = voting.look(database, group.code, now)
        if as_it_is.round != group.round:
            st.rerun(scope="app")
        this_round = voting.counting_round(database, group)
        voted = store.voted(database, group.group_id, group.position, in_round=this_round)
        joined = len(store.participants(database, group.group_id))
        st.html(
            f'<div class="kl-code">{voted}<span> of {joined}</span></div>'
            '<div class="kl-network">have voted</div>'
            f'<div class="kl-left">{closing.left_text(closes, now)}</div>'
        )


def show_votes(group, film) -> None:
    """Show the votes on a film, its reference marked once it is told."""
    counts = store.tally(cached.store(), group.group_id, group.position)
    reference = KLGrade(film.grade) if group.state == "told" else None
    figure = charts.votes_figure(counts, reference=reference, height=290)
    # Without Plotly's menu, which would stand over the figures.
    st.plotly_chart(
        figure,
        config={"displayModeBar": False},
        key=f"votes_{group.position}_{group.state}",
    )
    if not sum(counts):
        st.caption("Nobody voted on this film.")


def show_reference(film, known: FolderFilm | None) -> None:
    """Show the reference grade with its criteria, and what the networks say, as far as `known`."""
    reference = KLGrade(film.grade)
    st.html(
        '<div class="kl-network">Reference</div>'
        f'<div class="kl-grade">{reference.label}<span>{reference.text}</span></div>'
    )
    with st.container(key="told"):
        st.markdown(reference.criteria)
        if known is None:
            return
        if known.networks:
            both = [f"{TOGETHER} {known.both.said.label}"] if known.both else []
            each = [
                f"{known_film.name_of(answer)} {answer.said.label}" for answer in known.networks
            ]
            st.markdown(f"The networks: {', '.join([*both, *each])}.")
        if against := known_film.refusal_html(known) + known_film.warnings_html(known):
            st.html(against)


def show_steps(group) -> None:
    """Show the steps that can follow."""
    if group.state == "voting":
        _step(st, "Close the votes", "close", group, shortcut="Enter", state="closed")
    last = group.position == len(group.exam.films) - 1
    if group.state == "closed":
        tell, again = st.columns([2, 1])
        # Not Enter, which a second press or another button would send: it cannot be undone.
        _step(tell, "Show the reference", "tell", group, shortcut="S", state="told")
        _step(again, "Vote again", "reopen", group, state="voting")
    elif group.state == "told":
        label = "End, and show the results" if last else "Next film"
        change = {"state": "ended"} if last else {"position": group.position + 1}
        _step(st, label, "next", group, shortcut="Enter", **change)
    back, on = st.columns(2)
    for column, step, label, shortcut in ((back, -1, "Back", "Left"), (on, 1, "Skip", "Right")):
        to = group.position + step
        column.button(
            label,
            key=label.lower(),
            shortcut=shortcut,
            on_click=steps.change,
            args=[group],
            kwargs={"position": to},
            disabled=to not in range(len(group.exam.films)),
            width="stretch",
        )


def _step(place, label, key, group, *, shortcut=None, **change):
    """Show the button of a step that makes `change`; with a shortcut it is the one to take next."""
    place.button(
        label,
        key=key,
        type="primary" if shortcut else "secondary",
        shortcut=shortcut,
        on_click=steps.change,
        args=[group],
        kwargs=change,
        width="stretch",
    )
