"""What a DICOM header says travels with the film; pixels that are not square are made square."""

import numpy as np
import pytest
from PIL import Image

from kneeoa.films.dicom.patient import patient
from kneeoa.films.header import DecodedFilm, Header
from kneeoa.films.limits import Limits
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.films.square_pixels import make_square
from kneeoa.graders.grading import Graders
from tests.support.films import dicom_dataset, dicom_file, image_file
from tests.support.odd_films import FILM, deep_dataset, is_like, read, table

FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.1.1"
HALVED = np.asarray(Image.fromarray(FILM).resize((224, 112), Image.Resampling.BOX))


def test_what_the_header_says_travels_with_the_film():
    said = read(
        deep_dataset(
            BodyPartExamined="knee ", ViewPosition="AP", PresentationIntentType="FOR PRESENTATION"
        )
    )
    assert said.header == Header("KNEE", "AP", "DX")
    assert said.notes == ()
    silent = read_radiograph(image_file(FILM), "film.png")
    assert (silent.header, silent.notes) == (Header(), ())


@pytest.mark.parametrize(
    "text", ["SECRET^PATIENT", "12345678", "KNEE 1961", "A" * 200, "", "   ", "***"]
)
def test_what_may_be_a_patients_does_not_pass(text):
    odd = deep_dataset()
    odd.add_new("BodyPartExamined", "LO", text)
    odd.add_new("ViewPosition", "LO", text)
    assert read(odd).header == Header(modality="DX")


def test_a_coded_region_is_read_where_the_word_is_missing():
    odd = deep_dataset(AnatomicRegionSequence=[table(np.arange(4), declared=8)])
    odd.AnatomicRegionSequence[0].CodeMeaning = "Knee joint"
    assert read(odd).header.body_part == "KNEE JOINT"


def test_the_words_of_descriptions_are_read_without_numbers():
    odd = deep_dataset(SeriesDescription="Knie 2E seitlich_li", ProtocolName="4711^knee")
    assert read(odd).header.described == {"KNIE", "E", "SEITLICH", "LI", "KNEE"}


@pytest.mark.parametrize(
    ("description", "is_frontal"),
    [
        ("Knie a.p. seitl.", True),
        ("Knie a. p. / seitl.", True),
        ("Knee P/A lat", True),
        ("knie_a.p._li", True),
        ("Genou profil A et P", False),
        ("A Knie P seitl.", False),
        ("Knie seitl. Dr. P. P.", False),
    ],
)
def test_the_letters_of_a_frontal_view_stand_together(description, is_frontal):
    header = read(deep_dataset(SeriesDescription=description)).header
    assert bool({"AP", "PA"} & header.described) == is_frontal


def test_a_view_written_with_points_is_that_view():
    assert read(deep_dataset(ViewPosition="A.P.")).header.view == "AP"


@pytest.mark.parametrize(
    ("said", "child"),
    [
        ({"PatientAge": "012Y"}, True),
        ({"PatientAge": "18Y"}, False),
        ({"PatientAge": "061Y", "PatientBirthDate": "20150101", "StudyDate": "20200101"}, False),
        ({"PatientAge": "200M"}, True),
        ({"PatientAge": "230M"}, False),
        ({"PatientAge": "040W"}, True),
        ({"PatientAge": "12"}, True),
        ({"PatientAge": "061"}, False),
        ({"PatientBirthDate": "20080630", "StudyDate": "20260629"}, True),
        ({"PatientBirthDate": "20080630", "StudyDate": "20260701"}, False),
        ({"PatientBirthDate": "20080630", "AcquisitionDate": "20200101"}, True),
        # What cannot be is no reason to refuse.
        ({"PatientBirthDate": "20260101", "StudyDate": "20200101"}, False),
        ({"PatientBirthDate": "19990231", "StudyDate": "20000101"}, False),
        ({"PatientAge": "old"}, False),
        ({"PatientAge": "000Y", "PatientBirthDate": "19500101", "StudyDate": "20200101"}, False),
        ({"PatientAge": "000Y", "PatientBirthDate": "20190901", "StudyDate": "20200101"}, True),
        ({"PatientAge": "000Y"}, True),
        ({"PatientBirthDate": "20150101"}, False),
        ({}, False),
    ],
)
def test_a_childs_film_says_so_and_no_age_goes_further(said, child):
    odd = deep_dataset()
    for keyword in ("PatientAge", "PatientBirthDate", "StudyDate", "AcquisitionDate"):
        if keyword in odd:
            del odd[keyword]
    for keyword, value in said.items():
        odd.add_new(keyword, "LO", value)
    assert read(odd).header.child is child


@pytest.mark.parametrize("by", ["intent", "kind"])
def test_unprocessed_detector_data_say_so(by):
    raw = deep_dataset()
    if by == "intent":
        raw.PresentationIntentType = "FOR PROCESSING"
    else:
        raw.SOPClassUID = raw.file_meta.MediaStorageSOPClassUID = FOR_PROCESSING
    (note,) = read(raw).notes
    assert "FOR PROCESSING" in note
    assert "may be negative" in note


@pytest.mark.parametrize(
    ("kind", "shape", "contradict"),
    [
        ("MONOCHROME1", "INVERSE", False),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME1", "IDENTITY", True),
        ("MONOCHROME2", "INVERSE", True),
    ],
)
def test_polarity_that_contradicts_itself_is_said(kind, shape, contradict):
    odd = deep_dataset(PhotometricInterpretation=kind, PresentationLUTShape=shape)
    assert ("contradict" in " ".join(read(odd).notes)) == contradict


SPACINGS = [
    {"PixelSpacing": ["0.4", "0.2"]},
    {"ImagerPixelSpacing": ["0.4", "0.2"]},
    {"NominalScannedPixelSpacing": ["0.4", "0.2"]},
    {"PixelAspectRatio": ["2", "1"]},
]


@pytest.mark.parametrize("tags", SPACINGS)
def test_pixels_are_made_square(tags):
    radiograph = read(dicom_dataset(HALVED, **tags))
    assert radiograph.pixels.shape == (224, 224)
    assert is_like(radiograph.pixels)
    assert (0 <= radiograph.pixels).all() and (radiograph.pixels <= 255).all()
    assert radiograph.spacing == (None if "PixelAspectRatio" in tags else (0.2, 0.2))
    assert "made square" in radiograph.notes[0]


@pytest.mark.parametrize(
    ("tags", "contradict"),
    [
        ({"PixelSpacing": ["0.2", "0.2"], "PixelAspectRatio": ["2", "1"]}, True),
        ({"PixelSpacing": ["0.2", "0.2"], "ImagerPixelSpacing": ["0.1", "0.2"]}, True),
        ({"PixelSpacing": ["0.139", "0.139"], "ImagerPixelSpacing": ["0.143", "0.144"]}, False),
        ({"PixelSpacing": ["0.2", "0.2"], "PixelAspectRatio": ["1", "1"]}, False),
    ],
)
def test_pixels_of_two_shapes_are_said(tags, contradict):
    radiograph = read(dicom_dataset(FILM, **tags))
    assert radiograph.pixels.shape == FILM.shape
    assert ("contradict each other about the shape" in " ".join(radiograph.notes)) == contradict


def test_wide_pixels_are_made_square_too():
    radiograph = read(dicom_dataset(HALVED.T, PixelSpacing=["0.1", "0.2"]))
    assert is_like(radiograph.pixels, FILM.T)
    assert radiograph.spacing == (0.1, 0.1)


def test_grades_are_those_of_the_square_film():
    film = draw_knee(3, seed=4)
    halved = np.asarray(Image.fromarray(film).resize((224, 112), Image.Resampling.BOX))
    graders = Graders()
    square = graders.read(read(dicom_dataset(film)))
    odd = graders.read(read(dicom_dataset(halved, PixelSpacing=["0.4", "0.2"])))
    for one, other in zip(square, odd, strict=True):
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=0.05)


@pytest.mark.parametrize(
    ("tags", "spacing"),
    [
        ({"PixelSpacing": ["0.14", "0.141"]}, (0.14, 0.141)),
        ({"PixelAspectRatio": ["0", "1"]}, None),
    ],
)
def test_what_is_square_or_says_nothing_stays(tags, spacing):
    radiograph = read(dicom_dataset(FILM, **tags))
    assert np.array_equal(radiograph.pixels, FILM)
    assert (radiograph.spacing, radiograph.notes) == (spacing, ())


def test_impossible_pixels_are_not_believed():
    radiograph = read(dicom_dataset(FILM, PixelSpacing=["0.01", "1"]))
    assert np.array_equal(radiograph.pixels, FILM)
    assert "not believed" in radiograph.notes[0]


def test_square_pixels_stay_within_the_limits():
    film = DecodedFilm(HALVED.astype(np.float32), 8, spacing=(0.4, 0.2), aspect=2.0)
    small = make_square(film, Limits(max_pixels=HALVED.size))
    assert (small.pixels.shape, small.spacing) == ((112, 112), (0.4, 0.4))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_density_that_differs_makes_pixels_square(kind):
    options = {"quality": 95} if kind == "JPEG" else {}
    radiograph = read_radiograph(image_file(HALVED, kind, dpi=(200, 100), **options), "film")
    assert radiograph.pixels.shape == (224, 224)
    assert is_like(radiograph.pixels)
    assert radiograph.spacing is None
    assert "made square" in radiograph.notes[0]
    even = read_radiograph(image_file(HALVED, kind, dpi=(100, 100), **options), "film")
    assert (even.pixels.shape, even.notes) == ((112, 224), ())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_density_is_that_before_the_film_is_turned(kind):
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = image_file(HALVED, kind, dpi=(200, 100), exif=exif)
    radiograph = read_radiograph(lying, "film")
    assert is_like(radiograph.pixels, np.rot90(FILM, -1))


def test_whose_a_film_is_and_of_which_day():
    film = dicom_file(dicom_dataset(FILM, StudyDate="20210304"))
    said = patient(film)[0]
    assert (said["id"], said["date"]) == ("SECRET-ID", "2021-03-04")
    named = dicom_dataset(FILM, PatientBirthDate="19520317", IssuerOfPatientID="There")
    named.PatientName = "M\u00fcller^ANNA=\u5c71"
    named.SpecificCharacterSet = "ISO_IR 192"
    said = patient(dicom_file(named))[0]
    assert (said["names"]["LATIN"], said["born"], said["issuer"]) == (
        "m\u00fcller anna",
        "1952-03-17",
        "There",
    )
    for nobody in ("ANONYMOUS", "Anonymized^Patient", "unknown", "0000", "XXX", "n/a"):
        named.PatientID = named.PatientName = nobody
        said = patient(dicom_file(named))[0]
        assert (said["id"], said["names"]) == ("", {})
    named.PatientID = "ANON0042"
    assert patient(dicom_file(named))[0]["id"] == "ANON0042"
    for data in (image_file(FILM), b"", dicom_file(dicom_dataset(FILM))):
        assert patient(data)[0]["date"] == ""


@pytest.mark.parametrize(
    ("tags", "note"),
    [
        ({"ImagerPixelSpacing": ["143", "143"]}, "a pixel is 143 x 143 mm large"),
        ({"PixelSpacing": ["0.00014", "0.00014"]}, "there are no millimetres"),
        ({"ImagerPixelSpacing": ["3.0", "0.15"]}, "That was not believed"),
    ],
)
def test_a_size_of_a_pixel_that_cannot_be_gives_no_millimetres(tags, note):
    radiograph = read(dicom_dataset(FILM, **tags))
    assert radiograph.spacing is radiograph.header.spacing_from is None
    assert any(note in one for one in radiograph.notes)
    assert radiograph.pixels.shape == FILM.shape


@pytest.mark.parametrize(
    ("orientation", "mirrored"),
    [
        (["L", "F"], False),
        (["R", "F"], True),
        (["L", "H"], True),
        (["R", "H"], False),
        (["F", "R"], False),
        (["F", "L"], True),
        (["LP", "FA"], False),
        (["A", "F"], False),
        (None, False),
    ],
)
def test_a_mirror_image_is_known_however_the_film_is_turned(orientation, mirrored):
    radiograph = read(dicom_dataset(FILM, PatientOrientation=orientation))
    assert radiograph.header.mirrored == mirrored
    assert any("mirror image" in one for one in radiograph.notes) == mirrored


@pytest.mark.parametrize(
    ("orientation", "tags", "view"),
    [
        (["A", "F"], {}, "LATERAL BY PATIENTORIENTATION"),
        (["P", "F"], {}, "LATERAL BY PATIENTORIENTATION"),
        (["F", "A"], {}, "LATERAL BY PATIENTORIENTATION"),
        (["L", "P"], {}, "AXIAL BY PATIENTORIENTATION"),
        (["L", "F"], {}, None),
        (["LA", "F"], {}, None),
        (["F", "R"], {}, None),
        (["A", "F"], {"ViewPosition": "AP"}, "AP"),
        (["A"], {}, None),
        (["", "F"], {}, None),
        (None, {}, None),
    ],
)
def test_a_view_from_the_side_is_known_by_the_orientation(orientation, tags, view):
    radiograph = read(dicom_dataset(FILM, PatientOrientation=orientation, **tags))
    assert radiograph.header.view == view
