"""The stored samples of a deep film, and the window it is shown with."""

import io

import numpy as np
import pytest
from PIL import Image

from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.films.stored import stored_values
from kneeoa.graders.locating.found import inverted, turned_right

RAMP = np.arange(1000, 4000, dtype=np.uint16).reshape(50, 60)


def through(values, black, white):
    return np.clip((values.astype(float) - black) * (255 / (white - black)), 0, 255)


def deep_png(*, film=None):
    film = draw_knee(2, side=300) if film is None else film
    stream = io.BytesIO()
    Image.fromarray(film.astype(np.uint16) * 13 + 400).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(("black", "white"), [(1500, 3000), (3500, 1200), (0, 65535)])
def test_the_window_is_found_that_shows_the_samples_as_they_are_shown(black, white):
    stored = stored_values(RAMP, through(RAMP, black, white))
    assert (stored.black, stored.white) == pytest.approx((black, white), abs=1)
    assert np.array_equal(stored.values, RAMP)
    assert stored.values.dtype == np.uint16


def test_signed_samples_stay_signed():
    values = RAMP.astype(np.int32) - 3000
    stored = stored_values(values, through(values, -1500, 500))
    assert stored.values.dtype == np.int16
    assert stored.values.min() == -2000


def test_what_is_no_film_is_black():
    outside = np.zeros(RAMP.shape, bool)
    outside[:5] = True
    shown = np.where(outside, 0, through(RAMP, 3500, 1200))
    stored = stored_values(RAMP, shown, outside=outside)
    assert (stored.values[:5] == 3500).all()
    assert np.array_equal(stored.values[5:], RAMP[5:])


def test_there_are_none_that_no_window_explains():
    curved = 255 * (through(RAMP, 1000, 4000) / 255) ** 2
    assert stored_values(RAMP, curved) is None
    assert stored_values(RAMP, np.zeros(RAMP.shape)) is None
    assert stored_values(RAMP.astype(float), through(RAMP, 1000, 4000)) is None
    assert stored_values(RAMP.astype(np.uint32) * 1000, through(RAMP, 1000, 4000)) is None


def test_a_deep_png_keeps_its_samples_and_an_8_bit_one_has_no_others():
    film = read_radiograph(deep_png(), "deep.png")
    assert film.stored.values.shape == film.pixels.shape
    shown = through(film.stored.values, film.stored.black, film.stored.white)
    assert np.abs(shown - film.pixels).max() < 1
    # Of what the first window cuts off, nothing is lost.
    assert film.stored.values.min() < film.stored.black
    stream = io.BytesIO()
    Image.fromarray(draw_knee(2)).save(stream, "PNG")
    assert read_radiograph(stream.getvalue(), "plain.png").stored is None


def test_they_are_turned_inverted_and_made_square_with_the_film():
    film = read_radiograph(deep_png(), "deep.png")
    turned = turned_right(film, 1)
    assert np.array_equal(turned.stored.values, np.rot90(film.stored.values, -1))
    assert np.array_equal(np.rot90(film.pixels, -1), turned.pixels)
    positive = inverted(film).stored
    assert (positive.black, positive.white) == (film.stored.white, film.stored.black)
    resized = film.stored.resized(150, 200, Image.Resampling.HAMMING)
    assert resized.values.shape == (150, 200)
    assert resized.values.dtype == np.uint16
