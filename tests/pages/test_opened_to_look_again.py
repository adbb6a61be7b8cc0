"""A film that is opened out of a hospital's own shows the knee and the box it was learnt from."""

import hashlib
import re
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from kneeoa.errors import DataError
from kneeoa.films.frames import Frame
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders.answer import Answer
from kneeoa.graders.framing import FOUND
from kneeoa.graders.locating.gate import WARNED, Finding
from kneeoa.graders.locating.localiser import Localiser
from kneeoa.graders.track_record import LEARNT_FROM_IT
from kneeoa.grades import KLGrade
from pages.own_films import outcome
from pages.reading import answer_card
from pages.shared import cached, session_films
from pages.shared.cases import knees
from pages.shared.memory.film import Film
from tests.support import habits
from tests.support.films import image_file
from tests.support.places import MAIN_SCRIPT
from tests.support.profiles import profile_zip
from tests.support.rows import tables

CUT, SOFT = Finding("cut-off", "Cut.", WARNED), Finding("soft", "Soft.", WARNED)
BOTH = np.hstack(
    [draw_knee(1, seed=2, marked=False), draw_knee(3, seed=9, laterality="L", marked=False)]
)
PROFILE = SimpleNamespace(digest="p", record=SimpleNamespace(framing=FOUND, least_overlap=0.0))


@pytest.fixture
def film(monkeypatch):
    """A film of both knees, opened before under a profile, whose right box the reader moved."""
    state = {}
    monkeypatch.setattr(session_films.st, "session_state", state)
    monkeypatch.setattr(knees.in_use, "current", lambda: None)
    localiser = Localiser()
    data = image_file(BOTH)
    radiograph = read_radiograph(data, "both.png")
    film = Film.received(data, radiograph, localiser.find(radiograph), "session")
    knees.proposal(film, 1, PROFILE)
    knees.move(film, 1, Frame(0, 200, 100, 100, film.frames[1].name))
    knees.turn_to(film, 0)
    return film


def test_the_box_of_the_sheet_takes_the_place_of_all_others(film):
    name = film.frames[1].name
    # Corrected once, and once more after it was opened.
    for frame, findings in (
        (Frame(10, 230, 200, 210, name), (CUT,)),
        (Frame(20, 235, 180, 190, name), (SOFT,)),
    ):
        session_films.propose(film, 1, frame, findings)
        for profile in (PROFILE, None):
            assert knees.proposal(film, 1, profile) == frame
        assert knees.frame_of(film, 1) == frame
        against = knees.findings_under(None, film, 1, frame, None)
        assert [finding.code for finding in against] == [one.code for one in findings]
    knees.turn_to(film, 1)
    assert knees.knee_of(film) == 1


def words(block):
    return " ".join(html.body for html in block.get("html"))


def test_a_profile_that_came_by_mail_says_which_films_it_learnt_from():
    """On Read, beside other profiles, and in the list."""
    data = image_file(draw_knee(2, seed=77, marked=False))
    digest = hashlib.sha256(data).hexdigest()
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=300).run()
    for name, learnt_from in (("Kept", [digest]), ("Lakeside", [])):
        app.switch_page("own_films/page.py").run()
        upload = next(field for field in app.file_uploader if field.label.startswith("A profile"))
        content = profile_zip(name, learnt_from=learnt_from)
        upload.set_value([(f"{name}.zip", content, "application/zip")])
        app.run()
    app.switch_page("reading/page.py").run()
    app.file_uploader[0].set_value([("one.png", data, "image/png")])
    app.run()
    warnings = [warning.value for warning in app.warning]
    assert LEARNT_FROM_IT not in warnings  # readings follow the other one
    # What is chosen of profiles is below the line that stays in sight, which it would make high.
    blocks = [block for block in app.main.children.values() if isinstance(block, Block)]
    (line,) = [block for block in blocks if "As graded at" in words(block)]
    assert not line.get("toggle")
    app.toggle(key="compare_profiles").set_value(True).run()
    (table,) = (block.body for block in app.get("html") if '"kl-answers"' in block.body)
    marked = ["learnt from this very film" in row for row in table.split("<tr")[2:]]
    assert marked == [False, True, False]
    choice = next(field for field in app.selectbox if field.label == "Graded as")
    choice.set_value(next(iter(app.session_state["profiles"]))).run()
    assert LEARNT_FROM_IT in [warning.value for warning in app.warning]
    app.switch_page("cases/page.py").run()
    (row,) = tables(app)[0]["rows"]
    assert "the profile learnt from it" in row["cells"]["doubt"]


def test_a_range_is_not_said_to_hold_on_films_unlike_those_of_the_profile():
    figures = {"together": {"coverage": {"after": (0.92, 0.9, 0.95)}}}
    record = SimpleNamespace(of=SimpleNamespace(films=60), figures=figures)
    reading = SimpleNamespace(
        profile=SimpleNamespace(record=record),
        answer=SimpleNamespace(text="KL 1 to KL 2", level=0.9, rule="median"),
    )
    card = cached.together_card()
    assert "There the answers held it in 92%" in answer_card._meaning(reading, card, True)
    unlike = answer_card._meaning(reading, card, False)
    assert "92%" not in unlike
    assert "answers hold it less often" in unlike
    assert "hold its readers' grade" in unlike


def test_what_holds_of_all_answers_is_told_from_what_holds_of_this_range():
    answer = Answer(KLGrade(2), KLGrade(2), KLGrade(2), "median", 0.9)
    reading = SimpleNamespace(profile=None, answer=answer)
    meaning = answer_card._meaning(reading, cached.together_card(), True)
    assert "of all answers, single grades and ranges, 90% are to hold" in meaning
    assert re.search(r"KL 2 alone held it in \d+% \(\d+% to \d+%; \d+ of \d+ knees\)\.", meaning)
    assert "KL 2 alone held" not in answer_card._meaning(reading, cached.together_card(), False)


def test_an_answer_stands_without_a_table_that_is_damaged(monkeypatch):
    def damaged():
        raise DataError("Expected a table.")

    monkeypatch.setattr(cached, "together_predictions", damaged)
    answer = Answer(KLGrade(2), KLGrade(2), KLGrade(2), "median", 0.9)
    meaning = answer_card._meaning(
        SimpleNamespace(profile=None, answer=answer), cached.together_card(), True
    )
    assert "the answers held it in 90%" in meaning


def test_figures_are_under_the_name_of_the_network_that_they_are_of(monkeypatch):
    adaptation = habits.learnt(*habits.knees(50, seed=1))
    for part in (adaptation.figures, adaptation.before, adaptation.after):
        part["mobilenet"] = part["together"]
    named = []
    monkeypatch.setattr(
        outcome.trust, "reliability_figure", lambda films, **_: named.append([*films])
    )
    monkeypatch.setattr(outcome.table_view, "show_figure", lambda *_: None)
    monkeypatch.setattr(outcome.table_view, "show_table", lambda *_, **__: None)
    for answer in ("mobilenet", "together"):
        monkeypatch.setattr(outcome.st, "segmented_control", lambda *_, a=answer, **__: a)
        outcome.show_figures(adaptation)
    assert named == [["mobilenet"]] * 2 + [["Both together"]] * 2
