"""DICOM bytes -> grey values. Imported only when a file is DICOM; reads no patient data.

GDCM, the one free decoder of lossless JPEG and JPEG-LS, ends the whole process on some damaged
files, and with it every user's session. It therefore runs in a child process: this module as
`python -m kneeoa.films.dicom`, a DICOM file on standard input, its stored samples on standard
output.
"""

import contextlib
import io
import logging
import math
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import get_frame
from pydicom.filereader import read_dataset
from pydicom.pixels import (
    apply_color_lut,
    apply_modality_lut,
    apply_voi_lut,
    apply_windowing,
)
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000TransferSyntaxes,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
    RLELossless,
)

from kneeoa.errors import RadiographError
from kneeoa.films.grey import to_grey, window
from kneeoa.films.limits import Limits

# zlib is imported above, before pydicom can load gdcm: gdcm brings a zlib of its own, and a system
# zlib that is loaded after it calls into it and corrupts memory (seen with python-gdcm 3.2.6).

# Warnings and log lines of pydicom quote the values of a file, which may be a patient's.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
warnings.filterwarnings("ignore", module="pydicom")

_CODE_STREAMS = (*JPEGTransferSyntaxes, *JPEGLSTransferSyntaxes, *JPEG2000TransferSyntaxes)
_FRAME_HEADERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
"""JPEG markers SOF0 to SOF15 (0 to 2 are lossy, 3 is lossless), and SOF55 of JPEG-LS."""
_CHILD_SECONDS = 60
_MOST_BEYOND_WINDOW = 0.99
"""Share of pixels that a file's own window may leave all black or all white."""


def decode(
    data: bytes, limits: Limits
) -> tuple[np.ndarray, int, str | None, tuple[float, float] | None]:
    """Return pixels ``(H, W) in [0, 255]`` with bone bright, stored bits, side and mm per pixel.

    Rescale, then VOI LUT or window where the file has a usable one, else `grey.window`;
    MONOCHROME1 and an inverse presentation LUT are turned so that dense is bright. Raises
    `RadiographError` with the reason for everything that is not one decodable film.
    """
    try:
        _check_inflated(data, limits)
        dataset = pydicom.dcmread(io.BytesIO(data), force=True)
        _check(dataset, limits)
        _name_syntax(dataset)
    except RadiographError:
        raise
    except Exception:
        raise RadiographError(
            "The DICOM file is damaged or cut off: its header cannot be read. Export it again."
        ) from None
    try:
        stored = _stored(dataset, data)
    except RadiographError:
        raise
    except Exception:
        raise RadiographError(
            f"The pixels of this DICOM file ({_syntax(dataset)}) cannot be decoded: damaged, cut "
            "off, or a compression that is not supported. Export it uncompressed."
        ) from None
    try:
        pixels = _present(dataset, stored)
        return pixels, _bits(dataset), _side(dataset), _spacing(dataset)
    except Exception:
        raise RadiographError(
            "The DICOM file describes its grey values in a way that cannot be read. "
            "Export it again, or as PNG."
        ) from None


def _check_inflated(data, limits):
    """Refuse a deflated file that would swell past the limits, before it does."""
    stream = io.BytesIO(data)
    stream.seek(132 if data[128:132] == b"DICM" else 0)
    meta = read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return
    room = 4 * limits.max_pixels
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    if len(inflater.decompress(data[stream.tell() :], room + 1)) > room:
        raise RadiographError(
            f"Expected a film of at most {limits.max_pixels / 1e6:.0f} million pixels. "
            "This deflated DICOM file unpacks to far more. Export it uncompressed."
        )


def _check(dataset, limits):
    if not any(key in dataset for key in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        what = "a report or another object without an image" if len(dataset) else "no content"
        if "Rows" in dataset:
            what = "a description without an image: it may be cut off"
        raise RadiographError(f"Expected a DICOM file with pixel data. This one holds {what}.")
    if "Rows" not in dataset or "Columns" not in dataset:
        raise RadiographError("Expected a DICOM image with its size. Rows or Columns are missing.")
    frames = int(dataset.get("NumberOfFrames") or 1)
    if frames > 1:
        raise RadiographError(
            f"Expected one film in a file. Received: {frames} frames. "
            "Export the film to read as a file of its own."
        )
    limits.check_size(int(dataset.Rows), int(dataset.Columns))


def _name_syntax(dataset):
    """Name the transfer syntax that an old file without file meta was evidently read by."""
    if not hasattr(dataset, "file_meta"):
        dataset.file_meta = FileMetaDataset()
    if "TransferSyntaxUID" in dataset.file_meta:
        return
    implicit, little = dataset.original_encoding
    explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit


def _stored(dataset, data):
    """Return the stored samples, ``(H, W)`` or ``(H, W, 3)``, by a decoder that is safe to run."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_compressed or syntax == RLELossless:
        return dataset.pixel_array
    if syntax not in _CODE_STREAMS:
        raise RadiographError(
            f"The pixels of this DICOM file are compressed as {_syntax(dataset)}, which is not "
            "supported. Export it uncompressed."
        )
    code = get_frame(dataset.PixelData, 0, number_of_frames=1)
    for_pillow, *size = _code_stream_header(code)
    # Decoders believe the stream, whose size has not been checked.
    if size != [dataset.Rows, dataset.Columns, dataset.SamplesPerPixel]:
        raise ValueError("the code stream is of another size")
    if for_pillow:
        dataset.pixel_array_options(decoding_plugin="pillow")
        with contextlib.suppress(Exception):
            return dataset.pixel_array
    return _stored_by_child(data)


def _code_stream_header(code):
    """Return whether Pillow reads the code stream; its height, width and samples a pixel."""
    if code[:2] != b"\xff\xd8":  # not JPEG: JPEG 2000, perhaps inside the boxes of a JP2 file
        start = code.index(b"\xff\x4f\xff\x51")
        right, bottom, left, top, *_ = struct.unpack_from(">8I", code, start + 8)
        (samples,) = struct.unpack_from(">H", code, start + 40)
        return True, bottom - top, right - left, samples
    place = 2
    while code[place] == 0xFF:
        marker, length = struct.unpack_from(">BH", code, place + 1)
        if marker in _FRAME_HEADERS:
            precision, height, width, samples = struct.unpack_from(">BHHB", code, place + 4)
            return marker <= 0xC2 and precision == 8, height, width, samples
        place += 1 if marker == 0xFF else 2 + length
    raise ValueError("no frame header")


def _stored_by_child(data):
    child = subprocess.run(
        [sys.executable, "-m", "kneeoa.films.dicom"],
        cwd=Path(__file__).parents[2],
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
    dataset = pydicom.dcmread(io.BytesIO(sys.stdin.buffer.read()), force=True)
    _name_syntax(dataset)
    answer = io.BytesIO()
    np.save(answer, dataset.pixel_array)
    sys.stdout.buffer.write(answer.getvalue())


def _bits(dataset):
    return int(dataset.get("BitsStored") or dataset.BitsAllocated)


def _present(dataset, stored):
    white = 2 ** _bits(dataset) - 1
    if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
        stored = apply_color_lut(stored, dataset)
        white = np.iinfo(stored.dtype).max
    if stored.ndim == 3:
        return to_grey(stored) * np.float32(255 / white)
    outside = _padding(dataset, stored)
    values = apply_modality_lut(stored, dataset)
    raw_8_bit = _bits(dataset) <= 8 and np.array_equal(values, stored)
    shown = _given_window(dataset, values)
    if shown is None and raw_8_bit and not dataset.get("PixelRepresentation"):
        shown = stored * np.float32(255 / white if white < 255 else 1)
    elif shown is None:
        shown = window(values, ignore=outside)
    # Digital X-rays carry both for one and the same inversion (DICOM PS3.3, C.8.11.3).
    white_is_low = dataset.get("PhotometricInterpretation") == "MONOCHROME1"
    if white_is_low or dataset.get("PresentationLUTShape") == "INVERSE":
        shown = 255 - shown
    return shown if outside is None else np.where(outside, 0, shown)


def _given_window(dataset, values):
    """Return the film in [0, 255] through its own VOI LUT or window; None without a usable one."""
    try:
        if dataset.get("VOILUTSequence"):
            bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
            shown = apply_voi_lut(values, dataset, prefer_lut=True) * (255 / (2**bits - 1))
        elif "WindowCenter" in dataset and "WindowWidth" in dataset:
            # The two extremes at the end tell the range that pydicom spreads the window over.
            extremes = [-1e12, 1e12]
            flat = apply_windowing(np.append(values.astype(np.float64), extremes), dataset)
            *_, black, white = flat
            shown = (flat[:-2].reshape(values.shape) - black) * (255 / (white - black))
        else:
            return None
    except Exception:
        return None
    spread = np.clip(shown, 0, 255)
    # Lettering alone does not make a window that misses the film usable.
    beyond = np.mean((spread <= 0) | (spread >= 255))
    usable = np.isfinite(spread).all() and beyond <= _MOST_BEYOND_WINDOW and np.ptp(spread) > 1
    return spread.astype(np.float32) if usable else None


def _padding(dataset, stored):
    """Return where the file says that there is no film, ``(H, W) bool``, or None."""
    if "PixelPaddingValue" not in dataset:
        return None
    value = int(dataset.PixelPaddingValue)
    limit = int(dataset.get("PixelPaddingRangeLimit", value))
    outside = (stored >= min(value, limit)) & (stored <= max(value, limit))
    return None if outside.all() or not outside.any() else outside


def _syntax(dataset):
    uid = dataset.file_meta.TransferSyntaxUID
    # Only names from the standard: an invented one would carry the file's text into the message.
    return "unknown transfer syntax" if uid.name == str(uid) else uid.name


def _side(dataset):
    for keyword in ("ImageLaterality", "Laterality"):
        if dataset.get(keyword) in ("L", "R"):
            return str(dataset.get(keyword))
    return None


def _spacing(dataset):
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        try:
            row, column = (float(value) for value in dataset.get(keyword))
        except (TypeError, ValueError):
            continue
        if 0 < row < math.inf and 0 < column < math.inf:
            return row, column
    return None


if __name__ == "__main__":
    _be_the_child()
