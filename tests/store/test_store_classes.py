"""A whole class at once: no vote is lost, and none counts once voting is closed."""

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from kneeoa.store import group as store
from kneeoa.store import tables
from kneeoa.store.database import StoreError, writing
from kneeoa.teaching.exam import Exam, ExamFilm

NOW = datetime(2030, 1, 2, tzinfo=UTC)
CLASS, FILMS = 40, 4
EXAM = Exam("", 7, (0,), tuple(ExamFilm(f"f{i}", 0) for i in range(FILMS)))


def class_of(db, size):
    group = store.open_group(db, EXAM, NOW)
    with ThreadPoolExecutor(8) as pool:
        names = [f"reader {i}" for i in range(size)]
        return group, list(pool.map(lambda name: store.join(db, group.code, name, NOW), names))


def test_forty_vote_on_four_films_and_no_vote_is_lost(db):
    group, people = class_of(db, CLASS)

    def grade_of(one, position):
        return (one.participant_id + position) % 5

    with ThreadPoolExecutor(CLASS) as pool:
        for position in range(FILMS):
            group = store.change_group(db, group, position=position)
            # One by one, so that whoever is refused is not passed over.
            for done in [
                pool.submit(store.vote, db, one, position, grade_of(one, position), NOW)
                for one in people
            ]:
                done.result()
            group = store.change_group(db, group, state="told")
    table = store.votes_of(db, group.group_id)
    assert len(table) == CLASS * FILMS
    by_id = {one.participant_id: one for one in people}
    for row in table.itertuples():
        assert row.grade == grade_of(by_id[row.participant_id], row.position)


def test_what_was_acknowledged_counts_and_nothing_after_closing(db):
    group, people = class_of(db, 12)
    number = group.group_id
    group = store.change_group(db, group, position=0)
    last, late, is_closed, is_over = {}, [], threading.Event(), threading.Event()

    def keep_voting(one):
        for i in range(10_000):
            if is_over.wait(0.002):
                return
            was_closed = is_closed.is_set()
            try:
                store.vote(db, one, 0, i % 5, NOW)
            except StoreError as error:
                assert "closed" in str(error)
                return
            last[one.participant_id] = i % 5
            if was_closed:
                late.append(one)

    with ThreadPoolExecutor(len(people)) as pool, contextlib.ExitStack() as closing:
        closing.callback(is_over.set)  # whatever happens, nobody votes on and on
        going = [pool.submit(keep_voting, one) for one in people]
        while len(last) < len(people):
            time.sleep(0.01)
        store.change_group(db, group, state="closed")
        is_closed.set()
        at_closing = store.tally(db, number, 0)
        for one in going:
            one.result()
    assert late == []
    assert store.tally(db, number, 0) == at_closing
    table = store.votes_of(db, number)
    assert dict(zip(table["participant_id"], table["grade"], strict=True)) == last


def test_a_vote_waits_for_a_closing_that_is_under_way(db):
    group, (one,) = class_of(db, 1)
    group = store.change_group(db, group, position=0)
    with ThreadPoolExecutor() as pool:
        with writing(db) as connection:
            connection.execute(tables.teaching_group.update().values(state="closed"))
            late = pool.submit(store.vote, db, one, 0, 1, NOW)
            time.sleep(0.3)
            assert not late.done()
        with pytest.raises(StoreError, match="Voting on this film is closed"):
            late.result()
    assert store.voted(db, group.group_id, 0) == 0


def test_of_many_windows_one_goes_on(db):
    group = store.open_group(db, EXAM, NOW)

    def go_on(position):
        try:
            return store.change_group(db, group, position=position)
        except StoreError:
            return None

    with ThreadPoolExecutor(8) as pool:
        went = [one for one in pool.map(go_on, range(8)) if one]
    assert [store.find_group(db, group.code)] == went


def test_of_many_with_one_nickname_one_gets_it(db):
    group = store.open_group(db, EXAM, NOW)

    def try_to_join(_):
        try:
            return store.join(db, group.code, "Ann", NOW)
        except StoreError as error:
            assert "is taken" in str(error)

    with ThreadPoolExecutor(8) as pool:
        joined = [one for one in pool.map(try_to_join, range(8)) if one]
    assert store.participants(db, group.group_id) == joined
