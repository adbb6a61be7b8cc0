"""What a report says is the same in text, JSON and PDF, and it is all there."""

import functools
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest
from pypdf import PdfReader

from kneeoa.errors import DataError
from kneeoa.films.frames import Frame
from kneeoa.films.phantom import knee_png
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders.cards.signature import Signature
from kneeoa.graders.grading import Graders, Reading
from kneeoa.graders.locating import localiser
from kneeoa.graders.together import TogetherReading
from kneeoa.networks import DISPLAY_NAME
from kneeoa.reports import exports, making, poster, wording
from kneeoa.reports.as_json import as_json, from_json
from kneeoa.reports.as_pdf import MORE, UNWRITTEN, as_pdf
from kneeoa.reports.as_text import as_text
from kneeoa.reports.content import PURPOSE, FindingReported, Patient, ReaderGrade, side_named
from kneeoa.reports.dicom import terms
from kneeoa.reports.making import Read
from kneeoa.store.cases.case import OwnGrade
from pages.reading import own_grade
from tests.support.reports import FILM, NOT_GRADED, REFUSED, REPORT, WITH_PATIENT, pictures

SAID = (
    *("KL 1 to 3", "KL 2, minimal", "KL 1, 40%", "35%", "MobileNet", "ResNet50"),
    *("The networks differ by 1 grade.", "They overlap by 80%."),
    *("Graded although it was refused", "blurred", "metal at the joint", "may be negative"),
    *("KL 3, moderate; given before the networks", "3.4 mm (95%: 3.1 to 3.7)", "at the detector"),
    *("1" * 12, "2" * 12, "3" * 12, "4" * 12, "mobilenet-seed1", "The models are signed"),
    *("Example hospital", "agreed in 64%", "right knee", "ImagerPixelSpacing"),
    *("2026-02-03 04:05 UTC", "kneeoa 0.1.0", "ab" * 6),
)


def pdf_text(data):
    reader = PdfReader(io.BytesIO(data))
    assert len(reader.pages) == 1
    return " ".join(reader.pages[0].extract_text().split())


def one_line(text):
    return " ".join(text.split())


def test_all_of_it_is_in_the_text_and_on_the_page():
    text, page = one_line(as_text(REPORT)), pdf_text(as_pdf(REPORT, pictures()))
    for said in (*SAID, PURPOSE):
        assert said in text, said
        assert said in page, said
    assert max(map(len, as_text(REPORT).splitlines())) <= 68


def test_json_holds_everything_and_comes_back():
    text = as_json(WITH_PATIENT)
    assert from_json(text) == WITH_PATIENT
    content = json.loads(text)
    assert list(content)[:3] == ["kind", "schema_version", "purpose"]
    assert content["answer"]["probabilities"] == list(REPORT.answer.probabilities)
    with pytest.raises(DataError, match="something else"):
        from_json(text.replace('"kneeoa report"', '"another"'))
    with pytest.raises(DataError, match="schema version 1"):
        from_json(text.replace('"schema_version": 1', '"schema_version": 2'))
    with pytest.raises(DataError):
        from_json(text[:-40])


def test_the_patient_is_there_only_where_she_was_asked_for():
    for report, times in ((REPORT, False), (WITH_PATIENT, True)):
        forms = (as_text(report), as_json(report), pdf_text(as_pdf(report, pictures())))
        for form in forms:
            assert ("Plantagenet" in form) == ("1952-03-17" in form) == times


def test_a_film_that_is_not_graded_has_a_report_that_says_why():
    text, page = one_line(as_text(NOT_GRADED)), pdf_text(as_pdf(NOT_GRADED, pictures(0)))
    for form in (text, page):
        assert "Not graded" in form
        assert "Expected a sharp film" in form
        assert not re.search(r"KL \d", form)


def test_without_an_ensemble_the_networks_stand_for_themselves():
    alone = replace(REPORT, answer=None, track_record="")
    assert wording.headline(alone) == "KL 1 or KL 2"
    assert "KL 1 or KL 2" in pdf_text(as_pdf(alone, pictures()))


def test_a_range_of_one_grade_is_that_grade():
    sure = replace(REPORT, answer=replace(REPORT.answer, low=2, high=2))
    assert wording.headline(sure) == "KL 2"
    words = wording.range_in_words(sure.answer)
    assert words.startswith("KL 2 alone; of all answers 90% are to hold the reference's grade")
    nothing = replace(REPORT.answer, low=None, high=None, level=None)
    assert "hold the grade of the profile's readers" in wording.range_in_words(
        sure.answer, profile="That of Ward 3"
    )
    assert wording.range_in_words(nothing) == ""


def test_a_long_report_still_has_one_page():
    many = tuple(FindingReported("soft", f"Sentence {n} warns. " * 8, "warned") for n in range(8))
    measured = REPORT.measurements * 4
    page = pdf_text(as_pdf(replace(REPORT, findings=many, measurements=measured), pictures()))
    assert "Sentence 7 warns." in page
    assert "The models are signed" in page


def test_text_from_files_is_text():
    odd = '<b>bold</b> & "quoted"\n\x1b[2J \u202e \u4e2d'
    named = replace(REPORT, film=replace(FILM, name=odd), profile=odd)
    page = pdf_text(as_pdf(named, pictures()))
    assert '<b>bold</b> & "quoted"' in page
    text = as_text(named)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert '<b>bold</b> & "quoted"' in text


def test_what_has_no_room_is_said_to_be_missing_and_nothing_runs_into_the_foot():
    many = tuple(FindingReported("soft", f"Sentence {n} warns. " * 9, "warned") for n in range(60))
    page = pdf_text(as_pdf(replace(REPORT, findings=(REFUSED, *many)), pictures()))
    assert "Expected a sharp film" in page
    assert "Sentence 3 warns." in page
    assert "Sentence 59" not in page
    assert MORE in page


@pytest.mark.parametrize("name", ["Иванова, Анна", "Ωμέγα, Νίκη", "Dvořák, Łucja", "Őry, Șerban"])
def test_names_of_europe_are_written_and_others_are_said_to_be_missing(name):
    def page(of):
        return pdf_text(as_pdf(replace(REPORT, patient=Patient(of, "1952-03-17")), pictures()))

    assert name in page(name)
    lacking = page("\u5c71\u7530, \u592a\u90ce")
    assert UNWRITTEN in lacking
    assert "?" not in lacking


def test_a_number_or_a_file_s_name_is_written_right_or_not_at_all():
    patient = Patient("Ono, Y", "", number="\u5c71\u7530-4711", accession="\u592a-1")
    film = replace(FILM, name="\u5c71\u7530.dcm")
    page = pdf_text(as_pdf(replace(REPORT, patient=patient, film=film), pictures()))
    assert page.count(UNWRITTEN) == 3
    assert "?" not in page
    assert "4711" not in page


def test_a_doubt_is_in_every_form():
    unsigned = replace(REPORT, signed="", notes=("The networks in use are not signed.",))
    for form in (one_line(as_text(unsigned)), pdf_text(as_pdf(unsigned, pictures()))):
        assert "KL 2, minimal (the median of the probabilities); uncertain" in form
        assert "Undecided: no grade reaches half of the probability; KL 1 and KL 2 lead." in form
        assert "of all answers 90% are to hold the grade of the profile's readers on films" in form
        assert "those they were set on, on others fewer" in form
        assert "The networks in use are not signed." in form
    sure = replace(REPORT.answer, low=1, high=2)
    assert "uncertain" not in wording.one_grade(sure)


def test_a_grade_of_hers_that_met_no_answer_is_not_said_to_have_met_one():
    alone = replace(REPORT, reader=ReaderGrade(3, before=True, seen=False))
    assert "given" not in wording.reader_line(alone)
    assert "no answer of the networks was in sight" in wording.reader_line(alone)


@pytest.mark.parametrize(("before", "when"), [(True, terms.BEFORE), (False, terms.AFTER)])
def test_when_she_graded_is_said_in_the_words_of_the_page(before, when):
    # In sight is also what stood beside the films or in a list, and nowhere else.
    line = wording.reader_line(replace(REPORT, reader=ReaderGrade(3, before=before, seen=True)))
    words = f"{'before' if before else 'after'} the networks' answer was in sight"
    assert line.endswith(f"given {words}")
    assert when.meaning.lower() == words
    assert own_grade_words(before) == f"My grade: KL 2, given {words}."


def own_grade_words(before):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    own = OwnGrade(2, committed=2 if before else None, seen_at=now)
    return own_grade._in_words(own, is_hidden=False)


def test_the_capture_says_what_the_film_is_and_what_was_changed():
    changes = "turned by 180 degrees", "said to be no negative"
    changed = replace(REPORT, film=replace(FILM, box_from="reader", changes=changes))
    text = " ".join(line for line, _ in poster._lines(changed))
    for line in (*changes, "(as the reader set it)", "at the detector"):
        assert line in text


def test_a_box_of_the_reader_is_called_hers():
    assert "(as it was found)" in wording.box_line(REPORT)
    moved = replace(REPORT, film=replace(FILM, box_from="reader"))
    assert "(as the reader set it)" in wording.box_line(moved)


def test_nothing_of_a_film_that_was_not_graded_is_called_graded():
    for form in (one_line(as_text(NOT_GRADED)), pdf_text(as_pdf(NOT_GRADED, pictures(0)))):
        assert "of the film as shown" in form
        assert "as graded" not in form.replace(NOT_GRADED.profile.lower(), "")
        assert "was graded" not in form
    assert "Film with the proposed box" in pdf_text(as_pdf(NOT_GRADED, pictures(0)))
    by_hand = replace(NOT_GRADED, film=replace(FILM, box_from="reader"))
    assert wording.box_caption(by_hand) == "Film with the box that the reader set"
    assert "Film with the box that was graded" in pdf_text(as_pdf(REPORT, pictures()))
    assert "of the film as graded" in wording.box_line(REPORT)


def test_the_same_report_is_the_same_bytes():
    assert as_pdf(REPORT, pictures()) == as_pdf(REPORT, pictures())
    about = PdfReader(io.BytesIO(as_pdf(REPORT, pictures()))).metadata
    assert about.creator == "kneeoa report"
    assert about.subject == PURPOSE


def test_the_capture_leaves_nothing_out_for_which_smaller_letters_have_room(monkeypatch):
    written, paragraph = [], poster._paragraph

    def kept(draw, y, text, colour, size):
        written.append((text, size))
        return paragraph(draw, y, text, colour, size)

    monkeypatch.setattr(poster, "_paragraph", kept)
    # All lines but one are the same each time, and measuring letters takes longest.
    monkeypatch.setattr(poster, "_wrapped", functools.cache(poster._wrapped))
    cut = []
    for words in range(0, 600, 20):
        written.clear()
        report = replace(REPORT, profile="four " * words)
        poster.poster(report, pictures())
        texts = [text for text, _ in written]
        lacking = {text for text, _ in poster._lines(report)} - set(texts)
        assert bool(lacking) == (poster.MORE in texts)
        assert not lacking or written[-1] == (poster.MORE, poster._SMALLEST)
        cut.append(bool(lacking))
    assert cut == sorted(cut)
    assert not cut[0]
    assert cut[-1]


def test_a_side_is_left_right_or_not_known():
    texts = ("L", "R", "unknown", "", "left")
    assert [side_named(text) for text in texts] == ["L", "R", *["unknown"] * 3]


@pytest.mark.parametrize(
    "sides", [("R", "L"), ("L", "L"), ("R", "R"), ("L", "R"), ("unknown",) * 2, ("unknown", "L")]
)
def test_the_reports_of_two_knees_of_a_film_have_names_of_their_own(sides):
    def name(place, side):
        film = SimpleNamespace(digest=FILM.digest, source="PNG")
        read = SimpleNamespace(radiograph=film, frame=Frame(0, 0, 9, 9, place), side=side)
        options = dict.fromkeys(("graders", "signature", "now", "pseudonyms"))
        return exports.Exports(read=read, data=b"", **options).name("pdf")

    places = localiser.LEFT, localiser.RIGHT
    left, right = (name(*knee) for knee in zip(places, sides, strict=True))
    assert left != right
    if sides == ("R", "L"):
        assert (left[12:], right[12:]) == ("-right-report.pdf", "-left-report.pdf")
    for told, side in zip((left, right), sides, strict=True):
        assert side == "unknown" or {"L": "left", "R": "right"}[side] in told


def test_a_grade_that_neither_network_gives_is_told_from_theirs():
    data = knee_png(2, seed=1)
    film = read_radiograph(data, "one.png")
    whole, shares, evidence = Frame.whole(film), np.eye(5, dtype=np.float32), np.zeros((7, 7, 5))
    alone = tuple(Reading(name, shares[1], evidence, "0", None) for name in DISPLAY_NAME)
    for grade, told in ((0, "Each network alone says KL 1"), (1, "Both networks say KL 1.")):
        read = Read(film, whole, (), alone, TogetherReading(shares[grade], "0"))
        made = making.report_of_knee(
            read, Graders(), now=datetime(2026, 1, 1, tzinfo=UTC), signature=Signature("unsigned")
        )
        assert told in " ".join(as_text(made).split())
