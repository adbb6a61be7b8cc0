"""Attributes that must be there and are not, found where the file allows one value only."""

from typing import NoReturn

import numpy as np
from pydicom import Dataset
from pydicom.pixels.common import PhotometricInterpretation

from kneeoa.errors import RadiographError
from kneeoa.films.dicom.code_stream import CodeStream, find_header, first_frame
from kneeoa.films.dicom.transfer import least_length
from kneeoa.films.smoothness import LEAST_CORRELATION, correlation

_NEEDED = ("SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored")
_GREY, _COLOUR = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"), ("RGB", "YBR")
_BY_SHAPE = {"INVERSE": "MONOCHROME1", "IDENTITY": "MONOCHROME2"}


def complete(dataset: Dataset) -> None:
    """Add what `dataset` lacks and its pixels decide; raise `RadiographError` naming what is open.

    PixelRepresentation is left: `kneeoa.films.dicom.bits` decides it by the samples.
    """
    stream = _stream(dataset)
    samples = _samples(dataset, stream)
    if samples:
        dataset.SamplesPerPixel = samples
    kind = _kind(dataset)
    if kind:
        dataset.PhotometricInterpretation = kind
    allocated = _allocated(dataset, stream)
    if allocated:
        dataset.BitsAllocated = allocated
        dataset.BitsStored = _stored(dataset, stream)
    for keyword in _NEEDED:
        if keyword not in dataset:
            _refuse(keyword)
    if str(dataset.PhotometricInterpretation) not in {*PhotometricInterpretation}:
        raise RadiographError(
            "Expected a DICOM image whose PhotometricInterpretation is a term of the standard, as "
            "MONOCHROME2. This one's is none, which leaves open which end is white. Export the "
            "film again, or as PNG."
        )
    if dataset.SamplesPerPixel > 1 and not stream:
        _complete_colours(dataset)


def _complete_colours(dataset: Dataset) -> None:
    """Say how the samples of uncompressed colours lie, as far as the pixels decide it."""
    kinds = PhotometricInterpretation
    is_whole = len(dataset.PixelData) >= least_length(dataset)
    if dataset.PhotometricInterpretation == kinds.YBR_FULL_422 and is_whole:
        # Of these, every second sample of colour is left out, which here are there.
        dataset.PhotometricInterpretation = str(kinds.YBR_FULL)
    if "PlanarConfiguration" not in dataset:
        if not (is_whole and _is_grey_in_some_order(dataset)):
            _refuse("PlanarConfiguration")
        # Which of the two it is, `samples` finds out.
        dataset.PlanarConfiguration = 0


def _is_grey_in_some_order(dataset: Dataset) -> bool:
    """Return whether all samples of a pixel are the same, beside or behind each other."""
    count, kind = dataset.SamplesPerPixel, f"u{dataset.BitsAllocated // 8}"
    samples = np.frombuffer(dataset.PixelData, kind, dataset.Rows * dataset.Columns * count)
    beside, behind = samples.reshape(-1, count), samples.reshape(count, -1)
    return bool((beside == beside[:, :1]).all() or (behind == behind[:1]).all())


def _refuse(keyword: str) -> NoReturn:
    raise RadiographError(
        f"Expected a DICOM image that gives its {keyword}. The attribute is missing or empty, and "
        "the pixels allow more than one value. Export the film again, or as PNG."
    )


def _stream(dataset: Dataset) -> CodeStream | None:
    """Return what the code stream says, or None where pixels are not in one."""
    return find_header(first_frame(dataset)) if _is_compressed(dataset) else None


def _is_compressed(dataset: Dataset) -> bool:
    syntax = dataset.file_meta.TransferSyntaxUID
    # Of a syntax that nobody knows, pydicom refuses to say.
    return not syntax.is_transfer_syntax or syntax.is_compressed


def _samples(dataset: Dataset, stream: CodeStream | None) -> int | None:
    kind = str(dataset.get("PhotometricInterpretation", ""))
    if "SamplesPerPixel" in dataset:
        return int(dataset.SamplesPerPixel)
    if stream:
        return stream.samples
    if kind in _GREY:
        return 1
    if kind.startswith(_COLOUR):
        return 3
    fits = [count for count in (1, 3) if _bytes_a_sample(dataset, count) in _likely(dataset)]
    return fits[0] if len(fits) == 1 else None


def _likely(dataset: Dataset) -> tuple[float, ...]:
    return (dataset.BitsAllocated / 8,) if "BitsAllocated" in dataset else (1, 2)


def _kind(dataset: Dataset) -> str | None:
    if "PhotometricInterpretation" in dataset:
        return None
    if dataset.get("SamplesPerPixel") == 3:
        return None if _is_compressed(dataset) else "RGB"
    # The two say one and the same thing in digital X-rays (DICOM PS3.3, C.8.11.3).
    return _BY_SHAPE.get(dataset.get("PresentationLUTShape"))


def _allocated(dataset: Dataset, stream: CodeStream | None) -> int | None:
    """Return BitsAllocated: as said, unless the length of the pixels allows another value only."""
    declared = dataset.get("BitsAllocated")
    if stream:
        fits = 8 if stream.precision <= 8 else 16
        # Decoders refuse bytes where more are said, and would refuse what is said to fit in bytes.
        belied = declared == 8 or (fits == 8 and stream.for_pillow)
        return fits if belied or not declared else declared
    if _is_compressed(dataset) or "SamplesPerPixel" not in dataset:
        return declared
    per_sample = _bytes_a_sample(dataset, dataset.SamplesPerPixel)
    if declared == 8 and per_sample == 2 and _is_film_of_bytes(dataset):
        return 8  # and there are two of them, see `kneeoa.films.dicom.parse`
    if declared in (None, 8) and per_sample in (1, 2):
        return 8 * int(per_sample)
    # Half of a film of 16 bits must not pass for one of 8.
    return (
        8
        if declared == 16 and per_sample == 1 and (dataset.get("BitsStored") or 16) <= 8
        else declared
    )


def _is_film_of_bytes(dataset: Dataset) -> bool:
    """Return whether the first half of the pixels is a film, and not every other byte of one."""
    size = dataset.Rows, dataset.Columns * dataset.SamplesPerPixel
    first = np.frombuffer(dataset.PixelData, np.uint8, size[0] * size[1]).reshape(size)
    return correlation(first) > 2 * LEAST_CORRELATION


def _bytes_a_sample(dataset: Dataset, samples: int) -> float:
    """Return the bytes that each sample takes of pixels that are not compressed."""
    count = dataset.Rows * dataset.Columns * samples
    length = len(dataset.PixelData)
    # Of an odd number of bytes, one more is stored.
    return 1 if count % 2 and length == count + 1 else length / max(1, count)


def _stored(dataset: Dataset, stream: CodeStream | None) -> int:
    declared, high = dataset.get("BitsStored"), dataset.get("HighBit")
    if not declared and high is not None:
        declared = high + 1
    if stream and not (declared and declared <= stream.precision):
        declared = stream.precision
    return min(declared or dataset.BitsAllocated, dataset.BitsAllocated)
