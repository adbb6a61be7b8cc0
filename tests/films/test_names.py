"""Whose a film is, in whatever letters the name is written."""

import pytest

from kneeoa.films.dicom.described import described
from kneeoa.films.dicom.patient import patient
from kneeoa.films.dicom.source import source
from tests.support.films import dicom_dataset, dicom_file
from tests.support.odd_films import FILM

NAME = "Müller^Jörg"


@pytest.mark.parametrize(
    "said",
    [
        *("no set", None, "", "ISO_IR 6", "ISO_IR 192", "iso_ir 6", "ISO 2022 IR 6"),
        *(["ISO_IR 6", "ISO_IR 6"], ["", ""], ["", "ISO 2022 IR 6"]),
    ],
)
def test_a_name_in_utf_8_is_that_name_wherever_it_is_read(said):
    film = dicom_dataset(FILM)
    film.add_new("PatientName", "PN", NAME.encode())
    if said != "no set":
        film.SpecificCharacterSet = said
    data = dicom_file(film)
    assert described(data)[0]["patient_name"] == NAME
    assert source(data)[0]["patient_name"] == NAME
    assert patient(data)[0]["names"] == {"LATIN": "müller jörg"}


@pytest.mark.parametrize("around", [b"\0", b"\0\0", b" \0"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("said", [None, "ISO_IR 192"])
def test_padding_and_a_mark_of_utf_8_are_no_part_of_a_name(said, mark, around):
    film = dicom_dataset(FILM, SpecificCharacterSet=said)
    film.add_new("PatientName", "PN", mark + NAME.encode() + around)
    data = dicom_file(film)
    assert described(data)[0]["patient_name"] == NAME
    assert patient(data)[0]["names"] == {"LATIN": "müller jörg"}


@pytest.mark.parametrize("said", [None, "ISO_IR 100"])
def test_a_name_in_latin_letters_stays_one(said):
    film = dicom_dataset(FILM)
    film.add_new("PatientName", "PN", NAME.encode("latin-1"))
    film.SpecificCharacterSet = said
    data = dicom_file(film)
    assert described(data)[0]["patient_name"] == NAME
    assert patient(data)[0]["names"] == {"LATIN": "müller jörg"}


def whose(**tags):
    return patient(dicom_file(dicom_dataset(FILM, **tags)))[0]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "NAME^NONE",
            "NOID",
            "No^Name",
            "Unknown^Unknown",
            "unknown 0000",
            "UNBEKANNT",
            "Inconnu",
        ),
        *(
            "DEIDENTIFIED",
            "De-Identified",
            "ANONYM0000",
            "REMOVED",
            "Anonymized Patient",
            "Patient^Anonymous",
        ),
        *("TEST", "PATIENT", "***", "n.n.", "N/A", "NOT AVAILABLE", "0000", "XXX^XXX", "9999", ""),
    ],
)
def test_what_is_written_for_many_patients_tells_nobody(text):
    header = whose(PatientName=text, PatientID=text)
    assert (header["id"], header["number"], header["names"]) == ("", "", {})


@pytest.mark.parametrize(
    "text",
    [
        *("Test^Jane", "No^Hyun", "Removedova^Anna", "Li^Na", "7", "A"),
        *("ANON-0017", "ANONYM-0017", "Anonymous 17", "deident_001", "Identifier4711"),
    ],
)
def test_a_word_of_a_name_or_a_count_makes_no_stand_in(text):
    assert whose(PatientName=text, PatientID=text)["id"] == text
    assert whose(PatientName=text)["names"]


@pytest.mark.parametrize(
    ("text", "born"),
    [
        ("19600229", "1960-02-29"),
        ("1960.02.29", "1960-02-29"),
        *[(day, "") for day in ("00000000", "00010101", "19000101", "19600000", "19600230")],
        ("19700101", ""),
        *[(day, "") for day in ("99991231", "18991231", "")],
    ],
)
def test_a_day_of_birth_is_one_on_which_a_patient_can_be_born(text, born):
    assert whose(PatientBirthDate=text)["born"] == born


def test_each_script_of_a_name_is_kept_apart():
    utf8 = {"SpecificCharacterSet": "ISO_IR 192"}
    kim = whose(PatientName="Kim^Minji=\u91d1^\u654f\u667a=\uae40^\ubbfc\uc9c0", **utf8)["names"]
    assert list(kim) == ["LATIN", "CJK", "HANGUL"]
    assert whose(PatientName="=\u5c71\u7530^\u592a\u90ce", **utf8)["names"] == {
        "CJK": "\u5c71\u7530 \u592a\u90ce"
    }
    decomposed = whose(PatientName="Mu\u0308ller^Jo\u0308rg", **utf8)
    assert decomposed["names"] == whose(PatientName=NAME, **utf8)["names"]
    plainly = whose(PatientName="MUELLER^JOERG")
    assert plainly["names"] != decomposed["names"]
    assert plainly["words"] == decomposed["words"]


@pytest.mark.filterwarnings("ignore:Failed to decode")
def test_what_cannot_be_read_is_no_name():
    data = dicom_file(dicom_dataset(FILM, SpecificCharacterSet="ISO_IR 192", PatientName="X" * 12))
    wrongly = data.replace(
        b"X" * 12,
        "\u0418\u0432\u0430\u043d\u043e\u0432^\u0418\u0432\u0430\u043d".encode("cp1251").ljust(12),
    )
    assert patient(wrongly)[0]["names"] == {}


def test_an_id_is_the_same_however_it_is_spelt():
    numbers = {whose(PatientID=text)["number"] for text in ("00a-47", "A47", "a 47", "A_47")}
    assert numbers == {"a47"}
    givers = {whose(IssuerOfPatientID=text)["giver"] for text in ("ST MARY", "St. Mary")}
    assert len(givers) == 1


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Møller^Åse", "MOELLER^AASE"),
        ("Kjær^Bo", "KJAER^BO"),
        ("Wałęsa^Đorđe", "WALESA^DORDE"),
        ("Œuvray^Anne", "OEUVRAY^ANNE"),
        ("Strauß^Ann", "STRAUSS^ANN"),
    ],
)
def test_a_letter_that_was_not_at_hand_makes_no_other_name(name, typed):
    header = whose(PatientName=name, SpecificCharacterSet="ISO_IR 192")
    assert header["words"] == whose(PatientName=typed)["words"]


@pytest.mark.parametrize(
    ("name", "typed"),
    [("Mc Donald^Ann", "MCDONALD^ANN"), ("O'Brien^Ann", "OBRIEN^ANN"), ("A^Jo-Ann", "A^JOANN")],
)
def test_a_space_or_a_hyphen_makes_no_other_name(name, typed):
    assert whose(PatientName=name)["letters"] == whose(PatientName=typed)["letters"]


@pytest.mark.parametrize(
    ("name", "number", "telling"),
    [
        ("Smith^John", "4711", ["john", "smith"]),
        ("Patient^A", "4711", []),
        ("Test^Jane", "4711", ["jane"]),
        ("Smith^J", "4711", ["smith"]),
        ("Anon 1", "1", []),
        ("SUB001", "SUB001", []),
        ("Smith^John", "SMITH-JOHN", []),
    ],
)
def test_a_stand_in_an_initial_or_her_number_again_tells_nothing_of_a_patient(
    name, number, telling
):
    header = whose(PatientName=name, PatientID=number)
    assert header["telling"].get("LATIN", []) == telling


def test_two_values_in_one_place_are_nobodys():
    header = whose(PatientName=["Doe^Jane", "Roe^Rick"], PatientID=["1", "2"])
    assert (header["id"], header["number"], header["names"]) == ("", "", {})


def test_several_values_are_shown_as_they_are():
    header = source(dicom_file(dicom_dataset(FILM, PatientID=["1", "2"])))[0]
    assert header["patient_id"] == "1 2"
