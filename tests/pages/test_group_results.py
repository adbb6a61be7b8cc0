"""What came of a class: figures with their intervals, votes given anew, the lines of a table."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kneeoa.spreadsheet import csv_text
from kneeoa.store import group as store
from kneeoa.teaching.exam import ExamFilm, draw_exam, to_json
from kneeoa.teaching.films import synthetic_set
from pages.teach import group_results, steps
from tests.support.teaching_pages import (
    class_store,
    html,
    opened,
    pdf_text,
    press,
    signed_in,
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


@pytest.fixture
def voted(db, group):
    """A session that has ended, in which three readers graded five films."""
    people = [store.join(db, group.code, name, NOW) for name in ("Anna", "Ben", "NA")]
    for position, film in enumerate(group.exam.films):
        group = store.change_group(db, group, position=position)
        for off, person in enumerate(people):
            store.vote(db, person, position, min(4, film.grade + off * (position % 2)), NOW)
    return store.change_group(db, group, state="ended")


def test_figures_of_a_class_have_their_interval_and_no_more_digits_than_that(voted):
    app = signed_in(session=voted.code)
    for metric in app.metric:
        assert re.fullmatch(r"-?[01]\.\d\d|\d+%", metric.value)
    with_interval = [one.value for one in app.caption if "95% interval" in one.value]
    assert len(with_interval) == len(app.metric)
    # Of all votes, and of the two networks.
    kappas = re.findall(r"kappa(?: of all votes)? -?[01]\.\d\d \(\w", text(app))
    assert len(kappas) == 3


def test_a_class_is_measured_once_and_anew_where_a_learner_has_gone(db, voted, monkeypatch):
    asked = []
    measure = group_results.readers.pair_kappa_interval
    monkeypatch.setattr(
        group_results.readers,
        "pair_kappa_interval",
        lambda votes: asked.append(len(votes)) or measure(votes),
    )
    app = signed_in(session=voted.code)
    before = len(asked)
    app.run()
    assert len(asked) == before
    leaving = store.participants(db, voted.group_id)[-1]
    store.remove_participant(db, voted.group_id, leaving.participant_id, client="", now=NOW)
    app.run()
    assert asked[before:] == [10]
    assert "2 learners" in text(app)


def test_the_sheet_says_how_many_films_were_shown_and_votes_given(db, group):
    anna, ben = (store.join(db, group.code, name, NOW) for name in ("Anna", "Ben"))
    here = store.change_group(db, group, position=0)
    store.vote(db, anna, 0, 2, NOW)
    here = store.change_group(db, here, position=1)
    for person in (anna, ben):
        store.vote(db, person, 1, 2, NOW)
    votes = store.votes_of(db, group.group_id)
    sheet = pdf_text(group_results.made_of(here, votes, group_results.films_of(votes), {}, ""))
    assert "Films 2 of 5 shown" in sheet and "Votes 3 given, 1 not given" in sheet


@pytest.mark.parametrize(
    ("left", "says"), [(0, ""), (1, "**1 film** of this session was "), (4, "**4 films** ")]
)
def test_who_ends_a_session_is_told_which_films_were_not_shown(left, says):
    text = steps.what_ending_means(left)
    assert text.startswith(says) and ("not shown yet" in text) is (left > 0)
    assert "no way back" in text


def test_one_vote_is_called_one(db, group):
    anna = store.join(db, group.code, "Anna", NOW)
    here = store.change_group(db, group, position=0)
    store.vote(db, anna, 0, 2, NOW)
    app = signed_in(session=store.change_group(db, here, state="ended").code)
    assert "1 learner, 1 of 5 films shown, 1 vote;" in text(app)
    assert "of 1 vote;" in text(app)


def test_the_lines_below_the_table_make_it_whatever_the_nicknames_are(
    db, voted, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    votes = store.votes_of(db, voted.group_id)
    Path("votes.csv").write_text(csv_text(group_results.numbered(votes)), encoding="utf-8")
    made = {}
    exec(group_results.TABLE_PYTHON.replace("\nreaders.", "\ntable = readers."), made)
    assert list(made["votes"]["participant"].unique()) == ["Anna", "Ben", "NA"]
    shown = group_results.films_of(votes)
    assert list(made["table"]["image_id"]) == list(shown["image_id"])
    assert list(shown["spread"]) == sorted(shown["spread"], reverse=True)
    assert list(shown["number"]) != sorted(shown["number"])
    # The sheet is looked up by film.
    sheet = pdf_text(group_results.made_of(voted, votes, shown, {}, ""))
    places = [sheet.index(f"{number} {shown_id}") for number, shown_id in _numbered(shown)]
    assert places == sorted(places)


def _numbered(films):
    films = films.sort_values("number")
    return zip(films["number"], films["image_id"], strict=True)


def test_a_film_that_was_opened_again_is_not_said_to_have_other_votes(db, group):
    anna = store.join(db, group.code, "Anna", NOW)
    here = store.change_group(db, group, position=0)
    store.vote(db, anna, 0, 2, NOW)
    for step in ({"state": "closed"}, {"state": "voting"}, {"position": 1}):
        here = store.change_group(db, here, **step)
    named = group_results.opened_again(store.votes_of(db, group.group_id))
    assert "opened again after the votes were shown: film 1." in named
    assert "oted on again" not in named


def test_after_vote_again_votes_are_counted_anew_and_learners_are_told(db, group):
    anna, ben = (store.join(db, group.code, name, NOW) for name in ("Anna", "Ben"))
    app = signed_in(session=group.code)
    press(app, "begin")
    hers = opened("join", code=group.code, token=anna.token)
    press(hers, "vote_0_2")
    store.vote(db, ben, 0, 3, datetime.now(UTC))
    assert "2<span> of 2" in html(app.run())
    for step in ("close", "reopen"):
        press(app, step)
    assert "0<span> of 2" in html(app)
    shown = text(hers.run())
    assert "Voting is open again" in shown and "Your vote before: **KL 2**" in shown
    assert "is kept" not in shown
    press(hers, "vote_0_2")
    assert "Your vote is kept: **KL 2**" in text(hers)
    assert "1<span> of 2" in html(app.run())
    store.change_group(db, store.find_group(db, group.code), state="ended")
    assert "opened again after the votes were shown: film 1." in text(hers.run())
    assert [row["Voting"] for row in hers.table[0].value.to_dict("records")] == ["opened again"]


def test_a_class_is_given_what_its_exam_file_sets(group):
    app = signed_in()
    file = ("exam.json", to_json(group.exam).encode(), "application/json")
    app.file_uploader(key="exam_file").set_value([file]).run()
    assert "5 films, as in the exam file" in text(app)
    assert {one.key for one in app.button_group if one.disabled} == {"class_count", "class_grades"}
    assert app.number_input(key="seed").disabled


def test_a_class_with_part_of_an_exam_says_so_on_its_results_and_its_sheet(db, group):
    more = replace(group.exam, films=(*group.exam.films, ExamFilm("elsewhere", 1)))
    app = signed_in()
    file = ("exam.json", to_json(more).encode(), "application/json")
    app.file_uploader(key="exam_file").set_value([file]).run()
    press(app, "open")
    new = store.groups(db)[0]
    assert (new.left_out, group.left_out) == (1, 0)
    anna = store.join(db, new.code, "Anna", NOW)
    here = store.change_group(db, new, position=0)
    store.vote(db, anna, 0, 2, NOW)
    ended = store.change_group(db, here, state="ended")
    shown = text(signed_in(session=ended.code))
    assert "Not the whole exam of the file: 1 film could not be given here." in shown
    votes = store.votes_of(db, ended.group_id)
    made = group_results.made_of(ended, votes, group_results.films_of(votes), {}, "")
    assert "of the exam's file 1 film could not be given here" in pdf_text(made)


def test_who_is_told_a_grade_reads_the_criteria_of_the_reference_by_themselves(db, group):
    anna = store.join(db, group.code, "Anna", NOW)
    film = group.exam.films[0]
    here = store.change_group(db, group, position=0)
    store.vote(db, anna, 0, (film.grade + 1) % 5, NOW)
    store.change_group(db, here, state="told")
    app = opened("join", code=group.code, token=anna.token)
    (verdict,) = (one.value for one in app.markdown if "you said" in one.value)
    assert f".\n\nKL {film.grade}: " in verdict
