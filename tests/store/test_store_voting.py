"""Voting that closes by itself: by time, by the last vote, and the same for every window."""

from datetime import UTC, datetime, timedelta

import pytest

from kneeoa.store import group as store
from kneeoa.store import voting
from kneeoa.store.database import StoreError
from kneeoa.teaching.exam import Exam, ExamFilm

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
EXAM = Exam("", 7, (0, 1, 2), tuple(ExamFilm(f"f{g}", g) for g in range(3)))


def after(seconds):
    return NOW + timedelta(seconds=seconds)


def opened(db, seconds=None, names=("Ann", "Ben")):
    """Return a group that votes on its first film since `NOW`, and its class."""
    group = store.open_group(db, EXAM, NOW, seconds=seconds)
    people = [store.join(db, group.code, name, NOW) for name in names]
    return store.change_group(db, group, position=0, now=NOW), people


def state(db, group, seconds):
    return voting.look(db, group.code, after(seconds))[0].state


def test_voting_closes_when_its_time_is_over_and_takes_no_vote_after_it(db):
    group, (ann, _) = opened(db, seconds=30.0)
    assert voting.look(db, group.code, after(29)) == (group, after(30))
    with pytest.raises(StoreError, match="over"):  # no window has looked yet
        store.vote(db, ann, 0, 2, after(31))
    store.vote(db, ann, 0, 1, after(29))
    closed, closes = voting.look(db, group.code, after(30))
    assert (closed.state, closed.round, closes) == ("closed", group.round + 1, None)
    # A reload or a second window finds the same.
    assert voting.look(db, group.code, after(99)) == (closed, None)
    assert store.find_group(db, group.code) == closed
    assert store.tally(db, group.group_id, 0) == [0, 1, 0, 0, 0]


def test_voting_closes_shortly_after_the_last_of_the_class_has_voted(db):
    group, (ann, ben) = opened(db)
    store.vote(db, ann, 0, 1, after(5))
    assert state(db, group, 500) == "voting"
    store.vote(db, ben, 0, 2, after(600))
    store.vote(db, ben, 0, 3, after(602))  # she corrects it
    assert state(db, group, 604) == "voting"
    assert state(db, group, 605) == "closed"
    assert store.tally(db, group.group_id, 0) == [0, 1, 0, 1, 0]


def test_voting_that_is_opened_again_waits_for_new_votes(db):
    group, people = opened(db, seconds=30.0)
    for one in people:
        store.vote(db, one, 0, 1, after(1))
    assert state(db, group, 9) == "closed"
    closed = store.find_group(db, group.code)
    again = store.change_group(db, closed, state="voting", now=after(100))
    assert voting.closes_at(db, again) == after(130)

    def new(of_whom):
        """How many have voted since it was opened again, and what one of them gave."""
        this = voting.counting_round(db, again)
        voted = store.voted(db, group.group_id, 0, in_round=this)
        return voted, store.vote_of(db, of_whom, 0, in_round=this)

    assert new(people[0]) == (0, None)
    store.vote(db, people[0], 0, 1, after(101))  # she stands by it
    assert (new(people[0]), new(people[1])) == ((1, 1), (1, None))
    # What was given before counts until then, and without a time all does.
    assert (store.voted(db, group.group_id, 0), store.vote_of(db, people[1], 0)) == (2, 1)
    assert state(db, again, 120) == "voting"
    store.vote(db, people[1], 0, 2, after(121))
    assert state(db, again, 124) == "closed"


def test_votes_from_before_it_was_opened_again_do_not_count_whatever_the_clock_says(db):
    group, people = opened(db)
    for person in people:
        store.vote(db, person, 0, 1, after(3600))
    closed = store.change_group(db, group, state="closed")
    again = store.change_group(db, closed, state="voting", now=after(5))  # it was set back
    this = voting.counting_round(db, again)
    assert store.voted(db, group.group_id, 0, in_round=this) == 0
    assert store.vote_of(db, people[0], 0, in_round=this) is None
    assert voting.closes_at(db, again) is None  # it waits for both
    store.vote(db, people[0], 0, 2, after(6))
    assert store.voted(db, group.group_id, 0, in_round=this) == 1


def test_a_film_that_was_only_left_and_come_back_to_keeps_its_votes(db):
    group, (ann, ben) = opened(db)
    store.vote(db, ann, 0, 1, after(1))
    away = store.change_group(db, group, position=1, now=after(10))
    back = store.change_group(db, away, position=0, now=after(20))
    assert (back.state, voting.counting_round(db, back)) == ("voting", None)
    store.vote(db, ben, 0, 2, after(30))
    assert state(db, back, 32) == "voting"
    assert state(db, back, 33) == "closed"
    # All had voted: it stays open for a moment, and is not closed by coming to it.
    away = store.change_group(db, store.find_group(db, group.code), position=1, now=after(40))
    for one in (ann, ben):
        store.vote(db, one, 1, 3, after(41))
    third = store.change_group(db, away, position=2, now=after(41))
    back = store.change_group(db, third, position=1, now=after(60))
    assert state(db, back, 61) == "voting"
    assert state(db, back, 63) == "closed"


def test_who_joins_late_is_waited_for_and_who_leaves_is_not(db):
    group, (ann, ben) = opened(db)
    for one in (ann, ben):
        store.vote(db, one, 0, 1, after(1))
    late = store.join(db, group.code, "Cy", after(2))
    assert state(db, group, 60) == "voting"
    store.remove_participant(db, group.group_id, late.participant_id, client="", now=after(61))
    assert state(db, group, 61) == "closed"


def test_nothing_closes_where_nobody_is_or_nothing_is_voted_on(db):
    group, _ = opened(db, names=())
    assert state(db, group, 10_000) == "voting"
    told = store.change_group(db, store.find_group(db, group.code), state="told", now=NOW)
    assert voting.look(db, group.code, after(10_000)) == (told, None)
    # Opened by a window that told no time.
    untimed = store.open_group(db, EXAM, NOW, seconds=5.0)
    untimed = store.change_group(db, untimed, position=0)
    assert voting.look(db, untimed.code, after(10_000)) == (untimed, None)
