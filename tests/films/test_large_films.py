"""What a large film takes while it is decoded, and while its patient is taken out."""

import tracemalloc

import msgspec
import numpy as np
import pytest

from kneeoa.films import decode
from kneeoa.films.limits import DEFAULT_LIMITS
from kneeoa.films.phantom import draw_knee
from kneeoa.reports import deidentify
from tests.support.films import dicom_dataset, dicom_file

SIDE = 2800
MOST_TO_READ, MOST_TO_WRITE = 18, 26
"""Bytes a pixel, besides the file: so one of 50 million pixels is decoded within 1200 MB.

Where it is written anew, a third goes for the look for text, which does not grow with the film.
"""
HEADERS = {
    "as it is": {},
    "window": {"WindowCenter": 2000, "WindowWidth": 4000},
    "inverse, padding": {"PhotometricInterpretation": "MONOCHROME1", "PixelPaddingValue": 0},
}


def film(side, **header):
    small = draw_knee(3, seed=2, side=side // 8).astype(np.uint16)
    pixels = np.kron(small, np.full((8, 8), 16, np.uint16))
    pixels[:, : side // 10] = 0
    return dicom_file(dicom_dataset(pixels, bits=12, **header))


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize(
    ("task", "options", "most"),
    [
        (decode.film, {}, MOST_TO_READ),
        (deidentify.film, {"key": "00" * 32}, MOST_TO_WRITE),
    ],
)
def test_a_film_takes_so_much_a_pixel_and_no_more(task, options, most, header):
    data, limits = film(SIDE, **header), msgspec.to_builtins(DEFAULT_LIMITS)
    # What is loaded for it, a small one loads.
    task(film(SIDE // 4, **header), kind="DICOM", limits=limits, **options)
    tracemalloc.start()
    try:
        task(data, kind="DICOM", limits=limits, **options)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak / SIDE**2 < most
