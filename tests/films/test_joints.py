"""Frames: which part of a film is graded."""

import numpy as np
import pytest

from kneeoa.errors import RadiographError
from kneeoa.films.joints import Frame, network_input, propose_frames
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import Radiograph


def film(pixels):
    return Radiograph("film.png", np.asarray(pixels, np.float32), "PNG", 8, None, None, "0" * 64)


def test_a_film_of_the_trained_size_passes_unchanged():
    pixels = draw_knee(2)
    assert np.array_equal(network_input(film(pixels)), pixels)


def test_other_squares_are_resized_whole():
    large = draw_knee(2, side=448, marked=False)
    seen = network_input(film(large))
    assert seen.shape == (224, 224)
    assert seen.dtype == np.float32
    halved = large.reshape(224, 2, 224, 2).mean(axis=(1, 3))
    assert np.abs(seen - halved).mean() < 3


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


def test_past_the_film_its_edge_is_repeated():
    pixels = draw_knee(2)
    seen = network_input(film(pixels[30:]), Frame(-30, 0, 224))
    assert np.array_equal(seen[30:], pixels[30:])
    assert (seen[:30] == pixels[30]).all()


@pytest.mark.parametrize("shape", [(64, 1000), (1000, 64), (70, 66)])
def test_odd_shapes_always_give_a_frame_that_can_be_graded(shape):
    noise = film(np.random.default_rng(0).uniform(0, 255, shape))
    for frame in propose_frames(noise):
        assert network_input(noise, frame).shape == (224, 224)


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (Frame(0, 200, 100), "at least half on the film"),
        (Frame(-130, 0, 200), "at least half on the film"),
        (Frame(0, 0, 30), "at least 64"),
    ],
)
def test_frames_that_cannot_be_graded_are_refused(frame, told):
    with pytest.raises(RadiographError, match=told):
        network_input(film(np.zeros((224, 224))), frame)
