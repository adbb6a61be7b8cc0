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
    assert patient(data)[0]["name"] == "müller jörg"


@pytest.mark.parametrize("around", [b"\0", b"\0\0", b" \0"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("said", [None, "ISO_IR 192"])
def test_padding_and_a_mark_of_utf_8_are_no_part_of_a_name(said, mark, around):
    film = dicom_dataset(FILM, SpecificCharacterSet=said)
    film.add_new("PatientName", "PN", mark + NAME.encode() + around)
    data = dicom_file(film)
    assert described(data)[0]["patient_name"] == NAME
    assert patient(data)[0]["name"] == "müller jörg"


@pytest.mark.parametrize("said", [None, "ISO_IR 100"])
def test_a_name_in_latin_letters_stays_one(said):
    film = dicom_dataset(FILM)
    film.add_new("PatientName", "PN", NAME.encode("latin-1"))
    film.SpecificCharacterSet = said
    data = dicom_file(film)
    assert described(data)[0]["patient_name"] == NAME
    assert patient(data)[0]["name"] == "müller jörg"
