"""Millimetres in the knee: those at the detector, over the magnification that a file estimates."""

import math

import numpy as np
import pytest

from kneeoa.films.frames import Frame
from kneeoa.films.header import of_the_picture
from kneeoa.films.pixel_size import AT_DETECTOR, CALIBRATED, ESTIMATED, SCANNED, pixel_size
from kneeoa.films.radiograph import read_radiograph
from kneeoa.jointspace import change, words
from kneeoa.jointspace.width import JointSpace, Width
from kneeoa.reports.deidentify import deidentified
from kneeoa.reports.dicom.pseudonyms import Pseudonyms
from kneeoa.reports.joint_space import measurements_of, ruler
from pages.shared.viewer.feed import film_feed
from tests.support.films import dicom_dataset, dicom_file
from tests.support.report_films import knee_file

FILM = np.arange(10_000).reshape(100, 100).astype(np.uint8)
BOX = Frame(0, 0, 400, 400)


def read(**tags):
    return read_radiograph(dicom_file(dicom_dataset(FILM, **tags)), "film.dcm")


def test_at_the_detector_a_pixel_is_larger_than_in_the_knee():
    size = pixel_size({AT_DETECTOR: (0.23, 0.46)}, 1.15)
    assert size.spacing == pytest.approx((0.2, 0.4))
    assert (size.origin, size.magnification, size.doubt) == (ESTIMATED, 1.15, "")
    repeated = pixel_size({CALIBRATED: (0.23, 0.23), AT_DETECTOR: (0.2301, 0.2301)}, 1.15)
    assert (repeated.origin, repeated.magnification) == (ESTIMATED, 1.15)


@pytest.mark.parametrize(
    ("spacings", "origin"),
    [
        # What was calibrated once is not calibrated again, and a scanner magnifies nothing.
        ({CALIBRATED: (0.2, 0.2), AT_DETECTOR: (0.23, 0.23)}, CALIBRATED),
        ({CALIBRATED: (0.2, 0.2)}, CALIBRATED),
        ({SCANNED: (0.2, 0.2)}, SCANNED),
        ({}, None),
    ],
)
def test_other_sizes_are_left_as_they_are(spacings, origin):
    size = pixel_size(spacings, 1.15)
    assert (size.spacing, size.origin) == (next(iter(spacings.values()), None), origin)
    assert (size.magnification, size.doubt) == (None, "")
    assert pixel_size(spacings, 7.0).doubt == ""


def test_what_is_called_calibrated_is_not_divided_even_where_it_repeats_the_detector():
    both = {CALIBRATED: (0.2, 0.2), AT_DETECTOR: (0.2, 0.2)}
    size = pixel_size(both, 1.25, is_calibrated=True)
    assert (size.spacing, size.origin, size.magnification) == ((0.2, 0.2), CALIBRATED, None)
    assert size.doubt.endswith("It was not used.")
    assert pixel_size(both, None, is_calibrated=True).doubt == ""
    film = read(
        PixelSpacing=["0.2", "0.2"],
        ImagerPixelSpacing=["0.2", "0.2"],
        PixelSpacingCalibrationType="FIDUCIAL",
        **{ESTIMATED: "1.25"},
    )
    assert (film.spacing, film.header.spacing_from) == ((0.2, 0.2), CALIBRATED)
    assert "PixelSpacingCalibrationType" in " ".join(film.notes)


def test_what_was_divided_by_the_factor_is_not_divided_again():
    for factor in (1.15, 1.009, 1.005):
        both = {CALIBRATED: (0.25 / factor, 0.25 / factor), AT_DETECTOR: (0.25, 0.25)}
        size = pixel_size(both, factor)
        assert (size.spacing, size.origin) == (both[CALIBRATED], CALIBRATED)


def test_a_note_of_uneven_pixels_has_the_sizes_that_the_file_has():
    film = read(ImagerPixelSpacing=["0.25", "0.5"], **{ESTIMATED: "1.25"})
    assert "Pixels were 0.25 x 0.5 mm" in " ".join(film.notes)


@pytest.mark.parametrize("factor", [0.0, 0.99, 2.01, -1.2, math.inf, math.nan])
def test_a_magnification_that_cannot_be_is_told_and_not_used(factor):
    size = pixel_size({AT_DETECTOR: (0.2, 0.2)}, factor)
    assert (size.spacing, size.origin, size.magnification) == ((0.2, 0.2), AT_DETECTOR, None)
    assert size.doubt.endswith("It was not used.")


@pytest.mark.parametrize("factor", [None, 1.0, 1.0000001])
def test_none_is_none(factor):
    size = pixel_size({AT_DETECTOR: (0.2, 0.2)}, factor)
    assert (size.origin, size.magnification, size.doubt) == (AT_DETECTOR, None, "")


@pytest.mark.parametrize(
    ("written", "spacing", "notes"),
    [
        ("1.25", 0.16, 0),
        ("1,25", 0.16, 0),
        (" 1.25 ", 0.16, 0),
        ("", 0.2, 0),
        ("1.2\\1.3", 0.2, 1),
        ("much", 0.2, 1),
        ("0", 0.2, 1),
    ],
)
def test_it_is_read_as_writers_write_it(written, spacing, notes):
    data = dicom_file(
        dicom_dataset(FILM, ImagerPixelSpacing=["0.2", "0.2"], **{ESTIMATED: "1.77777777"})
    )
    radiograph = read_radiograph(data.replace(b"1.77777777", written.encode().ljust(10)), "f.dcm")
    assert radiograph.spacing == pytest.approx((spacing, spacing))
    assert len(radiograph.notes) == notes
    # Lengths are nothing that the networks see.
    assert of_the_picture(radiograph.notes) == ()


def test_every_place_that_says_millimetres_says_the_same_ones_and_what_they_are_worth():
    film = read(ImagerPixelSpacing=["0.25", "0.25"], **{ESTIMATED: "1.25"})
    assert (film.spacing, film.header.magnification) == (pytest.approx((0.2, 0.2)), 1.25)
    feed = film_feed(film)
    assert feed.spacing == film.spacing
    assert feed.where == " in knee, estimated"
    line = ruler(((0.0, 0.0), (30.0, 40.0)), film, BOX)
    assert (line.value, line.unit) == (pytest.approx(10.0), "mm")
    space = JointSpace(
        Width(20, 1, 18, 22, ((0, 0), (0, 20))),
        Width(refusal="No."),
        spacing=0.2,
        spacing_from=film.header.spacing_from,
        magnification=film.header.magnification,
    )
    (width,) = measurements_of(space)
    assert (width.value, width.unit) == (pytest.approx(4.0), "mm")
    for text in (line.method, width.method, words.scale_note(space)):
        assert "over the magnification of 1.25 that the file estimates" in text
    assert words.line(space).endswith(", in the knee, estimated")


def test_estimated_millimetres_are_compared_with_their_like_alone():
    def space(origin, magnification=None):
        return JointSpace(
            Width(20, 1, 18, 22),
            Width(20, 1, 18, 22),
            tibia_width=300,
            side="R",
            spacing=0.2,
            spacing_from=origin,
            magnification=magnification,
        )

    one, other = space(ESTIMATED, 1.1), space(ESTIMATED, 1.25)
    assert "(1.1 and 1.25)" in change.unit_note(one, other)
    for unlike in (space(AT_DETECTOR), space(CALIBRATED)):
        assert "percent of the tibia's width" in change.unit_note(one, unlike)


def test_a_film_without_its_patient_has_the_same_millimetres():
    data = knee_file(2, **{ESTIMATED: "1.25"})
    after = deidentified(data, Pseudonyms(b"key" * 11))
    sizes = [read_radiograph(film, "film.dcm") for film in (data, after)]
    assert sizes[0].spacing == sizes[1].spacing == pytest.approx((0.16, 0.16))
    assert sizes[0].header.magnification == sizes[1].header.magnification == 1.25
