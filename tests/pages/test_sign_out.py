"""What only the key of the list showed goes with it, whatever became of it meanwhile."""

import pytest

from kneeoa.films.phantom import knee_png
from kneeoa.store.cases import keeping
from tests.support.case_pages import labels, opened, read_and_saved, sign_in, started, upload
from tests.support.cases import NOW
from tests.support.teaching_pages import press

pytestmark = pytest.mark.usefixtures("kept")
BY = {"client": "test", "now": NOW}


@pytest.fixture
def case(db):
    """A case that another session saved."""
    read_and_saved("ab")
    return keeping.cases(db)[0]


def names_after_sign_out(app):
    app.switch_page("cases/page.py").run()
    press(app, "sign_out")
    app.switch_page("reading/page.py").run()
    assert not app.exception
    return [film.name for film in app.session_state["films"].values()]


def test_a_film_of_the_list_that_was_removed_is_not_brought_back(case):
    app = opened(sign_in(upload(started(), "own.png", knee_png(2, seed=5)), "cd"), case.case_id)
    press(app, f"remove_{case.film}")
    assert any("Bring back" in label for label in labels(app))
    assert names_after_sign_out(app) == ["own.png"]
    assert not any("Bring back" in label for label in labels(app))


def test_one_of_her_own_still_is(case):
    app = sign_in(upload(started(), "own.png", knee_png(2, seed=5)), "cd")
    (digest,) = app.session_state["films"]
    press(app, f"remove_{digest}")
    assert names_after_sign_out(app) == []
    press(app, "bring_back")
    assert [*app.session_state["films"]] == [digest]


def test_a_film_of_the_list_whose_case_was_deleted_goes_as_well(case, db, files):
    app = opened(sign_in(started("cases"), "cd"), case.case_id)
    keeping.remove(db, files, [case.case_id], **BY)
    press(app, "own_2")
    press(app, "save_anew")
    assert any(label == "Save this case" for label in labels(app))
    assert names_after_sign_out(app) == []


def test_what_was_to_be_opened_is_not(case):
    app = sign_in(started("cases"), "cd")
    app.session_state["lists_behind_key"] = {"wanted_case"}
    app.session_state["wanted_case"] = case.case_id, 0
    press(app, "sign_out")
    assert app.switch_page("reading/page.py").run().session_state["films"] == {}
    app.session_state["wanted_case"] = case.case_id, 0
    assert app.run().session_state["films"] == {}
