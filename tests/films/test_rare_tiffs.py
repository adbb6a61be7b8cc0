"""TIFFs of numbers that few programs write: 64 bits, signs, points, byte orders, zero as white."""

import struct
import zlib

import numpy as np
import pytest

from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph

FILM = draw_knee(2)


def tiff(samples, order, *, white_is_zero=False, deflated=False):
    """Return ``(H, W)`` numbers of any kind as a TIFF in one strip, in an `order` of bytes."""
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
