"""Where a learner joins a group session and votes, on a phone or a large screen."""

from datetime import UTC, datetime

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.grades import GRADES, KLGrade
from kneeoa.store import closing, voting
from kneeoa.store import group as store
from kneeoa.teaching import scoring
from kneeoa.teaching.films import are_drawn
from kneeoa.teaching.wording import DRAWN, interval_text, kappa_rests_on, number_text, share_text
from pages.join import own_votes
from pages.shared import boundary, cached, clients, keyboard, live, style
from pages.shared.viewer import component as viewer

LONGEST_SHOWN = 1024
VIEWER = viewer.Options(height="var(--join-film)", tools="few", keys="page", shared=True)
SAID, JOINED, TOKEN = "join_said", "joined", "join_token"


def show_entrance() -> None:
    """Ask for the code and a nickname."""
    st.title("Join a session")
    with st.form("join", width=420):
        code = st.text_input("Code", st.query_params.get("code", ""), key="code", max_chars=12)
        nickname = st.text_input("Nickname", key="nickname", max_chars=24)
        if st.form_submit_button("Join", type="primary", width="stretch"):
            with boundary.refusals_shown():
                # Noted before it is sent: Streamlit 1.67 ends a run for a press that comes
                # meanwhile, and that press has to find the place that this one got.
                token = st.session_state.setdefault(TOKEN, store.new_token())
                came_by = st.query_params.get("code", "")
                store.join(
                    cached.store(),
                    code,
                    nickname,
                    datetime.now(UTC),
                    token=token,
                    client=clients.mark(),
                    most_a_client=clients.places(store.MOST_A_CLIENT),
                )
                st.session_state[JOINED] = code.strip().upper(), token, came_by
                del st.session_state[TOKEN]
                st.rerun()
    st.caption("The teacher and the class see the nickname; your own name is not asked for.")


def show_session(code, participant) -> None:
    """Show the session as it stands for this learner; look every second whether it went on.

    Not once it has ended, which is for good.
    """
    group, _ = voting.look(cached.store(), code, datetime.now(UTC))
    with st.container(key="join"):
        if SAID in st.session_state:
            st.warning(boundary.escaped(st.session_state.pop(SAID)))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                f"{boundary.escaped(participant.nickname)}, session {group.code}", width="stretch"
            )
            if group.state != "ended":
                with st.container(width="content"):
                    live.every(1.0, _watch, code, group.round)
            own_votes.show_way_out(participant, _forget)
        if group.state == "waiting":
            st.title("You are in")
            st.markdown("The first film comes as soon as the teacher shows it.")
        elif group.state == "ended":
            show_score(group, participant)
            return
        else:
            show_film(group, participant)


def _forget():
    for key in (JOINED, TOKEN):
        st.session_state.pop(key, None)
    st.query_params.clear()


def _watch(code, seen):
    now = datetime.now(UTC)
    try:
        group, closes = voting.look(cached.store(), code, now)
    except KneeOAError as error:
        st.warning(boundary.escaped(str(error)))
        return
    if group.round != seen:
        st.rerun(scope="app")
    if left := closing.left_text(closes, now):
        st.markdown(f"**{left}**")


def show_film(group, participant) -> None:
    """Show the film in play, the learner's vote on it, and the reference once it is told."""
    film = group.exam.films[group.position]
    mine = store.vote_of(cached.store(), participant, group.position)
    label = f"Film {group.position + 1} of {len(group.exam.films)}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{label}**", width="content")
        wanted = st.toggle("Film here", True, key="film_here", persist_state="session")
    # Where a screen is narrow, the grades stand below the film.
    shown, side = st.columns([2.6, 1], gap="small") if wanted else (None, st.container())
    if shown is not None:
        with shown:
            _show_picture(film, label)
    with side:
        _show_side(group, participant, film, mine)


def _show_picture(film, label):
    try:
        folder = cached.teaching_set().folder
        feed = cached.teaching_feed(folder, film.image_id, LONGEST_SHOWN)
        viewer.show([viewer.ShownFilm(feed, label)], options=VIEWER)
    except KneeOAError:
        # Why is said on the teacher's pages; it may name folders of this server.
        st.warning("This film cannot be shown here. Look at the projector, and tell the teacher.")


def _show_side(group, participant, film, mine):
    if group.state == "voting":
        show_grades(group, participant, mine)
    elif group.state == "closed":
        st.markdown(f"Voting is closed. {_kept(mine)}")
    else:
        reference = KLGrade(film.grade)
        st.html(
            '<div class="kl-network">Reference</div>'
            f'<div class="kl-grade">{reference.label}<span>{reference.text}</span></div>'
        )
        st.markdown(f"{_verdict(mine, reference)}\n\n{reference.label}: {reference.criteria}")


def _verdict(mine, reference):
    if mine is None:
        return "You did not vote."
    if mine == reference:
        return ":green[**Right.**]"
    off = abs(mine - reference)
    return f":orange[**Off by {off} grade{'s' if off > 1 else ''}**]: you said KL {mine}."


def _kept(mine):
    return "You did not vote on this film." if mine is None else f"Your vote: **KL {mine}**."


def show_grades(group, participant, mine) -> None:
    """Show what is kept, and the five grades to vote for."""
    position = group.position
    several = len(keyboard.pressed((participant.participant_id, position))) > 1
    this_round = voting.counting_round(cached.store(), group)
    new = store.vote_of(cached.store(), participant, position, in_round=this_round)
    if mine is None:
        st.markdown("Choose a grade.")
    elif new is None:
        st.markdown(
            f":orange[Voting is open again.] Your vote before: **KL {mine}**. Choose again, the "
            "same grade or another; until then that vote stands."
        )
    else:
        st.markdown(f":green[Your vote is kept: **KL {mine}**.] You can change it.")
        if several:
            st.warning(f"Several grades came at once. Is KL {mine} the one that you mean?")
    for grade in GRADES:
        st.button(
            f"**{grade.label}** {grade.text}",
            # Of this film alone: a click on the film before must not count for this one.
            key=f"vote_{position}_{int(grade)}",
            shortcut=str(int(grade)),
            type="primary" if new == grade else "secondary",
            on_click=_vote,
            args=[participant, position, int(grade)],
            width="stretch",
        )


def _vote(participant, position, grade):
    keyboard.note((participant.participant_id, position), grade)
    try:
        store.vote(cached.store(), participant, position, grade, datetime.now(UTC))
    except KneeOAError as error:
        st.session_state[SAID] = str(error)


def show_score(group, participant) -> None:
    """Show what the learner scored in a session that has ended, and the way into the next."""
    st.title("The session has ended")
    st.button("Join another session", key="another", on_click=_forget)
    if drawn := are_drawn(group.exam.image_ids):
        st.caption(DRAWN)
    votes = store.votes_of(cached.store(), group.group_id)
    hers = votes[votes["participant_id"] == participant.participant_id]
    patients = _patients()
    mine = scoring.score(hers, patients)
    if mine.accuracy is None:
        st.markdown("You did not vote in this session.")
        return
    accuracy, kappa = st.columns(2)
    accuracy.metric("Same grade as the reference", share_text(mine.accuracy))
    accuracy.caption(interval_text(mine.accuracy))
    kappa.metric("Quadratic weighted kappa", number_text(mine.kappa))
    kappa.caption(kappa_rests_on(mine, over="patients" if patients and not drawn else "films"))
    own_votes.show_votes(hers)


def _patients():
    try:
        return cached.teaching_set().patients
    except KneeOAError:  # said on the teacher's pages
        return {}


def show() -> None:
    """Show the session of this browser, or the way into one."""
    participant, (code, token) = None, place()
    if code and token:
        try:
            participant = store.rejoin(cached.store(), code, token)
        except KneeOAError as error:
            st.warning(boundary.escaped(str(error)))
            st.session_state.pop(JOINED, None)
            st.query_params.pop("token", None)
    if participant is None:
        show_entrance()
    else:
        show_session(code, participant)


def place() -> tuple[str, str]:
    """Return the code and token of this browser, from its address or from having just joined.

    The address alone is not enough: a browser that reconnects tells the one that it had before.
    """
    code, token = (st.query_params.get(name, "") for name in ("code", "token"))
    if not token and JOINED in st.session_state:
        joined, joined_token, came_by = st.session_state[JOINED]
        if code in ("", joined, came_by):  # another code is the way into another session
            code, token = joined, joined_token
            st.query_params.from_dict({"code": code, "token": token})
    return code, token


style.apply_style()
keyboard.lead()
with boundary.refusals_shown():
    show()
