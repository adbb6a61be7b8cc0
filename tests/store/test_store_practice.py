"""Practice as it is kept: codes, sessions, answers, cards; taken out whole, and deleted whole."""

import json
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import func, select, text

from kneeoa.store import practice as store
from kneeoa.store import tables
from kneeoa.store.database import StoreError, reading, writing
from kneeoa.teaching import repetition, scoring
from kneeoa.teaching.answers import first_seen, have_seen_films
from kneeoa.teaching.exam import Exam, ExamFilm
from kneeoa.teaching.swayed import Round

NOW = datetime(2030, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
BY = {"client": "10.0.0.7", "now": NOW}
EXAM = Exam("Ligne \u00e9", 7, (0, 1, 2), tuple(ExamFilm(f"f{g}", g, "ab" * 32) for g in range(3)))
PLAIN = store.PracticeOptions("plain", "each")
AI = store.PracticeOptions(
    "ai", "end", 15.0, "resnet50", tuple(Round(f"f{g}", "after", g) for g in range(3))
)


def answer(place, grade, **other):
    film = EXAM.films[place]
    plain = store.Answer(
        place, film.image_id, film.grade, grade, 2.5, None, "never", None, None, NOW
    )
    return replace(plain, **other)


@pytest.fixture
def learner(db):
    return store.new_learner(db, NOW)


def rows_left(db):
    with reading(db) as connection:
        return {
            name: count
            for name, table in tables.metadata.tables.items()
            if table is not tables.audit
            and (count := connection.scalar(select(func.count()).select_from(table)))
        }


def test_codes_are_found_however_they_are_typed(db, learner):
    code = learner.code
    assert len(code) == 9 and code[4] == "-" and not set(code) & set("01OI")
    for typed in (code, code.lower(), code.replace("-", ""), f"  {code[:4]} {code[5:]}\n"):
        assert store.find_learner(db, typed) == learner
    others = {store.new_learner(db, NOW).code for _ in range(20)}
    assert len(others | {code}) == 21
    for wrong in ("", "-", "AAAA-AAAA", code[:-1], "\0\ud800'; --"):
        with pytest.raises(StoreError, match="No learner has this code"):
            store.find_learner(db, wrong)


@pytest.mark.parametrize("options", [PLAIN, AI])
def test_a_session_is_read_back_as_it_was_begun(db, learner, options):
    begun = store.begin_session(db, learner, EXAM, options, NOW)
    assert (begun.exam, begun.options, begun.started_at) == (EXAM, options, NOW)
    assert store.sessions_of(db, learner) == [begun]
    assert store.open_session(db, learner) == begun


def test_the_latest_session_that_is_not_finished_is_open(db, learner):
    back = NOW - timedelta(days=9)  # the clock jumps
    first, second, third = (
        store.begin_session(db, learner, EXAM, PLAIN, at) for at in (NOW, back, back)
    )
    assert store.open_session(db, learner) == third
    store.finish_session(db, third.session_id, NOW)
    store.finish_session(db, third.session_id, back)
    assert store.open_session(db, learner) == second
    kept = store.sessions_of(db, learner)
    assert [one.session_id for one in kept] == [one.session_id for one in (first, second, third)]
    assert [one.finished_at for one in kept] == [None, None, NOW]
    assert store.open_session(db, store.new_learner(db, NOW)) is None
    store.reopen_session(db, third.session_id)
    assert store.open_session(db, learner) == third


def test_the_first_answer_to_a_film_stands(db, learner):
    number = store.begin_session(db, learner, EXAM, PLAIN, NOW).session_id
    assert store.record_answer(db, number, answer(2, 1))
    assert store.record_answer(db, number, answer(0, None, seconds=None))
    for place, grade in ((2, 4), (2, None), (0, 1)):
        late = answer(place, grade, answered_at=NOW + timedelta(1))
        assert not store.record_answer(db, number, late)
    kept = store.answers_of(db, number)
    assert kept["position"].tolist() == [0, 2]
    assert kept["grade"].isna().tolist() == [True, False]
    first = {name: None if pd.isna(value) else value for name, value in kept.iloc[1].items()}
    assert first == asdict(answer(2, 1)) | {"number": 1}


def test_a_first_grade_stands_whatever_is_said_after_the_networks_answer(db, learner):
    number = store.begin_session(db, learner, EXAM, AI, NOW).session_id
    shown = {"shown_when": "after", "shown_grade": 1, "network": "resnet50"}
    assert store.record_answer(db, number, answer(1, None, first_grade=4, seconds=3.0, **shown))
    # Another window, or the same after a reload.
    assert not store.record_answer(db, number, answer(1, None, first_grade=1, **shown))
    kept = store.answers_of(db, number)
    assert kept["grade"].isna().all() and kept["first_grade"].tolist() == [4]
    later = NOW + timedelta(1)
    final = answer(1, 1, first_grade=1, seconds=9.0, answered_at=later, **shown)
    assert store.record_answer(db, number, final)
    assert not store.record_answer(db, number, final)
    (row,) = store.answers_of(db, number).itertuples()
    assert (row.first_grade, row.grade, row.seconds) == (4, 1, 9.0)
    assert row.answered_at == NOW  # when the film was first seen


def test_what_came_first_is_counted_for_the_clock_may_be_set_back(db, learner):
    other = store.new_learner(db, NOW)
    theirs = store.begin_session(db, other, EXAM, PLAIN, NOW).session_id
    sessions = []
    for back in range(2):
        at = NOW - timedelta(days=back)
        sessions.append(store.begin_session(db, learner, EXAM, PLAIN, at).session_id)
        store.record_answer(db, sessions[-1], answer(1, 3 - back, answered_at=at))
        store.record_answer(db, theirs, answer(back, 1))
    first, again = (store.answers_of(db, number) for number in sessions)
    assert [*first["number"], *again["number"]] == [1, 2]
    assert first_seen([again, first])["grade"].tolist() == [3]
    assert have_seen_films([first, again]) == [False, True]


def test_answers_have_the_same_columns_with_and_without_rows(db, learner):
    number = store.begin_session(db, learner, EXAM, AI, NOW).session_id
    empty = store.answers_of(db, number)
    shown = {"first_grade": 4, "shown_when": "after", "shown_grade": 1, "network": "resnet50"}
    store.record_answer(db, number, answer(1, 2, **shown))
    kept = store.answers_of(db, number)
    assert list(kept.columns) == [field.name for field in fields(store.Answer)]
    assert kept.dtypes.astype(str).to_dict() == empty.dtypes.astype(str).to_dict()
    assert {name: kept[name].iloc[0] for name in shown} == shown
    assert scoring.score(empty, {}).answered == 0
    assert scoring.score(kept, {}).answered == 1


def test_answers_of_sessions_are_those_of_each(db, learner):
    numbers = [store.begin_session(db, learner, EXAM, PLAIN, NOW).session_id for _ in range(3)]
    for place, grade in ((2, 1), (0, None)):
        store.record_answer(db, numbers[0], answer(place, grade))
    store.record_answer(db, numbers[2], answer(1, 4))
    together = store.answers_of_sessions(db, numbers[::-1])
    assert list(together) == numbers[::-1]
    for number in numbers:
        pd.testing.assert_frame_equal(together[number], store.answers_of(db, number))
    assert [len(together[number]) for number in numbers] == [2, 0, 1]
    assert store.answers_of_sessions(db, []) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        answer(0, 1, position=3),
        answer(0, 1, position=-1),
        answer(0, 1, image_id="f1"),
        answer(0, 1, reference=4),
        answer(0, 5),
        answer(0, 1, first_grade=-1),
        answer(0, 1, shown_grade=9),
    ],
)
def test_an_answer_that_is_none_of_the_session_is_refused(db, learner, wrong):
    number = store.begin_session(db, learner, EXAM, PLAIN, NOW).session_id
    with pytest.raises(StoreError, match="Expected"):
        store.record_answer(db, number, wrong)
    assert store.answers_of(db, number).empty


def test_the_newest_card_of_a_film_is_kept(db, learner):
    first = repetition.review(None, reference=1, grade=1, now=NOW)
    second = repetition.review(first, reference=1, grade=4, now=NOW)
    for image_id, card in (("f1", first), ("f0", first), ("f1", second)):
        store.put_card(db, learner, image_id, card)
    assert store.cards_of(db, learner) == {"f0": first, "f1": second}
    assert store.cards_of(db, store.new_learner(db, NOW)) == {}


def test_everything_kept_is_taken_out(db, learner):
    session = store.begin_session(db, learner, EXAM, AI, NOW)
    store.record_answer(db, session.session_id, answer(1, 2, first_grade=3))
    store.finish_session(db, session.session_id, NOW)
    store.put_card(db, learner, "f1", '{"missed": true}')
    taken = json.loads(json.dumps(store.export_learner(db, learner)))
    assert set(taken) == {"code", "created_at", "sessions", "cards"}
    assert (taken["code"], taken["created_at"]) == (learner.code, NOW.isoformat())
    assert taken["cards"] == {"f1": {"missed": True}}
    (kept,) = taken["sessions"]
    assert kept["exam"]["films"][1] == {"image_id": "f1", "grade": 1, "sha256": "ab" * 32}
    assert kept["options"]["rounds"][2] == {"image_id": "f2", "when": "after", "network_grade": 2}
    assert kept["finished_at"] == NOW.isoformat()
    given = asdict(answer(1, 2, first_grade=3, number=1)) | {"answered_at": NOW.isoformat()}
    assert kept["answers"] == [given]


def test_what_is_deleted_is_gone_and_stays_gone(db, learner):
    session = store.begin_session(db, learner, EXAM, PLAIN, NOW)
    store.record_answer(db, session.session_id, answer(0, 1))
    store.put_card(db, learner, "f1", "{}")
    store.delete_learner(db, learner, **BY)
    assert rows_left(db) == {}
    store.delete_learner(db, learner, **BY)
    # A page that is still open must not write to the next learner.
    after = store.new_learner(db, NOW)
    assert after.learner_id != learner.learner_id
    for late in (
        lambda: store.begin_session(db, learner, EXAM, PLAIN, NOW),
        lambda: store.record_answer(db, session.session_id, answer(1, 1)),
        lambda: store.put_card(db, learner, "f1", "{}"),
        lambda: store.export_learner(db, learner),
    ):
        with pytest.raises(StoreError, match="was deleted"):
            late()
    store.finish_session(db, session.session_id, NOW)
    assert rows_left(db) == {"learner": 1}


def test_deleting_one_learner_leaves_the_others(db, learner):
    other = store.new_learner(db, NOW)
    session = store.begin_session(db, other, EXAM, PLAIN, NOW)
    store.delete_learner(db, learner, **BY)
    assert store.sessions_of(db, other) == [session]


@pytest.mark.parametrize(
    ("column", "content"), [("exam", '{"kind": "shopping"}'), ("options", '{"mode": "other"}')]
)
def test_what_someone_changed_by_hand_is_left_out_and_counted(db, learner, column, content):
    store.begin_session(db, learner, EXAM, PLAIN, NOW)
    with writing(db) as connection:
        connection.execute(text(f"UPDATE practice_session SET {column} = :c"), {"c": content})
    whole = store.begin_session(db, learner, EXAM, PLAIN, NOW)
    assert store.sessions_of(db, learner) == [whole]
    assert store.damaged_sessions(db, learner) == 1
