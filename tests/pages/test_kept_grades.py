"""No grade of a reader's goes without a word: not to a later one, not with her signing out."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from kneeoa.store.cases import keeping, readers
from kneeoa.store.cases.case import OwnGrade
from pages.shared.cases.own_grades import Hers
from tests.support.case_pages import (
    arrived,
    read_and_saved,
    sign_in,
    started,
    upload,
)
from tests.support.cases import NOW as FIXED
from tests.support.films import image_file
from tests.support.places import MAIN_SCRIPT
from tests.support.teaching_pages import press
from tests.support.teaching_pages import text as escaped

pytestmark = pytest.mark.usefixtures("kept")
NOW = FIXED - timedelta(days=3650)  # before what a page calls now
LATER = NOW + timedelta(hours=1)
KEPT, GIVEN = OwnGrade(3, NOW), OwnGrade(1, LATER)


def text(app):
    return escaped(app).replace("\\", "")


def toasts(app):
    return " ".join(toast.value for toast in app.toast)


def hers(**grades):
    return Hers({(digest, 0): own for digest, own in grades.items()}, {}, {})


def test_a_grade_that_was_given_without_the_kept_one_in_sight_is_put_aside():
    known = hers(film=GIVEN.seen(LATER))
    assert known.meet("film", 0, KEPT) == OwnGrade(3, NOW, 3, NOW, LATER)
    assert known.aside == {("film", 0): GIVEN.seen(LATER)}
    # She chooses: either key settles it.
    known.press("film", 0, {1}, LATER)
    assert (known.of("film", 0).grade, known.aside) == (1, {})


@pytest.mark.parametrize("kept", [OwnGrade(), OwnGrade(1, NOW)])
def test_where_no_other_grade_is_kept_nothing_is_put_aside(kept):
    known = hers(film=GIVEN)
    assert known.meet("film", 0, kept).grade == 1
    assert known.aside == {}


def test_a_grade_that_she_saw_is_changed_by_the_next():
    known = hers(film=GIVEN)
    assert known.meet("film", 0, KEPT, in_sight=True).grade == 1
    assert known.aside == {}


def test_of_two_files_that_are_one_film_the_kept_grade_stays():
    known = hers(came=GIVEN, kept=KEPT)
    known.are_same("came", "kept")
    assert known.of("came", 0) == KEPT
    assert known.aside == {("kept", 0): GIVEN}
    assert known.given_to("came") == [(0, 1), (0, 3)]


def test_opening_a_known_film_keeps_its_grade_and_tells_of_both(db):
    press(read_and_saved("ab"), "own_3")
    app = arrived("ab")
    assert "keeps your grade: KL 3" in text(app)
    press(app, "own_1")
    press(app, "open_known")
    (case,) = keeping.cases(db, "AB")
    assert case.own(0).grade == 3
    assert "Two grades are yours: KL 3" in text(app)
    press(app, "own_1")
    assert keeping.cases(db, "AB")[0].own(0).grade == 1
    assert "Two grades" not in text(app)


def test_who_reads_blind_is_not_told_her_earlier_grade(db):
    press(read_and_saved("ab"), "own_3")
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120)
    app.query_params["reveal"] = "after"
    sign_in(upload(app.run()), "ab")
    assert "keeps a grade of yours" in text(app)
    assert "KL 3" not in text(app)


def test_a_grade_that_another_window_gave_meanwhile_does_not_go_without_a_word(db):
    app = read_and_saved("ab")
    (case,) = keeping.cases(db)
    readers.put_grade(db, case.case_id, 0, "AB", KEPT)
    press(app, "own_1")
    assert keeping.cases(db, "AB")[0].own(0).grade == 1
    assert "Two grades are yours: KL 1" in text(app)


def test_signing_out_asks_first_where_a_grade_is_not_kept(db):
    app = press(arrived("ab"), "own_2")
    app.switch_page("cases/page.py").run()
    assert "one.png: KL 2" in text(app)
    press(app, "sign_out_save")
    assert "Saved 1 film" in toasts(app)
    assert keeping.cases(db, "AB")[0].own(0).grade == 2
    assert "not saved" not in text(app)
    press(app, "sign_out")
    assert not app.error


def test_the_next_reader_gets_no_grade_and_reads_that_some_went(db):
    app = press(arrived("ab"), "own_2")
    press(app.switch_page("cases/page.py").run(), "sign_out")
    (told,) = app.error
    assert "on 1 film was not kept: it went with your sign-out" in text(app)
    assert "KL 2" not in told.value
    assert app.session_state["own_grades"] == {}


def test_a_key_at_a_film_that_is_refused_is_asked_for_twice():
    app = upload(started(), "empty.png", image_file_of_nothing())
    press(app, "own_2")
    assert "KL 2 was not taken" in toasts(app)
    assert all(own.grade is None for own in app.session_state["own_grades"].values())
    press(app, "own_2")
    assert [own.grade for own in app.session_state["own_grades"].values()] == [2]


def image_file_of_nothing():
    import numpy as np

    rings = np.hypot(*np.mgrid[-150:150, -150:150]) % 40 * 6
    return image_file(rings.astype("uint8"))
