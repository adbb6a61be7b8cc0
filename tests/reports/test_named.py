"""Whose a film is, in the words of who reads it."""

import numpy as np
import pytest

from kneeoa.reports.dicom.named import named
from kneeoa.reports.dicom.source import source_of
from kneeoa.wording import person_names
from tests.support.films import dicom_dataset, dicom_file

FILM = np.arange(100, dtype=np.uint8).reshape(10, 10)


def named_of(**tags):
    """Whose a file with these attributes is."""
    return named(source_of(dicom_file(dicom_dataset(FILM, **tags))))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Doe^Jane", ["Doe, Jane"]),
        ("DOE^JANE^MARY^Dr.^MD", ["DOE, JANE MARY Dr. MD"]),
        ("Doe", ["Doe"]),
        ("^Jane", ["Jane"]),
        (" Doe ^ Jane ^^^ ", ["Doe, Jane"]),
        ("Yamada^Tarou=\u5c71\u7530^\u592a\u90ce", ["Yamada, Tarou", "\u5c71\u7530, \u592a\u90ce"]),
        ("=\u5c71\u7530^\u592a\u90ce", ["\u5c71\u7530, \u592a\u90ce"]),
        ("^^^^", []),
        ("", []),
    ],
)
def test_a_name_is_written_as_people_write_it_in_each_script_it_has(text, names):
    assert person_names(text) == names


def test_all_that_tells_a_patient_stands_in_a_line_and_less_of_it_in_a_list():
    whose = named_of(
        PatientName="Doe^Jane",
        PatientID="4711",
        PatientBirthDate="19600229",
        PatientSex="F",
        StudyDate="20260228",
    )
    assert whose.whole == "Doe, Jane, ID 4711, born 1960-02-29, 65 years, female"
    assert whose.cut() == "Doe, Jane, ID 4711"
    assert "Doe" not in repr(whose)


def test_two_of_one_name_are_told_by_their_numbers_and_what_is_missing_is_said():
    assert named_of(PatientName="Doe^Jane", PatientID="").whole == "Doe, Jane, no ID"
    assert named_of(PatientName="", PatientID="4711").whole == "no name, ID 4711"
    assert named_of(PatientName="", PatientID="4711").cut() == "ID 4711"
    # Whom a day of birth alone tells is nobody.
    nobody = named_of(PatientName="", PatientID="", PatientBirthDate="19600229")
    assert (nobody.whole, nobody.cut()) == ("", "")


def test_a_second_script_stands_behind_the_first():
    whose = named_of(
        SpecificCharacterSet="ISO_IR 192",
        PatientName="Yamada^Tarou=\u5c71\u7530^\u592a\u90ce=\u3084\u307e\u3060^\u305f\u308d\u3046",
    )
    assert whose.name == "Yamada, Tarou (\u5c71\u7530 \u592a\u90ce)"


@pytest.mark.parametrize(
    ("tags", "age"),
    [
        ({"PatientBirthDate": "19600229", "StudyDate": "20260301"}, "66 years"),
        ({"PatientBirthDate": "20250301", "StudyDate": "20260228"}, "11 months"),
        ({"PatientBirthDate": "19600229", "PatientAge": "064Y"}, "64 years"),
        ({"PatientAge": "001Y"}, "1 year"),
        ({"PatientAge": "000Y"}, ""),
        ({"PatientAge": "999Y"}, ""),
        ({"PatientBirthDate": "19000101", "StudyDate": "20260301"}, ""),
        ({"PatientBirthDate": "1960.02.29", "StudyDate": "20260301"}, "66 years"),
        ({"PatientAge": "old"}, ""),
        ({"PatientBirthDate": "20270101", "StudyDate": "20260301"}, ""),
        ({"PatientBirthDate": "19601399", "StudyDate": "20260301"}, ""),
    ],
)
def test_the_age_is_that_of_the_day_of_the_study(tags, age):
    given = {"StudyDate": "", "PatientBirthDate": ""} | tags
    assert named_of(PatientID="1", **given).age == age


def test_what_turns_or_hides_text_is_shown_as_a_sign_and_a_long_name_is_cut():
    odd = named_of(SpecificCharacterSet="ISO_IR 192", PatientName="Doe\u202eenaJ", PatientID="1")
    assert odd.name == "Doe\ufffdenaJ"
    long = named_of(PatientName="Doe^" + "J" * 150, PatientID="4711")
    assert "J" * 150 in long.whole
    assert len(long.cut()) < 80
    assert long.cut().endswith("\u2026, ID 4711")
    assert len(long.cut(20)) < 40


def test_who_gave_a_number_is_said_beside_another_givers():
    here, there = (
        named_of(PatientName="Doe^Jane", PatientID="47", IssuerOfPatientID=hospital)
        for hospital in ("HOSP A", "HOSP B")
    )
    assert here.beside(there).startswith("Doe, Jane, ID 47")
    assert here.beside(there).endswith("ID given by HOSP A")
    assert "HOSP" not in here.beside(here) + here.whole
