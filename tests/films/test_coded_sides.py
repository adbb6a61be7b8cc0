"""What codes, words of other languages and descriptions say of side, part and view."""

import pytest
from pydicom.dataset import Dataset

from kneeoa.films.dicom import facts
from kneeoa.films.dicom.parse import open_dataset
from kneeoa.films.dicom.says import side
from tests.support.films import dicom_dataset, dicom_file
from tests.support.odd_films import FILM


def code(value, scheme, meaning, *modifiers):
    """Return an item that holds a code, with modifiers where it is a part."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    if modifiers:
        item.AnatomicRegionModifierSequence = list(modifiers)
    return item


def film(**tags):
    return open_dataset(dicom_file(dicom_dataset(FILM, **tags)))


LEFT = [
    code("7771000", "SCT", "links"),
    code("G-A101", "SRT", "izquierda"),
    code("G-A101", "SNM3", "Sinistra"),
    code("G-A101", "99SDM", ""),
    code("1", "99X", "Gauche"),
    code("1", "99X", "höger"),
]


@pytest.mark.parametrize(("modifier", "letter"), [*zip(LEFT, "LLLLLR", strict=True)])
def test_a_coded_side_counts_whatever_its_language(modifier, letter):
    region = code("72696002", "SCT", "Knie", code("1", "99X", "weight"), modifier)
    other = "R" if letter == "L" else "L"
    against = film(ImageLaterality=other, AnatomicRegionSequence=[region])
    assert side.side(against) is None
    assert "AnatomicRegionModifierSequence contradict" in side.notes(against)[0]
    assert side.side(film(ImageLaterality=letter, AnatomicRegionSequence=[region])) == letter


def test_the_code_counts_before_the_word_beside_it():
    region = code("72696002", "SCT", "Knee", code("24028007", "SCT", "Left"))
    assert side.side(film(ImageLaterality="R", AnatomicRegionSequence=[region])) == "R"
    knee = code("82169009", "SCT", "Knie")
    assert side.side(film(ImageLaterality="R", AnatomicRegionSequence=[knee])) is None


@pytest.mark.parametrize(
    ("part", "letter"),
    [("KNIE LINKS", "L"), ("GENOU DROIT", "R"), ("GINOCCHIO DX", "R"), ("RODILLA DERECHA", "R")],
)
def test_a_part_named_with_its_side_in_other_languages(part, letter):
    other = "R" if letter == "L" else "L"
    assert side.side(film(ImageLaterality=other, BodyPartExamined=part)) is None
    assert side.side(film(ImageLaterality=letter, BodyPartExamined=part)) == letter


OF_SERIES = ("SeriesDescription", "ProtocolName", "AcquisitionDeviceProcessingDescription")


@pytest.mark.parametrize("keyword", OF_SERIES)
@pytest.mark.parametrize(
    "text", ["LEFT KNEE AP", "Knie links ap", "KNEE LT", "KNEE,L", "Genou gauche", "Knie li"]
)
def test_a_series_that_is_described_as_of_the_other_side_leaves_it_open(keyword, text):
    odd = film(ImageLaterality="R", **{keyword: text})
    assert side.side(odd) is None
    assert side.notes(odd) == (
        f"ImageLaterality and {keyword} contradict each other about the side: it is left open. "
        "Go by the marker on the film.",
    )
    assert side.side(film(ImageLaterality="L", **{keyword: text})) == "L"
    assert side.side(film(**{keyword: text})) is None


@pytest.mark.parametrize(
    "text",
    ["KNEE L/R", "Both knees", "Knee ap/L", "DX KNEE", "rodilla sin carga", "left and right", "L3"],
)
def test_what_is_written_of_both_or_means_something_else_says_no_side(text):
    for letter in "LR":
        assert side.side(film(ImageLaterality=letter, SeriesDescription=text)) == letter


@pytest.mark.parametrize(
    "text",
    [
        # No side at all.
        *("KNEE R/O FRACTURE", "Knees r/o OA", "Knee R / O", "Knee up-right", "UP RIGHT KNEES"),
        *(
            "Genou d'appui",
            "GENOU D APPUI",
            "genou d\u2019une face",
            "JOELHO E PERNA",
            "Joelhos e patelas",
        ),
        *("Knie hoger", "KNEE L LATERAL", "knee L-spine", "RODILLA I"),
        # One in a word and the other one short.
        *(
            "LEFT KNEE AND RT",
            "Right knee, prior LT TKR",
            "Knie links und re.",
            "Knie rechts + li.",
        ),
        *(
            "rodilla izq. y der.",
            "RODILLA DERECHA E IZQ",
            "GENOU DROIT ET G",
            "V\u00e4nster, h\u00f6ger",
        ),
        *(
            "GINOCCHIO DESTRO E SX",
            "KNEE R L LAT",
            "JOELHO D/E",
            "Kn\u00e4 h\u00f6ger + v\u00e4nster",
        ),
    ],
)
def test_both_however_written_and_what_only_looks_like_a_side_are_none(text):
    for letter in "LR":
        tags = {"SpecificCharacterSet": "ISO_IR 192", "StudyDescription": text}
        told = film(ImageLaterality=letter, SeriesDescription=text, **tags)
        assert side.side(told) == letter
        assert side.notes(told) == ()
    assert not side.names_one(film(SpecificCharacterSet="ISO_IR 192", SeriesDescription=text))


@pytest.mark.parametrize(
    "text",
    [
        *("KNEE RT R/O FRACTURE", "Upright right knee", "Genou droit d'appui", "Knie re."),
        *("H\u00f6ger kn\u00e4", "JOELHO DIREITO E PERNA", "Joelho D", "RODILLA DER", "R KNEE LAT"),
    ],
)
def test_a_side_stays_told_beside_what_only_looks_like_it(text):
    odd = film(ImageLaterality="L", SpecificCharacterSet="ISO_IR 192", SeriesDescription=text)
    assert side.side(odd) is None
    assert side.names_one(film(SpecificCharacterSet="ISO_IR 192", SeriesDescription=text))


@pytest.mark.parametrize("keyword", ["StudyDescription", "RequestedProcedureDescription"])
def test_what_was_asked_for_is_told_and_leaves_the_side(keyword):
    odd = film(ImageLaterality="R", **{keyword: "X-ray left knee"})
    assert side.side(odd) == "R"
    (note,) = side.notes(odd)
    assert f"{keyword} names the left one" in note


def test_the_side_of_a_frame_counts():
    anatomy, group = Dataset(), Dataset()
    anatomy.FrameLaterality = "L"
    group.FrameAnatomySequence = [anatomy]
    assert side.side(film(SharedFunctionalGroupsSequence=[group])) == "L"
    assert side.side(film(ImageLaterality="R", SharedFunctionalGroupsSequence=[group])) is None


@pytest.mark.parametrize(
    ("tags", "part", "view"),
    [
        ({"AnatomicRegionSequence": [code("85562004", "SCT", "Main")]}, "HAND", None),
        ({"AnatomicRegionSequence": [code("T-D8700", "SRT", "mano")]}, "HAND", None),
        ({"AnatomicRegionSequence": [code("72696002", "SCT", "Hand")]}, "KNEE", None),
        ({"AnatomicRegionSequence": [code("9", "99X", "Genou")]}, "GENOU", None),
        ({"ViewCodeSequence": [code("399067008", "SCT", "Latéral")]}, None, "LATERAL"),
        ({"ViewCodeSequence": [code("R-102CD", "SNM3", "boční")]}, None, "LATERAL"),
        ({"ViewCodeSequence": [code("399348003", "SCT", "seitlich")]}, None, "AP"),
    ],
)
def test_coded_parts_and_views_count_by_their_codes(tags, part, view):
    said = facts.header(film(SpecificCharacterSet="ISO_IR 192", **tags))
    assert (said.body_part, said.view) == (part, view)
