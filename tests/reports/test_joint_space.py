"""Joint space widths in a report: millimetres where the film has some, pixels else."""

import pytest

from kneeoa.jointspace.width import JointSpace, Width
from kneeoa.reports.joint_space import measurements_of

OPEN = Width(30.0, 0.5, 29.0, 31.0, ((10.0, 20.0), (11.0, 50.0)))
CLOSED = Width(0.0, None, 0.0, 4.0, is_closed=True)


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
