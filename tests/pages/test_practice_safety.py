"""Practice that is stopped, reloaded, led in two windows or interrupted: what is kept is true."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates

from kneeoa.films.phantom import knee_png
from kneeoa.store import practice as store
from kneeoa.store.database import open_store
from kneeoa.teaching import committed, repetition, scoring
from kneeoa.teaching.exam import ExamFilm, draw_exam, to_json
from kneeoa.teaching.films import synthetic_set
from kneeoa.teaching.wording import DRAWN
from pages.practice import take_along
from tests.support.graded_films import lay
from tests.support.interrupted import pressed_after
from tests.support.practice_pages import begin, opened, press, text
from tests.support.teaching_pages import keyed, pdf_text

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def db(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/store.sqlite"
    monkeypatch.setenv("KNEEOA_DATABASE_URL", url)
    monkeypatch.delenv("KNEEOA_DATASET", raising=False)
    engine = open_store(url)
    yield engine
    engine.dispose()


def kept(db, app):
    """Return the learner, and the answers of her last session."""
    learner = store.find_learner(db, app.query_params["learner"])
    return learner, store.answers_of(db, store.sessions_of(db, learner)[-1].session_id)


def html(app):
    return " ".join(block.body for block in app.get("html"))


@pytest.mark.parametrize("reloads", [False, True])
def test_a_grade_from_before_the_networks_answer_stands(db, monkeypatch, reloads):
    monkeypatch.setattr("pages.shared.cached.GRADED_AT_MOST", 8)
    app = begin(opened(), mode="ai", feedback="end", seed=3)
    play = app.session_state["play"]
    while play.round.when != "after":
        press(app, "grade_0", "on")
    total = len(play.exam.films)
    position, name, network = play.position, play.film.image_id, play.round.network_grade
    mine = (network + 2) % 5
    press(app, f"grade_{mine}", "on")
    assert "ResNet50 says" in html(app)
    if reloads:
        app = opened(learner=app.query_params["learner"])
    else:
        press(app, "stop")
        # Its reference is not told: it is still to be graded.
        assert name not in text(app)
        assert app.button(key="go_on").label == f"Go on: {total - position} films left"
        press(app, "go_on")
    play = app.session_state["play"]
    assert (play.position, play.stage, play.first) == (position, "again", mine)
    press(app, f"grade_{network}", "on")
    _, answers = kept(db, app)
    (row,) = answers[answers["image_id"] == name].itertuples()
    assert (row.first_grade, row.grade) == (mine, network)
    assert committed.own_grades([answers])[name] == mine


def test_what_another_window_answered_stands_and_this_one_is_told(db):
    app = begin(opened(), seed=7)
    other = opened(learner=app.query_params["learner"])
    right = int(app.session_state["play"].film.grade)
    press(app, f"grade_{(right + 2) % 5}", "on")
    press(other, f"grade_{right}", "on")
    assert "answered in another window" in other.error[0].value
    press(other, "resume")
    assert other.get("progress")[0].proto.text == "Film 2 of 10"
    learner, answers = kept(db, app)
    assert answers["grade"].tolist() == [(right + 2) % 5]
    # Reviewed once: by what is kept.
    (card,) = store.cards_of(db, learner).values()
    once = repetition.review(
        None, reference=right, grade=(right + 2) % 5, now=answers["answered_at"][0].to_pydatetime()
    )
    assert card == once


def test_a_press_that_comes_while_an_answer_is_kept_loses_nothing_of_it(db, monkeypatch):
    app = press(begin(opened(), feedback="end", seed=7), "grade_2")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(store, "record_answer", pressed_after(store.record_answer))
        press(app, "on")
    learner, answers = kept(db, app)
    assert len(answers) == len(store.cards_of(db, learner)) == 1
    assert app.get("progress")[0].proto.text == "Film 2 of 10"


def test_a_film_that_cannot_be_shown_is_not_favoured_and_not_missed(db, tmp_path, monkeypatch):
    for grade in range(5):
        folder = tmp_path / "films" / "test" / str(grade)
        folder.mkdir(parents=True)
        (folder / f"900{grade}L.png").write_bytes(b"no film" if grade else knee_png(0, seed=1))
    monkeypatch.setenv("KNEEOA_DATASET", str(tmp_path / "films"))
    app = begin(opened(), feedback="end")
    while "play" in app.session_state:
        skip = [one.key for one in app.button if one.key.startswith("skip")]
        press(app, *(skip or ["grade_0", "on"]))
    assert "4 films not scored: could not be shown" in text(app)
    assert "Every film that you graded got the reference grade." in text(app)
    assert "drawn" not in text(app)
    learner, answers = kept(db, app)
    assert len(answers) == 5
    assert list(store.cards_of(db, learner)) == ["9000L"]
    assert repetition.favour(store.cards_of(db, learner), datetime.now(UTC))["9000L"] < 1


def test_networks_are_scored_on_the_films_that_she_graded(db):
    app = begin(opened(), feedback="end", seed=11, limit=15)
    for place in range(4):
        play = app.session_state["play"]
        if place % 2:
            press(app, f"grade_{int(play.film.grade)}", "on")
        else:
            play.shown_at -= 100
            app.run()
    press(app, "stop")
    assert "2 of 2; 95% interval" in text(app)
    assert re.search(r"MobileNet \d+% \(\d of 2; 95% interval \d+% to \d+%\), kappa ", text(app))
    assert "time was up" in text(app)
    assert "of 4" not in text(app)


def test_sessions_that_cannot_be_compared_are_lines_of_their_own(db):
    app = press(begin(opened(), feedback="end", seed=12), "stop", "again")
    for settings in ({"grades": "01"}, {"grades": "all"}, {"limit": 60}):
        press(begin(app, feedback="end", seed=13, **settings), "grade_0", "on", "stop", "again")
    assert "A line joins sessions of one kind alone" in text(app)
    hurried, first, second = app.selectbox(key="look_again").options
    assert hurried.startswith("4: ") and ", all five grades, 60 s a film, drawn films" in hurried
    # Numbered alike in the list and in the figure: the session without an answer is the first.
    assert first.startswith("3: ") and first.endswith("10 films, all five grades, drawn films")
    assert second.startswith("2: ") and second.endswith("10 films, 0 against 1, drawn films")


def test_a_session_with_films_seen_before_is_no_point_of_the_line_of_new_ones(db):
    app = opened()
    for _ in range(2):
        press(begin(app, feedback="end", seed=13), "grade_0", "on", "stop", "again")
    assert "A line joins sessions of one kind alone" in text(app)
    assert "Films seen before: their reference was told" in text(app)
    again, new = app.selectbox(key="look_again").options
    assert again.endswith("drawn films, with films seen before") and "before" not in new


def test_an_exam_file_leaves_nothing_to_choose_that_it_sets(db):
    exam = draw_exam(synthetic_set().films.values(), 5, seed=0)
    app = opened()
    (mode,) = (one for one in app.button_group if one.key == "mode")
    mode.set_value("ai")
    app.run()
    assert "5 films, as in the exam file" not in text(app)
    file = ("exam.json", to_json(exam).encode(), "application/json")
    app.file_uploader(key="exam_file").set_value([file]).run()
    assert "5 films, as in the exam file" in text(app) and "as plain practice" in text(app)
    assert "A network's answer is shown" not in text(app)
    chosen = {one.key: one.disabled for one in app.button_group}
    assert {key for key, off in chosen.items() if off} == {"mode", "count", "network"}
    assert app.number_input(key="seed").disabled and app.toggle(key="repeats").disabled
    press(app, "begin")
    assert app.session_state["play"].exam.image_ids == exam.image_ids
    press(app, "grade_0", "on", "stop")
    (file,) = (one.proto for one in app.get("download_button") if "exam" in one.proto.label)
    assert "answer key" in file.help


def test_a_result_says_that_it_is_not_of_the_whole_exam_of_a_file(db):
    exam = draw_exam(synthetic_set().films.values(), 5, seed=0)
    unknown = ExamFilm("of another data set", 0)
    app = opened()
    text_of_file = to_json(replace(exam, films=(*exam.films, unknown))).encode()
    app.file_uploader(key="exam_file").set_value([("e.json", text_of_file, "application/json")])
    press(app.run(), "begin")
    assert app.session_state["play"].exam == exam
    press(app, "grade_0", "on", "stop")
    assert "Not the whole exam of the file: 1 film could not be given here." in text(app)
    learner, answers = kept(db, app)
    (session,) = store.sessions_of(db, learner)
    sheet = pdf_text(take_along.made_of(session, answers, scoring.score(answers), {}))
    assert "1 of 5 graded; seed 0; of the exam's file 1 film could not be given here" in sheet


def test_criteria_stand_by_themselves_with_the_grade_that_they_are_of(db):
    app = begin(opened(), seed=7)
    reference = int(app.session_state["play"].film.grade)
    press(app, f"grade_{(reference + 1) % 5}", "on")
    assert f".\n\nKL {reference}: " in text(app)
    press(app, "stop")
    assert f"you said KL {(reference + 1) % 5}.\n\nKL {reference}: " in text(app)


def test_what_was_missed_is_no_choice_where_the_network_decides_what_is_drawn():
    app = opened()
    assert not app.toggle(key="repeats").disabled
    (mode,) = (one for one in app.button_group if one.key == "mode")
    mode.set_value("ai")
    assert app.run().toggle(key="repeats").disabled


def test_a_sheet_of_drawn_films_says_so_whatever_is_taught_with_by_then(db):
    learner, films = store.new_learner(db, NOW), synthetic_set()
    exam = draw_exam(films.films.values(), 10, seed=0, grades=(0, 1))
    session = store.begin_session(db, learner, exam, store.PracticeOptions("plain", "end"), NOW)
    for position, film in enumerate(exam.films[:3]):
        grade, seconds = ((None, 15.0), (None, None), (film.grade, 2.0))[position]
        plain = (position, film.image_id, film.grade, grade, seconds, None, "never", None, None)
        store.record_answer(db, session.session_id, store.Answer(*plain, NOW))
    answers = store.answers_of(db, session.session_id)
    mine = scoring.score(answers, films.patients)
    said = pdf_text(take_along.made_of(session, answers, mine, {"MobileNet": mine}))
    assert DRAWN in said
    for words in (
        "0 against 1",
        "time was up",
        "not shown",
        "MobileNet on the films graded 100% (1 of 1;",
    ):
        assert words in said


def test_a_grade_pressed_at_a_film_that_was_gone_on_from_is_not_that_of_the_next_one():
    app = begin(opened(), feedback="end")
    late = keyed(app.button, "grade_2").id
    press(app, "grade_1", "on")
    app._run(WidgetStates(widgets=[WidgetState(id=late, trigger_value=True)]))
    play = app.session_state["play"]
    assert (play.position, play.choice) == (1, None)


def test_what_was_said_of_a_film_stands_in_a_result_though_the_film_is_gone(tmp_path, monkeypatch):
    app = begin(opened(), feedback="end", seed=7)
    reference = int(app.session_state["play"].film.grade)
    press(app, f"grade_{(reference + 1) % 5}", "on", "stop")
    query = {name: app.query_params[name] for name in ("learner", "result")}
    monkeypatch.setenv("KNEEOA_DATASET", str(lay(tmp_path, "val/0/1L.png")))
    later = opened(**query)
    assert "among those taught with" in later.error[0].value
    assert f"you said KL {(reference + 1) % 5}.\n\nKL {reference}: " in text(later)
