"""Pictures put together of several films, and knees that have no box."""

import numpy as np
import pytest

from kneeoa.graders.locating import beside, gate
from kneeoa.graders.locating.localiser import Localiser
from kneeoa.graders.locating.looks import Window
from tests.graders.locating.test_localiser import film, knee


@pytest.fixture(scope="module")
def localiser():
    return Localiser()


KNEES = [knee(number % 5, seed=number) for number in range(6)]


def in_rows(rows, columns):
    return np.vstack([np.hstack(KNEES[row * columns :][:columns]) for row in range(rows)])


@pytest.mark.parametrize(("rows", "columns"), [(2, 2), (2, 3), (3, 2)])
def test_several_films_in_one_picture_are_refused(localiser, rows, columns):
    found = localiser.find(film(in_rows(rows, columns)))
    assert found.refusal == gate.SEVERAL


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 2)])
def test_one_film_and_one_of_both_knees_are_not_several(localiser, rows, columns):
    assert localiser.find(film(in_rows(rows, columns))).findings == ()


def test_nothing_lies_beside_the_knee_of_a_crop():
    assert beside.places_beside([Window(5, 8, 214, 205)], 224, 224) == []


def test_what_lies_beside_a_box_is_looked_at_as_far_as_it_is_on_the_film():
    places = beside.places_beside([Window(400, 10, 200, 200)], 1000, 220)
    assert [place.is_level for place in places] == [False, False]
    for place in places:
        assert place.window.top >= 0 and place.window.top + place.window.height <= 1000
    (level,) = beside.places_beside([Window(0, 0, 200, 200)], 200, 600)
    assert level.is_level
    assert level.window.left > 50


def test_whose_knee_a_box_is_of():
    boxes = [Window(0, 0, 100, 100), Window(0, 150, 100, 100)]
    assert not beside.is_of_another(Window(10, 10, 100, 100), boxes, 400, 400)
    assert beside.is_of_another(Window(150, 0, 100, 100), boxes, 400, 400)
    assert not beside.is_of_another(Window(350, 0, 100, 100), boxes, 400, 400)
    assert beside.is_between(Window(0, 75, 100, 100), boxes)
    assert not beside.is_between(Window(0, 300, 100, 100), boxes)


def test_both_knees_upside_down_are_told(localiser):
    both = np.hstack([knee(1, seed=2), knee(3, seed=8, laterality="L")])
    found = localiser.find(film(both[::-1, ::-1]))
    assert found.refusal is not None
    assert found.refusal.code == gate.TURNED
    assert found.quarters == 2
