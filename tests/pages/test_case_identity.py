"""Films are saved without their patients, and what a reader does with them works as before."""

import io
import threading

import numpy as np
import pydicom
import pytest
from PIL import PngImagePlugin
from streamlit.runtime.scriptrunner import RerunData, RerunException

from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.reports.deidentify import STEPS
from kneeoa.reports.dicom.source import source_of
from kneeoa.reports.exports import Exports
from kneeoa.store.cases import identity, keeping
from pages.reading.beside import Other
from pages.shared.cases import identities, saved, text_in_pixels
from tests.support.case_pages import (
    FILM,
    arrived,
    at_list,
    kept_name,
    labels,
    listed,
    opened,
    read_and_saved,
    sign_in,
    started,
    upload,
)
from tests.support.films import image_file
from tests.support.report_films import PLANTED, knee_file
from tests.support.teaching_pages import called, html, keyed, press, text

pytestmark = pytest.mark.usefixtures("kept")
DICOM = knee_file()
NAME = "Plantagenet_Eleonora.dcm"


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Have pages wait for text to be found in pixels, however busy the machine is."""
    monkeypatch.setattr(text_in_pixels, "PATIENCE", 60.0)


def about_her(*films, folder):
    """What of a patient is in any file of the store, or in `films`."""
    stored = [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
    return {one for one in PLANTED for data in (*stored, *films) if one.encode() in data}


def with_text():
    made = PngImagePlugin.PngInfo()
    made.add_text("Patient", "Plantagenet")
    return image_file(draw_knee(3, seed=2), "PNG", pnginfo=made)


def test_an_upload_is_saved_without_its_patient_and_that_is_said_before(db, files, tmp_path):
    app = arrived(name=NAME, data=DICOM)
    assert identities.DICOM_GOES in html(app)
    press(app, "save_case")
    (case,) = keeping.cases(db)
    content = files.read(case.film)
    assert not about_her(content, str(case).encode(), folder=tmp_path)
    assert pydicom.dcmread(io.BytesIO(content)).PatientIdentityRemoved == "YES"
    assert (case.name, case.study_date) == (kept_name(case), "2024-02-29")
    assert case.patient == files.mark_of("SECRET-4711")
    (row,) = listed(app.switch_page("cases/page.py").run())
    assert (row["cells"]["film"], row["cells"]["study_date"]) == (case.name, "2024-02-29")


def test_an_image_is_saved_as_its_pixels_alone(db, files, tmp_path):
    data = with_text()
    app = arrived(name="Plantagenet.png", data=data)
    assert identities.OTHERS_GO in html(app)
    press(app, "save_case")
    (case,) = keeping.cases(db)
    content = files.read(case.film)
    assert not about_her(content, folder=tmp_path)
    before, after = (read_radiograph(one, "x").pixels for one in (data, content))
    assert np.array_equal(before, after)


@pytest.mark.parametrize(
    ("policy", "from_archive", "said", "stays"),
    [
        ("", True, identities.FOR_REPORTS, True),
        ("keep", False, identities.STAYS, True),
        ("keep", True, identities.STAYS, True),
        ("remove", True, identities.DICOM_GOES + identities.NO_WAY_BACK, False),
    ],
)
def test_the_owner_settles_what_is_kept(db, files, monkeypatch, policy, from_archive, said, stays):
    monkeypatch.setenv(identity.SETTING, policy)
    app = arrived(name=NAME, data=DICOM)
    (digest,) = app.session_state["films"]
    if from_archive:
        app.session_state["films_behind_key"] = {digest}
    assert said in html(app.run())
    press(app, "save_case")
    (case,) = keeping.cases(db)
    assert (files.read(case.film) == DICOM) == stays
    assert (case.name == NAME) == stays
    assert (case.film == case.digest == digest) == stays


def test_a_word_that_is_no_setting_keeps_everything_from_being_saved(db, monkeypatch):
    monkeypatch.setenv(identity.SETTING, "nobody")
    app = arrived(name=NAME, data=DICOM)
    assert "Expected one of remove, uploads, keep" in text(app)
    assert "Save this case" not in labels(app)
    assert keeping.count(db) == 0


def test_a_case_opens_again_with_the_same_pixels_boxes_side_spacing_and_answer(db):
    app = read_and_saved(name=NAME, data=DICOM)
    (film,) = app.session_state["films"].values()
    (case,) = keeping.cases(db)
    other = opened(at_list(), case.case_id)
    assert "Saved as case" in html(other)
    (again,) = other.session_state["films"].values()
    assert again.digest == case.film != film.digest
    assert np.array_equal(again.radiograph.pixels, film.radiograph.pixels)
    assert again.radiograph.spacing == film.radiograph.spacing
    assert again.radiograph.header == film.radiograph.header
    assert (again.frames, again.localised) == (film.frames, film.localised)
    assert keeping.cases(db) == [case]


def test_the_same_upload_is_known_another_day_and_not_saved_twice(db):
    read_and_saved(name=NAME, data=DICOM)
    (case,) = keeping.cases(db)
    app = arrived(name="again.dcm", data=DICOM)
    assert "Save this case" not in labels(app)
    press(app, "open_known")
    assert "Saved as case" in html(app)
    # It is the file as it came, which this session has: its report can name her.
    assert [film.data for film in app.session_state["films"].values()] == [DICOM]
    assert keeping.cases(db) == [case]
    other = arrived(name="again.dcm", data=DICOM)
    other.switch_page("cases/page.py").run().segmented_control(key="view").set_value("session")
    (row,) = listed(other.run())
    assert row["cells"]["saved"] == f"case {case.case_id}"


def test_what_she_saw_in_the_list_makes_no_free_grade_of_the_same_upload(db):
    read_and_saved("ab", name=NAME, data=DICOM)
    (case,) = keeping.cases(db)
    app = arrived("cd", name="again.dcm", data=DICOM)
    app.switch_page("cases/page.py").run().segmented_control(key="view").set_value("saved").run()
    assert listed(app)[0]["cells"]["answer"].startswith("KL")
    assert set(app.session_state["own_grades"]) == {(case.film, 0)}
    app.switch_page("reading/page.py").run()
    press(app, "own_1")
    own = app.session_state["own_grades"][case.film, 0]
    assert (own.grade, own.committed) == (1, None)


def test_what_she_gave_the_upload_is_what_she_gave_the_case(db):
    app = arrived("ab", name=NAME, data=DICOM)
    press(app, "own_3")
    press(app, "save_case")
    (case,) = keeping.cases(db, "AB")
    assert case.own(0).grade == 3
    assert set(app.session_state["own_grades"]) == {(case.film, 0)}


def test_a_childs_film_is_refused_again_although_its_age_is_gone(db):
    data = knee_file(PatientBirthDate="20150101")
    app = read_and_saved(name=NAME, data=data)
    assert "under 18" in text(app)
    (case,) = keeping.cases(db)
    assert case.state.knees[0].refused
    other = opened(at_list(), case.case_id)
    assert "under 18" in text(other)
    assert "Not graded" in text(other)
    (again,) = other.session_state["films"].values()
    assert again.radiograph.header.child
    assert keeping.cases(db) == [case]


def made_of(app, monkeypatch):
    """The exports that the page makes of the film that is read."""
    made = []
    monkeypatch.setattr("pages.reading.report._show_text", made.append)
    app.session_state["report"] = True
    app.run()
    assert not app.exception
    return made[-1]


def test_how_a_report_is_sent_is_said_where_it_does_not_name_her_yet(db, files, monkeypatch):
    app = read_and_saved(name=NAME, data=DICOM)
    hint = "can be sent to the archive: choose so above"
    made_of(app, monkeypatch)
    assert hint not in text(app)
    monkeypatch.setattr("pages.shared.pacs.sending.servers", lambda: ["PACS"])
    made_of(app, monkeypatch)
    assert hint in text(app)


def test_reports_of_a_case_refer_to_the_film_as_it_is_kept_and_say_so(db, files, monkeypatch):
    app = read_and_saved(name=NAME, data=DICOM)
    (case,) = keeping.cases(db)
    kept = source_of(files.read(case.film))
    there = made_of(app, monkeypatch)
    assert any(box.key == "report_with_patient" for box in app.checkbox)
    other = opened(at_list(), case.case_id)
    again = made_of(other, monkeypatch)
    assert not any(box.key == "report_with_patient" for box in other.checkbox)
    assert "saved without its patient" in text(other)
    # In the session that saved it and in any later one.
    for made in (there, again):
        report = pydicom.dcmread(io.BytesIO(made.content("sr")))
        (evidence,) = report.CurrentRequestedProcedureEvidenceSequence
        image = evidence.ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
        assert image.ReferencedSOPInstanceUID == kept.sop_instance
        assert (report.StudyInstanceUID, report.PatientID) == (kept.study, kept.patient_id)
        assert report.PatientIdentityRemoved == "YES"
        capture = pydicom.dcmread(io.BytesIO(made.content("sc")))
        source = capture.SourceImageSequence[0]
        assert source.ReferencedSOPInstanceUID == kept.sop_instance
        assert made.content("film") == files.read(case.film)
    assert isinstance(again, Exports)


def test_priors_are_in_order_by_the_day_that_the_list_keeps(db):
    visits = {
        "now.dcm": knee_file(3, side="L", StudyDate="20240229"),
        "before.dcm": knee_file(1, side="L", StudyDate="20200105", SOPInstanceUID="1.2.3"),
    }
    for name, data in visits.items():
        read_and_saved(name=name, data=data)
    now, before = sorted(keeping.cases(db), key=lambda case: case.study_date, reverse=True)
    assert now.patient == before.patient
    app = opened(at_list(), before.case_id)
    opened(app, now.case_id)
    choice = next(box for box in app.selectbox if box.label == "Prior film, or other knee")
    choice.set_value(Other(before.film, 0)).run()
    assert not app.exception
    said = html(app) + text(app)
    assert "prior, 2020-01-05" in said
    assert "current, 2024-02-29" in said
    assert "Not said by the files: whether both are of one patient" not in said
    # A film that has just come in, with her number, is hers as well.
    upload(app, "third.dcm", knee_file(2, side="L", SOPInstanceUID="1.2.4", StudyDate="20250101"))
    choice = next(box for box in app.selectbox if box.label == "Prior film, or other knee")
    assert all("same patient" in option for option in choice.options)


def test_text_in_the_picture_is_warned_of_before_it_is_saved(db, monkeypatch):
    app = arrived(name=NAME, data=knee_file(BurnedInAnnotation="YES"))
    assert "text stands in its pixels" in text(app)
    press(app, "save_case")
    assert "text stands in its pixels" not in text(app)
    # Many at once, too.
    other = upload(started(), NAME, knee_file(BurnedInAnnotation="YES", SOPInstanceUID="1.2.3"))
    sign_in(other)
    other.switch_page("cases/page.py").run().segmented_control(key="view").set_value("session")
    (row,) = listed(other.run())
    other.session_state["session_rows"] = {"at": row["key"], "marked": None}
    assert "Text seems to stand in the picture itself of Plantagenet" in text(other.run())
    assert identities.DICOM_GOES in text(other)
    assert set(identities.MORE) == {
        *(identities.DICOM_GOES, identities.OTHERS_GO),
        *(identities.FOR_REPORTS, identities.STAYS),
    }
    # They stand before anything is kept, and do not read as if it were.
    assert all(line.startswith("Saving ") for line in (*identities.MORE, identities.SOME_GO))


def test_what_cannot_be_kept_without_changing_a_pixel_is_not_kept(db):
    odd = image_file(draw_knee(2).astype(np.float32) / 3, "TIFF")
    app = read_and_saved(name="odd.tif", data=odd)
    assert "without changing its pixels" in text(app)
    assert keeping.count(db) == 0


def test_films_that_were_saved_as_they_came_open_as_before(db, monkeypatch):
    monkeypatch.setenv(identity.SETTING, "keep")
    read_and_saved()
    monkeypatch.delenv(identity.SETTING)
    (case,) = keeping.cases(db)
    app = opened(at_list(), case.case_id)
    assert "one.png" in html(app)
    assert [film.data for film in app.session_state["films"].values()] == [FILM]
    app = arrived(name="again.png")
    assert any(called(button) == "open_known" for button in app.button)


def test_who_does_something_else_while_a_film_is_being_saved_loses_nothing(db, monkeypatch):
    real, asked = saved.save, []

    def interrupted(film, tell):
        asked.append(film.name)
        if len(asked) == 1:
            tell(STEPS[0])
            raise RerunException(RerunData())
        return real(film, tell)

    app = arrived(name=NAME, data=DICOM)
    monkeypatch.setattr(saved, "save", interrupted)
    keyed(app.button, "save_case").click().run()
    monkeypatch.setattr(saved, "save", real)
    assert asked == [NAME, NAME]
    assert keeping.count(db) == 1
    assert "Saved as case" in html(app.run())


def test_text_is_looked_for_after_all_that_a_reader_waits_for(monkeypatch):
    where = []

    def warning(pixels, said):
        where.append(threading.current_thread().name)
        return "Text seems to stand here."

    monkeypatch.setattr("kneeoa.reports.burned_in.warning", warning)
    app = arrived(name=NAME, data=DICOM)
    assert "Text seems to stand here" in text(app)
    assert len(where) == 1
    assert where[0].startswith("background")
    press(app, "save_case")
    assert "Text seems to stand here" not in text(app)


def test_who_saves_before_text_was_found_is_warned_afterwards(monkeypatch):
    monkeypatch.setattr(
        "kneeoa.reports.burned_in.warning", lambda pixels, said: "Text stands here."
    )
    app = arrived(name=NAME, data=DICOM)
    (film,) = app.session_state["films"].values()
    film.text = film.text_looked_for = None
    press(app, "save_case")
    assert "Text stands here" in text(app.run())
    other = opened(at_list(), 1)
    assert "Text stands here" not in text(other)
