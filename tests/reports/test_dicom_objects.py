"""SR and SC are what the standard wants, refer to the film, and other programs read them."""

import functools
import io
import re
from dataclasses import replace

import highdicom
import numpy as np
import pydicom
import pytest
from highdicom.sr import CodedConcept, srread

from kneeoa.errors import DataError
from kneeoa.films.dicom.parse import kind_of_picture
from kneeoa.reports.content import ReaderGrade
from kneeoa.reports.dicom.finishing import uid_of
from kneeoa.reports.dicom.pseudonyms import Pseudonyms
from kneeoa.reports.dicom.terms import PRIVATE
from kneeoa.reports.secondary_capture import secondary_capture
from kneeoa.reports.structured_report import box_in_source, in_source, structured_report
from tests.support.dicom_programs import dciodvfy, dsrdump
from tests.support.report_films import PLANTED
from tests.support.reports import FILM, NOT_GRADED, REPORT, SOURCE, WITH_PATIENT, pictures

HIDDEN = Pseudonyms(b"k" * 32)
SR, SC = "1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.5.1.4.1.1.7"


def made_sr(report, source, pseudonyms=None):
    return structured_report(report, source, pseudonyms=pseudonyms)


def made_sc(report, source, pseudonyms=None, **options):
    return secondary_capture(report, pictures(), source, pseudonyms=pseudonyms, **options)


# The same report is the same bytes, see below: what tests only look at is made once.
made_sr_once, made_sc_once = functools.cache(made_sr), functools.cache(made_sc)


def sr_of(report=REPORT, source=SOURCE, *, pseudonyms=None):
    return made_sr_once(report, source, pseudonyms)


def sc_of(report=REPORT, source=SOURCE, *, pseudonyms=None, **options):
    return made_sc_once(report, source, pseudonyms, **options)


def read(data):
    return pydicom.dcmread(io.BytesIO(data))


def groups_of(data):
    return {
        group[0].ContentSequence[0].TextValue: group
        for kind in ("planar_roi", "image")
        for group in getattr(srread(io.BytesIO(data)).content, f"get_{kind}_measurement_groups")()
    }


@pytest.mark.parametrize("pseudonyms", [None, HIDDEN])
@pytest.mark.parametrize("report", [REPORT, NOT_GRADED, WITH_PATIENT])
def test_the_standard_is_kept(report, pseudonyms):
    assert dciodvfy(sr_of(report, pseudonyms=pseudonyms)) == []
    assert dciodvfy(sc_of(report, pseudonyms=pseudonyms)) == []


def test_what_is_wrong_is_noticed():
    damaged = read(sr_of())
    del damaged.CompletionFlag
    stream = io.BytesIO()
    damaged.save_as(stream)
    assert any("CompletionFlag" in line for line in dciodvfy(stream.getvalue()))


def test_both_belong_to_the_study_of_the_film_and_refer_to_it():
    sr, sc = read(sr_of()), read(sc_of())
    assert (sr.SOPClassUID, sc.SOPClassUID) == (SR, SC)
    for made in (sr, sc):
        assert made.StudyInstanceUID == SOURCE.study
        assert made.SeriesInstanceUID not in (SOURCE.series, "")
        assert made.PatientID == "SECRET-4711"
        assert made.PatientName == "Plantagenet^Eleonora"
        assert made.AccessionNumber == "ACC-99"
        assert "PatientIdentityRemoved" not in made
        assert made.SpecificCharacterSet == "ISO_IR 192"
    (study,) = sr.CurrentRequestedProcedureEvidenceSequence
    (series,) = study.ReferencedSeriesSequence
    (instance,) = series.ReferencedSOPSequence
    assert study.StudyInstanceUID == SOURCE.study
    assert series.SeriesInstanceUID == SOURCE.series
    (source,) = sc.SourceImageSequence
    for reference in (instance, source):
        assert reference.ReferencedSOPClassUID == SOURCE.sop_class
        assert reference.ReferencedSOPInstanceUID == SOURCE.sop_instance
    assert source.PurposeOfReferenceCodeSequence[0].CodeValue == "121322"


def test_without_the_patient_nothing_of_her_is_left_and_all_refer_to_the_hidden_film():
    sr, sc = sr_of(pseudonyms=HIDDEN), sc_of(pseudonyms=HIDDEN)
    for data in (sr, sc):
        for planted in PLANTED:
            assert planted.encode() not in data, planted
        made = read(data)
        assert made.PatientIdentityRemoved == "YES"
        assert made.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
        assert made.StudyInstanceUID == HIDDEN.uid(SOURCE.study)
        assert HIDDEN.uid(SOURCE.sop_instance).encode() in data
        assert made.StudyDate == made.PatientBirthDate == made.PatientSex == ""
    assert HIDDEN.uid("1.2.3") != Pseudonyms(b"q" * 32).uid("1.2.3")
    assert re.fullmatch(r"2\.25\.\d{1,39}", HIDDEN.uid("1.2.3"))


def test_the_grades_are_codes_and_the_probabilities_numbers():
    found = groups_of(sr_of())
    assert list(found) == ["Answer", "MobileNet", "ResNet50", "Reader", "Measurement 1"]

    def codes(name):
        group = found[name]
        return {one.name.value: one.value.value for one in group.get_qualitative_evaluations()}

    assert codes("Answer") == {
        "STATE": "ANYWAY",
        "KL-GRADE": "KL2",
        "KL-MOST": "KL1",
        "KL-LOW": "KL1",
        "KL-HIGH": "KL3",
    }
    assert codes("MobileNet")["KL-GRADE"] == "KL1"
    assert codes("Reader") == {"KL-READER": "KL3", "KL-READER-WHEN": "BEFORE"}
    for name, answer in (("Answer", REPORT.answer), ("ResNet50", REPORT.networks[1])):
        numbers = {one.name.value: one.value for one in found[name].get_measurements()}
        shares = [numbers[f"P-KL{grade}"] for grade in range(5)]
        assert shares == pytest.approx(answer.probabilities)
        assert numbers["KL-LEVEL"] == 0.9
    length, lower, upper = found["Measurement 1"].get_measurements()
    assert (length.value, lower.value, upper.value) == pytest.approx((3.42, 3.1, 3.7))
    assert length.name.value == "JSW-MEDIAL"
    assert length.unit == CodedConcept("mm", "UCUM", "mm")
    assert length.name.meaning == "medial minimum joint space width"


@pytest.mark.parametrize(("side", "code"), [("R", "24028007"), ("L", "7771000"), ("unknown", None)])
def test_the_side_is_a_code_of_snomed(side, code):
    report = replace(REPORT, film=replace(FILM, side=side))
    for group in groups_of(sr_of(report)).values():
        (site,) = group.finding_sites
        assert site.value.value == "49076000"
        laterality = site.laterality
        assert (laterality and laterality.value) == code
    capture = sc_of(report)
    assert (read(capture).Laterality or "unknown") == side
    assert dciodvfy(capture) == []
    assert dciodvfy(sr_of(report)) == []


def test_models_are_named_with_versions_and_whole_hashes():
    text = dsrdump(sr_of())
    for name, digest in (("Both together", "11"), ("MobileNet", "22"), ("Localiser", "44")):
        assert f"{name}, SHA-256 {digest * 32}" in text
    assert 'Algorithm Name")="MobileNet"' in text
    assert "kneeoa 0.1.0; mobilenet-seed1, published 2026-01-01" in text


def test_a_second_program_reads_what_stands_in_it():
    text = dsrdump(sr_of())
    for said in (
        *("Imaging Measurement Report", "UNVERIFIED", "PRELIMINARY", "Device Observer Name"),
        *(f"(KL2,{PRIVATE}", "KL 2, minimal", "7771000" if FILM.side == "L" else "24028007"),
        *("Not for diagnosis", "Expected a sharp film", "There seems to be metal"),
        *("The networks differ by 1 grade.", "Example hospital", "agreed in 64%"),
        "The file says that it may be negative.",
    ):
        assert said in text, said
    (scheme,) = read(sr_of()).CodingSchemeIdentificationSequence
    assert scheme.CodingSchemeDesignator == PRIVATE
    assert "private" in scheme.CodingSchemeName


def test_what_the_reader_changed_is_said():
    changes = "turned by 180 degrees", "said to be no negative"
    film = replace(FILM, box_from="reader", changes=changes, quarters=2)
    data = sr_of(replace(REPORT, film=film))
    text = dsrdump(data)
    for line in (*changes, "(as the reader set it)"):
        assert line in text
    assert "(as it was found)" in dsrdump(sr_of())
    assert dciodvfy(data) == []


def test_a_film_that_is_not_graded_has_no_grade_in_its_report():
    found = groups_of(sr_of(NOT_GRADED))
    (state,) = found["Answer"].get_qualitative_evaluations()
    assert state.value.value == "NOT-GRADED"
    assert set(found) == {"Answer", "Measurement 1"}


def test_other_files_have_a_capture_that_stands_alone_and_no_structured_report():
    for source in (None, replace(SOURCE, sop_instance=""), replace(SOURCE, study="")):
        with pytest.raises(DataError, match="has to refer"):
            sr_of(source=source)
        data = sc_of(source=source)
        made = read(data)
        assert "SourceImageSequence" not in made
        assert made.StudyInstanceUID != SOURCE.study
        assert b"Plantagenet" not in data
        assert dciodvfy(data) == []


def test_the_capture_is_a_picture_that_says_what_it_is_not(tmp_path):
    data = sc_of()
    file = tmp_path / "sc.dcm"
    file.write_bytes(data)
    assert kind_of_picture(data) == "film"
    made = read(data)
    assert made.pixel_array.shape == (1200, 1600, 3)
    # The band of the words has their colour in it, and the film its grey.
    assert (made.pixel_array[:60, :400] == (255, 178, 92)).all(axis=2).sum() > 300
    assert (made.pixel_array[200:800, 100:800] == 90).all(axis=2).mean() > 0.5
    assert made.ImageType == ["DERIVED", "SECONDARY"]
    assert made.BurnedInAnnotation == "NO"
    assert read(sc_of(has_text=True)).BurnedInAnnotation == "YES"
    assert "Not for diagnosis" in made.DerivationDescription
    assert "not for diagnosis" in made.SeriesDescription


def test_the_same_report_has_the_same_numbers():
    assert made_sr(REPORT, SOURCE) == made_sr(REPORT, SOURCE)
    assert made_sc(REPORT, SOURCE) == made_sc(REPORT, SOURCE)
    assert uid_of(REPORT, "a") != uid_of(REPORT, "b") != uid_of(NOT_GRADED, "b")
    assert highdicom.UID(uid_of(REPORT, "a"))


def test_the_box_lies_in_the_file_s_own_picture():
    # Half as high and wide as the file's picture; what is left of the film is cut off.
    assert box_in_source(FILM, 800, 600).tolist() == [
        [0, 200], [320, 200], [320, 600], [0, 600], [0, 200],
    ]  # fmt: skip


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_place_on_a_turned_film_is_found_again(quarters):
    stored = np.zeros((40, 30))
    stored[7, 11] = 1
    turned = np.rot90(stored, -quarters)
    height, width = turned.shape
    (down,), (across,) = np.nonzero(turned)
    film = replace(FILM, height=height, width=width, quarters=quarters)
    # The middle of the pixel, and a file whose pixels are twice as high as wide.
    found = in_source(film, down + 0.5, across + 0.5, 20, 30)
    assert found == pytest.approx((7.5 / 2, 11.5))


def test_a_grade_without_an_answer_and_a_doubt_are_said():
    alone = groups_of(sr_of(replace(NOT_GRADED, reader=ReaderGrade(3, before=True, seen=False))))
    (_, when) = alone["Reader"].get_qualitative_evaluations()
    assert when.value.value == "NOT-SHOWN"
    assert "Undecided: no grade reaches half" in dsrdump(sr_of())


def test_names_in_other_scripts_come_through():
    name = "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce"
    made = read(sr_of(source=replace(SOURCE, patient_name=name)))
    assert made.PatientName == name
    assert dciodvfy(sr_of(source=replace(SOURCE, patient_name="M\u00fcller^\u00c5sa"))) == []
