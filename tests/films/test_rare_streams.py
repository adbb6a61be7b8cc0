"""Compressed films that few programs write, under the names that the receiver agrees to."""

import numpy as np
import pytest
from pydicom.uid import (
    HTJ2K,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    RLELossless,
)

from kneeoa.errors import RadiographError
from kneeoa.films.dicom.code_stream import find_header, true_syntax
from tests.support.films import dicom_dataset, dicom_file, encapsulated, image_file
from tests.support.odd_films import DEEP, FILM, is_like, read
from tests.support.rare_streams import HIGH_THROUGHPUT, KNEE, TWELVE_BITS

MARK = b"\xff\x4f\xff\x51"


@pytest.mark.parametrize("said", [HTJ2K, HTJ2KLossless, HTJ2KLosslessRPCL, JPEG2000Lossless])
def test_high_throughput_jpeg_2000(said):
    radiograph = read(encapsulated(dicom_dataset(KNEE), HIGH_THROUGHPUT, said))
    assert np.array_equal(radiograph.pixels, KNEE)


@pytest.mark.parametrize("said", [HTJ2K, HTJ2KLossless])
def test_what_is_called_high_throughput_and_is_not(said):
    for content in (image_file(FILM, "JPEG2000", no_jp2=True), FILM.tobytes()):
        assert np.array_equal(read(encapsulated(dicom_dataset(FILM), content, said)).pixels, FILM)


@pytest.mark.parametrize("said", [JPEGExtended12Bit, JPEGBaseline8Bit])
def test_jpeg_of_twelve_bits(said):
    radiograph = read(encapsulated(dicom_dataset(KNEE * 16, bits=12), TWELVE_BITS, said))
    stored = radiograph.stored
    assert radiograph.bits == 12
    assert np.abs(stored.values.astype(int) - KNEE.astype(int) * 16).mean() < 40


def test_jpeg_of_twelve_bits_that_is_cut_off_is_refused():
    cut = TWELVE_BITS[: len(TWELVE_BITS) * 3 // 4] + b"\xff\xd9"
    with pytest.raises(RadiographError, match="cut off"):
        read(encapsulated(dicom_dataset(KNEE * 16, bits=12), cut, JPEGExtended12Bit))


def in_run_lengths(pixels, *, bits):
    made = dicom_dataset(pixels, bits=bits)
    made.compress(RLELossless)
    return made


@pytest.mark.parametrize("bits", [8, 12])
def test_run_lengths_hold_the_mark_of_jpeg_2000_by_chance(bits):
    film = (FILM if bits == 8 else DEEP).copy()
    # Two bytes of 79 and two of 81 in a row, as run lengths write them; and the mark as it stands.
    film[50, 20:24], film[60, 20:28] = (79, 79, 81, 81), (1, 255, 79, 255, 81, 2, 255, 3)
    made = in_run_lengths(film, bits=bits)
    assert MARK in made.PixelData
    assert is_like(read(dicom_file(made)).pixels, film)


def test_the_mark_counts_where_a_stream_begins():
    code = bytes(64) + MARK + bytes(100)
    assert find_header(code) is None
    assert true_syntax(code, RLELossless) == RLELossless
    assert find_header(MARK + bytes(100)).syntaxes[1] == JPEG2000Lossless
    boxes = b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(30) + MARK + bytes(100)
    assert find_header(boxes).syntaxes[1] == JPEG2000Lossless
