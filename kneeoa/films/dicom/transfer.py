"""Transfer syntaxes that disagree with the pixels under them."""

import numpy as np
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
)

from kneeoa.films.dicom.code_stream import (
    find_header,
    first_frame,
    looks_run_length_encoded,
    true_syntax,
)
from kneeoa.wording import counted

_ITEM = b"\xfe\xff\x00\xe0"
_AS_JPEG_2000 = {
    HTJ2K: JPEG2000,
    HTJ2KLossless: JPEG2000Lossless,
    HTJ2KLosslessRPCL: JPEG2000Lossless,
}
"""Decoders of JPEG 2000 tell high-throughput streams by themselves; by name, none is at hand."""
_GOES_ON = 0.5  # least correlation of two neighbouring rows of a film


def settle_syntax(dataset: Dataset) -> None:
    """Let the transfer syntax of `dataset` say what its pixels are.

    A syntax of which nothing is known is left: there is no telling what its writer meant.
    """
    declared = dataset.file_meta.TransferSyntaxUID
    if not declared.is_transfer_syntax:
        return
    declared = dataset.file_meta.TransferSyntaxUID = _AS_JPEG_2000.get(declared, declared)
    pixels = dataset.PixelData
    if declared.is_compressed and pixels[:4] != _ITEM:
        if len(pixels) >= least_length(dataset):
            _set_plain(dataset, pixels)
        else:
            # A code stream without the items that belong around it.
            dataset.PixelData = encapsulate([pixels])
            dataset.file_meta.TransferSyntaxUID = true_syntax(pixels, declared)
    elif pixels[:4] == _ITEM and len(pixels) != least_length(dataset):
        code = first_frame(dataset)
        syntax = true_syntax(code, declared)
        if syntax == declared and not _is_code(code) and _is_plain(code, dataset):
            _set_plain(dataset, code)
        else:
            dataset.file_meta.TransferSyntaxUID = syntax


def _set_plain(dataset: Dataset, pixels: bytes) -> None:
    dataset.PixelData = pixels
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian


def _is_code(code: bytes) -> bool:
    return find_header(code) is not None or looks_run_length_encoded(code)


def _is_plain(code: bytes, dataset: Dataset) -> bool:
    least = least_length(dataset)
    return least > 0 and len(code) in (least, least + least % 2)


def least_length(dataset: Dataset) -> int:
    """Return how many bytes the pixels take uncompressed, as far as the header says."""
    bits = dataset.get("BitsAllocated") or 8
    return dataset.Rows * dataset.Columns * (dataset.get("SamplesPerPixel") or 1) * bits // 8


def _likeness(row: np.ndarray, other: np.ndarray) -> float:
    """Return the correlation of two rows in [-1, 1]; 0 where one of them is all alike."""
    if not (np.ptp(row) and np.ptp(other)):
        return 0.0
    return float(np.corrcoef(row.astype(float), other.astype(float))[0, 1])


def notes(dataset: Dataset) -> tuple[str, ...]:
    """Return that there is more of a film than its header says, as a sentence; mostly nothing.

    Of uncompressed pixels alone: a code stream has a size of its own. What is left over counts
    where it goes on as the film does: what files are filled up with is nothing of the film.
    """
    if "PixelData" not in dataset or dataset.file_meta.TransferSyntaxUID.is_compressed:
        return ()
    expected, sample = least_length(dataset), dataset.BitsAllocated // 8
    row, rest = expected // dataset.Rows, dataset.PixelData[expected:]
    more = len(rest) // row
    # The same where it is moved by a sample.
    if more < 1 or sample not in (1, 2) or rest[sample:] == rest[:-sample]:
        return ()
    beyond = dataset.PixelData[expected - row : expected + row]
    orders = (np.frombuffer(beyond, f"{order}u{sample}") for order in "<>")
    if max(_likeness(*samples.reshape(2, -1)) for samples in orders) < _GOES_ON:
        return ()
    return (
        f"There are {counted(more, 'row')} of pixels more than Rows says: the film may be cut off.",
    )
