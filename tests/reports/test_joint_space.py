"""Joint space widths in a report: millimetres where the film has some, pixels else."""

from dataclasses import replace

import pytest

from kneeoa.films.frames import Frame
from kneeoa.jointspace.width import JointSpace, Width
from kneeoa.reports import wording
from kneeoa.reports.dicom.terms import measurement_code
from kneeoa.reports.joint_space import angle, measurements_of, ruler
from kneeoa.reports.structured_report import structured_report
from tests.support.dicom_programs import dciodvfy, dsrdump
from tests.support.films import dicom_dataset
from tests.support.odd_films import FILM, read
from tests.support.reports import REPORT, SOURCE

OPEN = Width(30.0, 0.5, 29.0, 31.0, ((10.0, 20.0), (11.0, 50.0)))
CLOSED = Width(0.0, None, 0.0, 4.0, is_closed=True)
KNEE = Frame(0, 0, 400, 400)


def test_widths_are_millimetres_with_their_interval_and_place():
    (lateral,) = measurements_of(JointSpace(OPEN, Width(refusal="Not seen."), 200, "R", 0.2))
    assert lateral.kind == "lateral minimum joint space width"
    assert (lateral.value, lateral.unit) == (pytest.approx(6.0), "mm")
    assert (lateral.low, lateral.high) == (pytest.approx(5.8), pytest.approx(6.2))
    assert lateral.points == ((20.0, 10.0), (50.0, 11.0))


def test_without_a_spacing_they_are_pixels_of_the_pictures_sides_and_closed_is_at_most():
    left, right = measurements_of(JointSpace(CLOSED, OPEN))
    assert left.kind == "left of the picture minimum joint space width, at most"
    assert (left.value, left.low, left.high, left.unit) == (4.0, None, None, "{pixels}")
    assert (right.value, right.unit) == (30.0, "{pixels}")


def test_a_line_of_the_reader_is_as_long_as_the_viewer_says_and_called_hers():
    film = read(dicom_dataset(FILM, ImagerPixelSpacing=["0.2", "0.2"]))
    length = ruler(((10.0, 20.0), (13.0, 24.0)), film, KNEE)
    assert (length.value, length.unit) == (pytest.approx(1.0), "mm")
    assert length.points == ((20.0, 10.0), (24.0, 13.0))
    assert "reader's ruler" in length.method
    assert "at the detector" in length.method
    bare = ruler(((10.0, 20.0), (13.0, 24.0)), replace(film, spacing=None), KNEE)
    assert (bare.value, bare.unit) == (5.0, "{pixels}")
    assert "detector" not in bare.method
    assert wording.measurement_line(angle(((0, 0), (1, 1), (2, 0)), 90.04)).startswith("90.0 deg")
    assert measurement_code(length.kind).scheme_designator == "SCT"


@pytest.mark.parametrize(
    ("millimetres", "side", "unit"),
    # The crops of the data set, a child's knee, a large one that is magnified; and no knees.
    [
        *((0.5, 224, "mm"), (0.2, 200, "mm"), (0.15, 1200, "mm")),
        *((0.9, 300, "{pixels}"), (0.9, 224, "{pixels}"), (0.05, 300, "{pixels}")),
    ],
)
def test_a_line_is_in_millimetres_only_where_those_are_a_knee_s(millimetres, side, unit):
    film = read(dicom_dataset(FILM, PixelSpacing=[str(millimetres)] * 2))
    assert film.spacing == (millimetres, millimetres)
    line = ruler(((0.0, 0.0), (17.0, 0.0)), film, Frame(5, 5, side, side))
    assert line.unit == unit
    assert line.value == pytest.approx(17 * millimetres if unit == "mm" else 17)
    assert ("Millimetres" in line.method) == (unit == "mm")


def test_the_reader_s_measurements_are_what_the_standard_allows():
    film = read(dicom_dataset(FILM, ImagerPixelSpacing=["0.2", "0.2"]))
    line = ruler(((10.0, 20.0), (13.0, 24.0)), film, KNEE)
    mine = (line, angle(((0, 0), (1, 1), (2, 0)), 90.04))
    report = replace(REPORT, measurements=mine)
    data = structured_report(report, SOURCE, pseudonyms=None)
    assert dciodvfy(data) == []
    text = dsrdump(data)
    assert "410668003" in text
    assert "By the reader's ruler. Millimetres at the detector" in text
