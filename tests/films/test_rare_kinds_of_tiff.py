"""A TIFF of a rare kind is refused by what is rare in it, not as a damaged one."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from kneeoa.errors import RadiographError
from kneeoa.films.images.rare_tiff import rare_kind
from kneeoa.films.radiograph import read_radiograph
from tests.support.films import image_file
from tests.support.odd_films import FILM


def tiff(order="<", **tags):
    """Return a TIFF of one grey page that says `tags` of itself by the names in `NUMBERS`."""
    said = {256: 64, 257: 64, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 64, 279: 9000, 339: 1}
    said |= {NUMBERS[name]: value for name, value in tags.items()}
    count = len(said)
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, n) for tag, n in said.items())
    pixels = 8 + 2 + 12 * count + 4
    entries = entries.replace(
        struct.pack(f"{order}HHII", 273, 4, 1, 8), struct.pack(f"{order}HHII", 273, 4, 1, pixels)
    )
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(f"{order}I", 8)
    return head + struct.pack(f"{order}H", count) + entries + bytes(4) + bytes(range(250)) * 40


NUMBERS = {"bits": 258, "compression": 259, "samples": 277, "kind": 339}


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"bits": 10}, "samples of 10 bits"),
        ({"bits": 14}, "samples of 14 bits"),
        ({"bits": 16, "kind": 3}, "samples of 16 bits with a point"),
        ({"bits": 16, "compression": 34712}, "pixels compressed as JPEG 2000"),
        ({"bits": 16, "compression": 50002}, "pixels compressed as JPEG XL"),
        ({"bits": 16, "samples": 2}, "2 samples of 16 bits a pixel"),
    ],
)
def test_what_is_rare_is_named(order, tags, words):
    with pytest.raises(RadiographError, match=words) as refused:
        read_radiograph(tiff(order, **tags), "film.tif")
    assert "damaged" not in str(refused.value)


def big(*entries, first=16):
    """Return a BigTIFF of `entries` (tag, kind, count, value or place)."""
    head = b"II" + struct.pack("<HHHQ", 43, 8, 0, first) + struct.pack("<Q", len(entries))
    return head + b"".join(struct.pack("<HHQQ", *entry) for entry in entries) + bytes(200)


def test_a_large_tiff_in_the_other_order_of_bytes_is_named():
    head = b"MM" + struct.pack(">HHHQQ", 43, 8, 0, 16, 1)
    data = head + struct.pack(">HHQQ", 256, 4, 1, 100 << 32) + bytes(200)
    with pytest.raises(RadiographError, match="places of 64 bits, the highest byte first"):
        read_radiograph(data, "film.tif")


@pytest.mark.parametrize("place", [2**32 + 5, 2**63 - 1, 2**63, 2**64 - 1])
def test_places_beyond_all_memory_are_damage(place):
    for damaged in (big(first=place), big((258, 3, 100, place)), big((258, 16, place, place))):
        assert rare_kind(damaged) is None
        with pytest.raises(RadiographError, match="damaged"):
            read_radiograph(damaged, "film.tif")


def test_no_number_anywhere_is_a_crash():
    numbers = np.random.default_rng(5)
    for start in (b"II*\0", b"MM\0*", big()[:8], b"MM\0+\0\x08\0\0"):
        for _ in range(500):
            size = int(numbers.integers(0, 90))
            data = numbers.choice(np.array([0, 1, 3, 4, 8, 16, 255], np.uint8), size).tobytes()
            rare_kind(start + data)


def test_what_is_common_is_not_called_rare():
    assert rare_kind(image_file(FILM, "TIFF")) is None
    assert rare_kind(image_file(FILM, "TIFF", compression="tiff_lzw")) is None
    stream = io.BytesIO()
    Image.fromarray(FILM.astype(np.uint16) * 257).save(stream, "TIFF")
    assert rare_kind(stream.getvalue()) is None
    for broken in (b"", b"II", b"II*\0\xff\xff\xff\x7f", stream.getvalue()[:9]):
        assert rare_kind(broken) is None
