"""The pages of a group session without a browser: who may do what, and what is said otherwise."""

from datetime import UTC, datetime

import pytest

from kneeoa.spreadsheet import csv_text
from kneeoa.store import group as store
from kneeoa.teaching import keys
from kneeoa.teaching.exam import draw_exam
from kneeoa.teaching.films import read_set, synthetic_set
from pages.shared import cached
from pages.teach import steps as teacher
from tests.support.graded_films import write_flat
from tests.support.teaching_pages import (
    KEY,
    class_store,
    html,
    opened,
    press,
    signed_in,
    submit,
    text,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def db(tmp_path, monkeypatch):
    monkeypatch.setattr("pages.shared.cached.GRADED_AT_MOST", 5)
    with class_store(tmp_path, monkeypatch) as engine:
        yield engine


@pytest.fixture
def group(db):
    return store.open_group(db, draw_exam(synthetic_set().films.values(), 5, seed=0), NOW)


def joined(db, group, *names):
    return [store.join(db, group.code, name, NOW) for name in names]


def test_without_a_key_no_session_can_be_opened(monkeypatch):
    monkeypatch.delenv(keys.SETTING)
    app = opened("teach")
    assert "KNEEOA_TEACHER_KEY" in text(app).replace("\\", "")
    assert not app.button
    monkeypatch.setenv(keys.SETTING, "short")
    assert "at least 8 letters" in text(opened("teach"))


def test_a_wrong_key_is_refused():
    app = opened("teach")
    app.text_input(key="key").set_value("not this one")
    submit(app)
    assert "not the teacher's key" in text(app)
    assert "A new session" not in text(app)


def test_a_session_is_opened_and_found_again(db):
    app = signed_in()
    app.text_input(key="title").set_value("Monday *residents*")
    press(app, "open")
    (group,) = store.groups(db)
    assert group.code in html(app)
    assert len(group.exam.films) == 20
    assert "Monday \\*residents\\*" in text(app)
    press(app, "leave")
    press(app, f"go_{group.code}")
    assert group.code in html(app)


def test_the_reference_is_shown_once_it_is_told(db, group):
    app = signed_in(session=group.code)
    press(app, "begin")
    assert "Reference" not in html(app)
    press(app, "close")
    assert "Nobody voted" in text(app)
    press(app, "tell")
    assert "Reference" in html(app)


def test_a_second_window_is_told_that_the_first_went_on(db, group):
    app = signed_in(session=group.code)
    store.change_group(db, group, position=0)
    press(app, "begin")
    assert "Another window" in text(app)
    assert "have voted" in html(app)


CLOSE, TELL, END = ({"state": state} for state in ("closed", "told", "ended"))
SKIP = {"position": 2}


@pytest.mark.parametrize(
    ("steps", "there"),
    [
        ([TELL, END], ("ended", 1)),
        ([TELL, SKIP], ("voting", 2)),
        ([SKIP, END], ("ended", 2)),
        ([CLOSE, CLOSE], ("closed", 1)),
        ([SKIP, SKIP], ("voting", 2)),
        ([END, TELL], ("ended", 1)),
    ],
)
def test_a_press_counts_that_comes_before_the_last_one_is_shown(
    db, group, monkeypatch, steps, there
):
    shown = store.change_group(db, group, position=1)
    kept = {}
    monkeypatch.setattr(teacher.st, "session_state", kept)
    for step in steps:
        teacher.change(shown, **step)
    now = store.find_group(db, group.code)
    assert (now.state, now.position) == there
    assert teacher.SAID not in kept


def test_a_film_is_not_told_for_a_press_at_the_film_before(db, group, monkeypatch):
    shown = store.change_group(db, group, position=1)
    kept = {}
    monkeypatch.setattr(teacher.st, "session_state", kept)
    for step in (SKIP, TELL):
        teacher.change(shown, **step)
    now = store.find_group(db, group.code)
    assert (now.state, now.position) == ("voting", 2)
    assert "look again" in kept[teacher.SAID]


def test_a_step_after_another_window_ended_the_session_is_refused_and_said(db, group):
    here = store.change_group(db, group, position=0)
    app = signed_in(session=group.code)
    store.change_group(db, here, state="ended")
    press(app, "close")
    assert "Another window" in text(app)
    assert "Nobody voted" in text(app)
    assert not app.run().warning


def test_results_stand_on_any_number_of_votes(db, group):
    here = store.change_group(db, group, position=0)
    ended = signed_in(session=store.change_group(db, here, state="ended").code)
    assert "Nobody voted" in text(ended)


def test_results_of_a_class(db, group):
    one, two, _ = joined(db, group, "Anna", "Ben", "Silent")
    here = group
    for position in range(3):
        here = store.change_group(db, here, position=position)
        store.vote(db, one, position, 2, NOW)
        if position:
            store.vote(db, two, position, 3, NOW)
    app = signed_in(session=store.change_group(db, here, state="ended").code)
    assert "3 learners, 3 of 5 films shown, 5 votes" in text(app)
    assert "4 votes not given" in text(app)
    assert "too few films with two votes for an interval" in text(app)
    assert "The films are drawn" in text(app)
    assert len(app.metric) == 4
    # In the figure's order: the one that divides most first.
    shown = app.dataframe[0].value
    assert list(shown["number"]) == [2, 3, 1]
    assert list(shown["votes"]) == [2, 2, 1]


def test_a_learner_joins_votes_and_changes_her_mind(db, group):
    app = opened("join", code=group.code.lower())
    app.text_input(key="nickname").set_value("Anna")
    submit(app)
    assert "You are in" in text(app)
    store.change_group(db, group, position=0)
    press(app.run(), "vote_0_2")
    press(app, "vote_0_4")
    assert "Your vote is kept: **KL 4**" in text(app)
    assert store.tally(db, group.group_id, 0) == [0, 0, 0, 0, 1]
    again = opened("join", code=group.code, token=app.query_params["token"])
    assert "Your vote is kept: **KL 4**" in text(again)


def test_two_votes_that_come_at_once_are_asked_about(db, group):
    (anna,) = joined(db, group, "Anna")
    store.change_group(db, group, position=0)
    app = opened("join", code=group.code, token=anna.token)
    for key in ("vote_0_1", "vote_0_3"):
        app.button(key=key).click()
    app.run()
    kept = store.vote_of(db, anna, 0)
    assert kept in {1, 3}
    assert f"Is KL {kept} the one that you mean?" in text(app)
    assert "came at once" not in text(press(app, "vote_0_2"))


def test_a_vote_after_the_closing_is_refused_and_said(db, group):
    (anna,) = joined(db, group, "Anna")
    here = store.change_group(db, group, position=0)
    app = opened("join", code=group.code, token=anna.token)
    store.change_group(db, here, state="closed")
    press(app, "vote_0_1")
    assert "closed" in text(app)
    assert store.voted(db, group.group_id, 0) == 0


@pytest.mark.parametrize(
    ("code", "name", "said"),
    [
        ("WRONG2", "Anna", "No session has this code"),
        (None, "", "1 to 24"),
        (None, "ben", "taken"),
        (None, "ben", "If it is yours"),
    ],
)
def test_who_cannot_join_is_told_why(db, group, code, name, said):
    joined(db, group, "Ben")
    app = opened("join", code=code or group.code)
    app.text_input(key="nickname").set_value(name)
    assert said in text(submit(app))


def test_a_removed_learner_is_told(db, group):
    (anna,) = joined(db, group, "Anna")
    store.remove_participant(db, group.group_id, anna.participant_id, client="", now=NOW)
    app = opened("join", code=group.code, token=anna.token)
    assert "no longer" in text(app)
    assert "Join a session" in text(app)


def test_a_learner_takes_her_votes_along_and_deletes_them(db, group):
    anna, ben = joined(db, group, "Anna", "Ben")
    here = store.change_group(db, group, position=0)
    store.vote(db, anna, 0, 2, NOW)
    store.vote(db, ben, 0, 3, NOW)
    before = opened("join", code=group.code, token=anna.token)
    assert not before.get("download_button")
    here = store.change_group(db, here, position=1)
    store.change_group(db, here, state="ended")
    app = opened("join", code=group.code, token=anna.token)
    assert [one.proto.label for one in app.get("download_button")] == ["My votes (CSV)"]
    assert list(app.table[0].value["You"]) == ["KL 2", "no vote"]
    press(app, "leave_session")
    assert "Join a session" in text(app)
    assert [one.nickname for one in store.participants(db, group.group_id)] == ["Ben"]
    assert store.tally(db, group.group_id, 0) == [0, 0, 0, 1, 0]


def test_a_page_looks_again_until_the_session_has_ended(db, group, monkeypatch):
    looks = []
    monkeypatch.setattr("pages.shared.live.every", lambda seconds, *_: looks.append(seconds))
    (anna,) = joined(db, group, "Anna")
    opened("join", code=group.code, token=anna.token)
    assert looks == [1.0]
    store.change_group(db, store.change_group(db, group, position=0), state="ended")
    assert "has ended" in text(opened("join", code=group.code, token=anna.token))
    assert looks == [1.0]


def test_who_never_voted_gets_no_score(db, group):
    (anna,) = joined(db, group, "Anna")
    store.change_group(db, store.change_group(db, group, position=0), state="ended")
    assert "You did not vote" in text(opened("join", code=group.code, token=anna.token))


def test_a_key_is_compared_whole():
    assert keys.is_right(f" {KEY} ", KEY)
    assert not keys.is_right(KEY[:-1], KEY)
    assert not keys.is_right("ключ", KEY)


def test_a_key_of_blanks_opens_nothing(monkeypatch):
    monkeypatch.setenv(keys.SETTING, " " * keys.SHORTEST)
    assert "Received 0" in text(opened("teach"))


@pytest.mark.parametrize("state", ["voting", "told"])
def test_a_film_that_cannot_be_shown_tells_no_grade(db, tmp_path, monkeypatch, state):
    folder = write_flat(tmp_path / "flat")
    monkeypatch.setenv("KNEEOA_DATASET", str(folder))
    films = read_set(folder)
    group = store.open_group(db, draw_exam(films.films.values(), 5, seed=0), NOW)
    (anna,) = joined(db, group, "Anna")
    here = store.change_group(db, group, position=0)
    cached.teaching_set()  # listed before the film is gone
    (folder / films.films[group.exam.films[0].image_id].file).unlink()
    if state == "told":
        store.change_group(db, here, state=state)
    learner, teacher = (
        opened("join", code=group.code, token=anna.token),
        signed_in(session=group.code),
    )
    assert "This film cannot be shown here. Look at the projector" in text(learner)
    assert "Expected to read the film" in text(teacher)
    monkeypatch.setenv("KNEEOA_DATASET", str(tmp_path / "moved"))
    assert "This film cannot be shown here" in text(learner.run())
    for app in (learner, teacher):
        assert str(tmp_path) not in text(app).replace("\\", "")


def test_who_joined_since_the_page_was_shown_can_be_removed(db, group):
    app = signed_in(session=group.code)
    _, rude, _ = joined(db, group, "Anna", "Rude", "Ben")
    app.session_state["class"] = True
    app.run()
    # Nobody is chosen for her, and the next one neither: a second click must find no one.
    assert app.selectbox(key="learner_").value is None
    app.selectbox(key="learner_").select(rude.participant_id).run()
    assert not removing(app)
    app.checkbox(key=f"sure_{rude.participant_id}").check().run()
    press(app, f"remove_{rude.participant_id}")
    assert not removing(app)
    assert [one.nickname for one in store.participants(db, group.group_id)] == ["Anna", "Ben"]


def removing(app):
    return [one.key for one in app.button if one.key.startswith("remove_")]


def test_a_name_is_no_formula_of_a_spreadsheet(db, group):
    joined(db, group, "=1+1")
    store.change_group(db, group, position=0)
    table = csv_text(store.votes_of(db, group.group_id))
    assert "'=1+1" in table
    assert ",=1+1" not in table


def test_a_projector_window_has_no_controls_but_their_keys_and_follows(db, group):
    app = signed_in(session=group.code, view="projector")
    press(app, "begin")
    assert "have voted" in html(app)
    assert not [one for one in app.button if one.key in ("alone", "end", "leave")]
    here = store.find_group(db, group.code)
    store.change_group(db, here, state="closed", now=NOW)
    assert "Nobody voted" in text(app.run())
    press(app, "whole")
    assert "view" not in app.query_params
    assert "alone" in {one.key for one in app.button}


def test_voting_that_is_over_is_closed_for_teacher_and_learner(db):
    films = draw_exam(synthetic_set().films.values(), 5, seed=0)
    group = store.open_group(db, films, NOW, seconds=15.0)
    (anna,) = joined(db, group, "Anna")
    store.change_group(db, group, position=0, now=NOW)  # long ago
    assert "Voting is closed" in text(opened("join", code=group.code, token=anna.token))
    assert "Nobody voted" in text(signed_in(session=group.code))
