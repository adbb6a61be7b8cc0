"""What a lossy stream overshoots stays white or black, whatever BitsStored says of its range."""

import struct

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import JPEG2000, JPEGLossless

from kneeoa.films.dicom import bits
from kneeoa.films.dicom.code_stream import bytes_of_pixels, find_header
from kneeoa.films.dicom.samples import _from_code
from kneeoa.films.dicom.says.lossy import bits_a_pixel
from kneeoa.films.radiograph import read_radiograph
from tests.support.films import dicom_dataset, encapsulated, image_file
from tests.support.odd_films import FILM, read
from tests.support.rare_streams import KNEE, TWELVE_BITS

WHITE = 1023
SATURATED = np.minimum(FILM.astype(np.uint16) * 6, WHITE)
"""A film of 10 bits whose bone is white."""


def lossy(values, rate=30):
    return image_file(
        values, "JPEG2000", no_jp2=True, irreversible=True, quality_mode="rates",
        quality_layers=[rate],
    )  # fmt: skip


@pytest.mark.parametrize("inverse", [False, True])
def test_white_bone_of_a_lossy_stream_is_never_black(inverse):
    values = WHITE - SATURATED if inverse else SATURATED
    kind = "MONOCHROME1" if inverse else "MONOCHROME2"
    made = dicom_dataset(values, bits=10, PhotometricInterpretation=kind)
    code = lossy(values)
    stored, _ = _from_code(code, made, JPEG2000)
    # What lies below black, decoders clip themselves.
    assert inverse or stored.max() > WHITE
    shown = read(encapsulated(made, code, JPEG2000))
    assert shown.bits == 10
    assert shown.notes == ()
    assert np.abs(shown.pixels - SATURATED * (255 / WHITE)).max() < 60


def test_samples_are_decoded_at_the_precision_of_their_stream():
    made = dicom_dataset(KNEE.astype(np.uint16) * 4, bits=10)
    stored, _ = _from_code(TWELVE_BITS, made, JPEGLossless)
    assert stored.max() > WHITE
    assert made.BitsStored == 10
    assert made.HighBit == 9


class Lossy:
    """A dataset of 10 bits in a stream that is lossy."""

    def __new__(cls, values, *, signed=False):
        made = dicom_dataset(values, bits=10, signed=signed)
        made.PixelRepresentation = int(signed)
        encapsulated(made, lossy(SATURATED), JPEG2000)
        return made


def test_few_samples_beyond_are_clipped_and_many_are_the_film():
    outside = None
    few = SATURATED.copy()
    few[50, 50:60] = 1030
    samples = bits.settle(few, Lossy(few), outside)
    assert (samples.bits, samples.values.max()) == (10, WHITE)
    assert samples.values[50, 55] == WHITE
    deep = FILM.astype(np.uint16) * 16
    samples = bits.settle(deep, Lossy(deep), outside)
    assert np.array_equal(samples.values, deep)


def test_an_overlay_is_masked_in_whole_numbers_that_were_lossy_before():
    squares = np.add.outer(np.arange(224), np.arange(224)) // 40 % 2
    drawn_over = (SATURATED | squares << 15).astype(np.uint16)
    made = dicom_dataset(drawn_over, bits=10, LossyImageCompression="01")
    encapsulated(
        made, image_file(drawn_over, "JPEG2000", no_jp2=True, irreversible=False), JPEG2000
    )
    samples = bits.settle(drawn_over, made, None)
    assert samples.bits == 10
    assert np.array_equal(samples.values, SATURATED)


def test_signed_samples_are_clipped_at_both_ends():
    values = SATURATED.astype(np.int16) - 512
    values[50, 50:60], values[60, 50:60] = 520, -520
    samples = bits.settle(values, Lossy(values, signed=True), None)
    assert (samples.values.min(), samples.values.max()) == (-512, 511)
    assert samples.values[50, 55] == 511
    assert samples.values[60, 55] == -512


def test_a_stream_says_whether_it_is_lossy():
    whole = image_file(FILM, "JPEG2000", no_jp2=True, irreversible=False)
    assert not find_header(whole).is_lossy
    assert find_header(lossy(SATURATED)).is_lossy
    assert find_header(image_file(FILM, "JPEG")).is_lossy
    assert find_header(TWELVE_BITS).is_lossy


def test_what_stands_beside_the_pixels_of_a_jpeg_does_not_count():
    plain = image_file(FILM, "JPEG", quality=30)
    longer = image_file(FILM, "JPEG", quality=30, comment=b"x" * 20_000)
    assert bytes_of_pixels(longer) == bytes_of_pixels(plain) < len(plain)
    assert bytes_of_pixels(plain + bytes(20_000)) == bytes_of_pixels(plain)


def in_one_tile(code):
    """A TIFF of one tile, which is the JPEG `code` of `FILM`."""
    height, width = FILM.shape
    known = {256: width, 257: height, 258: 8, 259: 7, 262: 1, 277: 1, 322: width, 323: height}
    tags = {**known, 324: 8 + 2 + 12 * 10 + 4, 325: len(code)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4) + code


def test_a_tiff_of_jpegs_tells_what_they_left():
    code = image_file(FILM, "JPEG", quality=30)
    left = 8 * bytes_of_pixels(code) / FILM.size
    for kept in (image_file(FILM, "TIFF", compression="jpeg", quality=30), in_one_tile(code)):
        assert read_radiograph(kept, "kept.tif").lossy_bits == pytest.approx(left, rel=0.2)
    whole = image_file(FILM, "TIFF", compression="tiff_lzw")
    assert read_radiograph(whole, "whole.tif").lossy_bits is None


@pytest.mark.parametrize("ratio", [None, 400.0])
def test_the_bits_that_are_left_are_the_fewest_that_the_file_tells_of(ratio):
    tags = {} if ratio is None else {
        "LossyImageCompression": "01", "LossyImageCompressionRatio": ratio
    }  # fmt: skip
    assert read(dicom_dataset(FILM, **tags)).lossy_bits == (ratio and 8 / ratio)
    code = image_file(FILM, "JPEG", quality=80)
    kept = read(encapsulated(dicom_dataset(FILM, **tags), code, "1.2.840.10008.1.2.4.50"))
    there = 8 * bytes_of_pixels(code) / FILM.size
    assert kept.lossy_bits == pytest.approx(8 / ratio if ratio else there, rel=0.02)


@pytest.mark.parametrize(
    ("kind", "ratio", "left"),
    [
        *[("LO", "25", 8 / 25), ("SH", " 100 ", 8 / 100), ("UN", b"25", 8 / 25)],
        *[("LO", ["5", "200"], 8 / 200), ("FD", 16.0, 8 / 16), ("LO", "10:1", None)],
    ],
)
def test_a_ratio_of_another_kind_is_read_whole(kind, ratio, left):
    film = Dataset()
    film.LossyImageCompression, film.BitsAllocated = "01", 8
    film.add_new("LossyImageCompressionRatio", kind, ratio)
    assert bits_a_pixel(film) == left
