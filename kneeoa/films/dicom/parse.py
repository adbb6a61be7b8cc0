"""DICOM bytes -> a dataset that can be decoded: what odd writers left out or said wrongly, mended.

Mended is only what the file itself decides. What is left open is refused with its name.
"""

import io
import re
import struct
import zlib
from typing import Literal

import pydicom
from pydicom import Dataset
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from kneeoa.errors import RadiographError
from kneeoa.films.dicom.complete import complete
from kneeoa.films.dicom.transfer import least_length, settle_syntax
from kneeoa.films.limits import Limits

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_PIXEL_TAG, _ITEM, _END = b"\xe0\x7f\x10\x00", b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"
_DECIMALS = (
    *("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"),
    *("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept", "NumberOfFrames"),
    "EstimatedRadiographicMagnificationFactor",
)
_FUNCTIONAL_GROUPS = ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")
_LIFTED = {
    *("PixelSpacing", "ImagerPixelSpacing", "WindowCenter", "WindowWidth", "VOILUTFunction"),
    *("RescaleSlope", "RescaleIntercept", "PatientOrientation", "AnatomicRegionSequence"),
    "FrameLaterality",
}
HEAD_BYTES = 65_536
"""Of a file that is asked whether it is a picture: it takes 0.1 s to read at worst."""
_TEXTS = ("PhotometricInterpretation", "VOILUTFunction", "PresentationLUTShape")
_TERMS = ("PhotometricInterpretation", "PresentationLUTShape")
_TEXT_VRS = ("LO", "SH", "CS", "LT", "ST", "UT", "DS", "IS")
"""Under which some write a number as text."""
_TERM_SPACES = re.compile(rb"(MONOCHROME)[ _]+([12])")
"""Some write MONOCHROME 2, and some terms in small letters."""
_NO_FILM = re.compile(
    r"(?:Standalone|LegacyConverted)?(?:Enhanced)?"
    r"(?:CT|MR|PET|Positron|Nuclear|Ultrasound|Mammo|DigitalMammo|Breast|VL|Video|Ophthal|Optic"
    r"|Intravascular|Segmentation|Parametric|RT|Dermoscopic|XRay3D|XRayAngio|XRayRadiofluoro"
    r"|DigitalIntraOral|Corneal|Wide|Whole)"
)
"""How the keywords of storage classes begin whose pictures are no films (PS3.6, annex A)."""
_OTHERS = (
    *("Rows", "Columns", "SamplesPerPixel", "PlanarConfiguration", "PixelRepresentation"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("VOILUTSequence", "ModalityLUTSequence"),
)


def parse(data: bytes, limits: Limits) -> Dataset:
    """Return the dataset in `data`, complete as far as the file decides it.

    Raises `RadiographError` where there is no picture or one outside of `limits`, and whatever
    pydicom raises where the bytes are damaged.
    """
    _check_inflated(data, limits)
    dataset = open_dataset(data)
    _check(dataset, limits)
    return dataset


def open_dataset(data: bytes) -> Dataset:
    """Return the dataset in `data`, mended, without looking at what is in it."""
    dataset = pydicom.dcmread(io.BytesIO(data), force=True)
    if not any(keyword in dataset for keyword in _PIXELS):
        closed = _closed(data)
        if closed is not None:
            dataset = pydicom.dcmread(io.BytesIO(closed), force=True)
    _name_syntax(dataset)
    _lift(dataset)
    _tidy(dataset)
    if all(keyword in dataset for keyword in ("PixelData", "Rows", "Columns")):
        settle_syntax(dataset)
        complete(dataset)
    return dataset


def kind_of_picture(start: bytes) -> Literal["film", "other", "none"]:
    """Return whether a DICOM file is a film by its header, another picture, or none.

    One that is too odd to tell is taken for a film. `start` are its first `HEAD_BYTES`; no more is
    looked at, because folders are searched outside of the workers.
    """
    stream = io.BytesIO(start[:HEAD_BYTES])
    has_preamble = stream.read(132)[128:] == b"DICM"
    try:
        meta = _file_meta(stream, has_preamble)
        if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
            return "film"  # and not unpacked here, because it may be large
        stream.seek(0)
        wanted = ["SOPClassUID", "Rows"]
        dataset = pydicom.dcmread(stream, force=True, stop_before_pixels=True, specific_tags=wanted)
        kind = dataset.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID") or ""
        uid = pydicom.uid.UID(kind)
        name = uid.name
        if _NO_FILM.match(uid.keyword):
            return "other"
        if "Rows" in dataset:
            return "film"
    except MemoryError:
        raise
    except Exception:
        return "film" if has_preamble else "none"
    is_known = name != str(kind)
    return "film" if ("Image" in name if is_known else has_preamble) else "none"


def _file_meta(stream: io.BytesIO, has_preamble: bool) -> Dataset:
    """Return the elements of group 2, and leave the stream behind them."""
    stream.seek(132 if has_preamble else 0)
    return read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag.group != 2)


def _check_inflated(data: bytes, limits: Limits) -> None:
    """Refuse a deflated file that would swell past the limits, before it does."""
    stream = io.BytesIO(data)
    meta = _file_meta(stream, data[128:132] == b"DICM")
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return
    room = 4 * limits.max_pixels
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    if len(inflater.decompress(data[stream.tell() :], room + 1)) > room:
        raise RadiographError(
            f"Expected a film of at most {limits.max_pixels / 1e6:.0f} million pixels. "
            "This deflated DICOM file unpacks to far more. Export it uncompressed."
        )


def _closed(data: bytes) -> bytes | None:
    """Return `data` with the delimiter after its compressed pixels that the writer forgot.

    None where that is not what is wrong. pydicom gives such a file up as a whole.
    """
    stream = io.BytesIO(data)
    pydicom.dcmread(stream, force=True, stop_before_pixels=True)
    start = stream.tell()
    end = start + 12  # tag, VR, two empty bytes, undefined length
    if data[start : start + 4] != _PIXEL_TAG or data[end - 4 : end] != b"\xff\xff\xff\xff":
        return None
    items = 0
    while data[end : end + 4] == _ITEM:
        (length,) = struct.unpack_from("<I", data, end + 4)
        if end + 8 + length > len(data):
            raise RadiographError(
                "Expected a DICOM file with whole pixel data. This one is cut off in the middle of "
                "them. Export it again."
            )
        end += 8 + length
        items += 1
    return data[:end] + _END if items > 1 else None


def _check(dataset: Dataset, limits: Limits) -> None:
    if not any(keyword in dataset for keyword in _PIXELS):
        what = "a report or another object without an image" if len(dataset) else "no content"
        if "Rows" in dataset:
            what = "a description without an image: it may be cut off"
        raise RadiographError(f"Expected a DICOM file with pixel data. This one holds {what}.")
    if "Rows" not in dataset or "Columns" not in dataset:
        raise RadiographError("Expected a DICOM image with its size. Rows or Columns are missing.")
    frames = int(dataset.get("NumberOfFrames") or 1)
    if frames < 1:
        del dataset.NumberOfFrames
    if frames > 1:
        raise RadiographError(
            f"Expected one film in a file. Received: {frames} frames. "
            "Export the film to read as a file of its own."
        )
    limits.check_size(int(dataset.Rows), int(dataset.Columns))
    _check_length(dataset)


def _check_length(dataset: Dataset) -> None:
    """Refuse pixels that are more than a film: of several films, the first would be graded."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if "PixelData" not in dataset or not syntax.is_transfer_syntax or syntax.is_compressed:
        return
    there, expected = len(dataset.PixelData), least_length(dataset)
    if there >= 2 * expected:
        raise RadiographError(
            f"Expected one film in a file. The pixels of this one are {there / expected:.3g} times "
            "as many as its Rows and Columns say: several frames, or another size. Export the "
            "film again."
        )


def _name_syntax(dataset: Dataset) -> None:
    """Name the transfer syntax that an old file without file meta was evidently read by."""
    if not hasattr(dataset, "file_meta"):
        dataset.file_meta = FileMetaDataset()
    if "TransferSyntaxUID" in dataset.file_meta:
        return
    implicit, little = dataset.original_encoding
    explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit


def _lift(dataset: Dataset) -> None:
    """Put what an enhanced object says of its one frame where other objects say it."""
    for groups in _FUNCTIONAL_GROUPS:
        for macro in (macro for group in (dataset.get(groups) or ())[:1] for macro in group):
            for element in macro.value[0] if macro.VR == "SQ" and macro.value else ():
                if element.keyword in _LIFTED and element.keyword not in dataset:
                    dataset[element.tag] = element


def _tidy(dataset: Dataset) -> None:
    """Take out attributes that are present and empty; write numbers and terms as they are read."""
    for keyword in (*_DECIMALS, *_TEXTS, *_OTHERS):
        element = dataset.get_item(keyword)
        if element is None:
            continue
        value = element.value
        # Only text is padded: two empty bytes are a number.
        padding = b"" if keyword in _OTHERS else b" \0"
        if _is_empty(value.strip(padding) if isinstance(value, bytes) else value):
            del dataset[keyword]
        elif keyword in _DECIMALS and isinstance(element, RawDataElement):
            dataset[keyword] = element._replace(value=_with_points(element.value or b""))
        elif keyword in _TERMS and isinstance(element, RawDataElement):
            term = _TERM_SPACES.sub(rb"\1\2", (element.value or b"").upper())
            same = {part.strip(b" \0") for part in term.split(b"\\")}
            # Some write the same term several times.
            dataset[keyword] = element._replace(value=same.pop() if len(same) == 1 else term)
        elif element.VR in _TEXT_VRS and isinstance(element, RawDataElement):
            number = (element.value or b"").strip(b" \0")
            if number.isdigit():
                dataset[keyword] = DataElement(element.tag, "US", int(number))


def _is_empty(value: object) -> bool:
    return value is None or (hasattr(value, "__len__") and len(value) == 0)


def _with_points(text: bytes) -> bytes:
    # Beside points, a comma parts two numbers: some write 0.2,0.2 for 0.2\0.2.
    return text.replace(b",", b"\\" if b"." in text else b".")
