"""A patient's saved films beside the one that is read, without going to the list for them."""

import pytest

from kneeoa.films.phantom import draw_knee
from kneeoa.store.cases import keeping
from tests.support.case_pages import labels, opened, sign_in, started, upload
from tests.support.films import dicom_dataset, dicom_file
from tests.support.teaching_pages import html, press

pytestmark = pytest.mark.usefixtures("kept")


def film(grade, day, patient="P-1", seed=3):
    made = dicom_dataset(draw_knee(grade, seed=seed), StudyDate=day, ImageLaterality="R")
    made.PatientID = patient
    return dicom_file(made)


@pytest.fixture
def cases(db):
    """A prior film of a patient, a current one, and another patient's, by their days."""
    app = sign_in(started("cases"), "ab")
    app.switch_page("reading/page.py").run()
    for grade, day, patient in ((1, "20210304", "P-1"), (3, "20260304", "P-1"), (2, "", "P-2")):
        press(upload(app, f"{grade}.dcm", film(grade, day, patient, grade)), "save_case")
    assert not app.error
    return {case.study_date: case for case in keeping.cases(db)}


def test_a_prior_film_of_the_list_is_put_beside_by_one_click(cases):
    prior, current = cases["2021-03-04"], cases["2026-03-04"]
    app = opened(sign_in(started("cases"), "cd"), current.case_id)
    assert [label for label in labels(app) if label.startswith("20")] == ["2021-03-04, right knee"]
    press(app, f"visit_{prior.case_id}_0")
    assert not app.error
    films = app.session_state["films"]
    assert [*films] == [current.film, prior.film]
    assert "<th>prior" in html(app)
    # Both stand at the side, as several films do.
    assert len([button for button in app.button if (button.key or "").startswith("turn_")]) == 2
    # She is still at the current one, and what is here is offered no more.
    assert app.selectbox(key="current_film").value == current.film
    assert not [label for label in labels(app) if label.startswith("20")]


def test_a_prior_film_that_is_looked_at_beside_stays_unread(cases, db):
    prior, current = cases["2021-03-04"], cases["2026-03-04"]
    keeping.mark_read(db, [prior.case_id], False)
    app = opened(sign_in(started("cases"), "cd"), current.case_id)
    press(app, f"visit_{prior.case_id}_0")
    assert not keeping.get(db, prior.case_id).is_read


def test_who_has_no_key_is_offered_nothing_and_a_film_that_was_not_saved_is(cases):
    app = upload(started(), "new.dcm", film(2, "20270304", "P-1", 9))
    assert not [label for label in labels(app) if label.startswith("20")]
    app = sign_in(app)
    offered = [button.label for button in app.button if (button.key or "").startswith("visit_")]
    assert offered == ["2026-03-04, right knee", "2021-03-04, right knee"]


def test_another_patient_is_not_offered(cases):
    app = opened(sign_in(started("cases"), "cd"), cases[""].case_id)
    assert not [label for label in labels(app) if label.startswith("20")]
