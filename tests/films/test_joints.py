"""The drawn template: what it finds."""

import numpy as np
import pytest

from kneeoa.films.frames import network_input
from kneeoa.films.joints import propose_frames
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import Radiograph


def film(pixels):
    return Radiograph("film.png", np.asarray(pixels, np.float32), "PNG", 8, None, None, "0" * 64)


@pytest.mark.parametrize("offset", [0, 40, 76])
@pytest.mark.parametrize("rows", [170, 224])
def test_the_joint_is_found_in_a_wide_film(offset, rows):
    knee = draw_knee(1, seed=5, marked=False)[(224 - rows) // 2 :][:rows]
    (frame,) = propose_frames(film(np.pad(knee, ((0, 0), (offset, 76 - offset)), mode="edge")))
    row, column = frame.centre
    assert abs(column - (offset + 112)) <= 15
    assert abs(row - rows // 2) <= 20
    assert 0.8 <= frame.side / 224 <= 1.15


def test_the_joint_is_found_in_a_tall_film_much_larger_than_the_knee():
    pixels = np.full((1200, 800), 40.0)
    pixels[500:900, 250:650] = draw_knee(2, side=400, marked=False)
    (frame,) = propose_frames(film(pixels))
    row, column = frame.centre
    assert abs(row - 700) <= 60
    assert abs(column - 450) <= 60
    assert 0.75 <= frame.side / 400 <= 1.3


def test_a_film_of_two_knees_gives_two_frames_one_a_half():
    left, right = draw_knee(0, laterality="R"), draw_knee(3, laterality="L")
    gap = np.full((224, 140), 40)
    frames = propose_frames(film(np.hstack([left, gap, right])))
    assert [frame.name for frame in frames] == ["left of the image", "right of the image"]
    assert abs(frames[0].centre[1] - 112) <= 20
    assert abs(frames[1].centre[1] - (224 + 140 + 112)) <= 20


@pytest.mark.parametrize("shape", [(64, 1000), (1000, 64), (70, 66)])
def test_odd_shapes_always_give_a_frame_that_can_be_graded(shape):
    noise = film(np.random.default_rng(0).uniform(0, 255, shape))
    for frame in propose_frames(noise):
        assert network_input(noise, frame).shape == (224, 224)
