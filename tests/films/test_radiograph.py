"""Films in every accepted form, and a reason for every refusal."""

import io
import os
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from kneeoa.errors import RadiographError
from kneeoa.films.decode import film
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import Limits, open_radiograph, read_radiograph, window
from tests.support.films import (
    dicom_dataset,
    dicom_file,
    encapsulated,
    image_file,
    jpeg_2000_dicom,
    recompressed,
    tiff_of_pages,
)

FILM = draw_knee(2)


def pixels(data, **options):
    return read_radiograph(data, "film", **options).pixels


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("mode", [None, "RGB", "RGBA", "LA", "P"])
def test_eight_bit_films_pass_unchanged_in_any_mode(kind, mode):
    radiograph = read_radiograph(image_file(FILM, kind, mode), "a/b\\film.png")
    assert np.array_equal(radiograph.pixels, FILM)
    assert radiograph.pixels.dtype == np.float32
    assert not radiograph.pixels.flags.writeable
    assert (radiograph.name, radiograph.source, radiograph.bits) == ("film.png", kind, 8)
    assert radiograph.laterality is radiograph.spacing is None


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpegs_of_any_colour_are_close_to_the_film(mode):
    assert np.abs(pixels(image_file(FILM, "JPEG", mode, quality=95)) - FILM).mean() < 3


def test_a_cmyk_tiff_keeps_its_polarity():
    assert np.abs(pixels(image_file(FILM, "TIFF", "CMYK")) - FILM).max() <= 1


def test_a_colour_photograph_becomes_grey_by_luma():
    colour = np.zeros((80, 80, 3), np.uint8)
    colour[:40, :, 1] = 200
    assert pixels(image_file(colour))[0, 0] == pytest.approx(0.587 * 200)


def test_a_black_and_white_image_spans_the_range():
    bilevel = pixels(image_file(FILM, "PNG", "1"))
    assert set(np.unique(bilevel)) == {0, 255}


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("highest", [1023, 4095, 65535])
def test_deep_films_are_windowed_not_clipped(kind, highest):
    deep = (FILM.astype(np.float64) / 255 * highest).astype(np.uint16)
    shown = pixels(image_file(deep, kind))
    assert np.corrcoef(shown.ravel(), FILM.ravel())[0, 1] > 0.999
    assert (shown == 255).mean() < 0.02
    assert (shown == 0).mean() < 0.02


def test_byte_order_does_not_matter():
    deep = (FILM.astype("u2") * 200).astype(">u2")
    big = Image.frombytes("I;16B", FILM.shape[::-1], deep.tobytes())
    stream = io.BytesIO()
    big.save(stream, "TIFF")
    assert np.array_equal(pixels(stream.getvalue()), pixels(image_file(FILM.astype("u2") * 200)))


def white_is_zero(values):
    """A TIFF whose zero is white (photometric interpretation 0), as some digitisers write."""
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "TIFF")
    data = bytearray(stream.getvalue())
    tag = data.find(b"\x06\x01\x03\x00\x01\x00\x00\x00\x01\x00")
    assert tag > 0
    data[tag + 8] = 0
    return bytes(data)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_tiff_whose_zero_is_white_is_turned(dtype):
    values = (np.iinfo(dtype).max - FILM.astype(dtype) * (200 if dtype == np.uint16 else 1)).astype(
        dtype
    )
    shown = pixels(white_is_zero(values))
    assert np.corrcoef(shown.ravel(), FILM.ravel())[0, 1] > 0.999


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_orientation_is_honoured(kind):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side: turn by a quarter
    turned = pixels(image_file(FILM, kind, exif=exif))
    assert np.abs(turned - np.rot90(FILM, -1)).mean() < 3


def test_the_window_rule():
    rng = np.random.default_rng(0)
    values = rng.normal(30_000, 500, (200, 200))
    values[0, 0], values[0, 1] = 65_535, 0  # a burnt and a dead pixel must not decide
    shown = window(values)
    low, high = np.percentile(values, [0.5, 99.5])
    middle = (values > low) & (values < high)
    np.testing.assert_allclose(
        shown[middle], ((values - low) / (high - low) * 255)[middle], atol=1e-2
    )
    assert (shown.min(), shown.max()) == (0, 255)


def test_the_window_of_a_collimated_film_uses_its_extremes():
    values = np.full((200, 200), 7.0)
    values[:10, :10] = np.linspace(100, 1000, 100).reshape(10, 10)
    shown = window(values)
    assert (shown.min(), shown.max()) == (0, 255)
    assert len(np.unique(shown)) > 90


@pytest.mark.parametrize("border", [0, 65_535])
def test_a_border_does_not_take_the_contrast_of_the_film(border):
    deep = np.full((300, 224), border, np.uint16)
    deep[40:264] = FILM.astype(np.uint16) * 40 + 20_000
    shown = window(deep)[40:264]
    assert np.percentile(shown, 2) < 30
    assert np.percentile(shown, 98) > 225
    assert np.corrcoef(shown.ravel(), FILM.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1.7e308])
def test_odd_numbers_in_a_film_neither_count_nor_come_out(odd):
    values = FILM * 16.0
    values[0, 0] = odd
    shown = window(values)
    assert np.isfinite(shown).all()
    assert shown[0, 0] in (0, 255)
    np.testing.assert_allclose(shown[1:], window(FILM * 16.0)[1:], atol=1)


def test_numbers_too_far_apart_for_arithmetic_are_refused_as_no_film():
    assert not window(np.where(FILM > 99, 1.7e308, -1.7e308)).any()


REFUSED = {
    "empty": (b"", "empty"),
    "text": (b"this is not a film", "Received text"),
    "table": (b"BMI,age\n22,50\n", "Received text"),
    "bmp": (b"BM\x36\x10\0\0\0\0\0\0\x36\0", "a BMP image"),
    "web page": (b"<!doctype html><html></html>", "a web page"),
    "pdf": (b"%PDF-1.7 ...", "a PDF"),
    "webp": (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "WebP"),
    "gif": (b"GIF89a\x01\x00\x01\x00", "GIF"),
    "heic": (b"\x00\x00\x00\x18ftypheic\x00\x00", "HEIC"),
    "zip": (b"PK\x03\x04\x00\x00", "ZIP"),
    "noise": (bytes(range(200, 256)) * 4, "none of these"),
    "png header alone": (b"\x89PNG\r\n\x1a\n", "damaged"),
    "jpeg header alone": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "damaged"),
    "tiff header alone": (b"II*\x00\x08\x00\x00\x00", "damaged"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_film_is_refused_with_its_reason(case):
    data, reason = REFUSED[case]
    with pytest.raises(RadiographError, match=reason):
        read_radiograph(data, "film.png")


def test_films_too_small_or_without_content_are_refused():
    with pytest.raises(RadiographError, match=r"at least 64 x 64 pixels. Received: 12 x 900"):
        pixels(image_file(np.zeros((12, 900), np.uint8)))
    with pytest.raises(RadiographError, match="same value"):
        pixels(image_file(np.full((100, 100), 9, np.uint8)))


def test_limits_hold_before_decoding():
    bomb = image_file(np.zeros((8000, 8000), np.uint8))
    assert len(bomb) < 100_000
    with pytest.raises(RadiographError, match="at most 50 million pixels"):
        pixels(bomb)
    with pytest.raises(RadiographError, match="at most 0 MB"):
        pixels(image_file(FILM), limits=Limits(max_bytes=100))
    with pytest.raises(RadiographError, match=r"at most 100 MB\. Received: 100\.1 MB"):
        Limits().check_bytes(100_000_001)


def test_a_header_that_promises_terapixels_is_refused():
    data = bytearray(image_file(FILM))
    data[16:24] = b"\x00\x0f\xff\xff" * 2
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    with pytest.raises(RadiographError, match="million pixels"):
        pixels(bytes(data))


def test_several_pages_are_refused():
    stream = io.BytesIO()
    pages = [Image.fromarray(FILM), Image.fromarray(FILM[::-1])]
    pages[0].save(stream, "TIFF", save_all=True, append_images=pages[1:])
    with pytest.raises(RadiographError, match="several pages"):
        pixels(stream.getvalue())


def test_a_file_of_page_headers_is_refused_without_walking_through_them():
    headers = tiff_of_pages(60_000)
    start = time.perf_counter()
    with pytest.raises(RadiographError, match="several pages"):
        pixels(headers)
    assert time.perf_counter() - start < 2  # counting them takes some 20 s


def test_damaged_orientation_data_do_not_cost_the_film():
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "x" * 40
    whole = image_file(FILM, "PNG", exif=exif)
    start = whole.index(b"eXIf") + 4
    length = int.from_bytes(whole[start - 8 : start - 4])
    rng = np.random.default_rng(0)
    for _ in range(200):
        damaged = bytearray(whole)
        for place in rng.integers(start, start + length, 3):
            damaged[place] = rng.integers(256)
        check = zlib.crc32(damaged[start - 4 : start + length])
        damaged[start + length : start + length + 4] = check.to_bytes(4)
        assert pixels(bytes(damaged)).size == FILM.size


@pytest.mark.parametrize(
    ("data", "bits"),
    [
        (image_file(FILM, "PNG", "1"), 1),
        (image_file(FILM, "TIFF", "1"), 1),
        (image_file(FILM.astype(np.uint16) * 16, "PNG"), 16),
        (image_file(FILM.astype(np.int32) * 16, "TIFF"), 32),
        (dicom_file(dicom_dataset(FILM.astype(np.uint16) * 16, bits=12)), 12),
    ],
)
def test_the_bits_are_those_of_the_file(data, bits):
    assert read_radiograph(data, "film").bits == bits


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_damage_never_surfaces_as_anything_but_a_refusal(kind):
    whole = image_file(FILM, kind)
    rng = np.random.default_rng(0)
    for cut in rng.integers(1, len(whole), 40):
        try:
            read_radiograph(whole[:cut], "cut")
        except RadiographError as error:
            assert str(error)
    for _ in range(120):
        damaged = bytearray(whole)
        for place in rng.integers(0, min(len(whole), 600), 4):
            damaged[place] = rng.integers(256)
        try:
            read_radiograph(bytes(damaged), "damaged")
        except RadiographError as error:
            assert str(error)


def test_half_a_film_is_never_shown_as_a_whole():
    for kind in ("PNG", "JPEG", "TIFF"):
        whole = image_file(FILM, kind)
        with pytest.raises(RadiographError, match="damaged or cut off"):
            read_radiograph(whole[: len(whole) // 2], "half")


def test_files_are_opened_by_path(tmp_path):
    file = tmp_path / "film.png"
    file.write_bytes(image_file(FILM))
    assert np.array_equal(open_radiograph(file).pixels, FILM)
    with pytest.raises(RadiographError, match="cannot be opened"):
        open_radiograph(tmp_path / "absent.png")
    with pytest.raises(RadiographError, match="cannot be opened"):
        open_radiograph(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RadiographError, match="a pipe or a device"):
        open_radiograph(tmp_path / "pipe")


@pytest.mark.parametrize("syntax", ["JPEGLSLossless", "JPEGLosslessProcess14_1"])
def test_what_kills_gdcm_is_a_refusal(syntax, tmp_path):
    data = bytearray(recompressed(dicom_file(dicom_dataset(FILM)), syntax, tmp_path))
    frame_header = max(data.find(b"\xff\xf7\0"), data.find(b"\xff\xc3\0"))
    data[frame_header + 4] = 21  # bits a sample: gdcm ends the process that decodes this
    with pytest.raises(RadiographError, match="cannot be decoded"):
        pixels(bytes(data))


def test_a_small_dicom_header_does_not_let_a_large_code_stream_in(monkeypatch):
    data = bytearray(jpeg_2000_dicom(FILM))
    place = data.index(b"\xff\x4f\xff\x51") + 8
    data[place : place + 8] = (60_000).to_bytes(4) * 2
    jpeg = bytearray(image_file(FILM, "JPEG"))
    place = jpeg.index(b"\xff\xc0") + 5
    jpeg[place : place + 4] = (60_000).to_bytes(2) * 2
    baseline = encapsulated(dicom_dataset(FILM), bytes(jpeg), "1.2.840.10008.1.2.4.50")

    def decode(*_, **__):
        pytest.fail("a decoder was called")

    monkeypatch.setattr("pydicom.Dataset.pixel_array", property(decode))
    for bomb in (bytes(data), baseline):
        with pytest.raises(RadiographError, match="cannot be decoded"):
            film(bomb, kind="DICOM", limits={})  # in this process, where it is watched


@pytest.mark.parametrize("form", ["wrong length of the file meta", "no preamble"])
def test_a_disguised_deflate_bomb_is_refused(form):
    dataset = dicom_dataset(FILM)
    dataset.PixelData = bytes(100_000)
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    data = dicom_file(dataset)
    if form == "no preamble":
        data = data[132:]
    else:
        data = data[:140] + (10**7).to_bytes(4, "little") + data[144:]
    with pytest.raises(RadiographError, match="unpacks to far more"):
        pixels(data, limits=Limits(max_pixels=20_000, min_side=1))


def test_a_dicom_window_that_shows_only_lettering_is_not_used():
    deep = FILM.astype(np.uint16) * 8
    deep[:8, :8] = 4000 + np.arange(64).reshape(8, 8)
    plain, lettering = (
        pixels(dicom_file(dicom_dataset(deep, bits=12, **tags)))
        for tags in ({}, {"WindowCenter": "4030", "WindowWidth": "60"})
    )
    assert np.array_equal(lettering, plain)


def test_a_dicom_spacing_without_end_is_none():
    assert read_radiograph(dicom_file(dicom_dataset(FILM)), "film").spacing is None
    endless = dicom_dataset(FILM, ImagerPixelSpacing=["0.2", "0.2"])
    data = dicom_file(endless).replace(b"0.2\\0.2 ", b"inf\\0.2 ")
    assert read_radiograph(data, "film").spacing is None
