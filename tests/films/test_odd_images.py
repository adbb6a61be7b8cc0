"""Image files as odd software writes them: 16-bit colour, thumbnails, signed samples; and noise."""

import struct
import zlib

import numpy as np
import pytest

from kneeoa.errors import RadiographError
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.films.smoothness import correlation
from kneeoa.reports.deidentify import deidentified
from kneeoa.reports.dicom.pseudonyms import Pseudonyms
from tests.support.films import image_file, tiff_of_pages
from train.publish.robustness import FAMILIES, changed

FILM = draw_knee(2)
TWELVE = FILM.astype(np.uint16) * 16
PSEUDONYMS = Pseudonyms(b"k" * 32)
GREY_AS_16_BIT = image_file(TWELVE, "PNG")


def read(data):
    return read_radiograph(data, "film")


def chunk(kind, data):
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def behind_header(png, kind, data):
    """Return a PNG with one more chunk, right behind its header."""
    return png[:33] + chunk(kind, data) + png[33:]


def deep_png(samples, colour_type):
    """Return ``(H, W, C) uint16`` as a PNG of 16 bits: 2 is RGB, 4 grey with alpha, 6 RGBA."""
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


@pytest.mark.parametrize("kind", ["grey", *COLOUR_PNGS])
@pytest.mark.parametrize("down", [2835, 5670])
def test_a_png_of_sixteen_bits_that_says_its_density_is_read(kind, down):
    plain = COLOUR_PNGS.get(kind, GREY_AS_16_BIT)
    dense = behind_header(plain, b"pHYs", struct.pack(">IIB", 5670, down, 1))
    height, width = read(dense).pixels.shape
    assert (height, width) == (FILM.shape[0] * 5670 // down, FILM.shape[1])
    if down == 5670:
        assert np.array_equal(read(dense).pixels, read(plain).pixels)
    if kind == "grey":
        cleaned = deidentified(dense, PSEUDONYMS, exact=True)
        assert np.array_equal(read(cleaned).pixels, read(dense).pixels)


def test_an_oblong_tiff_of_sixteen_bits_is_kept_without_its_patient():
    oblong = image_file(TWELVE, "TIFF", dpi=(100, 200))
    cleaned = deidentified(oblong, PSEUDONYMS, exact=True)
    assert np.array_equal(read(cleaned).pixels, read(oblong).pixels)


CLEAR = {
    "grey": (lambda white: image_file(white.astype(np.uint8)), ">H", 8),
    "RGB": (lambda white: image_file(white.astype(np.uint8), mode="RGB"), ">3H", 8),
    "16 bits": (lambda white: image_file(white.astype(np.uint16)), ">H", 16),
    "RGB, 16 bits": (lambda white: deep_png(with_channels(*[white] * 3), 2), ">3H", 16),
}


@pytest.mark.parametrize("kind", CLEAR)
def test_the_one_value_of_a_png_that_is_transparent_is_black(kind):
    made, form, bits = CLEAR[kind]
    deepest = (1 << bits) - 1
    knee = np.minimum(FILM, 250).astype(int) * (16 if bits == 16 else 1)
    values = (deepest,) * (3 if form == ">3H" else 1)
    inside = np.s_[40:-40, 40:-40]
    framed = np.full(knee.shape, deepest)
    framed[inside] = knee[inside]
    data = behind_header(made(framed), b"tRNS", struct.pack(form, *values))
    shown = read(data).pixels
    assert shown[:40].max() == shown[:, -40:].max() == 0
    assert np.corrcoef(shown[inside].ravel(), FILM[inside].ravel())[0, 1] > 0.99
    assert shown[inside].max() > 200
    if bits == 8:
        assert np.array_equal(read(deidentified(data, PSEUDONYMS, exact=True)).pixels, shown)
    else:  # no PNG without that value is windowed alike
        with pytest.raises(RadiographError, match="without changing its pixels"):
            deidentified(data, PSEUDONYMS, exact=True)


@pytest.mark.parametrize("kind", CLEAR)
@pytest.mark.parametrize("side", [0, 2, 12])
def test_what_is_transparent_within_the_film_is_said(kind, side):
    made, form, bits = CLEAR[kind]
    deepest = (1 << bits) - 1
    knee = np.minimum(FILM, 250).astype(int) * (16 if bits == 16 else 1)
    # At the edge it is around the film, as most of what is transparent.
    knee[:30] = knee[100 : 100 + side, 60 : 60 + side] = deepest
    values = (deepest,) * (3 if form == ">3H" else 1)
    data = behind_header(made(knee), b"tRNS", struct.pack(form, *values))
    notes = " ".join(read(data).notes)
    assert ("0.3% of the picture is transparent within the film" in notes) == (side == 12)
    assert ("transparent" in notes) == (side == 12)
    if bits == 8:
        assert " ".join(read(deidentified(data, PSEUDONYMS)).notes) == notes


def test_of_what_is_transparent_and_black_anyway_nothing_is_said():
    knee = FILM.copy()
    knee[100:130, 60:90] = 0
    for made in (knee, knee.astype(np.uint16) * 16):
        clear = behind_header(image_file(made), b"tRNS", struct.pack(">H", 0))
        assert read(clear).notes == ()


def test_a_transparent_value_of_few_bits_is_that_of_the_file():
    # Sixteen shades: the brightest is 15 in the file.
    rows = np.repeat(np.arange(16), 6)[:, None] * np.ones(96, int)
    packed = (rows[:, ::2] << 4 | rows[:, 1::2]).astype(np.uint8)
    filtered = b"".join(b"\0" + row.tobytes() for row in packed)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", 96, 96, 4, 0, 0, 0, 0)),
        (b"tRNS", struct.pack(">H", 15)),
        (b"IDAT", zlib.compress(filtered)),
        (b"IEND", b""),
    )
    shown = read(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)).pixels
    assert np.array_equal(shown[:, 0], np.where(rows[:, 0] == 15, 0, rows[:, 0] * 17))


def test_sixteen_bit_colours_become_grey_by_luma():
    red = deep_png(with_channels(TWELVE, TWELVE // 2, TWELVE // 4), 2)
    luma = 0.299 * TWELVE + 0.587 * (TWELVE // 2) + 0.114 * (TWELVE // 4)
    assert np.corrcoef(read(red).pixels.ravel(), luma.ravel())[0, 1] > 0.99


def deep_tiff(order, *alpha):
    """Return a TIFF of 16-bit RGB in one strip; `order` is ``"<"`` or ``">"``.

    Its colours are multiplied by `alpha`, of 65535, where there is one.
    """
    height, width = FILM.shape
    grey = TWELVE.astype(int) * alpha[0] // 65535 if alpha else TWELVE
    data = with_channels(grey, grey, grey, *alpha).astype(f"{order}u2").tobytes()
    entries = [(256, width), (257, height), (258, None), (259, 1), (262, 2), (273, None)]
    entries += [(277, 3 + len(alpha)), (278, height), (279, len(data))]
    entries += [(338, 1)] * len(alpha)
    bits_at = 8 + 2 + 12 * len(entries) + 4
    ifd = struct.pack(f"{order}H", len(entries))
    for tag, value in entries:
        if tag == 258:
            ifd += struct.pack(f"{order}HHII", tag, 3, 3 + len(alpha), bits_at)
        elif tag == 338:
            ifd += struct.pack(f"{order}HHIHH", tag, 3, 1, value, 0)
        else:
            ifd += struct.pack(f"{order}HHII", tag, 4, 1, bits_at + 8 if tag == 273 else value)
    start = b"II*\0" if order == "<" else b"MM\0*"
    bits = struct.pack(f"{order}HHHH", 16, 16, 16, 16)
    return start + struct.pack(f"{order}I", 8) + ifd + bytes(4) + bits + data


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_of_sixteen_bit_colour_is_windowed_as_grey_is(order):
    np.testing.assert_allclose(
        read(deep_tiff(order)).pixels, read(GREY_AS_16_BIT).pixels, atol=1e-3
    )


@pytest.mark.parametrize("order", ["<", ">"])
def test_colours_of_sixteen_bits_that_are_multiplied_by_their_alpha_are_divided_by_it(order):
    np.testing.assert_allclose(
        read(deep_tiff(order, 65535)).pixels, read(GREY_AS_16_BIT).pixels, atol=1e-3
    )
    half = read(deep_tiff(order, 32768))
    np.testing.assert_allclose(half.pixels, read(GREY_AS_16_BIT).pixels / 2, atol=0.2)
    assert "half transparent" in " ".join(half.notes)


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
