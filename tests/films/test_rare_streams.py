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
from kneeoa.films.dicom.code_stream import find_header, lacks_tiles, true_syntax
from kneeoa.films.dicom.cut_jpeg import is_cut_in
from tests.support.films import dicom_dataset, dicom_file, encapsulated, image_file
from tests.support.odd_films import DEEP, FILM, is_like, read
from tests.support.rare_streams import HIGH_THROUGHPUT, KNEE, TWELVE_BITS

MARK = b"\xff\x4f\xff\x51"
TILE, CLOSED = b"\xff\x90", b"\xff\xd9"


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


@pytest.mark.parametrize("share", [1, 0.95, 0.75, 0.5])
def test_jpeg_of_twelve_bits_whose_scan_says_the_first_coefficient_alone(share):
    scan = TWELVE_BITS.index(b"\xff\xda\0\x08\x01") + 8
    assert TWELVE_BITS[scan] == 63
    odd = TWELVE_BITS[:scan] + b"\0" + TWELVE_BITS[scan + 1 :]
    odd = odd if share == 1 else odd[: int(len(odd) * share)] + CLOSED
    made = encapsulated(dicom_dataset(KNEE * 16, bits=12), odd, JPEGExtended12Bit)
    if share == 1:
        sound = encapsulated(dicom_dataset(KNEE * 16, bits=12), TWELVE_BITS, JPEGExtended12Bit)
        assert np.array_equal(read(made).pixels, read(sound).pixels)
    else:
        with pytest.raises(RadiographError, match="cut off"):
            read(made)


def test_more_data_are_tried_behind_a_scan_that_says_what_it_holds():
    scan = TWELVE_BITS.index(b"\xff\xda\0\x08\x01") + 8
    odd = TWELVE_BITS[:scan] + b"\0" + TWELVE_BITS[scan + 1 :]
    flat, tried = np.zeros((64, 64), np.uint16), []

    def decode(more):
        tried.append(more[scan])
        return flat

    assert not is_cut_in(flat, odd, decode)
    assert tried == [63]


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


def in_tiles():
    """Return a JPEG 2000 code stream of four tiles: what stands before them, and each of them."""
    code = image_file(FILM, "JPEG2000", no_jp2=True, irreversible=False, tile_size=(112, 112))
    place = code.index(TILE)
    head, tiles = code[:place], []
    while code.startswith(TILE, place):
        size = int.from_bytes(code[place + 6 : place + 10], "big")
        tiles.append(code[place : place + size])
        place += size
    assert len(tiles) == 4
    return head, tiles


def test_jpeg_2000_that_lacks_a_tile_is_refused():
    head, tiles = in_tiles()
    whole = head + b"".join(tiles) + CLOSED
    assert np.array_equal(
        read(encapsulated(dicom_dataset(FILM), whole, JPEG2000Lossless)).pixels, FILM
    )
    turned_round = head + b"".join(tiles[::-1]) + CLOSED
    assert not lacks_tiles(turned_round)
    for missing in range(4):
        cut = head + b"".join(tiles[:missing] + tiles[missing + 1 :]) + CLOSED
        with pytest.raises(RadiographError, match="cut off"):
            read(encapsulated(dicom_dataset(FILM), cut, JPEG2000Lossless))


def test_jpeg_2000_that_lacks_a_part_of_a_tile_is_told():
    head, tiles = in_tiles()
    first = bytearray(tiles[0])
    first[11] = 2  # parts of this tile, of which there is one
    assert lacks_tiles(head + bytes(first) + b"".join(tiles[1:]) + CLOSED)
