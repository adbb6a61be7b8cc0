"""Going through the list: the next case is ready before it is turned to, and in sight nowhere."""

from dataclasses import replace

import numpy as np
import pytest

from kneeoa.films.phantom import draw_knee, knee_png
from kneeoa.store.cases import keeping
from pages.shared import session_films
from pages.shared.cases import ahead
from pages.shared.memory.holding import Holding, holding
from pages.shared.memory.limits import Limits
from tests.support.case_pages import (
    at_list,
    labels,
    listed,
    opened,
    read_and_saved,
    sign_in,
    started,
    upload,
)
from tests.support.cases import NOW, new_case
from tests.support.films import image_file
from tests.support.teaching_pages import called, html, keyed, press

pytestmark = pytest.mark.usefixtures("kept")
FILMS = [knee_png(grade, seed=seed) for grade, seed in ((0, 1), (0, 3), (1, 5))]


@pytest.fixture
def cases(db, files):
    """Three cases that nobody has read, the first of the list first."""
    for number, data in reversed(list(enumerate(FILMS))):
        new = new_case(name=f"{number}.png", knees=[], is_read=False)
        keeping.add(db, files, replace(new, digest=f"{number}" * 64), data, NOW)
    return keeping.cases(db)


@pytest.fixture
def walking(cases):
    """The reading page at the first case of the list."""
    app = at_list("ab")
    assert len(listed(app)) == len(cases)
    return opened(app, cases[0].case_id)


def made_ready(app):
    """Return the film that was made ready, once it is."""
    return app.session_state["case_ahead"].film.result(60)


def never(*_, **__):
    pytest.fail("The page itself decoded, searched or read a film that was ready.")


def test_the_next_case_is_ready_and_in_sight_nowhere(walking, cases, monkeypatch):
    film = made_ready(walking)
    assert film.digest == cases[1].film
    assert [*walking.session_state["films"]] == [cases[0].film]
    assert "1.png" not in html(walking)
    monkeypatch.setattr(session_films, "read_radiograph", never)
    monkeypatch.setattr("pages.shared.memory.film.read_radiograph", never)
    monkeypatch.setattr("kneeoa.graders.grading.Graders.read_both", never)
    # The one after next is made ready by others.
    monkeypatch.setattr(ahead, "begin", lambda *_: None)
    press(walking, "case_after")
    assert "1.png" in html(walking)
    assert "Saved as case" in html(walking)
    assert walking.session_state["films"][cases[1].film] is film


def test_what_is_ready_is_what_the_page_would_have_read(walking, cases, db):
    made_ready(walking)
    press(walking, "case_after")
    ready = keeping.get(db, cases[1].case_id).state
    opened(at_list("cd"), cases[1].case_id)
    assert keeping.get(db, cases[1].case_id).state == ready


def test_a_case_is_ready_as_it_was_left(walking, cases, db, monkeypatch):
    made_ready(walking)
    press(walking, "case_after")
    digest = cases[1].film
    box = walking.session_state["films"][digest].frames[0]
    walking.session_state[f"frame_{digest[:12]}_0"] = replace(box, top=box.top - 8)
    walking.run()
    other = at_list("cd")
    listed(other)
    opened(other, cases[0].case_id)
    film = made_ready(other)
    assert [frame.top for frame, _ in film.readings] == [box.top - 8]
    monkeypatch.setattr("kneeoa.graders.grading.Graders.read_both", never)
    monkeypatch.setattr(ahead, "begin", lambda *_: None)
    press(other, "case_after")
    assert other.session_state[f"frame_{digest[:12]}_0"].top == box.top - 8


def test_nothing_counts_as_seen_before_its_turn(cases):
    app = started("cases")
    app.query_params["reveal"] = "after"
    listed(sign_in(app.run(), "ab"))
    opened(app, cases[0].case_id)
    made_ready(app)
    assert app.session_state["own_grades"] == {}
    press(app, "case_after")
    assert "Show the networks' answer" in labels(app)
    assert app.session_state["own_grades"] == {}


def test_both_knees_of_a_film_are_come_to_by_who_grades_before_the_networks(db):
    one = image_file(draw_knee(1, seed=1))
    both = np.hstack([draw_knee(1, seed=1), draw_knee(3, seed=2, laterality="L")])
    app = read_and_saved("ab", name="one.png", data=one)
    press(upload(app, "both.png", image_file(both)), "save_case")
    first, last = keeping.cases(db)
    assert [len(case.state.knees) for case in (first, last)] == [2, 1]

    def walked(**address):
        app = started("cases")
        for name, value in address.items():
            app.query_params[name] = value
        listed(sign_in(app.run(), "cd"))
        return opened(app, first.case_id)

    def at(app):
        digest = app.session_state["current_film"]
        return digest, app.session_state[f"knee_{digest[:12]}"] if digest == first.film else 0

    app = walked(reveal="after")
    assert keyed(app.button, "case_after").label == "Next knee"
    # The film may show fewer knees by now than when the list was drawn.
    app.session_state["cases_in_order"][first.case_id].append(2)
    app.run()
    assert not app.exception
    press(press(app, "own_1"), "case_after")
    assert at(app) == (first.film, 1)
    assert keyed(app.button, "case_after").label == "Next case"
    press(app, "case_after")
    assert at(app) == (last.film, 0)
    press(app, "case_before")
    assert at(app) == (first.film, 0)
    # What she left ungraded is come to again.
    press(app, "case_after")
    assert at(app) == (first.film, 1)
    # Who reads with the answers in sight grades what she likes.
    assert keyed(walked().button, "case_after").label == "Next case"


def test_where_the_list_is_not_gone_through_nothing_is_made_ready(cases):
    app = read_and_saved("ab")
    assert "case_after" not in {called(button) for button in app.button}
    assert "case_ahead" not in app.session_state


def test_who_signs_out_leaves_nothing_that_was_ready(walking):
    made_ready(walking)
    walking.switch_page("cases/page.py").run()
    press(walking, "sign_out")
    assert "case_ahead" not in walking.session_state


def test_where_there_is_no_room_the_film_in_sight_stays(cases, monkeypatch):
    monkeypatch.setattr(Holding, "has_room_beside", lambda *_: False)
    app = at_list("ab")
    listed(app)
    opened(app, cases[0].case_id)
    assert made_ready(app) is None
    press(app, "case_after")
    assert "1.png" in html(app)


def test_a_film_that_cannot_be_had_is_said_at_its_turn(cases, files):
    files.drop(cases[1].film)
    app = at_list("ab")
    listed(app)
    opened(app, cases[0].case_id)
    assert made_ready(app) is None
    assert "file is missing" not in html(app)
    press(app, "case_after")
    assert any("file is missing" in error.value for error in app.error)


def test_a_long_list_comes_to_no_end_for_want_of_room(walking, cases, monkeypatch):
    sizes = [len(data) for data in FILMS]
    monkeypatch.setattr(holding(), "limits", Limits(2 * max(sizes), 10**9, 10**9, 10**9))
    for place in (1, 2):
        press(walking, "case_after")
        assert f"{place}.png" in html(walking)
        assert not walking.error
    assert cases[0].film not in walking.session_state["films"]
    press(walking, "case_before")
    assert "1.png" in html(walking)
