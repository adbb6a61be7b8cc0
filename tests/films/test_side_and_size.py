"""What a DICOM header says of the side and of the size of a pixel, once, twice or not at all."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

from kneeoa.films.header import of_the_picture
from kneeoa.reports.deidentify import deidentified
from kneeoa.reports.dicom.pseudonyms import Pseudonyms
from tests.support.films import dicom_dataset, dicom_file
from tests.support.odd_films import DEEP, FILM, deep_dataset, read


def part(name, modifier=""):
    """Return a coded part of the body, and perhaps its side."""
    region = Dataset()
    region.CodeMeaning = name
    if modifier:
        side = Dataset()
        side.CodeMeaning = modifier
        region.AnatomicRegionModifierSequence = [side]
    return [region]


@pytest.mark.parametrize(
    ("tags", "side", "contradict"),
    [
        ({"ImageLaterality": "R"}, "R", False),
        ({"Laterality": "L"}, "L", False),
        ({"ImageLaterality": "R", "Laterality": "R"}, "R", False),
        ({"ImageLaterality": "R", "Laterality": "L"}, None, True),
        ({"ImageLaterality": "B"}, None, False),
        # Half of a film of both may be cut out with the header of the whole.
        ({"ImageLaterality": "B", "Laterality": "L"}, None, True),
        ({"ImageLaterality": "U", "Laterality": "R"}, None, True),
        ({"ImageLaterality": "U"}, None, False),
        ({"ImageLaterality": "X"}, None, False),
        ({"ImageLaterality": "L", "AnatomicRegionSequence": part("Knee", "Right")}, None, True),
        ({"ImageLaterality": "R", "AnatomicRegionSequence": part("Knee", "Right")}, "R", False),
        ({"Laterality": "L", "AnatomicRegionSequence": part("Right knee")}, None, True),
        ({"Laterality": "L", "AnatomicRegionSequence": part("Right and left knee")}, "L", False),
        ({"Laterality": "R", "BodyPartExamined": "LKNEE"}, None, True),
        ({"Laterality": "R", "BodyPartExamined": "RT KNEE"}, "R", False),
        ({"Laterality": "R", "BodyPartExamined": "KNEE"}, "R", False),
        ({"BodyPartExamined": "LKNEE"}, None, False),
    ],
)
def test_what_is_said_of_two_sides_is_no_side(tags, side, contradict):
    radiograph = read(dicom_dataset(FILM, **tags))
    assert radiograph.laterality == side
    assert ("contradict each other about the side" in " ".join(radiograph.notes)) == contradict


@pytest.mark.parametrize(
    ("tags", "one_side"),
    [
        ({}, False),
        ({"ImageLaterality": "B"}, False),
        ({"ImageLaterality": "R"}, True),
        ({"ImageLaterality": "R", "Laterality": "L"}, True),
        ({"ImageLaterality": "B", "Laterality": "U"}, True),
        ({"BodyPartExamined": "LKNEE"}, True),
        ({"BodyPartExamined": "KNEE"}, False),
    ],
)
def test_that_a_file_names_one_side_or_contradicts_itself_is_known(tags, one_side):
    assert read(dicom_dataset(FILM, **tags)).header.one_side == one_side


KINDS = {
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "SC": "1.2.840.10008.5.1.4.1.1.7",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "tags",
    [
        {"ImageLaterality": "R", "Laterality": "L"},
        {"ImageLaterality": "B", "Laterality": "L"},
        {"ImageLaterality": "L", "BodyPartExamined": "RKNEE"},
        {"ImageLaterality": "B", "AnatomicRegionSequence": part("Knee", "Right")},
        {"BodyPartExamined": "RKNEE"},
        {"BodyPartExamined": "RIGHT KNEE"},
        {"AnatomicRegionSequence": part("Knee", "Right")},
        # What is not open stays so, too.
        {},
        {"ImageLaterality": "R"},
        {"ImageLaterality": "B"},
        {"ImageLaterality": "U"},
        {"ImageLaterality": "U", "Laterality": ""},
    ],
)
def test_sides_are_as_open_without_the_patient_as_before(tags, kind):
    film = dicom_file(dicom_dataset(FILM, SOPClassUID=KINDS[kind], **tags))
    once = deidentified(film, Pseudonyms(b"key" * 11))
    before = read(film)
    for after in (once, deidentified(once, Pseudonyms(b"another" * 5))):
        assert read(after).laterality == before.laterality
        assert read(after).header.one_side == before.header.one_side


def test_a_side_that_is_open_stays_open_without_the_patient():
    odd = dicom_dataset(FILM, ImageLaterality="L", AnatomicRegionSequence=part("Knee", "Right"))
    assert read(deidentified(dicom_file(odd), Pseudonyms(b"key" * 11))).laterality is None
    odd.AnatomicRegionSequence = part("Knee", "Left")
    assert read(deidentified(dicom_file(odd), Pseudonyms(b"key" * 11))).laterality == "L"


CALIBRATED, DETECTOR = "PixelSpacing", "ImagerPixelSpacing"
SCANNED = "NominalScannedPixelSpacing"


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        ({}, None),
        ({CALIBRATED: ["0.2", "0.2"]}, CALIBRATED),
        ({DETECTOR: ["0.2", "0.2"]}, DETECTOR),
        ({SCANNED: ["0.2", "0.2"]}, SCANNED),
        ({CALIBRATED: ["0.18"] * 2, DETECTOR: ["0.2"] * 2}, CALIBRATED),
        ({CALIBRATED: ["0.142"] * 2, DETECTOR: ["0.148"] * 2}, CALIBRATED),
        # Not calibrated: the detector's or the scanner's said twice, and rounded once.
        ({CALIBRATED: ["0.2"] * 2, DETECTOR: ["0.2"] * 2}, DETECTOR),
        ({CALIBRATED: ["0.148"] * 2, DETECTOR: ["0.14800000190735"] * 2}, DETECTOR),
        ({CALIBRATED: ["0.148"] * 2, DETECTOR: ["0.1484375"] * 2}, DETECTOR),
        ({CALIBRATED: ["0.2"] * 2, SCANNED: ["0.2001"] * 2}, SCANNED),
        ({CALIBRATED: ["0.18"] * 2, DETECTOR: ["0.2"] * 2, SCANNED: ["0.18"] * 2}, SCANNED),
        ({CALIBRATED: ["0"] * 2, DETECTOR: ["0.2"] * 2}, DETECTOR),
        ({CALIBRATED: ["1"] * 2, DETECTOR: ["0.2"] * 2}, DETECTOR),
    ],
)
def test_where_the_spacing_is_from_travels_with_it(tags, told):
    radiograph = read(dicom_dataset(FILM, **tags))
    assert radiograph.header.spacing_from == told
    assert (radiograph.spacing is None) == (told is None)


@pytest.mark.parametrize("keyword", [CALIBRATED, DETECTOR, SCANNED])
def test_a_pixel_of_one_millimetre_is_a_placeholder(keyword):
    radiograph = read(dicom_dataset(FILM, **{keyword: ["1.000", "1"]}))
    assert radiograph.spacing is radiograph.header.spacing_from is None
    (note,) = radiograph.notes
    assert "It was not used" in note
    assert np.array_equal(radiograph.pixels, FILM)
    real = read(dicom_dataset(FILM, **{keyword: ["1.01", "1.01"]}))
    assert (real.spacing, real.notes) == ((1.01, 1.01), ())


def test_notes_on_what_was_set_right_are_no_doubt_about_the_picture():
    swapped = deep_dataset()
    swapped.PixelData = DEEP.byteswap().tobytes()
    for made in (swapped, deep_dataset(PixelRepresentation=1), deep_dataset(DEEP << 4)):
        (note,) = read(made).notes
        assert of_the_picture([note, "Another."]) == ("Another.",)


@pytest.mark.parametrize(
    ("tags", "of_its_picture"),
    [
        ({"PresentationIntentType": "FOR PROCESSING"}, True),
        ({"PresentationLUTShape": "INVERSE"}, True),
        ({CALIBRATED: ["0.4", "0.2"]}, True),
        ({CALIBRATED: ["1", "1"]}, False),
        ({DETECTOR: ["143", "143"]}, False),
        ({"PatientOrientation": ["R", "F"]}, False),
        ({"ImageLaterality": "L", "Laterality": "R"}, False),
    ],
)
def test_notes_on_the_picture_are_told_from_those_on_sides_and_lengths(tags, of_its_picture):
    (note,) = read(dicom_dataset(FILM, **tags)).notes
    assert of_the_picture([note]) == ((note,) if of_its_picture else ())
