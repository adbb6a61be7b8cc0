"""No grade goes over to the other knee where a film lies otherwise than its case has it."""

import numpy as np
import pytest

from kneeoa.films.phantom import draw_knee
from kneeoa.store.cases import keeping
from tests.support.case_pages import (
    arrived,
    at_list,
    labels,
    sign_in,
    started,
    upload,
)
from tests.support.films import image_file
from tests.support.teaching_pages import press
from tests.support.teaching_pages import text as escaped

pytestmark = pytest.mark.usefixtures("kept")
UPRIGHT = np.hstack([draw_knee(1, seed=1), draw_knee(3, seed=2, laterality="L")])
FILM = image_file(np.ascontiguousarray(UPRIGHT[::-1, ::-1]))


def text(app):
    return escaped(app).replace("\\", "")


def grades(app):
    return sorted(own.grade for own in app.session_state["own_grades"].values() if own.grade)


def kept_grades(db, reader="AB"):
    (case,) = keeping.cases(db, reader)
    return {knee: own.grade for knee, own in case.grades.items() if own.grade is not None}


def turned_and_saved(reader):
    app = upload(started(), "both.png", FILM)
    next(button for button in app.button if button.label == "Turn it right").click().run()
    return press(sign_in(app, reader), "save_case")


@pytest.fixture(params=["without the patient", "as it came"])
def kept_as(request, monkeypatch):
    """Whether a film is kept under the name of the file that came."""
    if request.param == "as it came":
        monkeypatch.setattr("pages.shared.cases.saved.goes_without_patient", lambda film: False)


@pytest.mark.usefixtures("kept_as")
def test_a_grade_of_the_upload_is_not_taken_over_and_that_is_told(db):
    turned_and_saved("xy")
    app = arrived("ab", name="both.png", data=FILM)
    assert "counts its knees otherwise" in text(app)
    press(app, "own_4")
    app.switch_page("cases/page.py").run()
    assert kept_grades(db) == {}
    assert "both.png: KL 4" in text(app)
    assert "which counts its knees otherwise" in text(app)
    press(app.switch_page("reading/page.py").run(), "open_known")
    assert kept_grades(db) == {}
    assert grades(app) == []
    assert "KL 4 is not taken over" in text(app)
    press(app, "own_2")
    assert kept_grades(db) == {0: 2}


@pytest.mark.usefixtures("kept_as")
@pytest.mark.parametrize("list_first", [True, False])
def test_a_kept_grade_stands_at_no_knee_of_the_upload(db, list_first):
    press(turned_and_saved("ab"), "own_1")
    app = at_list("ab") if list_first else started()
    app = upload(app.switch_page("reading/page.py").run(), "both.png", FILM)
    app = app if list_first else sign_in(app, "ab")
    if not list_first:
        app.switch_page("cases/page.py").run()
        app.switch_page("reading/page.py").run()
    assert "KL 1" not in text(app)
    assert "counts its knees otherwise" in text(app)
    assert not any(button.label == "1" and button.proto.type == "primary" for button in app.button)
    press(app, "open_known")
    assert kept_grades(db) == {0: 1}
    assert "not taken over" not in text(app)


def test_a_film_turned_after_it_was_saved_has_grades_of_its_own(db):
    app = turned_and_saved("ab")
    press(app, "own_1")
    next(b for b in app.button if b.label == "Read the film as it came").click().run()
    assert "Open case" in " ".join(labels(app))
    press(app, "own_4")
    app.switch_page("cases/page.py").run()
    press(app.switch_page("reading/page.py").run(), "open_known")
    assert kept_grades(db) == {0: 1}
    assert "KL 4 is not taken over" in text(app)
