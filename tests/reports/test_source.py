"""What a file says of itself is taken in the standard's form, or counts as not said."""

from dataclasses import fields

import pytest

from kneeoa.films.dicom.source import source
from kneeoa.reports.dicom.source import Source, source_of
from tests.support.films import dicom_file
from tests.support.report_films import knee_dataset, knee_file


def said(**tags):
    return source(dicom_file(knee_dataset(height=64, **tags)))[0]


def test_a_whole_file_says_all_of_it():
    found = source_of(knee_file())
    assert found.can_be_referred_to
    assert found.patient_name == "Plantagenet^Eleonora"
    assert (found.birth_date, found.study_date, found.study_time) == (
        *("19520317", "20240229", "101500"),
    )
    assert (found.rows, found.columns) == (512, 512)
    assert found.orientation == ("L", "F")
    assert found.burned_in == "NO"


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("birth_date", {"PatientBirthDate": "19521317"}),
        ("study_date", {"StudyDate": "20230229"}),
        ("study_date", {"StudyDate": "2023"}),
        ("study_time", {"StudyTime": "256100"}),
        ("sop_instance", {"SOPInstanceUID": "1.2.03"}),
        ("study", {"StudyInstanceUID": "../../etc"}),
        ("series", {"SeriesInstanceUID": "1." + "2" * 64}),
        ("sex", {"PatientSex": "female"}),
        ("burned_in", {"BurnedInAnnotation": "PERHAPS"}),
    ],
)
def test_what_has_another_form_is_not_said(name, tags):
    assert said(**tags)[name] == ""


def test_names_are_read_in_the_letters_that_they_were_written_in():
    name = "\u0418\u0432\u0430\u043d\u043e\u0432^\u0418\u0432\u0430\u043d"
    for bytes_of_it, charset, read in (
        (name.encode(), None, name),
        (name.encode("iso8859_5"), "ISO_IR 144", name),
        ("M\u00fcller^\u00c5sa".encode("latin-1"), None, "M\u00fcller^\u00c5sa"),
        (b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", ["", "ISO 2022 IR 87"], None),
    ):
        dataset = knee_dataset(height=64)
        dataset.add_new("PatientName", "PN", bytes_of_it)
        if charset:
            dataset.SpecificCharacterSet = charset
        found = source(dicom_file(dataset))[0]["patient_name"]
        assert found == (read or "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce")


def test_texts_are_bounded_and_hold_nothing_that_steers():
    found = said(PatientID="a\x1b[2J\\b\u202e" + "c" * 200, AccessionNumber="x" * 40)
    assert "\x1b" not in found["patient_id"]
    assert "\\" not in found["patient_id"]
    assert len(found["patient_id"]) <= 64
    assert len(found["accession"]) <= 16


@pytest.mark.parametrize("data", [b"", b"\0" * 200, b"DICM" * 60, knee_file()[:700]])
def test_a_damaged_file_says_nothing_and_harms_nobody(data):
    found, arrays = source(data)
    assert arrays == []
    assert set(found) == {one.name for one in fields(Source)}
    assert found["patient_name"] in ("", "Plantagenet^Eleonora")
