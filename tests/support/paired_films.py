"""Films to put beside each other: of two days, of both knees, of two resolutions."""

import functools

import numpy as np

from kneeoa.films.phantom import draw_knee
from tests.support.films import dicom_dataset, dicom_file

SIDE, FULL = 320, 4095
NEW, OLD, BOTH, KNEE, LARGE = FILES = ("new.dcm", "old.dcm", "both.dcm", "knee.dcm", "large.dcm")
"""In the order in which they come. `OLD` is earlier than `NEW`, `LARGE` than `KNEE`."""
SPACINGS = {KNEE: 0.3, LARGE: 0.15}
"""Millimetres of a pixel."""
DAYS = {"today": "20230304", "earlier": "20190102"}
USUAL = {"PatientBirthDate": "19600229", "ImageLaterality": "R", "PixelSpacing": ["0.2", "0.2"]}


def write_films(folder):
    """Write all of `FILES`; return their paths."""
    for name, (pixels, tags) in zip(FILES, [*_two(), *_both(), *_one_twice()], strict=True):
        (folder / name).write_bytes(dicom_file(dicom_dataset(pixels, **USUAL | tags)))
    return [folder / name for name in FILES]


@functools.cache
def _drawn(grade, seed, **how):
    return draw_knee(grade, seed=seed, side=SIDE, marked=False, **how)


def _two():
    """A knee today, and earlier at the detector's millimetres, of which low values are white."""
    new, old = (_drawn(2, seed).astype(int) for seed in (3, 4))
    shown = {"bits": 12, "WindowCenter": "2048", "WindowWidth": "4096"}
    earlier = {
        "PhotometricInterpretation": "MONOCHROME1",
        "PixelSpacing": None,
        "ImagerPixelSpacing": ["0.2", "0.2"],
    }
    white = (FULL - 16 * old).astype(np.uint16)
    yield (16 * new).astype(np.uint16), {"StudyDate": DAYS["today"]} | shown
    yield white, {"StudyDate": DAYS["earlier"]} | shown | earlier


def _both():
    """A film of both knees."""
    knees = [_drawn(grade, 3, laterality=side) for grade, side in ((1, "R"), (3, "L"))]
    yield np.hstack(knees), {"ImageLaterality": None}


def _one_twice():
    """A knee, and the same one elsewhere on a larger film of twice the resolution."""
    knee = _drawn(2, 3)
    large = np.pad(np.kron(knee, np.ones((2, 2), np.uint8)), ((160, 85), (224, 53)), mode="edge")
    for name, pixels, day in ((KNEE, knee, "today"), (LARGE, large, "earlier")):
        spacing = {"PixelSpacing": [str(SPACINGS[name])] * 2, "StudyDate": DAYS[day]}
        yield pixels, spacing | {"PatientBirthDate": "19520317"}
