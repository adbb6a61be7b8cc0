"""Frames: which part of a film is graded, and what of it the networks see."""

import numpy as np
import pytest

from kneeoa.errors import RadiographError
from kneeoa.films.frames import Frame, network_input
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import Radiograph


def film(pixels):
    return Radiograph("film.png", np.asarray(pixels, np.float32), "PNG", 8, None, None, "0" * 64)


def whole(pixels):
    shown = film(pixels)
    return network_input(shown, Frame.whole(shown))


def test_a_film_of_the_trained_size_passes_unchanged():
    pixels = draw_knee(2)
    assert np.array_equal(whole(pixels), pixels)


def test_other_squares_are_resized_whole():
    large = draw_knee(2, side=448, marked=False)
    seen = whole(large)
    assert seen.shape == (224, 224)
    assert seen.dtype == np.float32
    halved = large.reshape(224, 2, 224, 2).mean(axis=(1, 3))
    assert np.abs(seen - halved).mean() < 3


def test_a_frame_that_is_no_square_is_stretched():
    knee = draw_knee(2, side=448, marked=False)
    narrow = film(knee[:, ::2])
    seen = network_input(narrow, Frame.whole(narrow))
    assert np.abs(seen - whole(knee)).mean() < 3


def test_past_the_film_its_edge_is_repeated():
    pixels = draw_knee(2)
    seen = network_input(film(pixels[30:]), Frame(-30, 0, 224, 224))
    assert np.array_equal(seen[30:], pixels[30:])
    assert (seen[:30] == pixels[30]).all()


def test_what_is_outside_the_film_is_told():
    shown = film(np.zeros((100, 100)))
    assert Frame(0, 0, 100, 100).share_outside(shown) == 0
    assert Frame(-50, 0, 100, 100).share_outside(shown) == pytest.approx(0.5)
    assert Frame(200, 0, 100, 100).share_outside(shown) == 1


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (Frame(0, 200, 100, 100), "at least half on the film"),
        (Frame(-130, 0, 200, 200), "at least half on the film"),
        (Frame(0, 0, 30, 100), "at least 64"),
    ],
)
def test_frames_that_cannot_be_graded_are_refused(frame, told):
    with pytest.raises(RadiographError, match=told):
        network_input(film(np.zeros((224, 224))), frame)
