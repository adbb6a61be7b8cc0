"""The line above a film: what the file says of it, and whose it is."""

from types import SimpleNamespace

import numpy as np
from streamlit.testing.v1 import AppTest

from kneeoa.errors import RadiographError
from kneeoa.films.phantom import draw_knee, knee_png
from kneeoa.graders.grading import Reading
from kneeoa.graders.together import TogetherReading
from pages.reading import answer_card
from pages.shared import cached
from pages.shared.patients import who
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
    assert "(study 2023-03-04, <span" in line
    assert "DICOM, 400 x 400, 8 bit, </span>" in line
    assert "<bdi>SECRET, PATIENT, ID SECRET-4711, born 1952-03-17, 70 years</bdi>" in line
    assert "study" not in line_of("knee.dcm", dated(""))
    assert "study" not in line_of("knee.png", knee_png(2, seed=1))


def test_a_day_that_cannot_be_read_takes_nothing_else_away(monkeypatch):
    def fails(film):
        raise RadiographError("The header could not be read.")

    monkeypatch.setattr(who, "day_of", fails)
    assert "DICOM, 400 x 400, 8 bit, </span>" in line_of("knee.dcm", dated("20230304"))


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


def test_a_badge_beside_a_grade_that_neither_network_gives_says_which_they_give():
    alike = [reading("mobilenet", 1), reading("resnet50", 1)]
    same, other = (answer_card.badge(alike, together(grade)) for grade in (1, 0))
    assert "kl-apart-0" in same
    assert ">networks agree<" in same
    assert "kl-apart-1" in other
    assert ">networks agree on KL 1<" in other
    assert answer_card.why_not_what_both_say(alike, together(1)) == ""
    assert "alone says KL 1" in answer_card.why_not_what_both_say(alike, together(0))


def test_an_answer_far_from_both_networks_says_what_else_is_in_it():
    two, card = [reading("mobilenet", 1), reading("resnet50", 2)], cached.together_card()
    between, beyond = (SimpleNamespace(probabilities=np.array(p)) for p in (
        [0, 0.5, 0.5, 0, 0], [0.1, 0.5, 0.4, 0, 0]
    ))  # fmt: skip
    assert answer_card.why_not_their_mean(two, between, card) == ""
    words = answer_card.why_not_their_mean(two, beyond, card)
    assert "its mirror image; its MobileNet is another training run" in words


def reading(name, grade):
    return Reading(name, np.eye(5, dtype=np.float32)[grade], np.zeros((7, 7, 5)), "0", None)


def together(grade):
    return TogetherReading(np.eye(5, dtype=np.float32)[grade], "0")


def test_a_film_that_comes_again_under_another_name_says_both():
    app = AppTest.from_file(MAIN_SCRIPT, default_timeout=60).run()
    files = [(name, knee_png(2, seed=1), "image/png") for name in ("one.png", "two.png", "two.png")]
    app.file_uploader[0].set_value(files)
    app.run()
    (line,) = [block.body for block in app.get("html") if '<span class="kl-said">' in block.body]
    assert "<b>two.png</b>" in line
    assert line.count("the same as one.png") == 1
    assert "the same as two.png" not in line
