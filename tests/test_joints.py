"""Frames: which part of a film is graded."""

import numpy as np
import pytest

from kneeoa.errors import RadiographError
from kneeoa.joints import Frame, network_input, propose_frames
from kneeoa.phantom import draw_knee
from kneeoa.radiograph import Radiograph


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
    assert 0 <= seen.min() <= seen.max() <= 255
    halved = large.reshape(224, 2, 224, 2).mean(axis=(1, 3))
    assert np.abs(seen - halved).mean() < 3


@pytest.mark.parametrize("offset", [0, 40, 76])
def test_the_frame_of_a_wide_film_follows_the_bone(offset):
    pixels = np.zeros((224, 300))
    pixels[:, offset : offset + 224] = draw_knee(1, marked=False)
    (frame,) = propose_frames(film(pixels))
    assert frame.side == 224
    assert abs(frame.left - offset) <= 25


def test_the_frame_of_a_tall_film_lies_inside():
    (frame,) = propose_frames(film(np.random.default_rng(0).uniform(0, 255, (500, 200))))
    assert (frame.side, frame.left) == (200, 0)
    assert 0 <= frame.top <= 300


def test_a_film_of_two_knees_gives_two_frames_one_a_half():
    left, right = draw_knee(0, laterality="R"), draw_knee(4, laterality="L")
    gap = np.zeros((224, 100))
    frames = propose_frames(film(np.hstack([left, gap, right])))
    assert [frame.side for frame in frames] == [224, 224]
    middle = (224 + 100 + 224) // 2
    assert frames[0].left + 224 <= middle
    assert frames[1].left >= middle
    assert "left" in frames[0].name
    assert "right" in frames[1].name


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (Frame(0, 200, 100), "inside the film"),
        (Frame(-1, 0, 100), "inside"),
        (Frame(0, 0, 30), "at least 64"),
    ],
)
def test_frames_that_cannot_be_graded_are_refused(frame, told):
    with pytest.raises(RadiographError, match=told):
        network_input(film(np.zeros((224, 224))), frame)
