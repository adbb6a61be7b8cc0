"""The practice page: grade films by key, see what they were, and how it goes over the sessions."""

import math
import time
from datetime import UTC, datetime

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.networks import ARCHITECTURES, DISPLAY_NAME
from kneeoa.store import practice as store
from kneeoa.teaching import answers as answered
from kneeoa.teaching import exam as exams
from kneeoa.teaching import repetition, swayed
from kneeoa.teaching.playing import Play
from pages.practice import outcome, personal_code, progress, session_view
from pages.shared import boundary, cached, exam_choice, keyboard, style

FEEDBACK = {"each": "after each film", "end": "at the end"}
MODES = {"plain": "Practice", "ai": "AI or not"}
ELSEWHERE = (
    "This film was answered in another window already: that answer stands, and this one is not "
    "kept. Go on from there."
)


class NotKeptError(KneeOAError):
    """An answer was not kept: the session goes on from what is."""


def show_start(learner) -> None:
    """Show what can be set, and what came of the sessions so far."""
    films = cached.teaching_set()
    st.title("Practise KL grading")
    for note in films.notes:
        st.caption(boundary.escaped(note))
    if films.is_synthetic:
        personal_code.say_synthetic()
    left, right = st.columns([1, 1], gap="large")
    with left:
        show_settings(learner, films)
    with right:
        progress.show(learner)
        personal_code.show(learner)


def show_settings(learner, films) -> None:
    """Show the form of a session; begin one."""
    refusal = st.container()  # above the form: below it, it might be out of sight
    mode = st.segmented_control(
        "Session",
        list(MODES),
        default="plain",
        format_func=MODES.__getitem__,
        required=True,
        key="mode",
        persist_state="session",
        disabled=exam_choice.is_from_file(),
    )
    with st.container():  # there in any case, so that what is below stays open
        exam_choice.say_what_file_sets("It is given as plain practice.")
        if mode == "ai" and not exam_choice.is_from_file():
            st.caption(
                "A network's answer is shown before yours, after it, or not at all. Some are "
                "wrong: they are its real errors. The result says how they swayed you."
            )
    count = exam_choice.choose_count()
    grades, network = tuple(range(5)), ARCHITECTURES[-1]
    if mode == "ai":
        chosen = st.segmented_control(
            "Network",
            ARCHITECTURES,
            default=network,
            format_func=DISPLAY_NAME.__getitem__,
            required=True,
            key="network",
            persist_state="session",
            disabled=exam_choice.is_from_file(),
        )
        network = chosen or network
    else:
        grades = exam_choice.choose_grades()
    feedback = st.segmented_control(
        "The reference's grade is shown",
        list(FEEDBACK),
        default="each",
        format_func=FEEDBACK.__getitem__,
        required=True,
        key="feedback",
        persist_state="session",
    )
    limit = exam_choice.choose_limit()
    with st.expander("Seed, or an exam from a file"):
        seed = exam_choice.choose_seed()
        repeats = st.toggle(
            "Favour what I missed before",
            True,
            key="repeats",
            persist_state="session",
            disabled=seed is not None or mode == "ai" or exam_choice.is_from_file(),
            help="Off where a seed or a file is given: it could not give the same films. AI or not "
            "draws by where the network is right and wrong.",
        )
        file = exam_choice.choose_file()
    if st.button("Begin", type="primary", shortcut="Enter", key="begin"):
        with refusal, boundary.refusals_shown():
            options = {"mode": mode, "feedback": feedback, "limit": limit, "network": network}
            if file is not None:
                exam, options["left_out"] = exam_choice.from_file(file, films)
                options["mode"], rounds = "plain", ()
            else:
                favour = None
                if repeats and seed is None and learner is not None:
                    cards = store.cards_of(cached.store(), learner)
                    favour = repetition.favour(cards, datetime.now(UTC))
                exam, rounds = _drawn(films, options, count, grades, seed, favour)
            begin(learner, exam, rounds, options)


def _drawn(films, options, count, grades, seed, favour):
    seed, pool = exam_choice.new_seed(seed), films.films.values()
    if options["mode"] == "ai":
        network_grades = cached.network_grades(options["network"])
        exam, rounds = swayed.draw_rounds(pool, network_grades, count, seed=seed)
    else:
        exam = exams.draw_exam(pool, count, seed=seed, grades=grades, favour=favour)
        rounds = ()
    return exam_choice.drawn(exam, count), rounds


def begin(learner, exam, rounds, options) -> None:
    """Keep the session and turn to its first film."""
    now = datetime.now(UTC)
    learner = learner or personal_code.new(now)
    kept = store.PracticeOptions(
        mode=options["mode"],
        feedback=options["feedback"],
        seconds_per_film=options["limit"],
        network=options["network"],
        rounds=tuple(rounds),
        left_out=options.get("left_out", 0),
    )
    session = store.begin_session(cached.store(), learner, exam, kept, now)
    go_on_with(session)
    st.rerun()


def go_on_with(session) -> Play:
    """Take up a kept session where it stands."""
    answers = store.answers_of(cached.store(), session.session_id)
    is_waiting = answered.thought_over(answers)
    play = Play(
        session.exam,
        {film_round.image_id: film_round for film_round in session.options.rounds},
        tells=session.options.feedback == "each",
        limit=session.options.seconds_per_film,
        done=set(answers[~is_waiting]["position"].tolist()),
    )
    now = time.monotonic()
    for row in answers[is_waiting].itertuples():
        since = None if math.isnan(row.seconds) else now - row.seconds
        play.think_again(row.position, int(row.first_grade), since)
    st.session_state["practice"] = session
    st.session_state["play"] = play  # last: without it, the session is taken up from the store
    return play


def go_on_with_rest(learner, session) -> None:
    """Take up a session that was stopped, at the first film that is left."""
    store.reopen_session(cached.store(), session.session_id)
    progress.leave()
    go_on_with(session)


def keeper(learner, session, play):
    """Return what keeps an answer of `play`, and says so where it is not kept.

    All that it needs is at hand: Streamlit 1.67 ends a run for a press that comes meanwhile, in the
    midst of whatever asks for something of the browser's session.
    """
    database = cached.store()

    def keep(given):
        try:
            write_down(database, learner, session, given)
        except KneeOAError as error:
            play.is_behind = True
            if isinstance(error, store.GoneError):
                raise
            raise NotKeptError(str(error)) from None

    return keep


def write_down(database, learner, session, given) -> None:
    """Write an answer down, and when its film should come again."""
    film, now = session.exam.films[given.position], datetime.now(UTC)
    rounds = {film_round.image_id: film_round for film_round in session.options.rounds}
    shown = rounds.get(film.image_id)
    answer = store.Answer(
        position=given.position,
        image_id=film.image_id,
        reference=film.grade,
        grade=given.grade,
        seconds=given.seconds,
        first_grade=given.first_grade,
        shown_when=shown.when if shown else "never",
        shown_grade=shown.network_grade if shown else None,
        network=session.options.network if shown else None,
        answered_at=now,
    )
    if not store.record_answer(database, session.session_id, answer):
        raise NotKeptError(ELSEWHERE)
    card = store.cards_of(database, learner).get(film.image_id)
    card = repetition.after(card, given, reference=film.grade, shown=shown, now=now)
    if card is not None:
        store.put_card(database, learner, film.image_id, card)


def end(session) -> None:
    """Close the session and turn to its result."""
    store.finish_session(cached.store(), session.session_id, datetime.now(UTC))
    progress.show_result(session)
    st.session_state.pop("play", None)


def show() -> None:
    """Show the session in play, the result of the last one, or the start."""
    cached.store()  # where it cannot be opened, that is said before anyone grades a film
    learner = personal_code.current()
    result = progress.chosen(learner)
    play = st.session_state.get("play")
    if play is not None and play.is_behind:
        play = go_on_with(st.session_state["practice"])
    elif play is None and result is None and learner:
        left = store.open_session(cached.store(), learner)
        play = None if left is None else go_on_with(left)
    if play is not None and not play.is_over:
        session = st.session_state["practice"]
        session_view.show(play, session, keeper(learner, session, play))
        if not play.is_over:
            return
    if play is not None:
        end(st.session_state["practice"])
        result = progress.chosen(learner)
    if result is not None:
        outcome.show(learner, result, go_on_with_rest)
    else:
        show_start(learner)


style.apply_style()
keyboard.lead()
with boundary.refusals_shown():
    try:
        show()
    except store.GoneError as error:
        personal_code.forget()
        st.error(boundary.escaped(str(error)))
        st.button("To the start", key="start", type="primary", shortcut="Enter")
    except NotKeptError as error:
        st.error(boundary.escaped(str(error)))
        st.button("Go on", key="resume", type="primary", shortcut="Enter")
