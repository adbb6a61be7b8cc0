"""Whatever is refused or told of a film by its header is so without its patient, too."""

import io

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders.locating.header_gate import CHILD, of_header
from kneeoa.reports.deidentify import deidentified
from kneeoa.reports.dicom.pseudonyms import Pseudonyms
from kneeoa.store.cases.films import FilmFiles
from kneeoa.store.cases.identity import without_patient
from tests.support.cases import new_case
from tests.support.films import dicom_dataset, dicom_file, image_file
from tests.support.odd_films import FILM

KEY, OTHER = Pseudonyms(b"key" * 11), Pseudonyms(b"another" * 5)


def region(value, scheme="SCT"):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, "?"
    return [item]


REFUSED = [
    {"PatientAge": "009Y"},
    {"PatientAge": "17"},
    {"PatientBirthDate": "20150101", "StudyDate": "20240101"},
    {"BodyPartExamined": "HAND"},
    {"BodyPartExamined": "HANDS", "PatientAge": "012Y"},
    {"AnatomicRegionSequence": region("8205005")},
    {"AnatomicRegionSequence": region("T-D8700", "SNM3")},
    {"ViewPosition": "LL"},
    {"ViewCodeSequence": region("399067008")},
    {"ViewCodeSequence": region("30730003")},
    {"PatientOrientation": ["A", "F"]},
    {"SeriesDescription": "Knie seitlich"},
    {"ProtocolName": "ANKLE AP"},
    {"Modality": "MR"},
    {"Modality": "PX"},
]
TOLD = [
    {"PresentationIntentType": "FOR PROCESSING"},
    {"PhotometricInterpretation": "MONOCHROME2", "PresentationLUTShape": "INVERSE"},
    {"PatientOrientation": ["R", "F"]},
    {"ImageLaterality": "R", "Laterality": "L"},
    {"ImageLaterality": "R", "SeriesDescription": "KNEE LT"},
    {"ImageLaterality": "R", "StudyDescription": "Knie links"},
    {"PixelSpacing": [0.2, 0.2], "PixelAspectRatio": [2, 1]},
    {"PixelSpacing": [1, 1]},
    {"PixelSpacing": [40, 40]},
    {"ImagerPixelSpacing": [0.2, 0.2], "EstimatedRadiographicMagnificationFactor": 9},
]


def told_of(data):
    radiograph = read_radiograph(data, "film")
    findings = [finding.code for finding in of_header(radiograph.header)]
    return findings, len(radiograph.notes), radiograph.laterality


@pytest.mark.parametrize("tags", REFUSED)
def test_what_is_refused_stays_refused(tags):
    film = dicom_file(dicom_dataset(FILM, **tags))
    before = told_of(film)
    assert before[0]
    once = deidentified(film, KEY)
    assert told_of(once) == told_of(deidentified(once, OTHER)) == before


@pytest.mark.parametrize("tags", TOLD)
def test_what_is_told_stays_told(tags):
    film = dicom_file(dicom_dataset(FILM, **tags))
    before = told_of(film)
    assert before[1] == 1
    once = deidentified(film, KEY)
    assert told_of(once) == told_of(deidentified(once, OTHER)) == before


def test_rows_that_were_left_out_are_told():
    odd = dicom_dataset(FILM[:-8])
    odd.PixelData = FILM.tobytes()
    film = dicom_file(odd)
    assert told_of(film)[1] == told_of(deidentified(film, KEY))[1] == 1


def test_a_child_is_one_in_a_saved_case_and_no_age_is_in_it(tmp_path):
    film = dicom_file(dicom_dataset(FILM, PatientAge="009Y", PatientBirthDate="20150101"))
    files = FilmFiles(tmp_path, b"k" * 32)
    _, kept = without_patient(new_case("a" * 64), film, files, {})
    assert CHILD in of_header(read_radiograph(kept, "film").header)
    assert b"009Y" not in kept
    assert b"20150101" not in kept


@pytest.mark.parametrize("quality", [3, 30])
def test_how_much_a_compression_left_is_known(quality):
    shown = image_file(FILM, "JPEG", quality=quality)
    before = read_radiograph(shown, "film.jpg")
    after = read_radiograph(deidentified(shown, KEY), "film.png")
    assert after.lossy_bits == pytest.approx(before.lossy_bits, rel=1e-4)
    assert np.array_equal(before.pixels, after.pixels)


def test_a_digital_film_has_codes_where_it_has_terms():
    film = dicom_file(dicom_dataset(FILM, BodyPartExamined="KNEE", ViewPosition="AP"))
    made = pydicom.dcmread(io.BytesIO(deidentified(film, KEY)))
    assert made.AnatomicRegionSequence[0].CodeValue == "72696002"
    assert made.ViewCodeSequence[0].CodeValue == "399348003"
    silent = pydicom.dcmread(io.BytesIO(deidentified(dicom_file(dicom_dataset(FILM)), KEY)))
    assert len(silent.AnatomicRegionSequence) == 0
    assert "ViewCodeSequence" not in silent
