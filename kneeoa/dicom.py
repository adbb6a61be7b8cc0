"""DICOM bytes -> grey values. Imported only when a file is DICOM; reads no patient data."""

import io
import logging
import warnings
import zlib

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
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
)

from kneeoa.errors import RadiographError
from kneeoa.radiograph import Limits, to_grey, window

# zlib is imported above, before pydicom can load gdcm: gdcm brings a zlib of its own, and a system
# zlib that is loaded after it calls into it and corrupts memory (seen with python-gdcm 3.2.6).

# Warnings and log lines of pydicom quote the values of a file, which may be a patient's.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
warnings.filterwarnings("ignore", module="pydicom")


def decode(
    data: bytes, limits: Limits
) -> tuple[np.ndarray, int, str | None, tuple[float, float] | None]:
    """Return pixels ``(H, W) in [0, 255]`` with bone bright, stored bits, side and mm per pixel.

    Rescale, then VOI LUT or window where the file has a usable one, else `radiograph.window`;
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
        stored = dataset.pixel_array
    except Exception:
        raise RadiographError(
            f"The pixels of this DICOM file ({_syntax(dataset)}) cannot be decoded: damaged, cut "
            "off, or a compression that is not supported. Export it uncompressed."
        ) from None
    try:
        pixels = _present(dataset, stored)
        return pixels, int(dataset.BitsStored), _side(dataset), _spacing(dataset)
    except Exception:
        raise RadiographError(
            "The DICOM file describes its grey values in a way that cannot be read. "
            "Export it again, or as PNG."
        ) from None


def _check_inflated(data, limits):
    """Refuse a deflated file that would swell past the limits, before it does."""
    deflated = DeflatedExplicitVRLittleEndian.encode() in data[:4096]
    if data[128:132] != b"DICM" or not deflated:
        return
    # The first element of the file meta is its length; the deflated rest follows.
    start = 144 + int.from_bytes(data[140:144], "little")
    room = 4 * limits.max_pixels
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    if len(inflater.decompress(data[start:], room + 1)) > room:
        raise RadiographError(
            f"Expected a film of at most {limits.max_pixels / 1e6:.0f} million pixels. "
            "This deflated DICOM file unpacks to far more. Export it uncompressed."
        )


def _check(dataset, limits):
    if not any(key in dataset for key in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        what = "a report or another object without an image" if len(dataset) else "no content"
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


def _present(dataset, stored):
    white = 2 ** int(dataset.BitsStored) - 1
    if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
        stored = apply_color_lut(stored, dataset)
        white = np.iinfo(stored.dtype).max
    if stored.ndim == 3:
        return to_grey(stored) * np.float32(255 / white)
    outside = _padding(dataset, stored)
    values = apply_modality_lut(stored, dataset)
    raw_8_bit = int(dataset.BitsStored) <= 8 and np.array_equal(values, stored)
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
    usable = np.isfinite(spread).all() and np.ptp(spread) > 1
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
        if row > 0 and column > 0:
            return row, column
    return None
