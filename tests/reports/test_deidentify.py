"""A film without its patient: nothing planted is left in any byte, and the picture is the same."""

import io
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from PIL import Image, PngImagePlugin
from pydicom.datadict import DicomDictionary, keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, generate_uid

from kneeoa.errors import ConfigError, RadiographError
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.reports.deidentify import deidentified
from kneeoa.reports.dicom.pseudonyms import SETTING, Pseudonyms, pseudonyms_from
from kneeoa.reports.dicom.source import source_of
from tests.support.dicom_programs import dciodvfy
from tests.support.films import dicom_file, image_file
from tests.support.report_films import PLANTED, knee_dataset, knee_file

KEY = Pseudonyms(b"a key that is only for tests 0123")
MARK = "Zebedee"
"""Planted wherever the standard allows words; in words of no attribute of its own."""
TEXTS = {
    **dict.fromkeys(("LO", "SH", "ST", "LT", "UT", "UC", "PN", "AE", "UR"), f"{MARK}^x"),
    "CS": MARK.upper(),
}
DATES = {"DA": "19520317", "DT": "19520317101500", "TM": "195203.17"}


def everywhere(dataset: Dataset) -> int:
    """Plant `MARK` and a date in every attribute of the standard's dictionary that takes words."""
    planted = 0
    for tag, (kind, _, _, retired, keyword) in DicomDictionary.items():
        if tag >> 16 in (0x0000, 0x0002, 0x0004) or not keyword or keyword in dataset:
            continue
        value = TEXTS.get(kind) or DATES.get(kind)
        if value is None or (retired == "Retired" and tag >> 16 == 0x0028):
            continue
        dataset.add_new(tag, kind, value)
        planted += 1
    return planted


def hidden_in(data: bytes) -> list[str]:
    return [one for one in (*PLANTED, MARK, MARK.upper()) if one.encode() in data]


@pytest.mark.parametrize(
    ("tags", "part", "view"),
    [
        ({"BodyPartExamined": "HANDS"}, "HAND", "AP"),
        ({"BodyPartExamined": "KNEE", "ViewPosition": "LEFT LATERAL"}, "KNEE", "LATERAL"),
        (
            {
                "ViewPosition": None,
                "ViewCodeSequence": None,
                "SeriesDescription": f"Knie seitlich {MARK}",
            },
            "KNEE",
            "LATERAL",
        ),
    ],
)
def test_what_speaks_against_a_grade_stays_in_the_standards_words(tags, part, view):
    dataset = knee_dataset(**{"BodyPartExamined": "KNEE", "ViewPosition": "AP"} | tags)
    clean = deidentified(dicom_file(dataset), KEY)
    made = pydicom.dcmread(io.BytesIO(clean))
    assert (made.BodyPartExamined, made.ViewPosition) == (part, view)
    assert MARK.encode() not in clean


def test_no_word_of_any_attribute_is_left():
    dataset = knee_dataset()
    assert everywhere(dataset) > 1500
    item = Dataset()
    everywhere(item)
    for keyword in ("RequestAttributesSequence", "AnatomicRegionSequence", "ViewCodeSequence"):
        setattr(dataset, keyword, [item])
    dataset.BodyPartExamined = dataset.ViewPosition = MARK.upper()
    block = dataset.private_block(0x0029, f"{MARK} private", create=True)
    block.add_new(1, "LO", MARK)
    block.add_new(2, "SQ", [item])
    data = dicom_file(dataset)
    assert hidden_in(data) == [*PLANTED, MARK, MARK.upper()]
    clean = deidentified(data, KEY)
    assert hidden_in(clean) == []
    found = pydicom.dcmread(io.BytesIO(clean))
    assert not any(element.tag.is_private for element in found.iterall())
    assert found.PatientIdentityRemoved == "YES"
    assert found.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert found.LongitudinalTemporalInformationModified == "REMOVED"
    kinds = {element.VR for element in found.iterall() if element.value}
    assert not kinds & {"DA", "TM", "DT"}


def test_nothing_is_left_before_behind_or_inside_of_the_pixels():
    pixels = draw_knee(2, side=256)
    dataset = knee_dataset(height=256)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=95, comment=MARK.encode())
    dataset.PixelData = encapsulate([stream.getvalue() + MARK.encode()])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    data = MARK.encode().ljust(128, b"\0") + dicom_file(dataset)[128:]
    behind = knee_dataset(height=256)
    behind.PixelData += MARK.encode() * 20
    overlay = knee_dataset(height=256)
    overlay.add_new(0x60003000, "OW", MARK.encode() * 8)
    for film in (data, dicom_file(behind), dicom_file(overlay)):
        assert MARK in hidden_in(film)
        clean = deidentified(film, KEY)
        assert hidden_in(clean) == []
        before, after = (read_radiograph(one, "x").pixels for one in (film, clean))
        assert np.array_equal(before, after)


def as_16_bit(dataset, **tags):
    deep = draw_knee(2, side=300).astype(np.uint16) * 13 + 200
    dataset.Rows, dataset.Columns = deep.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelData = deep.tobytes()
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    return dataset


def with_table(dataset):
    table = Dataset()
    table.LUTDescriptor = [4096, 0, 16]
    table.LUTData = (np.linspace(0, 1, 4096) ** 2 * 65535).astype("<u2").tobytes()
    table["LUTData"].VR = "OW"
    table.LUTExplanation = MARK
    dataset.VOILUTSequence = [table]
    return dataset


@pytest.mark.parametrize(
    "dataset",
    [
        knee_dataset(),
        knee_dataset(PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE"),
        as_16_bit(knee_dataset(), WindowCenter=2000, WindowWidth=2500),
        as_16_bit(knee_dataset(WindowCenter=None, WindowWidth=None), RescaleSlope=2),
        as_16_bit(knee_dataset(), ImagerPixelSpacing=[0.3, 0.15], WindowCenter=1800),
    ],
)
def test_the_film_is_read_as_before(dataset):
    data = dicom_file(dataset)
    before, after = (read_radiograph(one, "x") for one in (data, deidentified(data, KEY)))
    assert np.array_equal(before.pixels, after.pixels)
    for name in ("bits", "laterality", "spacing", "header"):
        assert getattr(before, name) == getattr(after, name)
    assert (before.stored is None) == (after.stored is None)


def test_a_film_that_came_through_a_table_is_kept_as_it_is_seen():
    data = dicom_file(with_table(as_16_bit(knee_dataset())))
    clean = deidentified(data, KEY)
    assert hidden_in(clean) == []
    before, after = (read_radiograph(one, "x").pixels for one in (data, clean))
    assert np.abs(before - after).max() < 0.01


def test_what_was_whole_by_the_standard_stays_so():
    whole = knee_file(PositionerType="COLUMN")
    assert dciodvfy(whole) == []
    assert dciodvfy(deidentified(whole, KEY)) == []
    assert dciodvfy(deidentified(knee_file(), KEY)) == []


def test_one_key_gives_one_film_the_same_numbers_everywhere():
    first, again = (source_of(deidentified(knee_file(), KEY)) for _ in range(2))
    said = source_of(knee_file())
    assert first == again
    assert first.sop_instance == KEY.uid(said.sop_instance)
    assert first.study == KEY.uid(said.study)
    assert first.patient_id == KEY.patient("SECRET-4711", study="")
    other = source_of(deidentified(knee_file(), replace(KEY, key=b"another key of some length")))
    assert {first.study, first.patient_id}.isdisjoint({other.study, other.patient_id})


def test_a_key_of_the_owner_ties_exports_together():
    mine = pseudonyms_from({SETTING: "correct horse battery"})
    assert mine == pseudonyms_from({SETTING: "correct horse battery"})
    assert pseudonyms_from({}) != pseudonyms_from({})
    assert "horse" not in repr(mine)
    with pytest.raises(ConfigError, match="at least 16 letters"):
        pseudonyms_from({SETTING: "short"})


def test_an_image_file_keeps_its_pixels_alone():
    pixels = draw_knee(3, side=256)
    about = PngImagePlugin.PngInfo()
    about.add_text("Patient", MARK)
    exif = Image.Exif()
    exif[0x010E] = MARK
    films = [
        image_file(pixels, "PNG", pnginfo=about),
        image_file(pixels, "TIFF", description=MARK),
        image_file(pixels, "JPEG", exif=exif),
        image_file(pixels.astype(np.uint16) * 200, "PNG", pnginfo=about),
    ]
    for film in films:
        assert hidden_in(film) == [MARK]
        clean = deidentified(film, KEY)
        assert hidden_in(clean) == []
        assert clean.startswith(b"\x89PNG")
        before, after = (read_radiograph(one, "x").pixels for one in (film, clean))
        assert np.array_equal(before, after)


def test_what_is_no_film_is_refused():
    for data in (b"", b"text", dicom_file(knee_dataset(PixelData=None))):
        with pytest.raises(RadiographError):
            deidentified(data, KEY)


def test_a_kind_that_is_not_known_becomes_a_capture():
    data = knee_file(SOPClassUID="1.2.840.10008.5.1.4.1.1.2")
    clean = pydicom.dcmread(io.BytesIO(deidentified(data, KEY)))
    assert clean.SOPClassUID == "1.2.840.10008.5.1.4.1.1.7"
    assert clean.ConversionType == "WSD"
    assert generate_uid() != clean.SOPInstanceUID
    assert keyword_for_tag(0x00080064) == "ConversionType"
