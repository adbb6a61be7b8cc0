"""Films kept as colour: grey, tinted, and pictures in which colour stands for something."""

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import JPEGBaseline8Bit

from kneeoa.films.colours.kinds import from_luma
from kneeoa.films.grey import ADVICE, without_advice
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from tests.support.films import dicom_dataset, encapsulated, image_file
from tests.support.odd_films import DEEP, is_like, read

FILM = draw_knee(2)
GREY = np.stack([FILM] * 3, axis=-1)
RAINBOW = np.stack(
    [np.clip(1.5 - np.abs(4 * np.linspace(0, 1, 256) - peak), 0, 1) for peak in (3, 2, 1)], axis=-1
)


def notes_of(pixels, kind="PNG"):
    return " ".join(read_radiograph(image_file(pixels, kind), "film").notes)


def with_bar(height):
    film = GREY.copy()
    film[100 : 100 + height, 40:180] = (255, 0, 0)
    return film


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_what_is_in_colour_is_said(kind):
    heat_map = (RAINBOW[FILM] * 255).astype(np.uint8)
    assert "in colour" in notes_of(heat_map, kind)
    assert "in colour" in notes_of(with_bar(12), kind)


def test_of_what_is_no_film_no_note_advises_to_export_it_again():
    colour = np.concatenate([RAINBOW[FILM] * 255, np.full((*FILM.shape, 1), 128)], axis=-1)
    notes = read_radiograph(image_file(colour.astype(np.uint8), "PNG"), "film").notes
    assert [note.endswith(advice) for note, advice in zip(notes, ADVICE[1::-1], strict=True)]
    bare = without_advice((*notes, "Another note: export the film again."))
    assert bare[0].endswith("half transparent and is shown on black.")
    assert bare[1].endswith("markings, a heat map or a photograph.")
    assert bare[2] == "Another note: export the film again."


@pytest.mark.parametrize(
    "film",
    [
        GREY,
        with_bar(1),
        (GREY * (0.75, 0.85, 0.95)).astype(np.uint8),
        (255 - (255 - GREY) * (0.6, 0.8, 0.9)).astype(np.uint8),
    ],
    ids=["grey", "marker", "blue base", "yellowed"],
)
def test_grey_a_tint_and_a_marker_are_no_colour(film):
    assert notes_of(film) == ""
    assert notes_of(film, "JPEG") == ""


def relabelled(stream, transform):
    """Return a JPEG that says by Adobe's mark that its colours are RGB (0) or luma (1)."""
    plain = bytearray(stream[:2] + b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([transform]))
    place = 2
    while stream[place + 1] != 0xDA:
        end = place + 2 + int.from_bytes(stream[place + 2 : place + 4])
        plain += stream[place:end] * (stream[place + 1] not in (0xE0, 0xEE))
        place = end
    return bytes(plain + stream[place:])


@pytest.mark.parametrize("turned", [0, 6], ids=["upright", "lying"])
@pytest.mark.parametrize("is_rgb", [False, True], ids=["luma", "RGB"])
def test_a_jpeg_is_read_by_the_colours_that_it_has(is_rgb, turned):
    exif = Image.Exif()
    exif[0x0112] = turned or 1
    lying = np.ascontiguousarray(np.rot90(GREY, bool(turned)))
    options = {"quality": 95, "subsampling": 0, "keep_rgb": is_rgb}
    stream = image_file(lying, "JPEG", exif=exif, **options)
    for transform in (0, 1):
        radiograph = read_radiograph(relabelled(stream, transform), "film")
        assert np.abs(radiograph.pixels - FILM).mean() < 3
        assert radiograph.notes == ()


@pytest.mark.parametrize("tint", [(1, 1, 1), (0.75, 0.85, 0.95)])
def test_luma_and_colours_that_were_kept_as_red_green_and_blue_are_mixed_back(tint):
    rgb = (GREY * tint).astype(np.uint8)
    in_luma = np.asarray(Image.fromarray(rgb).convert("YCbCr"))
    for kind in ("PNG", "TIFF"):
        radiograph = read_radiograph(image_file(in_luma, kind), "film")
        np.testing.assert_allclose(radiograph.pixels, rgb @ (0.299, 0.587, 0.114), atol=3)


def test_a_strong_tint_is_said():
    wrong = from_luma(GREY)
    assert "strongly tinted" in notes_of(wrong)
    assert without_advice([notes_of(wrong)])[0].endswith("the file says.")


def colour_dicom(pixels, *, planes, **tags):
    made = dicom_dataset(FILM, SamplesPerPixel=3, PhotometricInterpretation="RGB", **tags)
    made.PlanarConfiguration = int(planes)
    made.PixelData = pixels.tobytes()
    return made


@pytest.mark.parametrize("planes", [False, True])
@pytest.mark.parametrize("said", [False, True])
def test_the_order_of_colours_in_dicom_is_that_of_a_grey_film(planes, said):
    pixels = GREY.transpose(2, 0, 1) if planes else GREY
    radiograph = read(colour_dicom(np.ascontiguousarray(pixels), planes=said))
    assert np.array_equal(radiograph.pixels, FILM)
    assert radiograph.notes == ()


@pytest.mark.parametrize("bits", [12, 16])
def test_colours_of_dicom_reach_to_white(bits):
    deep = np.stack([DEEP] * 3, axis=-1).astype("<u2")
    tags = {"BitsAllocated": 16, "BitsStored": bits, "HighBit": bits - 1}
    radiograph = read(colour_dicom(deep, planes=False, **tags))
    assert is_like(radiograph.pixels)
    assert radiograph.pixels.max() > 200


def palette_dicom(entries):
    made = dicom_dataset(FILM, PhotometricInterpretation="PALETTE COLOR")
    for channel, name in enumerate(("Red", "Green", "Blue")):
        setattr(made, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        data = np.ascontiguousarray(entries[:, channel]).astype("<u2").tobytes()
        setattr(made, f"{name}PaletteColorLookupTableData", data)
    return made


@pytest.mark.parametrize("factor", [1, 16, 257])
def test_a_palette_reaches_to_white_whatever_bits_its_entries_use(factor):
    radiograph = read(palette_dicom(np.arange(256)[:, None].repeat(3, axis=1) * factor))
    np.testing.assert_allclose(radiograph.pixels, FILM, atol=1)
    assert radiograph.notes == ()


def test_a_palette_of_colours_is_said():
    assert "in colour" in " ".join(read(palette_dicom(RAINBOW * 65535)).notes)


def test_a_film_kept_half_transparent_says_so():
    clear = Image.fromarray(FILM).convert("LA")
    assert read_radiograph(image_file(np.asarray(clear)), "film").notes == ()
    clear.putalpha(Image.fromarray(FILM))
    assert "transparent" in notes_of(np.asarray(clear))


@pytest.mark.parametrize("bits", [12, 16])
def test_a_jpeg_of_bytes_is_read_whatever_bits_the_header_says(bits):
    stream = image_file(FILM, "JPEG", quality=95)
    odd = dicom_dataset(DEEP, bits=bits)
    plain = encapsulated(dicom_dataset(FILM), stream, JPEGBaseline8Bit)
    assert np.array_equal(
        read(encapsulated(odd, stream, JPEGBaseline8Bit)).pixels, read(plain).pixels
    )
