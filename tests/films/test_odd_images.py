"""Image files as odd software writes them: 16-bit colour, thumbnails, signed samples; and noise."""

import struct
import zlib

import numpy as np
import pytest

from kneeoa.errors import RadiographError
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.films.smoothness import correlation
from tests.support.films import image_file, tiff_of_pages
from train.publish.robustness import FAMILIES, changed

FILM = draw_knee(2)
TWELVE = FILM.astype(np.uint16) * 16
GREY_AS_16_BIT = image_file(TWELVE, "PNG")


def read(data):
    return read_radiograph(data, "film")


def deep_png(samples, colour_type):
    """Return ``(H, W, C) uint16`` as a PNG of 16 bits: 2 is RGB, 4 grey with alpha, 6 RGBA."""

    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    height, width = samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    rows = samples.astype(">u2").reshape(height, -1)
    # Each row as differences to the one above, as encoders do it (filter type 2).
    plain = rows.view(np.uint8).reshape(height, -1)
    up = np.diff(plain, axis=0, prepend=np.zeros_like(plain[:1]))
    filtered = b"".join(b"\2" + row.tobytes() for row in up)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(filtered)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def with_channels(*channels):
    return np.stack(np.broadcast_arrays(*channels), axis=-1).astype(np.uint16)


COLOUR_PNGS = {
    "RGB": deep_png(with_channels(TWELVE, TWELVE, TWELVE), 2),
    "grey and alpha": deep_png(with_channels(TWELVE, 65535), 4),
    "RGBA": deep_png(with_channels(TWELVE, TWELVE, TWELVE, 65535), 6),
}


@pytest.mark.parametrize("kind", COLOUR_PNGS)
def test_sixteen_bit_colour_is_windowed_as_grey_is(kind):
    radiograph = read(COLOUR_PNGS[kind])
    np.testing.assert_allclose(radiograph.pixels, read(GREY_AS_16_BIT).pixels, atol=1e-3)
    assert radiograph.bits == 16


def test_transparent_pixels_of_sixteen_bits_are_black_and_do_not_count():
    alpha = np.full(FILM.shape, 65535)
    alpha[:, :40] = 0
    burnt = np.where(alpha == 0, 65535, TWELVE)
    shown = read(deep_png(with_channels(burnt, alpha), 4)).pixels
    assert not shown[:, :40].any()
    assert np.corrcoef(shown[:, 40:].ravel(), FILM[:, 40:].ravel())[0, 1] > 0.99


@pytest.mark.parametrize("colour_type", [4, 6])
def test_half_transparent_pixels_of_sixteen_bits_are_said(colour_type):
    channels = [TWELVE] * (colour_type - 3 if colour_type == 4 else 3)
    for alpha, is_said in ((30000, True), (65535, False), (0xFF80, False)):
        radiograph = read(deep_png(with_channels(*channels, alpha), colour_type))
        assert ("half transparent" in " ".join(radiograph.notes)) == is_said


def test_sixteen_bit_colours_become_grey_by_luma():
    red = deep_png(with_channels(TWELVE, TWELVE // 2, TWELVE // 4), 2)
    luma = 0.299 * TWELVE + 0.587 * (TWELVE // 2) + 0.114 * (TWELVE // 4)
    assert np.corrcoef(read(red).pixels.ravel(), luma.ravel())[0, 1] > 0.99


def deep_tiff(order):
    """Return a TIFF of 16-bit RGB in one strip; `order` is ``"<"`` or ``">"``."""
    height, width = FILM.shape
    data = with_channels(TWELVE, TWELVE, TWELVE).astype(f"{order}u2").tobytes()
    entries = [(256, width), (257, height), (258, None), (259, 1), (262, 2), (273, None)]
    entries += [(277, 3), (278, height), (279, len(data))]
    bits_at = 8 + 2 + 12 * len(entries) + 4
    ifd = struct.pack(f"{order}H", len(entries))
    for tag, value in entries:
        if tag == 258:
            ifd += struct.pack(f"{order}HHII", tag, 3, 3, bits_at)
        else:
            ifd += struct.pack(f"{order}HHII", tag, 4, 1, bits_at + 6 if tag == 273 else value)
    start = b"II*\0" if order == "<" else b"MM\0*"
    bits = struct.pack(f"{order}HHH", 16, 16, 16)
    return start + struct.pack(f"{order}I", 8) + ifd + bytes(4) + bits + data


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_of_sixteen_bit_colour_is_windowed_as_grey_is(order):
    np.testing.assert_allclose(
        read(deep_tiff(order)).pixels, read(GREY_AS_16_BIT).pixels, atol=1e-3
    )


def tiff_pages(films):
    """Return a TIFF of 8-bit pages, each ``(pixels, NewSubfileType)``."""
    data, place = b"", 8
    for number, (pixels, kind) in enumerate(films):
        height, width = pixels.shape
        start = place + 2 + 12 * 9 + 4
        entries = [(254, kind), (256, width), (257, height), (258, 8), (259, 1), (262, 1)]
        entries += [(273, start), (278, height), (279, pixels.size)]
        following = start + pixels.size
        data += struct.pack("<H", len(entries))
        data += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
        data += struct.pack("<I", following if number + 1 < len(films) else 0) + pixels.tobytes()
        place = following
    return b"II*\0" + struct.pack("<I", 8) + data


SMALL, TINY, MASK = FILM[::2, ::2].copy(), FILM[::3, ::3].copy(), np.full_like(FILM, 255)


@pytest.mark.parametrize(
    "films",
    [
        [(FILM, 0), (SMALL, 1)],
        [(SMALL, 1), (FILM, 0)],
        [(TINY, 1), (FILM, 0), (SMALL, 1)],
        [(FILM, 0), (MASK, 4)],
        [(FILM, 1)],
    ],
    ids=["after", "before", "around", "mask", "alone"],
)
def test_a_reduced_copy_in_a_tiff_is_not_a_second_film(films):
    radiograph = read(tiff_pages(films))
    assert np.array_equal(radiograph.pixels, FILM)


@pytest.mark.parametrize(
    "films",
    [
        [(FILM, 0), (FILM, 0)],
        [(FILM, 0), (SMALL, 0)],
        [(SMALL, 1), (SMALL, 1)],
        [(SMALL, 1)] * 60 + [(FILM, 0)],
    ],
)
def test_several_films_or_none_in_a_tiff_are_refused(films):
    with pytest.raises(RadiographError, match="several pages"):
        read(tiff_pages(films))


def test_a_page_behind_a_thumbnail_is_looked_at_before_it_is_read():
    huge = bytearray(tiff_pages([(SMALL, 1), (FILM, 0)]))
    width = huge.rindex(struct.pack("<HHII", 256, 4, 1, 224))
    huge[width + 8 : width + 12] = struct.pack("<I", 60_000_000)
    with pytest.raises(RadiographError, match="million pixels"):
        read(bytes(huge))
    with pytest.raises(RadiographError, match="several pages"):
        read(tiff_of_pages(60_000))


def with_sample_format(pixels, form):
    """Return a TIFF that says whether its samples are unsigned (1) or signed (2)."""
    said = struct.pack("<HHII", 339, 3, 1, form)
    data = bytearray(tiff_pages([(pixels, 0)]))
    # In the place of NewSubfileType, which one page does not need; readers ask for no order.
    data[10:22] = said
    bits = data.index(struct.pack("<HHII", 258, 4, 1, 8))
    data[bits : bits + 12] = struct.pack("<HHII", 258, 4, 1, 8 * pixels.itemsize)
    length = data.index(struct.pack("<HHI", 279, 4, 1)) + 8
    data[length : length + 4] = struct.pack("<I", pixels.nbytes)
    return bytes(data)


def test_signed_bytes_and_large_unsigned_numbers_do_not_wrap():
    signed = (FILM.astype(np.int16) - 128).astype(np.int8)
    assert np.array_equal(read(with_sample_format(signed, 2)).pixels, FILM)
    large = FILM.astype(np.uint32) * 16_000_000
    shown = read(with_sample_format(large, 1)).pixels
    assert np.corrcoef(shown.ravel(), FILM.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("side", [64, 300, 2000])
def test_noise_is_no_film(side):
    noise = np.random.default_rng(0).integers(0, 256, (side, side), np.uint8)
    with pytest.raises(RadiographError, match="neighbouring pixels"):
        read(image_file(noise))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_film_changed_as_strongly_as_the_robustness_study_does_is_a_film(family):
    films = np.stack([draw_knee(grade, seed=grade) for grade in range(5)])
    for film in changed(films, family, family.strengths[-1]):
        assert read(image_file(film.round().astype(np.uint8))).pixels.size == FILM.size


def test_fine_noise_on_a_large_film_is_a_film():
    large = np.kron(FILM, np.ones((6, 6)))
    grainy = large * 0.3 + np.random.default_rng(0).normal(90, 40, large.shape)
    assert correlation(grainy) < 0.25
    assert read(image_file(np.clip(grainy, 0, 255).astype(np.uint8))).pixels.size == large.size
