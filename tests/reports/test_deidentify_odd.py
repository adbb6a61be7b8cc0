"""Odd films without their patient: two never become one, references fit, and the film is as before.

Also every attribute of the standard's list (PS3.15, table E.1-1), not only those that take words.
"""

import io

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import JPEGBaseline8Bit

from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.reports.deidentify import deidentified
from kneeoa.reports.dicom.pseudonyms import Pseudonyms
from kneeoa.reports.dicom.source import source_of
from kneeoa.reports.structured_report import structured_report
from tests.support.dicom_programs import dciodvfy
from tests.support.films import dicom_file, image_file
from tests.support.report_films import code, knee_dataset, knee_file
from tests.support.reports import REPORT

KEY = Pseudonyms(b"a key that is only for tests 0123")
COMPUTED, CT = "1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.2"
DIGITAL = "1.2.840.10008.5.1.4.1.1.1.1"
DEEP = draw_knee(2, side=300).astype(np.uint16) * 13 + 200
NUMBER = 4711
PLANTED = {
    **dict.fromkeys(("OB", "OW", "UN", "OL", "OV", "OF", "OD"), b"Zebedee!" * 3),
    "UI": "1.3.6.1.4.1.99999.4711",
    "AS": "047Y",
    **dict.fromkeys(("US", "UL", "SS", "SL", "UV", "SV", "FL", "FD"), NUMBER),
    **dict.fromkeys(("IS", "DS"), str(NUMBER)),
    "AT": 0x00100010,
}
KEPT = {
    # What describes the picture itself, in numbers.
    *("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"),
    *("KVP", "DistanceSourceToDetector", "DistanceSourceToPatient"),
    *("EstimatedRadiographicMagnificationFactor", "PixelPaddingValue", "PixelPaddingRangeLimit"),
}


def deep_dataset(values=DEEP, *, bits=12, **tags):
    made = knee_dataset(WindowCenter=2000, WindowWidth=2500)
    made.Rows, made.Columns = values.shape
    made.BitsAllocated = 8 * values.dtype.itemsize
    made.BitsStored, made.HighBit = bits, bits - 1
    made.PixelData = values.tobytes()
    made["PixelData"].VR = "OW"
    for keyword, value in tags.items():
        setattr(made, keyword, value)
    return made


def cleaned(data):
    return pydicom.dcmread(io.BytesIO(deidentified(data, KEY)))


def read_before_and_after(data):
    return (read_radiograph(one, "x") for one in (data, deidentified(data, KEY)))


def test_no_number_bytes_age_or_sequence_of_any_attribute_is_left():
    dataset, inside = knee_dataset(), Dataset()
    inside.PatientName, inside.OriginalAttributesSequence = "Zebedee", [Dataset()]
    planted = set()
    for tag, (kind, many, _, _, keyword) in DicomDictionary.items():
        group = tag >> 16
        # Group 28 and the pixels say how the film is decoded.
        if group in (0x0000, 0x0002, 0x0004, 0x0028, 0x7FE0) or not keyword or keyword in dataset:
            continue
        value = [inside] if kind == "SQ" else PLANTED.get(kind.partition(" ")[0])
        if value is None:
            continue
        if kind in ("IS", "DS", "US", "SS", "FL", "FD") and many[0] == "2":
            value = [value, value]
        dataset.add_new(tag, kind.partition(" ")[0], value)
        planted.add(keyword)
    assert len(planted) > 2500
    assert {"IconImageSequence", "PatientAge", "OriginalAttributesSequence"} <= planted
    overlay = 0x60000000 + 0x3000
    dataset.add_new(overlay, "OW", PLANTED["OW"])
    found = cleaned(dicom_file(dataset))
    left = {one.keyword for one in found.iterall() if one.keyword in planted} - KEPT
    # Every one there has a value of its own: a replaced UID, or what an image must have.
    assert left <= {"AcquisitionContextSequence", "DeidentificationMethodCodeSequence"}
    assert overlay not in found
    assert b"Zebedee" not in dicom_file(found)
    assert b"99999.4711" not in dicom_file(found)


def test_films_that_say_nothing_of_themselves_do_not_become_one_film_or_one_patient():
    silent = {"SOPInstanceUID": None, "StudyInstanceUID": None, "SeriesInstanceUID": None}
    files = [knee_file(grade, PatientID="", **silent) for grade in (1, 2)]
    one, other = map(cleaned, files)
    for keyword in ("PatientID", *silent):
        assert one[keyword].value != other[keyword].value
    assert cleaned(files[0]).StudyInstanceUID == one.StudyInstanceUID


def test_a_patient_without_a_number_is_one_patient_in_one_study_and_its_report():
    data = knee_file(PatientID="")
    film = cleaned(data)
    report = structured_report(REPORT, source_of(data), pseudonyms=KEY)
    assert pydicom.dcmread(io.BytesIO(report)).PatientID == film.PatientID
    elsewhere = cleaned(knee_file(PatientID="", StudyInstanceUID="1.2.3.4"))
    assert elsewhere.PatientID != film.PatientID


@pytest.mark.parametrize("kind", [COMPUTED, CT, "1.2.3.4"])
def test_a_report_refers_to_the_film_as_the_kind_that_it_has_become(kind):
    data = knee_file(SOPClassUID=kind)
    film, source = cleaned(data), source_of(data)
    assert source.can_be_referred_to == (kind != "1.2.3.4")
    if not source.can_be_referred_to:
        return
    made = pydicom.dcmread(io.BytesIO(structured_report(REPORT, source, pseudonyms=KEY)))
    (study,) = made.CurrentRequestedProcedureEvidenceSequence
    (instance,) = study.ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert instance.ReferencedSOPClassUID == film.SOPClassUID
    assert instance.ReferencedSOPInstanceUID == film.SOPInstanceUID


@pytest.mark.parametrize(
    "data",
    [
        dicom_file(deep_dataset(PixelPaddingValue=300, PixelPaddingRangeLimit=200)),
        dicom_file(deep_dataset(PixelPaddingValue=65535)),
        dicom_file(deep_dataset(RescaleSlope="1e300")),
        knee_file(ImagerPixelSpacing=[143, 143]),
        knee_file(ImagerPixelSpacing=["0.13888888888889"] * 2, KVP="1234567890123456"),
        knee_file(PatientOrientation=["R", "F"]),
        knee_file(BodyPartExamined="FOOT"),
        knee_file(Modality="MR"),
    ],
)
def test_what_is_odd_stays_as_odd_as_it_was(data):
    before, after = read_before_and_after(data)
    assert np.array_equal(before.pixels, after.pixels)
    for name in ("bits", "laterality", "header", "notes"):
        assert getattr(before, name) == getattr(after, name)
    assert after.spacing == (before.spacing and pytest.approx(before.spacing))


def test_a_padding_that_is_no_sample_is_taken_as_one():
    dataset = deep_dataset()
    dataset.add_new(0x00280120, "SS", -1)
    before, after = read_before_and_after(dicom_file(dataset))
    assert np.array_equal(before.pixels, after.pixels)


def test_samples_of_32_bits_are_kept_as_they_are_seen():
    wide = deep_dataset(DEEP.astype(np.uint32) * 3000, bits=32, WindowCenter=6e6, WindowWidth=8e6)
    before, after = read_before_and_after(dicom_file(wide))
    assert np.abs(before.pixels - after.pixels).max() < 0.01


def test_codes_of_the_older_snomed_stay_as_those_of_today():
    film = cleaned(
        knee_file(
            AnatomicRegionSequence=Sequence([code("T-D9200", "SRT", "Frau Zebedee")]),
            ViewCodeSequence=Sequence([code("R-10206", "SNM3", "antero-posterior")]),
        )
    )
    (region,), (view,) = film.AnatomicRegionSequence, film.ViewCodeSequence
    assert (region.CodeValue, region.CodeMeaning) == ("72696002", "Knee")
    assert (view.CodeValue, view.CodingSchemeDesignator) == ("399348003", "SCT")


def test_what_a_computed_radiograph_must_have_is_there_and_loss_is_said():
    assert dciodvfy(deidentified(knee_file(SOPClassUID=COMPUTED, Modality="CR"), KEY)) == []
    unknown = knee_file(SOPClassUID=COMPUTED, Modality="CR", BodyPartExamined="KNIE")
    assert dciodvfy(deidentified(unknown, KEY)) == []
    silent = knee_file(SOPClassUID=COMPUTED, Modality="CR", ImageLaterality=None)
    assert dciodvfy(deidentified(silent, KEY)) == []
    for kind in (COMPUTED, DIGITAL):
        both = knee_file(SOPClassUID=kind, ImageLaterality="R", Laterality="L")
        assert dciodvfy(deidentified(both, KEY)) == []
    dataset, stream = knee_dataset(height=256), io.BytesIO()
    Image.fromarray(draw_knee(2, side=256)).save(stream, "JPEG", quality=95)
    dataset.PixelData = encapsulate([stream.getvalue()])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    film = cleaned(dicom_file(dataset))
    assert (film.LossyImageCompression, film.LossyImageCompressionMethod) == ("01", "ISO_10918_1")


def test_pictures_of_all_depths_look_as_before():
    pixels = draw_knee(3, side=256)
    stream = io.BytesIO()
    white_is_zero = {262: 0}
    deep = Image.fromarray(65535 - pixels.astype(np.uint16) * 200)
    deep.save(stream, "TIFF", tiffinfo=white_is_zero)
    films = [stream.getvalue()]
    for made in (pixels.astype(np.int32) * 70000, pixels.astype(np.float32)):
        films.append(image_file(made, "TIFF"))
    for film in films:
        before, after = read_before_and_after(film)
        assert np.abs(before.pixels - after.pixels).max() < 0.01
