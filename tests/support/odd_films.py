"""A drawn knee in DICOM files of 12 bits, as odd software writes them."""

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import Radiograph, read_radiograph
from tests.support.films import dicom_dataset, dicom_file

FILM = draw_knee(3)
DEEP = FILM.astype(np.uint16) * 16
WINDOW = {"WindowCenter": "2048", "WindowWidth": "4096"}


def deep_dataset(values: np.ndarray = DEEP, **tags) -> Dataset:
    """Return a film of 12 bits in 16 with a window over all of them."""
    dataset = dicom_dataset(values, **{"bits": 12, **WINDOW, **tags})
    # The writer asks BitsAllocated otherwise, which some of these files lack.
    dataset["PixelData"].VR = "OW"
    return dataset


def read(source: Dataset | bytes) -> Radiograph:
    """Return the film in a DICOM file."""
    data = source if isinstance(source, bytes) else dicom_file(source)
    return read_radiograph(data, "film")


def table(entries: np.ndarray, *, declared: int, first: int = 0) -> Dataset:
    """Return an item of a LUT sequence whose entries stand in two bytes each."""
    item = pydicom.Dataset()
    item.LUTDescriptor = [len(entries) % 65536, first, declared]
    item.LUTData = entries.astype("<u2").tobytes()
    item["LUTData"].VR = "OW"
    return item


def without(dataset: Dataset, *keywords: str) -> Dataset:
    """Return `dataset` without some of its attributes."""
    for keyword in keywords:
        del dataset[keyword]
    return dataset


def is_like(shown: np.ndarray, expected: np.ndarray = FILM) -> bool:
    """Return whether two films are the same up to contrast."""
    if shown.shape != expected.shape:
        return False
    return np.corrcoef(shown.ravel(), expected.ravel())[0, 1] > 0.99
