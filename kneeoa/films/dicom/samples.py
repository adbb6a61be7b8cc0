"""A dataset -> its stored samples."""

import contextlib
from typing import Any

import numpy as np
from pydicom import DataElement, Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import get_decoder
from pydicom.uid import (
    UID,
    JPEG2000TransferSyntaxes,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
    RLELossless,
)

from kneeoa.errors import RadiographError
from kneeoa.films.apart import once
from kneeoa.films.colours.kinds import in_rgb
from kneeoa.films.colours.order import in_order
from kneeoa.films.dicom.code_stream import (
    find_header,
    first_frame,
    has_more_frames,
    lacks_tiles,
)
from kneeoa.films.dicom.cut_jpeg import is_cut, is_cut_in

_CODE_STREAMS = (*JPEGTransferSyntaxes, *JPEGLSTransferSyntaxes, *JPEG2000TransferSyntaxes)
_BITS_STORED, _HIGH_BIT = 0x00280101, 0x00280102
_LUMA_AND_COLOURS = ("YBR_FULL", "YBR_FULL_422")


def stored_samples(dataset: Dataset) -> np.ndarray:
    """Return the stored samples of `dataset`, ``(H, W)`` or ``(H, W, 3)`` in red, green and blue.

    They are in the machine's order of bytes. Raises `RadiographError` for a compression that is not
    supported, and whatever the decoders raise for damage. GDCM, the one free decoder of lossless
    JPEG and JPEG-LS, ends the process on some damaged files: to be called in a worker
    (`kneeoa.films.apart`).
    """
    samples, kind = _decoded(dataset)
    if samples.shape[:2] != (dataset.Rows, dataset.Columns):
        raise ValueError("the pixels are of another size")
    samples = samples.astype(samples.dtype.newbyteorder("="), copy=False)
    if dataset.SamplesPerPixel == 1:
        return samples
    if not dataset.file_meta.TransferSyntaxUID.is_compressed:
        samples = in_order(samples, behind=dataset.get("PlanarConfiguration") == 1)
    return in_rgb(samples, says_luma=kind in _LUMA_AND_COLOURS)


def _decoded(dataset: Dataset) -> tuple[np.ndarray, str]:
    """Return what the decoder gives, and which kind of samples that is."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_compressed:
        return _pixel_array(dataset)
    if has_more_frames(dataset):
        raise RadiographError(
            "Expected one film in a file. The pixels of this one are several frames, more than "
            "its NumberOfFrames says. Export the film to read as a file of its own."
        )
    if syntax == RLELossless:
        return _pixel_array(dataset)
    if syntax not in _CODE_STREAMS:
        raise RadiographError(
            f"The pixels of this DICOM file are compressed as {syntax_name(dataset)}, which is not "
            "supported. Export it uncompressed."
        )
    code = first_frame(dataset)
    stream = find_header(code)
    # Decoders believe the stream, whose size has not been checked.
    size = [dataset.Rows, dataset.Columns, dataset.SamplesPerPixel]
    if stream is None or [stream.height, stream.width, stream.samples] != size:
        raise ValueError("the code stream is of another size")
    is_jpeg = syntax in JPEGTransferSyntaxes
    if syntax in JPEG2000TransferSyntaxes and lacks_tiles(code):
        raise ValueError("the code stream is cut off")
    decoded = None
    if stream.for_pillow:
        with contextlib.suppress(Exception):
            decoded = _pixel_array(dataset, decoding_plugin="pillow")
    if decoded is not None:
        if is_jpeg and is_cut(code):
            raise ValueError("the code stream is cut off")
        return decoded
    # GDCM, which may harm the process and let it run on.
    once.spend()
    # pydicom keeps GDCM from 12 bits of one kind, which it decodes, going by the stream alone.
    is_barred = syntax == JPEGExtended12Bit and stream.precision > 8
    read_as = JPEGLossless if is_barred else syntax
    samples, kind = _from_code(code, dataset, read_as)
    if is_jpeg and is_cut_in(samples, code, lambda more: _from_code(more, dataset, read_as)[0]):
        raise ValueError("the code stream is cut off")
    return samples, kind


def _from_code(code: bytes, dataset: Dataset, syntax: UID) -> tuple[np.ndarray, str]:
    """Return the samples in a code stream that stands for the pixels of `dataset`, and the kind."""
    alone = dataset.group_dataset(0x0028)
    if stream := find_header(code):
        # Cut to fewer bits, white that a lossy stream overshoots would come back black. Elements
        # anew: those in `alone` are those of `dataset`.
        for tag, bits in ((_BITS_STORED, stream.precision), (_HIGH_BIT, stream.precision - 1)):
            alone[tag] = DataElement(tag, "US", bits)
    alone.PixelData = encapsulate([code])
    alone.file_meta = FileMetaDataset()
    alone.file_meta.TransferSyntaxUID = syntax
    return _pixel_array(alone)


def syntax_name(dataset: Dataset) -> str:
    """Return the name of the transfer syntax, if it is one of the standard's."""
    uid = dataset.file_meta.TransferSyntaxUID
    # An invented one would carry the file's text into the message.
    return "unknown transfer syntax" if uid.name == str(uid) else uid.name


def _pixel_array(dataset: Dataset, **more: Any) -> tuple[np.ndarray, str]:
    """Return the samples of `dataset` as they are stored, and the kind that the decoder says."""
    decoder = get_decoder(dataset.file_meta.TransferSyntaxUID)
    says_sign = "PixelRepresentation" in dataset
    if not says_sign:
        # The decoders insist on it. What it is meant to be, `bits.settle` finds out.
        dataset.PixelRepresentation = 0
    # What stands in unused bits, `bits.settle` finds out, too: it may be the film.
    options: dict[str, Any] = {"raw": True, "correct_unused_bits": False, **more}
    try:
        samples, about = decoder.as_array(dataset, **options)
    finally:
        if not says_sign:
            del dataset.PixelRepresentation
    return samples, str(about["photometric_interpretation"])
