"""Overlays and encodings."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from kneeoa.films import display
from kneeoa.graders import gradcam


def test_a_film_of_eight_bits_stays_as_it_is():
    film = np.arange(256, dtype=np.float32).reshape(16, 16)
    assert np.array_equal(display.to_uint8(film), film)


def test_fit_within_never_enlarges():
    film = np.zeros((300, 100), np.float32)
    assert display.fit_within(film, 1000) is film
    assert display.fit_within(film, 150).shape == (150, 50)


def test_png_uri_is_lossless():
    image = np.random.default_rng(0).integers(0, 256, (20, 30), np.uint8)
    data = base64.b64decode(display.png_uri(image).removeprefix("data:image/png;base64,"))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), image)


@pytest.mark.parametrize("rows", [1, 256, 600])
@pytest.mark.parametrize(
    ("samples", "dtype"), [((), "u1"), ((2,), "u1"), ((3,), "u1"), ((4,), "u1"), ((), "<u2")]
)
def test_a_png_is_without_loss(rows, samples, dtype):
    most = np.iinfo(dtype).max
    picture = np.random.default_rng(7).integers(0, most, (rows, 37, *samples), dtype, endpoint=True)
    with Image.open(io.BytesIO(display.png(picture, {"Software": "test"}, aspect=0.5))) as image:
        image.verify()
    with Image.open(io.BytesIO(display.png(picture, {"Software": "test"}, aspect=0.5))) as image:
        assert np.array_equal(np.asarray(image), picture)
        assert image.info["Software"] == "test"
        across, down = image.info["aspect"]
        assert across / down == 0.5


def test_no_evidence_leaves_the_film_untouched():
    drawn = display.layer(np.zeros((7, 7), np.float32), scale=5, side=64)
    assert (drawn[..., 3] == 0).all()


def test_weak_evidence_is_coloured_less_than_strong():
    def opacity(value):
        heatmap = np.full((7, 7), value, np.float32)
        return display.layer(heatmap, scale=10, side=64)[..., 3].mean()

    assert 0 < opacity(0.5) < opacity(5) < opacity(10)
    assert opacity(10) == opacity(50)


def test_a_layer_as_a_file_is_the_layer():
    heatmap = np.random.default_rng(1).uniform(0, 12, (7, 7)).astype(np.float32)
    options = {"scale": 10, "side": 224, "contours": (0.5,)}
    drawn = display.layer(heatmap, **options)
    with Image.open(io.BytesIO(display.layer_png(heatmap, **options))) as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGBA")), drawn)
    # The colours are those of the ramp, as far as the eye can tell.
    plain = display.layer(heatmap, scale=10, side=224)
    strength = np.clip(display.upsample(heatmap, 224) / 10, 0, 1)
    expected = display.colour_ramp(strength).astype(int)
    assert np.abs(plain[..., :3] - expected).max() <= 4
    assert np.abs(plain[..., 3] - 255 * np.sqrt(strength)).max() <= 1.1


def test_colour_ramp_brightens_evenly():
    brightness = display.colour_ramp(np.linspace(0, 1, 50)) @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(brightness) > 0).all()


def test_grad_cam_keeps_only_what_speaks_for_the_grade():
    evidence = np.zeros((7, 7, 5), np.float32)
    evidence[3, 4, 2], evidence[0, 0, 2] = 6, -4
    heatmap = gradcam.grad_cam(evidence, 2)
    assert heatmap[3, 4] == 6
    assert heatmap.sum() == 6


def test_contours_enclose_what_is_stronger():
    heatmap = np.zeros((7, 7), np.float32)
    heatmap[3, 3] = 10
    plain = display.layer(heatmap, scale=10, side=224)
    drawn = display.layer(heatmap, scale=10, side=224, contours=(0.5,))
    line = (drawn != plain).any(axis=-1)
    assert (drawn[line] == 255).all()
    strength = display.upsample(heatmap, 224) / 10
    assert strength[line].min() >= 0.5
    # A closed line: nothing inside touches the outside but through it.
    inside = (strength >= 0.5) & ~line
    beside = inside.copy()
    beside[1:] |= inside[:-1]
    beside[:, 1:] |= inside[:, :-1]
    assert not (beside & (strength < 0.5)).any()
