"""Colours in DICOM: what kind they are is told by the film where the header is wrong."""

import numpy as np
import pytest
from pydicom.pixels import convert_color_space
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from kneeoa.films.phantom import draw_knee
from tests.films.test_colour import RAINBOW
from tests.support.films import dicom_dataset, dicom_file, encapsulated, image_file
from tests.support.odd_films import read

FILM = draw_knee(2)
GREY = np.stack([FILM] * 3, axis=-1)
TINTS = {
    "grey": GREY,
    "blue base": (GREY * (0.75, 0.85, 0.95)).astype(np.uint8),
    "yellowed": (255 - (255 - GREY) * (0.6, 0.8, 0.9)).astype(np.uint8),
}
HEAT_MAP = (RAINBOW[FILM] * 255).astype(np.uint8)
KINDS = ["RGB", "YBR_FULL", "YBR_FULL_422"]


def in_luma(rgb):
    return convert_color_space(rgb, "RGB", "YBR_FULL")


def luma(rgb):
    return rgb @ (0.299, 0.587, 0.114)


def colour_dicom(samples, kind, *, planes=False, **tags):
    """Return an uncompressed film of `samples` that says they are of a `kind`."""
    made = dicom_dataset(FILM, SamplesPerPixel=3, PhotometricInterpretation=kind, **tags)
    made.PlanarConfiguration = int(planes)
    made.PixelData = (samples.transpose(2, 0, 1) if planes else samples).tobytes()
    return made


def run_lengths(samples, kind):
    packed = colour_dicom(samples, "RGB")
    packed.compress(RLELossless)
    packed.PhotometricInterpretation = kind
    return dicom_file(packed)


def jpeg_2000(samples, kind, *, mixed=0):
    stream = image_file(samples, "JPEG2000", no_jp2=True, mct=mixed)
    return encapsulated(colour_dicom(GREY, kind), stream, JPEG2000Lossless)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_in_luma", [False, True], ids=["RGB", "luma"])
@pytest.mark.parametrize("tint", TINTS)
def test_a_film_is_read_by_the_colours_it_has(tint, is_in_luma, kind):
    rgb = TINTS[tint]
    samples = in_luma(rgb) if is_in_luma else rgb
    for made in (
        colour_dicom(samples, kind),
        colour_dicom(samples, kind, planes=True),
        run_lengths(samples, kind),
        jpeg_2000(samples, kind),
    ):
        radiograph = read(made)
        np.testing.assert_allclose(radiograph.pixels, luma(rgb), atol=2)
        assert radiograph.notes == ()


@pytest.mark.parametrize("kind", [*KINDS, "YBR_RCT", "YBR_ICT"])
def test_colours_that_jpeg_2000_mixes_are_mixed_back_once(kind):
    assert np.array_equal(read(jpeg_2000(GREY, kind, mixed=1)).pixels, FILM)


@pytest.mark.parametrize("is_in_luma", [False, True])
def test_where_everything_is_in_colour_the_header_is_believed(is_in_luma):
    samples = in_luma(HEAT_MAP) if is_in_luma else HEAT_MAP
    radiograph = read(colour_dicom(samples, "YBR_FULL" if is_in_luma else "RGB"))
    np.testing.assert_allclose(radiograph.pixels, luma(HEAT_MAP), atol=3)
    assert "in colour" in radiograph.notes[0]


def jpeg_without_a_word(*, is_in_luma):
    """Return a JPEG that does not say which colours its components are."""
    stream = image_file(GREY, "JPEG", quality=95, subsampling=0, keep_rgb=not is_in_luma)
    plain = bytearray(stream[:2])
    place = 2
    while stream[place + 1] != 0xDA:
        length = int.from_bytes(stream[place + 2 : place + 4])
        if stream[place + 1] not in (0xE0, 0xEE):
            plain += stream[place : place + 2 + length]
        place += 2 + length
    plain += stream[place:]
    for mark, first, step in ((b"\xff\xc0", 10, 3), (b"\xff\xda", 5, 2)):
        start = plain.index(mark) + first
        plain[start : start + 3 * step : step] = b"\1\2\3"
    return bytes(plain)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_in_luma", [False, True])
def test_a_jpeg_that_says_nothing_of_its_colours(is_in_luma, kind):
    stream = jpeg_without_a_word(is_in_luma=is_in_luma)
    radiograph = read(encapsulated(colour_dicom(GREY, kind), stream, JPEGBaseline8Bit))
    assert np.abs(radiograph.pixels - FILM).mean() < 3


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("planes", [False, True])
@pytest.mark.parametrize("tint", TINTS)
def test_the_order_of_colours_is_that_of_a_film_though_they_differ(tint, planes, told):
    noise = np.random.default_rng(0).integers(-3, 4, GREY.shape)
    rgb = np.clip(TINTS[tint] + noise, 0, 255).astype(np.uint8)
    for samples, kind in ((rgb, "RGB"), (in_luma(rgb), "YBR_FULL")):
        made = colour_dicom(samples, kind, planes=planes)
        made.PlanarConfiguration = int(told)
        np.testing.assert_allclose(read(made).pixels, luma(rgb), atol=2)


@pytest.mark.parametrize("kind", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize("is_in_luma", [False, True])
def test_colours_of_12_bits_are_those_that_the_film_has(is_in_luma, kind):
    deep = FILM.astype(np.uint16) * 16
    deep[0, 0] = 4095
    other = np.full_like(deep, 2048) if is_in_luma else deep
    made = colour_dicom(GREY, kind, BitsAllocated=16, BitsStored=12, HighBit=11)
    made.PixelData = np.stack([deep, other, other], axis=-1).astype("<u2").tobytes()
    np.testing.assert_allclose(read(made).pixels, deep * (255 / 4095), atol=0.1)


def test_a_negative_in_three_samples_is_turned_as_one_of_one_is():
    assert np.array_equal(read(colour_dicom(255 - GREY, "MONOCHROME1")).pixels, FILM)


@pytest.mark.parametrize("planes", [False, True])
def test_a_grey_film_needs_no_word_on_the_order_of_its_colours(planes):
    made = colour_dicom(GREY, "RGB", planes=planes)
    del made.PlanarConfiguration
    assert np.array_equal(read(made).pixels, FILM)
