"""The report on the Read page: made when it is asked for, exports in the audit log."""

import io

import numpy as np
import pydicom
import pytest
from streamlit.testing.v1 import AppTest

from kneeoa.errors import RadiographError
from kneeoa.films.frames import Frame
from kneeoa.films.phantom import knee_png
from kneeoa.reports.exports import Exports
from kneeoa.store import audit
from pages.reading.joint_space import TICK
from pages.shared import cached, clients
from pages.shared.profiles import in_use
from pages.shared.viewer.seen import Measured, Seen
from tests.support.films import dicom_file, image_file
from tests.support.places import MAIN_SCRIPT
from tests.support.report_films import PLANTED, knee_dataset, knee_file
from tests.support.stores import new_store
from tests.support.teaching_pages import keyed
from tests.support.viewer import viewers

KINDS = ("pdf", "json", "sr", "sc")


@pytest.fixture
def made(monkeypatch):
    """What was made, by kind, in order."""
    kinds = []
    content = Exports.content
    monkeypatch.setattr(
        Exports, "content", lambda self, kind: kinds.append(kind) or content(self, kind)
    )
    return kinds


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("KNEEOA_DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite")
    engine = new_store(tmp_path)
    yield engine
    engine.dispose()


def read(name, data):
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=120).run()
    app.file_uploader[0].set_value([(name, data, "application/octet-stream")])
    return app.run()


def opened(app):
    app.session_state["report"] = True
    app.run()
    assert not app.exception, app.exception[0].message
    return {key: button for key in (*KINDS, "film") for button in _buttons(app, f"report_{key}")}


def _buttons(app, key):
    return [one.proto for one in app.get("download_button") if one.proto.id.endswith(key)]


def test_nothing_is_made_before_the_report_is_opened(made, store):
    app = read("knee.dcm", knee_file(2))
    assert _buttons(app, "report_pdf") == []
    assert not [one for one in app.checkbox if one.key == "report_with_patient"]
    buttons = opened(app)
    assert len(buttons) == 5
    assert made == []
    assert audit.entries(store).empty


def test_the_text_to_copy_is_in_the_log_once_and_names_nobody(store):
    app = read("knee.dcm", knee_file(2))
    opened(app)
    app.toggle(key="report_text").set_value(True).run()
    (text,) = app.code
    assert "Kellgren-Lawrence" in text.value
    assert "Not for diagnosis" in text.value
    assert not [one for one in PLANTED if one in text.value]
    app.run()
    entries = audit.entries(store)
    assert entries["event"].tolist() == ["report exported"]
    assert entries["about"].tolist() == ["text"]
    app.checkbox(key="report_with_patient").check().run()
    assert "Plantagenet, Eleonora" in app.code[0].value
    assert audit.entries(store)["about"].tolist() == ["text, with the patient's name", "text"]
    assert "film" not in opened(app)


def test_the_patient_and_a_structured_report_are_offered_for_dicom_alone(store):
    app = read("knee.png", knee_png(2, seed=0))
    buttons = opened(app)
    assert buttons["sr"].disabled
    assert not buttons["sc"].disabled
    assert "film" not in buttons
    app.toggle(key="report_text").set_value(True).run()
    assert "knee.png" not in app.code[0].value
    # Its name may be the patient's.
    (named,) = [one for one in app.checkbox if one.key == "report_with_patient"]
    assert named.label == "With the name of the file"
    named.check().run()
    assert "knee.png" in app.code[0].value
    assert audit.entries(store)["about"].tolist() == ["text, with the file's name", "text"]


def text_of(app):
    app.toggle(key="report_text").set_value(True).run()
    assert not app.exception, app.exception[0].message
    return " ".join(app.code[0].value.split())


def upside_down():
    film = knee_dataset(2, height=400)
    pixels = np.frombuffer(film.PixelData, np.uint8).reshape(400, 400)[::-1]
    film.PixelData = pixels.tobytes()
    return dicom_file(film)


def test_of_a_refused_film_the_report_says_no_more_than_the_page(store, monkeypatch):
    monkeypatch.setattr(cached, "joint_space_is_good", lambda: True)
    app = read("knee.dcm", upside_down())
    app.session_state[TICK] = True
    opened(app)
    keyed(app.button, "own_3").click().run()
    text = text_of(app)
    assert "Not graded." in text
    assert "joint space" not in text
    assert "KL 3, moderate; no answer of the networks was in sight" in text
    (anyway,) = [one for one in app.button if one.label == "Grade anyway"]
    anyway.click().run()
    text = text_of(app)
    assert "Graded although it was refused." in text
    assert "joint space" not in text
    assert any("medial not measured" in one.label for one in app.expander)
    assert "given before the networks' answer was in sight" in text


def test_a_picture_that_is_no_knee_is_not_to_be_exported_again(store):
    y, x = np.mgrid[:400, :600]
    waves = [128 + 100 * np.sin(x / 30 + shift) * np.cos(y / 20 + shift) for shift in range(3)]
    app = read("photo.png", image_file(np.stack(waves, axis=-1).astype(np.uint8), "PNG"))
    assert any("another picture" in error.value for error in app.error)
    (note,) = [warning.value for warning in app.warning if "in colour" in warning.value]
    assert "export the film again" not in note
    opened(app)
    text = text_of(app)
    assert "in colour" in text
    assert "export the film again" not in text
    next(one for one in app.button if one.label == "Grade anyway").click().run()
    assert any("export the film again" in warning.value for warning in app.warning)


def test_what_she_measured_herself_is_in_the_report_of_its_knee(store):
    app = read("knee.dcm", knee_file(2))
    (digest,) = app.session_state["films"]
    line = Measured("ruler", ((100.0, 250.0), (100.0, 275.0)), 5.0, "mm")
    app.session_state["film_views"] = {(digest, 0): Seen(measured=(line,))}
    app.run()
    opened(app)
    text = text_of(app)
    assert "Length 5.0 mm. By the reader's ruler. Millimetres at the detector" in text


def test_millimetres_that_no_knee_has_are_shown_nowhere(store):
    film = knee_file(2, height=300, ImagerPixelSpacing=None, PixelSpacing=[0.9, 0.9])
    app = read("knee.dcm", film)
    (digest,) = app.session_state["films"]
    line = Measured("ruler", ((100.0, 250.0), (100.0, 267.0)), 17.0, "mm")
    app.session_state["film_views"] = {(digest, 0): Seen(measured=(line,))}
    app.run()
    (data,) = viewers(app)
    assert data["films"][0]["spacing"] is None
    assert any("a side of 270 mm" in warning.value for warning in app.warning)
    opened(app)
    text = text_of(app)
    assert "Length 17.0 pixels. By the reader's ruler." in text
    assert "Scale size of a pixel not known" in text
    assert "a side of 270 mm" in text


def test_what_the_page_says_against_an_answer_stands_in_the_report(store, monkeypatch):
    monkeypatch.setattr(in_use, "learnt_from", lambda content: True)
    app = read("knee.dcm", knee_file(2))
    opened(app)
    assert "learnt from this very film" in text_of(app)
    (digest,) = app.session_state["films"]
    app.session_state[f"frame_{digest[:12]}_0"] = Frame(5, 5, 490, 490)
    app.run()
    assert "(as the reader set it)" in text_of(app)


def test_the_report_says_what_the_page_says(store):
    film = knee_file(2)
    app = read("knee.dcm", film)
    opened(app)
    keyed(app.segmented_control, "side").set_value("R").run()
    app.toggle(key="report_text").set_value(True).run()
    text = " ".join(app.code[0].value.split())
    assert "right knee (as the reader set it)" in text
    (headline,) = {
        part.split("<", 1)[0]
        for block in app.get("html")
        for part in block.body.split('class="kl-grade">')[1:]
        if 'class="kl-lead"' in block.body
    }
    assert f"Kellgren-Lawrence {headline}" in text


def test_exports_are_read_back(monkeypatch, store):
    seen = {}
    noted = clients.noted

    def catch(event, content, about=""):
        seen[about()] = noted(event, content, about)
        return seen[about()]

    monkeypatch.setattr(clients, "noted", catch)
    app = read("knee.dcm", knee_file(2))
    opened(app)
    film = pydicom.dcmread(io.BytesIO(seen["film"]()))
    sr = pydicom.dcmread(io.BytesIO(seen["sr"]()))
    assert sr.StudyInstanceUID == film.StudyInstanceUID
    assert seen["pdf"]().startswith(b"%PDF-")
    assert audit.entries(store)["about"].tolist() == ["pdf", "sr", "film"]
    assert set(audit.entries(store)["event"]) == {"report exported", "film exported"}
    app.checkbox(key="report_with_patient").check().run()
    own = pydicom.dcmread(io.BytesIO(seen["sc, with the patient's name"]()))
    assert own.PatientID == "SECRET-4711"


def test_why_a_file_could_not_be_made_is_said(store, monkeypatch):
    given = {}
    monkeypatch.setattr(
        clients, "noted", lambda event, content, about="": given.setdefault(about(), content)
    )
    app = read("knee.dcm", knee_file(2))
    opened(app)

    def fails(self, kind, tell):
        raise RadiographError("The patient cannot be taken out of this DICOM file.")

    monkeypatch.setattr(Exports, "content", fails)
    for kind in ("film", "pdf"):
        with pytest.raises(RadiographError):
            given[kind]()
        app.run()
        assert any("cannot be taken out" in one.value for one in app.error)


def test_what_is_done_for_a_film_is_said_while_it_is(store, monkeypatch):
    given, said = {}, []
    monkeypatch.setattr(
        clients, "noted", lambda event, content, about="": given.setdefault(about(), content)
    )
    app = read("knee.dcm", knee_file(2))
    opened(app)

    def steps():
        return [element.proto.text for element in app.run().get("progress")]

    def slow(self, kind, tell):
        tell("Taking the patient out")
        said.extend(steps())
        return b""

    monkeypatch.setattr(Exports, "content", slow)
    assert steps() == []
    given["film"]()
    assert said == ["Taking the patient out"]
    assert steps() == []


def test_a_button_that_is_still_there_gives_what_the_page_has_by_now(store, monkeypatch):
    given = []
    noted = clients.noted

    def kept(event, content, about=""):
        given.append((event, noted(event, content, about)))
        return given[-1][1]

    monkeypatch.setattr(clients, "noted", kept)
    app = read("knee.dcm", knee_file(2))
    app.session_state["report"] = True
    app.session_state["report_with_patient"] = True
    app.run()
    _, secondary_capture = given[3]
    assert b"Plantagenet" in secondary_capture()
    app.checkbox(key="report_with_patient").uncheck().run()
    (film,) = [content for event, content in given if event == "film exported"]
    assert b"Plantagenet" not in secondary_capture()
    app.checkbox(key="report_with_patient").check().run()
    assert b"Plantagenet" in secondary_capture()
    assert b"Plantagenet" not in film()


def test_what_waits_is_told_apart_without_naming_anybody():
    def page():
        import streamlit as st

        from kneeoa.reports.exports import Exports
        from pages.reading import report
        from pages.shared import session_films
        from tests.support.report_films import knee_file

        digest = session_films.add("Plantagenet.dcm", knee_file())
        film = session_films.all_films()[digest]
        made = report.reporting.exports_of(
            film, film.frames[0], findings=(), side="L", graded=False, with_patient=True
        )
        assert isinstance(made, Exports)
        st.session_state["which"] = report._of_which(film, made)

    app = AppTest.from_function(page, default_timeout=120).run()
    assert not app.exception
    (digest,) = app.session_state["films"]
    assert app.session_state["which"] == f"film {digest[:6].upper()}, left knee"
