"""Boxes move exactly as the images do."""

import numpy as np
import pytest

from train.locate.geometry import Geometry, boxes, draw, target, turned_box, world
from train.locate.reframe import film_around, pyramid


def plain(count):
    """Films that are their crops."""
    one, zero = np.ones(count), np.zeros(count)
    return Geometry(one, one, zero, zero, zero, one, np.full(count, np.inf), one, zero)


def geometry_of(**changes):
    values = {name: getattr(plain(1), name) for name in Geometry.__slots__}
    return Geometry(**{**values, **{name: np.array([float(v)]) for name, v in changes.items()}})


def test_a_crop_that_is_its_film_fills_the_look():
    box, number = target(plain(3))
    np.testing.assert_allclose(box, np.tile([0, 0, 1, 1], (3, 1)))
    assert number.tolist() == [1, 1, 1]


def test_a_film_that_is_its_crop_shows_it_unchanged():
    image = np.random.default_rng(0).integers(0, 255, (1, 96, 96)).astype(np.uint8)
    rng = np.random.default_rng(1)
    film, on, _ = film_around(pyramid(image), np.array([0]), np.array([0]), plain(1), 96, rng)
    shown = film[0] * 255
    assert on.all()
    # Mirrored, or not; and air at its border.
    middle = np.s_[20:76, 20:76]
    best = min(np.abs(shown - image[0][:, ::s])[middle].mean() for s in (1, -1))
    assert best < 2


@pytest.mark.parametrize("seed", range(6))
def test_the_corners_of_the_box_are_the_corners_of_the_crop(seed):
    """In the world of the first knee its crop is [-1, 1]: the box must hold just that."""
    geometry = draw(np.random.default_rng(seed), 16)
    upright = Geometry(
        **{name: getattr(geometry, name) for name in Geometry.__slots__ if name != "angle"},
        angle=np.zeros(16),
    )
    side = 512
    x, y, _ = world(upright, side)
    first, _ = boxes(upright)
    line = (np.arange(side) + 0.5) / side * 2 - 1
    across, down = np.meshgrid(line, line)
    for at in range(16):
        inside = (np.abs(x[at]) <= 1) & (np.abs(y[at]) <= 1)
        cx, cy, width, height = first[at]
        boxed = (np.abs(across - cx) <= width) & (np.abs(down - cy) <= height)
        assert (inside != boxed).mean() < 0.01


def test_pixels_that_are_not_square_stretch_the_box():
    box, _ = target(geometry_of(stretch=2.0))
    assert box[0, 2] / box[0, 3] == pytest.approx(2)


def test_of_two_knees_the_left_one_is_the_target():
    wide = {"half_width": 4, "half_height": 1.5, "fold": 1.5}
    for side, centre in ((1.0, -1.5), (-1.0, 1.5)):
        box, number = target(geometry_of(**wide, side=side, centre_x=centre))
        assert number.tolist() == [2]
        assert box[0, 0] < 0


def test_a_second_knee_that_is_cut_off_does_not_count_as_two():
    edge = {"half_width": 1.5, "fold": 1.1, "centre_x": 0.0}
    assert target(geometry_of(**edge))[1].tolist() in ([1], [0])


def test_the_second_knee_appears_where_its_box_is():
    image = np.zeros((1, 224, 224), np.uint8)
    image[0, 92:132, 92:132] = 255
    geometry = geometry_of(half_width=4, half_height=2, fold=1.5, centre_x=-1.5, shift=0.3)
    rng = np.random.default_rng(3)
    film, _, _ = film_around(pyramid(image), np.array([0]), np.array([0]), geometry, 256, rng)
    for box in boxes(geometry):
        x, y = (box[0, :2] + 1) * 128
        assert film[0, round(y) - 2 : round(y) + 2, round(x) - 2 : round(x) + 2].mean() > 0.8


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_turned_box_lies_where_the_image_turned_to(quarters):
    image = np.zeros((64, 64))
    image[10:20, 30:60] = 1
    box = np.array([(30 + 60) / 64 - 1, (10 + 20) / 64 - 1, 30 / 64, 10 / 64])
    turned = np.rot90(image, quarters)
    rows, columns = np.nonzero(turned)
    x, y, half_width, half_height = turned_box(box, quarters)
    assert columns.min() == pytest.approx((x - half_width + 1) * 32)
    assert columns.max() + 1 == pytest.approx((x + half_width + 1) * 32)
    assert rows.min() == pytest.approx((y - half_height + 1) * 32)
    assert rows.max() + 1 == pytest.approx((y + half_height + 1) * 32)
