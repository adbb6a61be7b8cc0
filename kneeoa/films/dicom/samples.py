"""A dataset -> its stored samples, by a decoder that is safe to run.

GDCM, the one free decoder of lossless JPEG and JPEG-LS, ends the whole process on some damaged
files, and with it every user's session. It therefore runs in a child process: this module as
`python -m kneeoa.films.dicom.samples`, a DICOM file on standard input, its stored samples on
standard output.
"""

import contextlib
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
from pydicom import Dataset
from pydicom.uid import (
    JPEG2000TransferSyntaxes,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
    RLELossless,
)

from kneeoa.errors import RadiographError
from kneeoa.films.dicom.code_stream import find_header, first_frame
from kneeoa.films.dicom.parse import open_dataset

_CODE_STREAMS = (*JPEGTransferSyntaxes, *JPEGLSTransferSyntaxes, *JPEG2000TransferSyntaxes)
_CHILD_SECONDS = 60


def stored_samples(dataset: Dataset, data: bytes) -> np.ndarray:
    """Return the stored samples of `dataset`, ``(H, W)`` or ``(H, W, 3)``; `data` is its file.

    Raises `RadiographError` for a compression that is not supported, and whatever the decoders
    raise for damage.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_compressed or syntax == RLELossless:
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
    return _by_child(data)


def syntax_name(dataset: Dataset) -> str:
    """Return the name of the transfer syntax, if it is one of the standard's."""
    uid = dataset.file_meta.TransferSyntaxUID
    # An invented one would carry the file's text into the message.
    return "unknown transfer syntax" if uid.name == str(uid) else uid.name


def _pixel_array(dataset, **options):
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


def _by_child(data):
    child = subprocess.run(
        [sys.executable, "-m", "kneeoa.films.dicom.samples"],
        cwd=Path(__file__).parents[3],
        input=data,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_CHILD_SECONDS,
        check=True,
    )
    return np.load(io.BytesIO(child.stdout), allow_pickle=False)


def _be_the_child():
    # A crash must not leave the film on disk as a core dump.
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    dataset = open_dataset(sys.stdin.buffer.read())
    answer = io.BytesIO()
    np.save(answer, _pixel_array(dataset))
    sys.stdout.buffer.write(answer.getvalue())


if __name__ == "__main__":
    _be_the_child()
