"""A film without its patient: the basic profile of DICOM PS3.15, annex E, and more.

The profile lists what has to go. Here it is listed what stays: what describes the picture, in
numbers and in words of the standard. All else goes: names, dates, descriptions, private elements,
overlays, curves, whatever stands before, behind or inside of the pixels. UIDs are replaced, those
of one file the same way in every other one.

Text in the pixels themselves stays, see `kneeoa.reports.burned_in`. A task for workers.
"""

import contextlib
import hashlib
import io
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np
from PIL import Image
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from kneeoa.errors import RadiographError
from kneeoa.films import display
from kneeoa.films.apart.pool import workers
from kneeoa.films.decode import film as decoded_film
from kneeoa.films.dicom import bits, grey
from kneeoa.films.dicom.film import meant
from kneeoa.films.dicom.parse import parse
from kneeoa.films.dicom.samples import stored_samples
from kneeoa.films.dicom.says import lossy
from kneeoa.films.dicom.source import source
from kneeoa.films.formats import detect
from kneeoa.films.images.decode import lossy_bits, lossy_text
from kneeoa.films.images.samples import samples_of
from kneeoa.films.limits import DEFAULT_LIMITS, Limits
from kneeoa.films.radiograph import read_radiograph
from kneeoa.reports.burned_in import text_regions
from kneeoa.reports.dicom.evidence import METHOD, kind_without_patient, mark_deidentified
from kneeoa.reports.dicom.kept import copy_numbers, describe
from kneeoa.reports.dicom.pseudonyms import Pseudonyms

NOT_EXACT = (
    "The patient cannot be taken out of this file without changing its pixels: its samples are of "
    "a kind that is not written here. Nothing was kept: export the film as DICOM, or as grey PNG."
)
STEPS = ("Taking the patient out", "Reading the film back, to compare")
"""What is done one after the other, in words."""
MOST_OFF = 0.01
"""Grey values of 255 by which a DICOM film that is shown through a table may be rounded."""
_TASK = f"{__name__}.film"
_ALLOWANCE = 3
"""So many times as long as decoding it may take: it is looked through and written anew."""
_GREYS = ("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept")
"""Numbers that say how the stored samples are to be shown."""
_PADDING = ("PixelPaddingValue", "PixelPaddingRangeLimit")
_EMPTY = (
    *("StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyID"),
    *("PatientName", "PatientBirthDate", "PatientSex", "Manufacturer"),
)
"""What an image must have, if only empty."""


def deidentified(
    data: bytes,
    pseudonyms: Pseudonyms,
    *,
    exact: bool = False,
    before: np.ndarray | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> bytes:
    """Return a film without its patient: DICOM as DICOM, any other as a PNG of its pixels alone.

    Its pixels are read as before wherever a file of that kind can hold them. Otherwise (colours or
    floating-point numbers of more than 8 bits, and DICOM films that are shown through a table) they
    are rounded to 16 bits; with `exact` an image of that kind is refused, and a DICOM film is when
    it is off by more than `MOST_OFF`. `before` are its pixels as they were read, where they are at
    hand: otherwise they are read for that once more. `tell` is told each step as it begins, one of
    `STEPS`.

    Raises `RadiographError` as reading does. A worker does it, in which the film is decoded.
    """
    kind = detect(data)
    DEFAULT_LIMITS.check_bytes(len(data))
    options = {"kind": kind, "key": pseudonyms.key.hex()}
    limits = msgspec.to_builtins(DEFAULT_LIMITS)
    tell(STEPS[0])
    answer = workers().run(_TASK, data, allowance=_ALLOWANCE, limits=limits, **options)
    cleaned = answer.arrays[0].tobytes()
    if exact:
        tell(STEPS[1])
        before = read_radiograph(data, "").pixels if before is None else before
        if _off(before, cleaned) > (MOST_OFF if kind == "DICOM" else 0):
            raise RadiographError(NOT_EXACT)
    return cleaned


def _off(before: np.ndarray, cleaned: bytes) -> float:
    """Return by how many grey values of 255 a film is read otherwise than `before`."""
    after = read_radiograph(cleaned, "").pixels
    if np.array_equal(before, after):
        return 0
    return float(np.abs(before - after).max()) if before.shape == after.shape else np.inf


def film(
    data: bytes, *, kind: str, key: str, limits: dict[str, Any]
) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Return the bytes of the film without its patient, as an array of uint8."""
    if kind == "DICOM":
        cleaned = _dicom(data, Pseudonyms(bytes.fromhex(key)), msgspec.convert(limits, Limits))
    else:
        cleaned = _image(data, kind, limits)
    return {}, [np.frombuffer(cleaned, np.uint8)]


def _image(data: bytes, kind: str, limits: dict[str, Any]) -> bytes:
    """Return a PNG of the pixels: what else stands in an image file may name the patient.

    Of its samples, where a PNG holds them; else of what is seen of it.
    """
    about = {"Software": METHOD}
    with contextlib.suppress(Exception):  # as below
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            bits_left = lossy_bits(image, data, kind)
        about |= lossy_text(bits_left) if bits_left else {}
    with contextlib.suppress(Exception):  # whatever it is, reading says it in words
        samples, aspect = samples_of(data, kind, msgspec.convert(limits, Limits))
        if samples is not None:
            return display.png(samples, about, aspect=aspect)
    facts, arrays = decoded_film(data, kind=kind, limits=limits)
    return _as_seen(facts, arrays, about)


def _as_seen(facts: dict[str, Any], arrays: list[np.ndarray], about: dict[str, str]) -> bytes:
    values = arrays[-1]  # the stored samples, where there are any
    if values.dtype.kind == "f":
        values = (values * 257).round().astype(np.uint16)
    if values.dtype.kind == "i":
        values = (values.astype(np.int32) - np.iinfo(values.dtype).min).astype(np.uint16)
    if facts["window"] and facts["window"][0] > facts["window"][1]:
        values = np.iinfo(values.dtype).max - values  # in a PNG, high samples are bright
    return display.png(values, about)


def _dicom(data: bytes, pseudonyms: Pseudonyms, limits: Limits) -> bytes:
    try:
        dataset = parse(data, limits)
        cleaned = _cleaned(dataset, data, pseudonyms)
        stream = io.BytesIO()
        cleaned.save_as(stream, enforce_file_format=True)
    except (RadiographError, MemoryError):
        raise
    except Exception:
        raise RadiographError(
            "The patient cannot be taken out of this DICOM file: it is damaged, or its pixels "
            "cannot be decoded. Nothing was written."
        ) from None
    return stream.getvalue()


def _cleaned(dataset: Dataset, data: bytes, pseudonyms: Pseudonyms) -> Dataset:
    facts, _ = source(data)
    samples, outside = meant(dataset, stored_samples(dataset))
    clean = Dataset()
    _name(clean, facts, hashlib.sha256(data).hexdigest(), pseudonyms)
    describe(clean, dataset)
    shown, _ = grey.present(dataset, samples, outside)
    if _has_tables(dataset, samples.values):
        _show_as_seen(clean, shown)
    else:
        _keep_samples(clean, dataset, samples)
    if (bits_left := lossy.bits_a_pixel(dataset)) is not None:
        clean.LossyImageCompression = "01"
        clean.LossyImageCompressionRatio = f"{clean.BitsAllocated / bits_left:.6g}"
    if text_regions(shown) or facts["burned_in"] == "YES":
        clean.BurnedInAnnotation = "YES"
    elif facts["burned_in"]:
        clean.BurnedInAnnotation = "NO"
    return clean


def _name(clean: Dataset, facts: Mapping[str, Any], digest: str, pseudonyms: Pseudonyms) -> None:
    """Say which film it is now, and that its patient is not known.

    What it does not say is made of the `digest` of its bytes: two films must not become one.
    """
    kind = kind_without_patient(facts["sop_class"])
    clean.SOPClassUID = kind
    for name, keyword in (
        ("sop_instance", "SOPInstanceUID"),
        ("study", "StudyInstanceUID"),
        ("series", "SeriesInstanceUID"),
    ):
        setattr(clean, keyword, pseudonyms.uid(facts[name] or f"no {name} of {digest}"))
    for keyword in _EMPTY:
        setattr(clean, keyword, "")
    study = facts["study"] or digest
    whose = pseudonyms.patient(facts["patient_id"], facts["issuer"], study=study)
    mark_deidentified(clean, whose)
    clean.SeriesNumber = clean.InstanceNumber = 1
    if kind == SecondaryCaptureImageStorage:
        clean.ConversionType = "WSD"
    clean.file_meta = FileMetaDataset()
    clean.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    clean.file_meta.MediaStorageSOPClassUID = UID(kind)
    clean.file_meta.MediaStorageSOPInstanceUID = clean.SOPInstanceUID


def _has_tables(dataset: Dataset, values: np.ndarray) -> bool:
    tables = any(dataset.get(keyword) for keyword in ("ModalityLUTSequence", "VOILUTSequence"))
    is_whole = values.ndim == 2 and values.dtype.kind in "iu" and values.dtype.itemsize <= 2
    return tables or not is_whole or _is_palette(dataset)


def _is_palette(dataset: Dataset) -> bool:
    return dataset.get("PhotometricInterpretation") == "PALETTE COLOR"


def _show_as_seen(clean: Dataset, shown: np.ndarray) -> None:
    """Keep the film as it is seen, in 16 bits: its samples mean something by a table alone."""
    clean.WindowCenter, clean.WindowWidth = 32767.5, 65535
    clean.PresentationLUTShape = "IDENTITY"
    clean.RescaleIntercept, clean.RescaleSlope = 0, 1
    _write_pixels(clean, (shown * 257).round().astype(np.uint16), 16, "MONOCHROME2")


def _keep_samples(clean: Dataset, dataset: Dataset, samples: bits.Samples) -> None:
    for keyword in _GREYS:
        copy_numbers(clean, dataset, keyword)
    for keyword in _PADDING:
        with contextlib.suppress(TypeError, ValueError):
            # Of files that mix up -1 and 65535, as samples have it.
            setattr(clean, keyword, grey.as_sample(dataset.get(keyword), samples.values.dtype))
    kind = str(dataset.get("PhotometricInterpretation"))
    kind = kind if kind in ("MONOCHROME1", "MONOCHROME2") else "MONOCHROME2"
    _write_pixels(clean, samples.values, samples.bits, kind)


def _write_pixels(clean: Dataset, values: np.ndarray, count: int, kind: str) -> None:
    allocated = 8 if count <= 8 else 16
    clean.SamplesPerPixel, clean.PhotometricInterpretation = 1, kind
    clean.Rows, clean.Columns = values.shape
    clean.BitsAllocated, clean.BitsStored, clean.HighBit = allocated, count, count - 1
    is_signed = values.dtype.kind == "i"
    clean.PixelRepresentation = int(is_signed)
    content = values.astype(f"<{'i' if is_signed else 'u'}{allocated // 8}").tobytes()
    clean.PixelData = content + b"\0" * (len(content) % 2)
    clean["PixelData"].VR = "OB" if allocated == 8 else "OW"
