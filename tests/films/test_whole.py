"""Films of which only a part came, and what may look like it."""

import io

import numpy as np
import pytest
from PIL import Image

from kneeoa.errors import RadiographError
from kneeoa.films.images.packed import is_cut_png
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.films.shape.whole import whole_notes
from tests.support.films import dicom_dataset, dicom_file, image_file
from tests.support.odd_films import DEEP, deep_dataset

FILM = draw_knee(2)
PART = int(0.6 * FILM.size) + 100


def broken_off(pixels, filling, *, place=PART):
    cut = pixels.copy()
    cut.reshape(-1)[place:] = filling
    return cut


def as_dicom(pixels, **tags):
    return dicom_file(dicom_dataset(pixels, **tags))


def read(data):
    return read_radiograph(data, "film")


@pytest.mark.parametrize("filling", [0, 128, 255])
@pytest.mark.parametrize(
    "file_of",
    [
        as_dicom,
        lambda cut: as_dicom(255 - cut, PhotometricInterpretation="MONOCHROME1"),
        image_file,
        lambda cut: image_file(cut, "TIFF"),
    ],
)
def test_a_film_that_breaks_off_within_a_row_is_refused(file_of, filling):
    with pytest.raises(RadiographError, match=r"lowest (39|40)% .* breaks off within a row"):
        read(file_of(broken_off(FILM, filling)))


def test_so_is_one_of_more_bits():
    dataset = deep_dataset(broken_off(DEEP, 0))
    with pytest.raises(RadiographError, match="came in part"):
        read(dicom_file(dataset))


@pytest.mark.parametrize("block", [8, 16])
def test_so_is_one_that_breaks_off_within_blocks(block):
    cut = FILM.copy()
    cut[128 + block :] = 128
    cut[128 : 128 + block, 96:] = 128
    with pytest.raises(RadiographError, match="came in part"):
        read(image_file(cut, "JPEG", quality=90))


def test_a_film_that_ends_with_a_row_is_read_with_a_note():
    (note,) = read(image_file(broken_off(FILM, 0, place=150 * 224))).notes
    assert note.startswith("The lowest 33% of the picture is blank, of one grey value: ")


def tilted():
    rows, columns = np.mgrid[:224, :224]
    return np.where(rows < 180 - columns * 0.02, np.maximum(FILM, 20), 0)


def in_a_circle():
    rows, columns = np.mgrid[:224, :224]
    return np.where(np.hypot(rows - 90, columns - 112) < 110, np.maximum(FILM, 20), 0)


@pytest.mark.parametrize("picture", [tilted(), in_a_circle()], ids=["tilted", "circle"])
def test_shutters_are_not_refused(picture):
    whole_notes(picture)


@pytest.mark.parametrize(
    "picture", [FILM, np.pad(FILM, ((30, 60), (0, 0))), np.pad(FILM, ((0, 8), (0, 0)))]
)
def test_of_a_whole_film_nothing_is_said(picture):
    assert whole_notes(picture) == ()


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
def test_a_png_that_was_filled_up_with_nothing_is_refused(mode):
    values = FILM.astype(np.uint16) * 257 if mode == "I;16" else FILM
    whole = image_file(values, mode=None if mode == "I;16" else mode)
    for share in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        there = whole[: int(share * len(whole))]
        for filling in (bytes(len(whole) - len(there)), b""):
            with pytest.raises(RadiographError, match="cut off"):
                read(there + filling)


@pytest.mark.parametrize("kind", ["tiff_adobe_deflate", "tiff_lzw"])
def test_a_compressed_tiff_that_was_filled_up_with_nothing_is_refused(kind):
    whole = image_file(FILM.astype(np.uint16) * 16, "TIFF", compression=kind)
    assert np.abs(read(whole).pixels - FILM).mean() < 40
    for share in (0.3, 0.5, 0.7, 0.9):
        there = whole[: int(share * len(whole))]
        # The tags stand before the pixels or behind them.
        with pytest.raises(RadiographError):
            read(there + bytes(len(whole) - len(there)))
    middle = len(whole) // 2
    with pytest.raises(RadiographError, match="cut off"):
        read(whole[:middle] + bytes(2000) + whole[middle + 2000 :])


def test_a_png_whose_sums_are_wrong_or_whose_end_is_missing_is_read():
    whole = image_file(FILM)
    sums_wrong = whole[:-16] + b"none" + whole[-12:]
    for data in (sums_wrong, whole[:-12]):
        assert np.array_equal(read(data).pixels, FILM)
        assert not is_cut_png(data)


@pytest.mark.parametrize("grey", [0, 128, 255])
@pytest.mark.parametrize("around", [((0, 53), (0, 0)), ((53, 53), (61, 61)), ((0, 53), (61, 0))])
def test_what_a_jpeg_leaves_uneven_below_a_film_is_no_row_of_it(around, grey):
    page = np.pad(FILM, around, constant_values=grey)
    for quality in (20, 50, 80):
        read(image_file(page, "JPEG", quality=quality))


def test_a_part_that_was_saved_anew_is_told():
    stream = io.BytesIO()
    Image.fromarray(broken_off(FILM, 0)).resize((448, 448)).save(stream, "JPEG", quality=90)
    assert "in part" in " ".join(read(stream.getvalue()).notes)
