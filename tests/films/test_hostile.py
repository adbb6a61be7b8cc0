"""Files that are made to take long or much: refused, and the next film is read as ever."""

import io
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from kneeoa.errors import RadiographError
from kneeoa.films import radiograph
from kneeoa.films.apart.pool import Workers
from kneeoa.films.apart.settings import Settings
from kneeoa.films.formats import Content, content_of
from kneeoa.films.grey import by_level, window
from kneeoa.films.phantom import draw_knee
from tests.support.films import dicom_dataset, dicom_file, encapsulated, image_file

FILM = draw_knee(3)
JPEG_2000 = "1.2.840.10008.1.2.4.91"


@pytest.fixture(scope="module")
def workers():
    # Ample, on a busy machine, too: what is to take too long gets less.
    workers = Workers(Settings(seconds=20, memory=400_000_000))
    yield workers
    workers.close()


@pytest.fixture(autouse=True)
def strict(workers, monkeypatch):
    monkeypatch.setattr(radiograph, "workers", lambda: workers)


def chunk(kind, data=b""):
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check


def jp2_box_without_length():
    """A JPEG 2000 file in DICOM whose box says that it is 0 bytes long, where pydicom loops."""
    boxes = b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0\0\0\x14ftypjp2 \0\0\0\0jp2 " + b"\0\0\0\0jp2h"
    header = struct.pack(">IIIIHB", *FILM.shape, 0, 0, 1, 7)
    size = b"\xff\x4f\xff\x51" + struct.pack(">HH", 41, 0) + struct.pack(">II", *FILM.shape)
    code = size + bytes(8) + struct.pack(">II", *FILM.shape) + bytes(8) + b"\0\x01\x07\x01\x01"
    tile = b"\xff\x90" + struct.pack(">HHIBB", 10, 0, 0, 0, 1)
    return encapsulated(dicom_dataset(FILM), boxes + code + tile + header, JPEG_2000)


def scans_without_end():
    whole = image_file(draw_knee(3, side=400), "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * 3000 + b"\xff\xd9"


def empty_elements():
    whole = dicom_file(dicom_dataset(FILM))
    place = whole.index(b"\x08\x00\x16\x00")
    return whole[:place] + struct.pack("<HH2sH", 8, 5, b"CS", 0) * 2_000_000 + whole[place:]


def parts_without_content():
    whole = image_file(FILM)
    return whole[:33] + chunk(b"IDAT") * 2_000_000 + whole[33:]


TOO_LONG = {
    "a box without length": jp2_box_without_length,
    "scans without end": scans_without_end,
    "empty elements": empty_elements,
    "parts without content": parts_without_content,
}


@pytest.mark.parametrize("case", TOO_LONG)
def test_what_takes_too_long_is_refused_and_the_next_film_is_read(case, workers):
    film = TOO_LONG[case]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "settings", replace(workers.settings, seconds=0.5))
        with pytest.raises(RadiographError, match=r"within 0\.5 seconds"):
            radiograph.read_radiograph(film, "film")
    assert np.array_equal(radiograph.read_radiograph(image_file(FILM), "film").pixels, FILM)


def frames(kind, count=300):
    pages = [Image.fromarray(np.roll(FILM, number)) for number in range(count)]
    stream = io.BytesIO()
    pages[0].save(stream, kind, save_all=True, append_images=pages[1:])
    return stream.getvalue()


def nested():
    whole = dicom_file(dicom_dataset(FILM))
    place = whole.index(b"\x08\x00\x16\x00")
    level = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0\xff\xff\xff\xff"
    return whole[:place] + level * 50_000 + whole[place:]


def text_that_swells():
    whole = image_file(FILM)
    bomb = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(50_000_000)))
    return whole[:33] + bomb * 50 + whole[33:]


REFUSED = {
    "a picture that moves": lambda: frames("PNG"),
    "pages": lambda: frames("TIFF"),
    "sequences in sequences": nested,
    "text that swells": text_that_swells,
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_made_to_swell_is_refused(case):
    with pytest.raises(RadiographError, match=r"Expected one film|cannot be (read|decoded)"):
        radiograph.read_radiograph(REFUSED[case](), "film")


def test_memory_beyond_the_limit_is_refused(monkeypatch):
    tight = Workers(Settings(seconds=30, memory=60_000_000))
    monkeypatch.setattr(radiograph, "workers", lambda: tight)
    large = np.kron(FILM.astype(np.uint16) * 16, np.ones((10, 10), np.uint16))
    with pytest.raises(RadiographError, match="decoded in 60 MB of memory"):
        radiograph.read_radiograph(image_file(large), "film")
    assert radiograph.read_radiograph(image_file(FILM), "film").pixels.shape == FILM.shape
    tight.close()


def test_a_folder_is_searched_without_reading_whole_files(tmp_path):
    file = tmp_path / "endless"
    file.write_bytes(empty_elements())
    assert content_of(file) is Content.FILM  # as far as its beginning tells


def test_values_are_shown_by_level_as_they_are_shown_one_by_one():
    rng = np.random.default_rng(0)

    def show(values):
        return np.sqrt(np.abs(values.astype(float))).astype(np.float32)

    for values in (
        rng.integers(-2000, 2000, (300, 200), np.int16),
        rng.integers(0, 65536, (300, 300)).astype(">u2"),
        rng.integers(0, 2**31, (20, 20)),
        rng.normal(size=(9, 9)),
    ):
        assert np.array_equal(by_level(values, show), show(values))
        assert np.allclose(window(values), window(values.astype(np.float64)), atol=1e-4)
