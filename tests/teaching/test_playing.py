"""A practice session key by key: answers, second thoughts, time limits, going on after a stop."""

import pytest

from kneeoa.teaching.exam import Exam, ExamFilm
from kneeoa.teaching.playing import Given, Play
from kneeoa.teaching.swayed import Round

EXAM = Exam("", 0, (0, 1, 2, 3, 4), tuple(ExamFilm(f"f{g}", g) for g in range(3)))


def test_a_film_is_graded_resolved_and_left():
    play = Play(EXAM)
    play.look(10.0)
    play.look(12.0)  # a rerun of the page starts no new clock
    assert play.confirm(11.0) is None  # nothing is marked
    play.choose(1)
    assert play.confirm(13.5) == Given(0, 1, None, 3.5)
    assert play.stage == "told"
    play.choose(4)
    assert play.confirm(14.0) is None  # Enter twice
    play.proceed()
    assert (play.position, play.stage, play.choice) == (1, "grade", None)


@pytest.mark.parametrize("keys", [[2, "confirm"], ["confirm", 2]])
def test_a_grade_and_confirm_that_come_at_once_are_an_answer(keys):
    play = Play(EXAM)
    play.choose(4)
    assert play.press(keys, 1.0) == Given(0, 2, None, None)


@pytest.mark.parametrize(
    ("keys", "marked"), [([1, 3, "confirm"], 3), (["confirm", "higher", 2], 3), (["lower"], 0)]
)
def test_keys_that_leave_a_doubt_give_no_answer(keys, marked):
    play = Play(EXAM)
    play.choose(1)
    assert play.press(keys, 1.0) is None
    assert (play.stage, play.choice) == ("grade", marked)
    assert play.press(["confirm"], 2.0).grade == marked


def test_without_feedback_the_next_film_comes_at_once():
    play = Play(EXAM, tells=False)
    for position in range(3):
        play.look(0.0)
        play.choose(2)
        assert play.confirm(1.0).position == position
    assert play.is_over


@pytest.mark.parametrize(
    ("steps", "marked"), [([1], 0), ([-1], 4), ([1, 1, 1], 2), ([-1, 1], 4), ([1, -1], 0)]
)
def test_arrows_move_the_mark_within_the_scale(steps, marked):
    play = Play(EXAM)
    for step in steps:
        play.move(step)
    assert play.choice == marked


def test_when_time_is_up_what_is_marked_counts():
    play = Play(EXAM, limit=15.0)
    assert play.left(0.0) is None  # the film is not shown yet
    play.look(100.0)
    assert play.left(110.0) == 5.0
    assert play.time_up(114.9) is None
    assert play.time_up(116.0) == Given(0, None, None, 16.0)
    assert play.left(117.0) is None
    play.proceed()
    play.look(200.0)
    play.choose(3)
    assert play.time_up(215.0) == Given(1, 3, None, 15.0)


def test_second_thoughts_come_after_the_networks_answer():
    play = Play(EXAM, {"f0": Round("f0", "after", 2), "f1": Round("f1", "before", 3)})
    play.look(0.0)
    assert not play.shows_network
    play.choose(0)
    # Kept before the network's answer is on the screen.
    assert play.confirm(2.0) == Given(0, None, 0, 2.0, is_final=False)
    assert play.shows_network
    play.choose(2)
    assert play.confirm(5.0) == Given(0, 2, 0, 5.0)
    play.proceed()
    assert play.shows_network
    play.choose(1)
    assert play.confirm(9.0) == Given(1, 1, None, None)
    play.proceed()
    assert play.round is None
    assert not play.shows_network


def test_time_up_while_thinking_again_keeps_the_first_answer():
    play = Play(EXAM, {"f0": Round("f0", "after", 2)}, limit=10.0)
    play.look(0.0)
    play.choose(4)
    play.confirm(3.0)
    assert play.time_up(10.0) == Given(0, 4, 4, 10.0)


def test_a_first_grade_stands_when_the_session_is_taken_up_again():
    play = Play(EXAM, {"f1": Round("f1", "after", 2)}, limit=10.0, done={0})
    play.think_again(1, 4, 96.0)
    assert (play.position, play.stage, play.first, play.choice) == (1, "again", 4, 4)
    assert play.shows_network
    assert play.left(99.0) == 7.0
    play.choose(2)
    assert play.confirm(99.0) == Given(1, 2, 4, 3.0)
    done = Play(EXAM, done={0, 1})
    done.think_again(1, 4, None)
    assert (done.position, done.stage) == (2, "grade")


def test_a_session_goes_on_where_it_stopped():
    assert Play(EXAM, done={0, 2}).position == 1
    assert Play(EXAM, done={0, 1, 2}).is_over


def test_a_film_that_cannot_be_shown_stays_without_an_answer():
    play = Play(EXAM)
    assert play.leave_out() == Given(0, None, None, None)
    assert (play.position, play.stage) == (1, "grade")
    again = Play(EXAM, {"f0": Round("f0", "after", 2)})
    again.choose(4)
    again.confirm(1.0)
    assert again.leave_out() == Given(0, 4, 4, None)
