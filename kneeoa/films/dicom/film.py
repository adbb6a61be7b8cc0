"""DICOM bytes -> a film, or the reason why there is none."""

import numpy as np
from pydicom import Dataset

from kneeoa.errors import RadiographError
from kneeoa.films.dicom import bits, facts, grey, transfer
from kneeoa.films.dicom.parse import parse
from kneeoa.films.dicom.samples import stored_samples, syntax_name
from kneeoa.films.dicom.says import lossy, side, size
from kneeoa.films.header import DecodedFilm
from kneeoa.films.limits import Limits
from kneeoa.films.stored import stored_values


def decode(data: bytes, limits: Limits) -> DecodedFilm:
    """Return the film in the bytes of a DICOM file, bone bright.

    Raises `RadiographError` with the reason for everything that is not one decodable film.
    """
    try:
        dataset = parse(data, limits)
    except (RadiographError, MemoryError):
        raise
    except Exception:
        raise RadiographError(
            "The DICOM file is damaged or cut off: its header cannot be read. Export it again."
        ) from None
    try:
        stored = stored_samples(dataset)
    except (RadiographError, MemoryError):
        raise
    except Exception:
        raise RadiographError(
            f"The pixels of this DICOM file ({syntax_name(dataset)}) cannot be decoded: damaged, "
            "cut off, or a compression that is not supported. Export it uncompressed."
        ) from None
    try:
        return _film(dataset, stored)
    except (RadiographError, MemoryError):
        raise
    except Exception:
        raise RadiographError(
            "The DICOM file describes its grey values in a way that cannot be read. "
            "Export it again, or as PNG."
        ) from None


def meant(dataset: Dataset, stored: np.ndarray) -> tuple[bits.Samples, np.ndarray | None]:
    """Return the numbers that `stored` samples stand for, and where there is no film.

    The latter is ``(H, W) bool``, or None. The sign that the numbers have is said in `dataset`.
    """
    outside = grey.padding(dataset, stored)
    samples = bits.settle(stored, dataset, outside)
    # pydicom's windows insist on it.
    dataset.PixelRepresentation = int(samples.values.dtype.kind == "i")
    if outside is None:
        # An overlay may lie over the padding, which is then only known without it.
        outside = grey.padding(dataset, samples.values)
    return samples, outside


def _film(dataset: Dataset, stored: np.ndarray) -> DecodedFilm:
    samples, outside = meant(dataset, stored)
    pixels, notes = grey.present(dataset, samples, outside)
    return DecodedFilm(
        pixels=pixels,
        bits=samples.bits,
        laterality=side.side(dataset),
        spacing=size.size(dataset).spacing,
        aspect=size.aspect(dataset),
        header=facts.header(dataset),
        notes=samples.notes + notes + transfer.notes(dataset) + facts.notes(dataset),
        stored=stored_values(samples.values, pixels, outside=outside),
        lossy_bits=lossy.bits_a_pixel(dataset),
    )
