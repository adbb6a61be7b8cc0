"""What stands against a frame: blur, and a box that the reader took elsewhere."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from scipy import signal

from kneeoa.films.frames import Frame
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.locating import frame_gate, gate, sharpness


def film(blur):
    image = Image.fromarray(draw_knee(3, seed=2, marked=False)).filter(
        ImageFilter.GaussianBlur(blur)
    )
    return Radiograph("a.png", np.asarray(image, np.float32), "PNG", 8, None, None, "a")


@pytest.mark.parametrize(
    ("blur", "code"), [(0, None), (2.5, None), (4.6, "soft"), (7, "blurred"), (12, "blurred")]
)
def test_a_film_out_of_focus_is_warned_of_and_then_refused(blur, code):
    shown = film(blur)
    found = sharpness.sharp(frame_gate.seen_in(shown, Frame.whole(shown)))
    assert (found and found.code) == code
    if code == "blurred":
        assert found.severity == gate.REFUSED
        assert found in frame_gate.of_frame(shown, Frame.whole(shown))


@pytest.mark.parametrize(
    ("across", "down", "code"),
    [(13, 1, "blurred"), (1, 9, None), (1, 1, None)],
)
def test_a_leg_that_moved_is_told_by_the_direction_it_is_sharp_in(across, down, code):
    kernel = np.ones((down, across)) / (down * across)
    blurred_ = signal.convolve2d(film(0).pixels, kernel, mode="same", boundary="symm")
    told = sharpness.sharp(blurred_.astype(np.float32))
    assert (told and told.code) == code


def test_what_is_blurred_is_so_at_any_size():
    small = film(7)
    large = np.kron(small.pixels, np.ones((4, 4), np.float32))
    shown = Radiograph("b.png", large, "PNG", 8, None, None, "b")
    assert sharpness.sharp(frame_gate.seen_in(shown, Frame.whole(shown))).code == "blurred"


@pytest.mark.parametrize("side", [224, 800])
@pytest.mark.parametrize(("grey", "told"), [(0, True), (255, True), (None, False)])
def test_writing_over_the_joint_is_told(grey, told, side):
    image = Image.fromarray(draw_knee(1, seed=2, side=side, marked=False))
    if grey is not None:
        font = ImageFont.load_default(side / 12)
        for row in (0.4, 0.5):
            pen = ImageDraw.Draw(image)
            pen.text((0.08 * side, row * side), "CONTROL AFTER 6 WEEKS", fill=grey, font=font)
    shown = Radiograph("a.png", np.asarray(image, np.float32), "PNG", 8, None, None, "a")
    codes = [one.code for one in frame_gate.of_frame(shown, Frame.whole(shown))]
    assert codes == (["written-over"] if told else [])


LEFT, RIGHT = Frame(0, 0, 200, 200, "left"), Frame(0, 300, 200, 200, "right")


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (Frame(10, 10, 200, 200), False),
        (Frame(0, 0, 240, 240), False),
        (Frame(0, 150, 200, 200), True),  # between them
        (Frame(0, 0, 200, 500), True),  # over both
        (Frame(400, 0, 200, 200), True),
    ],
)
def test_a_box_that_is_of_no_knee_or_of_two_is_told(frame, told):
    found = gate.moved(frame, [LEFT, RIGHT])
    assert (found is not None) == told
