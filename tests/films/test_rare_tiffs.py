"""TIFFs of numbers that few programs write: 64 bits, signs, points, byte orders, zero as white."""

import struct
import zlib

import numpy as np
import pytest

from kneeoa.errors import RadiographError
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.reports.deidentify import deidentified
from kneeoa.reports.dicom.pseudonyms import Pseudonyms

FILM = draw_knee(2)


def tiff(samples, order, *, white_is_zero=False, deflated=False):
    """Return numbers of any kind as a TIFF, in an `order` of bytes: ``(H, W)`` in one strip.

    Of ``(3, H, W)`` the colours stand behind each other.
    """
    if samples.ndim == 3:
        return _in_planes(samples, order)
    height, width = samples.shape
    data = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    data = zlib.compress(data) if deflated else data
    form = {"u": 1, "i": 2, "f": 3}[samples.dtype.kind]
    entries = [
        (256, width),
        (257, height),
        (258, 8 * samples.itemsize),
        (259, 8 if deflated else 1),
    ]
    entries += [(262, 0 if white_is_zero else 1), (273, 8 + 2 + 12 * 10 + 4), (277, 1)]
    entries += [(278, height), (279, len(data)), (339, form)]
    directory = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in entries)
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    return start + struct.pack(f"{order}H", len(entries)) + directory + bytes(4) + data


def _in_planes(samples, order):
    count, height, width = samples.shape
    data = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    after = 8 + 2 + 12 * 11 + 4
    each = len(data) // count
    tables = [8 * samples.itemsize] * count
    tables += [after + 12 * count + number * each for number in range(count)]
    tables += [each] * count
    bits, starts, lengths = (after + 4 * count * number for number in range(3))
    entries = [(256, 1, width), (257, 1, height), (258, count, bits), (259, 1, 1), (262, 1, 2)]
    entries += [(273, count, starts), (277, 1, count), (278, 1, height), (279, count, lengths)]
    entries += [(284, 1, 2), (296, 1, 1)]
    directory = b"".join(
        struct.pack(f"{order}HHII", tag, 4, number, value) for tag, number, value in entries
    )
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    start += struct.pack(f"{order}H", len(entries)) + directory + bytes(4)
    return start + struct.pack(f"{order}{3 * count}I", *tables) + data


@pytest.mark.parametrize("order", ["<", ">"])
def test_colours_behind_each_other_are_read_up_to_eight_bits_and_refused_beyond(order):
    shown = read_radiograph(tiff(np.stack([FILM] * 3), order), "film")
    assert np.array_equal(shown.pixels, FILM)
    deep = tiff(np.stack([FILM.astype(np.uint16) * 257] * 3), order)
    with pytest.raises(RadiographError, match="behind each other"):
        read_radiograph(deep, "film")
    with pytest.raises(RadiographError, match="behind each other"):
        deidentified(deep, Pseudonyms(b"k" * 32))


CASES = [
    ("f8", "<", False, False),
    ("f8", ">", True, True),
    ("f4", ">", False, True),
    ("i2", "<", True, False),
    ("i2", ">", False, True),
    ("i4", ">", True, True),
    ("u2", ">", True, True),
    ("u4", ">", False, True),
]


@pytest.mark.parametrize(("kind", "order", "white_is_zero", "deflated"), CASES)
def test_numbers_of_every_kind_are_read(kind, order, white_is_zero, deflated):
    values = (255.0 - FILM if white_is_zero else 1.0 * FILM) * (1 / 255 if "f" in kind else 100)
    samples = values.astype(kind)
    data = tiff(samples, order, white_is_zero=white_is_zero, deflated=deflated)
    shown = read_radiograph(data, "film")
    assert np.corrcoef(shown.pixels.ravel(), FILM.ravel())[0, 1] > 0.99
    assert shown.bits == 8 * samples.itemsize
