"""A patient's saved films beside the one that is read, without going to the list for them."""

import pytest

from kneeoa.films.phantom import draw_knee
from kneeoa.jointspace import pairs
from kneeoa.store import tables
from kneeoa.store.cases import keeping
from kneeoa.store.database import writing
from pages.reading.beside import Other
from tests.support.case_pages import labels, listed, opened, sign_in, started, upload
from tests.support.films import dicom_dataset, dicom_file
from tests.support.teaching_pages import html, keyed, press

pytestmark = pytest.mark.usefixtures("kept")


def film(grade, day, patient="P-1", seed=3, **more):
    # A number alone would not do to call two films one patient's.
    given = {"StudyDate": day, "ImageLaterality": "R", "PatientBirthDate": "19500101"} | more
    made = dicom_dataset(draw_knee(grade, seed=seed), **given)
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
    assert keyed(app.selectbox, "film").value == current.film
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


def two_films(db, first, second):
    """A film of another hospital with the same number is uploaded where the first is kept."""
    press(sign_in(upload(started(), "a.dcm", film(1, "20210304", "1", **first)), "ab"), "save_case")
    (case,) = keeping.cases(db)
    app = sign_in(upload(started(), "b.dcm", film(4, "20260304", "1", 5, **second)), "ab")
    return case, app


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"PatientBirthDate": "19500101"}, {"PatientBirthDate": "19810707"}),
        ({"IssuerOfPatientID": "HOSPITAL A"}, {"IssuerOfPatientID": "HOSPITAL B"}),
    ],
)
def test_two_patients_of_one_number_are_not_offered_as_one(db, first, second):
    _, app = two_films(db, first, second)
    assert not [label for label in labels(app) if label.startswith("20")]
    press(app, "save_case")
    assert len(keeping.cases(db)) == 2
    app.switch_page("cases/page.py").run()
    marks = {row["cells"]["patient"] for row in listed(app)}
    assert len(marks) == 1 + ("PatientBirthDate" in first)


def test_nor_compared_where_both_are_opened(db):
    case, app = two_films(db, {"PatientBirthDate": "19500101"}, {"PatientBirthDate": "19810707"})
    current = app.session_state["current_film"]
    opened(app, case.case_id)
    app.session_state[f"beside_{case.film[12:24]}_0_0"] = Other(current, 0)
    app.run()
    assert any(pairs.STRANGERS in error.value.replace("\\", "") for error in app.error)


def test_of_a_case_from_before_nothing_but_the_number_is_known(db):
    born = {"PatientBirthDate": "19500101"}
    case, app = two_films(db, born, born)
    with writing(db) as connection:
        connection.execute(tables.reading_case.update().values(issuer=None, born=None))
    press(app.run(), f"visit_{case.case_id}_0")
    assert "whether both are of one patient" in html(app)
