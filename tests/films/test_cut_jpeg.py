"""JPEGs that are cut off and closed all the same are no films; sound ones are, whatever is seen."""

import io

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.encaps import get_frame
from pydicom.uid import JPEGBaseline8Bit, JPEGLosslessSV1

from kneeoa.errors import RadiographError
from kneeoa.films.dicom.cut_jpeg import is_cut, is_cut_in
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import read_radiograph
from kneeoa.reports.deidentify import deidentified
from kneeoa.reports.dicom.pseudonyms import Pseudonyms
from tests.support.films import dicom_dataset, dicom_file, encapsulated, image_file, recompressed
from tests.support.odd_films import read

FILM = draw_knee(3)
END = b"\xff\xd9"
WAYS = [
    {},
    {"quality": 95},
    {"quality": 100, "optimize": True},
    {"progressive": True},
    {"progressive": True, "optimize": True, "quality": 30},
    {"restart_marker_rows": 1},
    {"restart_marker_blocks": 7},
]


def with_black_below(film):
    film = film.copy()
    film[150:] = 0
    return film


def with_white_corner(film):
    film = film.copy()
    film[-40:] = 128
    film[:, -30:] = 255
    return film


def of_odd_size(film):
    return np.ascontiguousarray(film[:203, :178])


CHANGES = [
    np.copy,
    with_black_below,
    with_white_corner,
    of_odd_size,
    lambda film: film[::-1].copy(),
]


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("way", WAYS)
def test_sound_ones_are_whole_and_cut_ones_are_not(way, mode):
    for number, change in enumerate(CHANGES):
        whole = image_file(change(draw_knee(number)), "JPEG", mode=mode, **way)
        for sound in (whole, whole + bytes(200), whole + b"more" + whole, whole[:-2]):
            assert not is_cut(sound)
        for share in (0.4, 0.6, 0.8, 0.95):
            assert is_cut(whole[: int(len(whole) * share)] + END)
        half = len(whole) // 2
        assert is_cut(whole[:half] + bytes(len(whole) - half))


def test_a_scan_that_is_missing_as_a_whole_is_missed():
    whole = image_file(FILM, "JPEG", progressive=True)
    scans = [place for place in range(len(whole)) if whole[place : place + 2] == b"\xff\xda"]
    assert len(scans) > 3
    assert all(is_cut(whole[:scan] + END) for scan in scans[1:])


@pytest.mark.parametrize("progressive", [False, True])
def test_a_cut_jpeg_is_refused_as_a_file_and_in_dicom(progressive):
    whole = image_file(FILM, "JPEG", quality=95, progressive=progressive)
    cut = whole[: len(whole) * 3 // 4] + END
    with pytest.raises(RadiographError, match="damaged or cut off"):
        read_radiograph(cut, "film.jpg")
    with pytest.raises(RadiographError, match="damaged or cut off"):
        deidentified(cut, Pseudonyms(b"k" * 32))
    assert read(encapsulated(dicom_dataset(FILM), whole, JPEGBaseline8Bit)).notes == ()
    with pytest.raises(RadiographError, match="cut off"):
        read(encapsulated(dicom_dataset(FILM), cut, JPEGBaseline8Bit))


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("change", CHANGES[:4])
def test_lossless_jpegs_that_are_cut_are_refused(change, bits, tmp_path):
    film = change(FILM)
    deep = film if bits == 8 else film.astype(np.uint16) * (16 if bits == 12 else 257)
    plain = dicom_file(dicom_dataset(deep, bits=bits))
    packed = recompressed(plain, "JPEGLosslessProcess14_1", tmp_path)
    assert np.array_equal(read(packed).pixels, read(plain).pixels)
    stream = stream_in(packed)
    for cut in (
        stream[: len(stream) * 3 // 4] + END,
        stream[: len(stream) // 2] + bytes(len(stream) // 2),
    ):
        with pytest.raises(RadiographError, match="cut off"):
            read(encapsulated(dicom_dataset(deep, bits=bits), cut, JPEGLosslessSV1))


@pytest.mark.parametrize("is_cut_off", [False, True])
def test_a_large_film_that_ends_in_black_is_decoded_once_where_its_data_do(
    is_cut_off, tmp_path, monkeypatch
):
    monkeypatch.setattr("kneeoa.films.dicom.cut_jpeg._LARGE", 1000)
    dark = with_black_below(FILM)
    plain = dicom_file(dicom_dataset(dark.astype(np.uint16) * 16, bits=12))
    stream = stream_in(recompressed(plain, "JPEGLosslessProcess14_1", tmp_path))
    if is_cut_off:
        stream = stream[: len(stream) // 2] + END
    asked = []

    def decode(more):
        asked.append(more)
        return np.ones_like(dark)

    assert is_cut_in(np.zeros_like(dark), stream, decode) == is_cut_off
    assert len(asked) == is_cut_off


def stream_in(data):
    return get_frame(pydicom.dcmread(io.BytesIO(data)).PixelData, 0, number_of_frames=1)


def test_a_large_film_is_looked_at_as_well():
    large = np.asarray(Image.fromarray(FILM).resize((2000, 2400)))
    whole = image_file(large, "JPEG", quality=90)
    assert not is_cut(whole)
    assert is_cut(whole[: len(whole) * 9 // 10] + END)
