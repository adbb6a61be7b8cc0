"""What stands against a film, apart from what the network says."""

import numpy as np
import pytest

from kneeoa.films.frames import Frame
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.locating import gate


def film(pixels):
    return Radiograph("film.png", np.asarray(pixels, np.float32), "PNG", 8, None, None, "0" * 64)


KNEE = film(draw_knee(1, marked=False))


def test_nothing_stands_against_a_good_film():
    assert gate.of_frame(KNEE, Frame.whole(KNEE)) == ()
    assert gate.noise(KNEE) is None


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (Frame(-20, 0, 224, 224), None),
        (Frame(-40, 0, 224, 224), "cut-off"),
        (Frame(0, 50, 224, 224), "cut-off"),
        (Frame(-90, 0, 224, 224), "joint-missing"),
        (Frame(0, 70, 224, 224), "joint-missing"),
    ],
)
def test_how_much_of_the_frame_may_be_missing(frame, code):
    said = gate.cut_off(KNEE, frame)
    assert (said and said.code) == code


def test_a_tenth_is_named():
    assert "18%" in gate.cut_off(KNEE, Frame(-40, 0, 224, 224)).sentence


def test_flat_and_saturated_films_are_told():
    flat = film(100 + KNEE.pixels / 100)
    assert gate.exposed(flat, Frame.whole(flat)).code == "flat"
    burnt = film(np.minimum(KNEE.pixels * 4, 255))
    assert gate.exposed(burnt, Frame.whole(burnt)).code == "saturated"


def test_samples_in_a_wrong_order_are_told():
    rng = np.random.default_rng(0)
    mixed = rng.permutation(KNEE.pixels.ravel()).reshape(KNEE.pixels.shape)
    assert gate.noise(film(mixed)).code == "noise"
    # Bytes of 16-bit samples the wrong way round: the low byte, which is noise, becomes the high.
    swapped = (KNEE.pixels * 257).astype(np.uint16).byteswap() / 257
    fine = swapped + rng.uniform(0, 1, swapped.shape)
    assert gate.noise(film((fine * 997) % 256)) is not None


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_how_to_turn_a_film_back_is_said(quarters):
    assert gate.turned(quarters).severity == gate.REFUSED
    assert "degrees" in gate.turned(quarters).sentence
