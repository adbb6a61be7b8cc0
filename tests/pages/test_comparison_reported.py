"""A report says of the knee beside it what the page says, and no more."""

import html
import json

import pytest

from kneeoa.films.phantom import draw_knee
from kneeoa.reports.exports import Exports
from pages.reading.beside import Other
from pages.shared import cached
from pages.shared.cases import book, saved
from tests.support.case_pages import started
from tests.support.films import dicom_dataset, dicom_file
from tests.support.teaching_pages import keyed, press

DAYS = ("20190102", "20230304")
HERS = {"PatientName": "Plantagenet^Eleonora", "PatientBirthDate": "19520317"}


def dicom(grade, day, patient="P-77-SECRET", **tags):
    film = draw_knee(grade, seed=3, side=512, laterality="R", marked=False)
    made = dicom_dataset(film, StudyDate=day, ImageLaterality="R", **HERS | tags)
    made.PatientID = patient
    return dicom_file(made)


@pytest.fixture(autouse=True)
def published(monkeypatch):
    """Whether widths are good enough is asked of the published table; here they are."""
    monkeypatch.setattr(cached, "joint_space_is_good", lambda: True)


@pytest.fixture
def report(monkeypatch):
    """What the JSON of the report that is open would hold, as of the last run."""
    made = []
    content = Exports.content

    def noted(self, *args):
        made.append(self)
        return content(self, *args)

    monkeypatch.setattr(Exports, "content", noted)
    return lambda: json.loads(content(made[-1], "json"))


def compared(*films, **state):
    """The page at the last of `films`, the first beside it, with its report as text."""
    app = started(**state)
    names = [f"{place}.dcm" for place in range(len(films))]
    app.file_uploader[0].set_value(
        [(name, film, "application/dicom") for name, film in zip(names, films, strict=True)]
    )
    app.run()
    first, *_, last = app.session_state["films"]
    keyed(app.selectbox, "film").set_value(last).run()
    (choice,) = [box for box in app.selectbox if box.label == "Prior film, or other knee"]
    choice.set_value(Other(first, 0)).run()
    app.session_state["report"] = True
    app.run()
    return app if state else with_text(app)


def with_text(app):
    app.toggle(key="report_text").set_value(True).run()
    assert not app.exception
    return app


def text(app):
    (shown,) = app.code
    return " ".join(shown.value.split())


def table(app):
    """What differs, as the page has it."""
    (block,) = [one.body for one in app.get("html") if "<th>prior" in one.body]
    return html.unescape(block)


def test_what_differs_from_the_prior_film_is_in_the_report(report):
    app = compared(dicom(0, DAYS[0]), dicom(3, DAYS[1]))
    first, _ = app.session_state["films"]
    said = text(app)
    assert f"prior (film {first[:12]}); current (of this report)" in said
    # Nothing of the patient, and no day of hers, unless she is asked for.
    assert not [one for one in ("2019", "2023", "Plantagenet", "P-77") if one in said]
    comparison = report()["comparison"]
    assert (comparison["here"], comparison["days"]) == (1, ["", ""])
    for line in comparison["lines"]:
        assert line["sentence"] in table(app)
    app.checkbox(key="report_with_patient").check().run()
    assert "prior, 2019-01-02 (film" in text(app)
    assert "current, 2023-03-04 (of this report)" in text(app)
    # The other one has nothing beside it.
    keyed(app.selectbox, "film").set_value(first).run()
    assert report()["comparison"] is None


def test_of_a_film_that_is_kept_without_its_patient_nothing_tells_which_it_is(report, monkeypatch):
    app = compared(dicom(0, DAYS[0]), dicom(3, DAYS[1]))
    first, _ = app.session_state["films"]
    monkeypatch.setattr(saved, "is_kept_film", lambda film: film.digest == first)
    app.checkbox(key="report_with_patient").check().run()
    assert "prior (a saved film); current, 2023-03-04 (of this report)" in text(app)
    assert not [one for one in (first[:12], "2019") if one in json.dumps(report())]


def test_what_one_reader_put_beside_a_film_is_not_there_for_the_next():
    app = compared(dicom(0, DAYS[0]), dicom(3, DAYS[1]))
    assert table(app)
    app.session_state[book.SIGN_OUTS] = 1
    app.run()
    assert not [one for one in app.get("html") if "<th>prior" in one.body]


def test_widths_are_compared_where_the_page_compares_them(report):
    app = compared(dicom(0, DAYS[0]), dicom(3, DAYS[1]))
    lines = report()["comparison"]["lines"]
    assert [line["what"] for line in lines] == [
        "Grade",
        "Joint space, medial",
        "Joint space, lateral",
    ]
    assert "Narrower than before" in text(app)
    assert any(
        "Millimetres" in note or "percent" in note for note in report()["comparison"]["notes"]
    )


def test_of_two_patients_a_report_compares_nothing(report):
    stranger = {"PatientName": "Quisling^Vidkun", "PatientBirthDate": "19490101"}
    compared(dicom(0, DAYS[0], patient="A", **stranger), dicom(3, DAYS[1]))
    assert report()["comparison"] is None


def test_an_answer_that_waits_for_the_readers_grade_is_in_no_report(report):
    app = compared(dicom(0, DAYS[0]), dicom(3, DAYS[1]), reveal="after")
    assert "shown after your grade" in table(app)
    press(press(app, "own_2"), "own_commit")
    app.session_state["report"] = True
    with_text(app)
    assert "shown after your grade" in table(app)
    assert report()["comparison"] is None
    assert "Comparison" not in text(app)
