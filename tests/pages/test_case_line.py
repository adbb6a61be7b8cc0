"""The line above a film: what the file says of it, and nothing of the patient."""

from streamlit.testing.v1 import AppTest

from kneeoa.errors import RadiographError
from kneeoa.films.phantom import draw_knee, knee_png
from pages.reading import beside
from tests.support.films import dicom_dataset, dicom_file
from tests.support.places import MAIN_SCRIPT


def line_of(name, data):
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()
    app.file_uploader[0].set_value([(name, data, "application/octet-stream")])
    app.run()
    assert not app.exception
    (line,) = [block.body for block in app.get("html") if '<span class="kl-said">' in block.body]
    return line


def dated(day):
    made = dicom_dataset(draw_knee(2, side=400, marked=False), StudyDate=day)
    made.PatientID, made.PatientBirthDate = "SECRET-4711", "19520317"
    return dicom_file(made)


def test_the_day_of_the_study_stands_above_a_film_where_its_file_has_it():
    line = line_of("knee.dcm", dated("20230304"))
    assert "(study 2023-03-04, DICOM, 400 x 400" in line
    assert "SECRET" not in line
    assert "1952" not in line
    assert "study" not in line_of("knee.dcm", dated(""))
    assert "study" not in line_of("knee.png", knee_png(2, seed=1))


def test_a_day_that_cannot_be_read_takes_nothing_else_away(monkeypatch):
    def fails(film):
        raise RadiographError("The header could not be read.")

    monkeypatch.setattr(beside, "day_of", fails)
    assert "(DICOM, 400 x 400" in line_of("knee.dcm", dated("20230304"))


def shown_of(**tags):
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()
    data = dicom_file(dicom_dataset(draw_knee(2, seed=1, marked=False), **tags))
    app.file_uploader[0].set_value([("knee.dcm", data, "application/octet-stream")])
    app.run()
    assert not app.exception
    return " ".join(block.body for block in app.get("html"))


def test_a_film_whose_picture_may_be_wrong_was_not_measured_on_nor_called_checked():
    plain = shown_of()
    assert "the reference agreed" in plain
    assert "Checked: A frontal knee" in plain
    assert "the reference agreed" in shown_of(PatientOrientation=["R", "F"])
    doubted = shown_of(PresentationIntentType="FOR PROCESSING")
    assert "No track record" in doubted
    assert "the reference agreed" not in doubted
    assert "Checked:" not in doubted
