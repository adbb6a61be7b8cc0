"""A dataset -> its stored samples."""

import contextlib
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.uid import (
    JPEG2000TransferSyntaxes,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
    RLELossless,
)

from kneeoa.errors import RadiographError
from kneeoa.films.apart import once
from kneeoa.films.dicom.code_stream import find_header, first_frame

_CODE_STREAMS = (*JPEGTransferSyntaxes, *JPEGLSTransferSyntaxes, *JPEG2000TransferSyntaxes)


def stored_samples(dataset: Dataset) -> np.ndarray:
    """Return the stored samples of `dataset`, ``(H, W)`` or ``(H, W, 3)``.

    Raises `RadiographError` for a compression that is not supported, and whatever the decoders
    raise for damage. GDCM, the one free decoder of lossless JPEG and JPEG-LS, ends the process on
    some damaged files: to be called in a worker (`kneeoa.films.apart`).
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_compressed:
        return _in_planes_or_not(
            _pixel_array(dataset), behind=dataset.get("PlanarConfiguration") == 1
        )
    if syntax == RLELossless:
        return _pixel_array(dataset)
    if syntax not in _CODE_STREAMS:
        raise RadiographError(
            f"The pixels of this DICOM file are compressed as {syntax_name(dataset)}, which is not "
            "supported. Export it uncompressed."
        )
    stream = find_header(first_frame(dataset))
    # Decoders believe the stream, whose size has not been checked.
    size = [dataset.Rows, dataset.Columns, dataset.SamplesPerPixel]
    if stream is None or [stream.height, stream.width, stream.samples] != size:
        raise ValueError("the code stream is of another size")
    if stream.for_pillow:
        with contextlib.suppress(Exception):
            return _pixel_array(dataset, decoding_plugin="pillow")
    # GDCM, which may harm the process and let it run on.
    once.spend()
    return _pixel_array(dataset)


def syntax_name(dataset: Dataset) -> str:
    """Return the name of the transfer syntax, if it is one of the standard's."""
    uid = dataset.file_meta.TransferSyntaxUID
    # An invented one would carry the file's text into the message.
    return "unknown transfer syntax" if uid.name == str(uid) else uid.name


def _in_planes_or_not(colour: np.ndarray, *, behind: bool) -> np.ndarray:
    """Return ``(H, W, 3)`` samples in the order in which they are one grey film, if in one of two.

    PlanarConfiguration says whether colours stand behind each other (`behind`), and may be wrong.
    """
    if colour.ndim != 3 or _is_grey(colour):
        return colour
    height, width, count = colour.shape
    if behind:
        other = colour.transpose(2, 0, 1).reshape(height, width, count)
    else:
        other = colour.reshape(count, height, width).transpose(1, 2, 0)
    return other if _is_grey(other) else colour


def _is_grey(colour: np.ndarray) -> bool:
    return bool((colour == colour[..., :1]).all())


def _pixel_array(dataset: Dataset, **options: Any) -> np.ndarray:
    # What stands in unused bits, `bits.settle` finds out: it may be the film.
    dataset.pixel_array_options(correct_unused_bits=False, **options)
    if "PixelRepresentation" in dataset:
        return dataset.pixel_array
    # The decoders insist on it. What it is meant to be, `bits.settle` finds out, too.
    dataset.PixelRepresentation = 0
    try:
        return dataset.pixel_array
    finally:
        del dataset.PixelRepresentation
