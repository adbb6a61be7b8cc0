"""Image files without their patient: not a pixel changes, or it is refused where that is asked."""

import io

import numpy as np
import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin

from kneeoa.errors import RadiographError
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.reports import deidentify
from kneeoa.reports.deidentify import MOST_OFF, NOT_EXACT, deidentified
from kneeoa.reports.dicom.pseudonyms import Pseudonyms
from tests.support.films import dicom_file, image_file
from tests.support.report_films import knee_dataset

KEY = Pseudonyms(b"a key that is only for tests 0123")
KNEE = draw_knee(2, side=300)
DEEP = KNEE.astype(np.uint16) * 200 + 77
TINTED = np.dstack([KNEE, KNEE // 2, 255 - KNEE])
MARK = b"Zebedee"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>Zebedee</x:xmpmeta>"


def exif(orientation=1):
    made = Image.Exif()
    made[0x0112], made[0x010E], made[0x013B] = orientation, "Zebedee", "Zebedee"
    return made


def about():
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Patient", "Zebedee")
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return texts


def tags(**more):
    found = TiffImagePlugin.ImageFileDirectory_v2()
    found[270] = found[305] = found[315] = "Zebedee"
    found[700], found[34675] = XMP, MARK * 20
    for tag, value in more.items():
        found[int(tag.removeprefix("tag"))] = value
    return found


FILMS = {
    "grey PNG": image_file(KNEE, "PNG", pnginfo=about(), exif=exif()),
    "deep PNG": image_file(DEEP, "PNG", pnginfo=about()),
    "one bit": image_file(KNEE, "PNG", "1", pnginfo=about()),
    "palette": image_file(TINTED, "PNG", "P", pnginfo=about()),
    "transparent": image_file(np.dstack([KNEE, KNEE]), "PNG", "LA", pnginfo=about()),
    "colour": image_file(TINTED, "PNG", pnginfo=about()),
    "colour and transparent": image_file(np.dstack([TINTED, KNEE]), "PNG", pnginfo=about()),
    "oblong pixels": image_file(KNEE, "PNG", pnginfo=about(), dpi=(150, 300)),
    "grey JPEG": image_file(KNEE, "JPEG", exif=exif(), comment=MARK, xmp=XMP),
    "lying JPEG": image_file(KNEE[:200], "JPEG", exif=exif(6), dpi=(100, 200)),
    "colour JPEG": image_file(TINTED, "JPEG", exif=exif(), icc_profile=MARK * 20),
    "inks": image_file(TINTED, "JPEG", "CMYK", exif=exif()),
    "grey TIFF": image_file(KNEE, "TIFF", tiffinfo=tags()),
    "deep TIFF": image_file(DEEP, "TIFF", tiffinfo=tags()),
    "compressed TIFF": image_file(DEEP, "TIFF", tiffinfo=tags(), compression="tiff_lzw"),
}


@pytest.mark.parametrize("name", FILMS)
def test_nothing_beside_the_pixels_is_left_and_they_are_read_as_before(name):
    data = FILMS[name] + MARK  # behind its end, too
    assert MARK in data
    clean = deidentified(data, KEY, exact=True)
    assert clean.startswith(b"\x89PNG")
    assert MARK not in clean
    with Image.open(io.BytesIO(clean)) as image:
        # Of a JPEG a number, how much it had lost.
        lost = {"Lossy compression"} if data.startswith(b"\xff\xd8") else set()
        assert lost <= set(image.info) <= {"Software", "aspect"} | lost
        assert not image.getexif()
    before, after = (read_radiograph(one, "x") for one in (data, clean))
    assert np.array_equal(before.pixels, after.pixels)
    assert (before.stored is None) == (after.stored is None)
    if before.stored is not None:
        assert np.array_equal(before.stored.values, after.stored.values)
    assert deidentified(data, KEY, exact=True) == clean


def test_each_step_is_told_and_pixels_that_are_at_hand_are_not_read_again(monkeypatch):
    data, told, read = FILMS["deep PNG"], [], []
    before = read_radiograph(data, "x").pixels

    def reading(data, name):
        read.append(data)
        return read_radiograph(data, name)

    monkeypatch.setattr(deidentify, "read_radiograph", reading)
    clean = deidentified(data, KEY, exact=True, before=before, tell=told.append)
    assert tuple(told) == deidentify.STEPS
    assert read == [clean]
    with pytest.raises(RadiographError) as refused:
        deidentified(data, KEY, exact=True, before=before + 0.5)
    assert str(refused.value) == NOT_EXACT


@pytest.mark.parametrize(
    "film",
    [
        image_file(KNEE.astype(np.float32) / 3, "TIFF", tiffinfo=tags()),
        image_file(DEEP.astype(np.int32) * 1000, "TIFF", tiffinfo=tags()),
    ],
)
def test_what_no_png_holds_is_refused_where_not_a_pixel_may_change(film):
    with pytest.raises(RadiographError, match="without changing its pixels"):
        deidentified(film, KEY, exact=True)
    # What is exported is rounded, and without the patient all the same.
    clean = deidentified(film, KEY)
    assert MARK not in clean
    before, after = (read_radiograph(one, "x").pixels for one in (film, clean))
    assert 0 < np.abs(before - after).max() < 0.01
    assert "Nothing was kept" in NOT_EXACT


def with_table():
    from pydicom.dataset import Dataset

    dataset, table = knee_dataset(), Dataset()
    dataset.Rows, dataset.Columns = DEEP.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelData = DEEP.tobytes()
    table.LUTDescriptor = [0, 0, 16]
    table.LUTData = (np.linspace(0, 1, 65536) ** 2 * 65535).astype("<u2").tobytes()
    table["LUTData"].VR = "OW"
    dataset.VOILUTSequence = [table]
    return dicom_file(dataset)


def test_a_dicom_film_is_exact_or_off_by_what_a_table_in_16_bits_is():
    plain = dicom_file(knee_dataset())
    before, after = (
        read_radiograph(one, "x").pixels for one in (plain, deidentified(plain, KEY, exact=True))
    )
    assert np.array_equal(before, after)
    film = with_table()
    before, after = (
        read_radiograph(one, "x").pixels for one in (film, deidentified(film, KEY, exact=True))
    )
    assert np.abs(before - after).max() <= MOST_OFF
