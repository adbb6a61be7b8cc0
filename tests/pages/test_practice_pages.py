"""The practice page as a learner drives it, without a browser, on the synthetic films."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from kneeoa.films.phantom import knee_png
from kneeoa.graders.answer import AnswerRule
from kneeoa.graders.grading import Reading
from kneeoa.graders.together import TogetherReading
from kneeoa.networks import ARCHITECTURES
from kneeoa.store import practice as store
from kneeoa.store.database import StoreError, open_store
from pages.practice import progress
from pages.shared import cached, exam_choice
from pages.shared.known_film import answers_html
from tests.support.practice_pages import begin, opened, press, text
from tests.support.teaching_pages import keyed
from tests.support.viewer import viewers

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def database(tmp_path, monkeypatch):
    monkeypatch.setenv("KNEEOA_DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite")
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)


def code_of(app):
    return app.query_params["learner"]


def test_the_start_says_that_synthetic_films_are_drawn(tmp_path):
    app = opened()
    assert "drawn, not taken" in text(app)
    assert "KNEEOA_" not in text(app).replace("\\", "")
    assert app.title[0].value == "Practise KL grading"


def test_a_session_is_played_to_its_result():
    app = begin(opened(), feedback="end", seed=7)
    films = app.session_state["play"].exam.films
    for _ in range(5):
        press(app, "grade_2", "on")
    press(app, "stop")
    right = sum(film.grade == 2 for film in films[:5])
    assert app.title[0].value == "Your result"
    assert app.metric[0].value == f"{right / 5:.0%}"
    assert f"{right} of 5; 95% interval" in text(app)
    assert "The networks on the films that you graded: MobileNet" in text(app)


def test_another_session_is_set_as_the_one_before():
    chosen = {"count": 10, "grades": "12", "limit": 60, "feedback": "end"}
    app = press(begin(opened(), **chosen), "grade_2", "on", "stop", "again")
    assert app.title[0].value == "Practise KL grading"
    assert {one.key: one.value for one in app.button_group if one.key in chosen} == chosen
    # A class is not set by what its teacher practised with.
    app.switch_page("teach/page.py").run()
    assert not [one for one in app.button_group if one.key in chosen]


def test_sessions_are_scored_once_until_there_is_another(monkeypatch):
    app = press(begin(opened(), feedback="end"), "grade_2", "on", "grade_1", "on", "stop", "again")
    asked = []
    measure = progress.scoring.progress
    monkeypatch.setattr(
        progress.scoring, "progress", lambda *given: asked.append(given) or measure(*given)
    )
    app.run()
    assert not asked
    press(begin(app, feedback="end"), "grade_2", "on", "stop", "again")
    assert len(asked) == 1 and len(asked[0][0]) == 2


def _sum(table):
    return int(table["grade"].sum())


def test_what_is_kept_of_a_long_table_is_kept_of_each_of_its_rows():
    table = pd.DataFrame({"grade": np.zeros(60_000, int)})
    assert cached.of_films(_sum, table) == 0
    table.loc[1, "grade"] = 4
    assert cached.of_films(_sum, table) == 4


def test_scores_in_one_table_are_those_of_each_session():
    draw = np.random.default_rng(0)
    patients = {f"f{n}": f"p{n // 2}" for n in range(30)}
    sessions = {
        name: pd.DataFrame(
            {
                "image_id": [f"f{n}" for n in draw.permutation(30)[:14]],
                "reference": draw.integers(0, 5, 14),
                "grade": pd.array(draw.integers(0, 5, 14), "Int64"),
                "seconds": draw.random(14),
            }
        )
        for name in ("2: b", "10: a")
    }
    pd.testing.assert_frame_equal(
        progress.scored(progress.beneath(sessions, patients)),
        progress.scoring.progress(sessions, patients),
        check_exact=True,
    )


def test_each_film_is_resolved_at_once_where_that_was_chosen():
    app = press(begin(opened()), "grade_2", "on")
    assert "you said KL 2" in text(app) or "Right." in text(app)
    html = " ".join(block.body for block in app.get("html"))
    assert "Reference" in html
    assert html.index("Both together") < html.index("MobileNet") < html.index("ResNet50")
    assert app.get("progress")[0].proto.text == "Film 1 of 10"
    press(app, "next")
    assert app.get("progress")[0].proto.text == "Film 2 of 10"


def test_the_networks_say_one_grade_everywhere_by_the_rule_on_their_cards():
    shares = np.array([0.4, 0.05, 0.1, 0.25, 0.2], np.float32)
    answer = AnswerRule("median", 0.9, 0.8).answer(shares)
    evidence = np.zeros((7, 7, 5), np.float32)
    each = [Reading(name, shares, evidence, "", answer) for name in ARCHITECTURES]
    html = answers_html(each, TogetherReading(shares, "", answer))
    assert [each[0].grade, each[0].said] == [0, 2]
    assert html.count("<b>KL 2</b>") == 3
    assert "<b>KL 0</b>" not in html
    assert f'"kl-grade">{answer.headline}<' in html


def test_the_answer_is_told_at_the_end_alone_where_that_was_chosen():
    app = begin(opened(), feedback="end")
    press(app, "grade_3", "on")
    assert "Reference" not in " ".join(block.body for block in app.get("html"))
    assert app.get("progress")[0].proto.text == "Film 2 of 10"


def test_the_arrows_move_the_mark():
    app = press(begin(opened()), "higher", "higher", "on")
    assert "Off by" in text(app) or "Right." in text(app)
    assert app.session_state["play"].choice == 1


def test_the_film_is_shown_alone_and_with_its_maps_once_it_is_told():
    app = begin(opened(), seed=7)
    (data,) = viewers(app)
    (film,) = data["films"]
    assert (data["keys"], data["turns"], data["editable"]) == ("page", None, False)
    assert film["layers"] == []
    # Nothing that a browser gets says what film it is.
    image_id = app.session_state["play"].film.image_id
    assert image_id not in str(data)
    press(app, "grade_1", "on")
    (told,) = viewers(app)
    assert told["films"][0]["id"] == film["id"]
    assert [pane["title"] for pane in told["panes"]] == ["", "MobileNet", "ResNet50"]
    press(app, "next")
    (data,) = viewers(app)
    assert data["films"][0]["id"] != film["id"]
    assert len(data["panes"]) == 1


def test_missed_films_are_shown_with_their_maps():
    app = begin(opened(), feedback="end", seed=7)
    wrong = (app.session_state["play"].film.grade + 1) % 5
    press(app, f"grade_{wrong}", "on", "stop")
    (data,) = viewers(app)
    assert [pane["title"] for pane in data["panes"]] == ["Film 1", "MobileNet", "ResNet50"]
    assert data["keys"] == "focus"


def test_a_grade_and_enter_that_come_at_once_are_an_answer():
    app = begin(opened())
    for key in ("on", "grade_4"):
        keyed(app.button, key).click()
    app.run()
    play = app.session_state["play"]
    assert (play.stage, play.choice) == ("told", 4)


def test_a_reload_goes_on_where_the_session_was():
    app = press(begin(opened(), seed=7), "grade_1", "on", "next", "grade_0")
    shown = app.session_state["play"].film
    again = opened(learner=code_of(app))
    assert again.get("progress")[0].proto.text == "Film 2 of 10"
    assert again.session_state["play"].film == shown


def test_a_film_that_cannot_be_read_is_left_out_and_said(tmp_path, monkeypatch):
    for grade in range(5):
        folder = tmp_path / "films" / "test" / str(grade)
        folder.mkdir(parents=True)
        (folder / f"900{grade}L.png").write_bytes(b"no film" if grade else knee_png(0, seed=1))
    monkeypatch.setenv("KNEEOA_DATASET", str(tmp_path / "films"))
    app = begin(opened())
    assert "10 films were asked for" in text(app)
    while skip := [one.key for one in app.button if one.key.startswith("skip")]:
        assert "900" in app.error[0].value
        press(app, *skip)
    press(app, "grade_0", "on", "next")
    while skip := [one.key for one in app.button if one.key.startswith("skip")]:
        press(app, *skip)
    assert "1 of 5 films graded" in text(app)


def test_a_session_that_was_stopped_goes_on_with_the_films_that_are_left():
    app = press(begin(opened(), seed=7), "grade_1", "on", "stop")
    assert "1 of 10 films graded" in text(app)
    assert app.button(key="go_on").label == "Go on: 9 films left"
    press(app, "go_on")
    assert app.get("progress")[0].proto.text == "Film 2 of 10"
    press(app, "grade_1", "on", "stop")
    assert "2 of 10 films graded" in text(app)


def test_a_result_is_there_after_a_reload_and_later():
    app = press(begin(opened(), seed=7), "grade_1", "on", "stop")
    query = {"learner": code_of(app), "result": app.query_params["result"]}
    assert "1 of 10 films graded" in text(opened(**query))
    press(app, "again")
    assert "result" not in app.query_params
    (name,) = app.selectbox(key="look_again").options
    app.selectbox(key="look_again").select(name).run()
    assert "1 of 10 films graded" in text(app)


def test_a_result_is_not_shown_to_another_learner(tmp_path):
    app = press(begin(opened()), "grade_1", "on", "stop")
    other = store.new_learner(open_store(f"sqlite:///{tmp_path}/store.sqlite"), NOW)
    stranger = opened(learner=other.code, result=app.query_params["result"])
    assert stranger.title[0].value == "Practise KL grading"


def test_an_early_stop_scores_what_was_answered():
    app = press(begin(opened()), "grade_4", "on", "next", "stop")
    assert "1 of 10 films graded" in text(app)


def test_a_stop_before_any_answer_is_no_score():
    app = press(begin(opened()), "stop")
    assert "No film was graded" in text(app)


def test_the_same_seed_gives_the_same_films():
    first, second = (
        begin(opened(), seed=11).session_state["play"].exam.image_ids for _ in range(2)
    )
    assert first == second


def test_ai_or_not_shows_the_network_and_measures_the_sway(monkeypatch):
    monkeypatch.setattr("pages.shared.cached.GRADED_AT_MOST", 8)
    app = begin(opened(), mode="ai", feedback="end", seed=3)
    play = app.session_state["play"]
    ways = {one.when for one in play.rounds.values()}
    assert ways == {"never", "before", "after"}
    while "play" in app.session_state:
        if play.shows_network and play.stage == "grade":
            assert "ResNet50 says" in " ".join(block.body for block in app.get("html"))
        if play.stage == "grade":
            press(app, "grade_0")
        press(app, "on")
    assert "How the network swayed you" in [one.value for one in app.subheader]
    assert "Your 2 sessions" not in text(app)
    code = code_of(app)
    press(app, "again")
    app = begin(app, mode="ai", feedback="end", seed=3)
    press(app, "grade_0", "on", "stop")
    assert code_of(app) == code
    assert "Your 2 sessions, every film as first seen" in text(app)


def test_progress_is_shown_after_two_sessions():
    app = press(begin(opened()), "grade_4", "on", "stop")
    press(app, "again")
    assert "Your sessions" in [one.value for one in app.subheader]
    assert f"Your personal code is **{code_of(app)}**." in text(app).replace("\\", "")


def test_an_unknown_code_is_said_and_the_page_stands():
    app = opened(learner="AAAA-AAAA")
    assert "code" in text(app)
    assert app.title[0].value == "Practise KL grading"


def test_everything_kept_can_be_deleted_and_what_was_set_with_it():
    app = press(begin(opened(), count=10, limit=60), "grade_4", "on", "stop", "again")
    code = code_of(app)
    app.checkbox(key="sure").check().run()
    press(app, "delete")
    assert "learner" not in app.query_params
    assert {app.session_state[key] for key in ("count", "limit")} == {20, 0}
    assert opened(learner=code).warning


def test_who_was_deleted_in_another_window_is_told_and_begins_anew(tmp_path):
    app = press(begin(opened()), "grade_4")
    database = open_store(f"sqlite:///{tmp_path}/store.sqlite")
    gone = store.find_learner(database, code_of(app))
    store.delete_learner(database, gone, client="", now=NOW)
    press(app, "on")
    assert "was deleted" in app.error[0].value
    press(app, "start")
    assert app.title[0].value == "Practise KL grading"
    assert not app.error


def test_a_database_that_cannot_be_reached_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("KNEEOA_DATABASE_URL", f"sqlite:///{tmp_path}/none/there/store.sqlite")
    (tmp_path / "none").write_text("a file")
    app = opened()
    assert not app.exception
    assert app.error


def test_a_film_whose_answer_could_not_be_kept_comes_again(monkeypatch):
    app = press(begin(opened(), feedback="end"), "grade_1", "on", "grade_2")

    def refuse(*_):
        raise StoreError("Expected to work with the database. Its disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(store, "record_answer", refuse)
        app = press(app, "on")
        assert "Its disk is full" in app.error[0].value
    app.run()
    assert app.get("progress")[0].proto.text == "Film 2 of 10"
    press(app, "grade_2", "on", "stop")
    assert "2 of 10 films graded" in text(app)


def test_a_session_without_a_seed_gets_a_new_one_each_time():
    assert exam_choice.new_seed(11) == 11
    assert len({exam_choice.new_seed(None) for _ in range(9)}) > 1
