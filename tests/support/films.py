"""Builders of test films: image files and DICOM files of many kinds, from one array."""

import io
import struct
import zlib  # noqa: F401  (before gdcm: see kneeoa/films/dicom/__init__.py)

import gdcm
import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    generate_uid,
)

DIGITAL_X_RAY = "1.2.840.10008.5.1.4.1.1.1.1"


def image_file(pixels: np.ndarray, kind: str = "PNG", mode: str | None = None, **options) -> bytes:
    """Return `pixels` as a PNG, JPEG or TIFF file, converted to `mode` first."""
    image = Image.fromarray(pixels)
    stream = io.BytesIO()
    (image.convert(mode) if mode else image).save(stream, kind, **options)
    return stream.getvalue()


def tiff_of_pages(count: int) -> bytes:
    """Return a TIFF of `count` page headers that share the pixels of one black 100 x 100 page."""
    size = 2 + 8 * 12 + 4
    pixels = 8 + count * size
    tags = [(256, 100), (257, 100), (258, 8), (259, 1), (262, 1), (273, pixels), (277, 1)]
    entries = b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in [*tags, (279, 10000)]
    )
    pages = [
        struct.pack("<H", 8) + entries + struct.pack("<I", 8 + page * size if page < count else 0)
        for page in range(1, count + 1)
    ]
    return b"II*\0" + struct.pack("<I", 8) + b"".join(pages) + bytes(10000)


def dicom_dataset(pixels: np.ndarray, *, bits: int = 8, signed: bool = False, **tags) -> Dataset:
    """Return an uncompressed digital X-ray of `pixels` ``(H, W)``; `tags` are set by keyword."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = DIGITAL_X_RAY
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.SOPClassUID = DIGITAL_X_RAY
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.PatientName = "SECRET^PATIENT"
    dataset.PatientID = "SECRET-ID"
    dataset.Modality = "DX"
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = 8 if bits <= 8 else 16
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelRepresentation = int(signed)
    sample = f"{'i' if signed else 'u'}{dataset.BitsAllocated // 8}"
    dataset.PixelData = pixels.astype(f"<{sample}").tobytes()
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    return dataset


def dicom_file(dataset: Dataset, *, preamble: bool = True) -> bytes:
    """Return the bytes of a DICOM file."""
    stream = io.BytesIO()
    if preamble:
        dataset.save_as(stream, enforce_file_format=True)
    else:
        del dataset.file_meta
        dataset.save_as(stream, implicit_vr=True, little_endian=True, enforce_file_format=False)
    return stream.getvalue()


def encapsulated(dataset: Dataset, code_stream: bytes, syntax: str) -> bytes:
    """Return `dataset` with its pixels replaced by a compressed code stream."""
    dataset.PixelData = encapsulate([code_stream])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = syntax
    return dicom_file(dataset)


def jpeg_dicom(pixels: np.ndarray) -> bytes:
    """Return 8-bit `pixels` as a baseline JPEG in DICOM."""
    stream = image_file(pixels, "JPEG", quality=95)
    return encapsulated(dicom_dataset(pixels), stream, JPEGBaseline8Bit)


def jpeg_2000_dicom(pixels: np.ndarray) -> bytes:
    """Return 8-bit `pixels` as lossless JPEG 2000 in DICOM."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG2000", irreversible=False, no_jp2=True)
    return encapsulated(dicom_dataset(pixels), stream.getvalue(), JPEG2000Lossless)


def recompressed(data: bytes, syntax: str, folder) -> bytes:
    """Return a DICOM file in another transfer syntax, named as in ``gdcm.TransferSyntax``."""
    source, target = folder / "source.dcm", folder / "target.dcm"
    source.write_bytes(data)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(source))
    if not reader.Read():
        raise ValueError("gdcm cannot read the source")
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    change.SetInput(reader.GetImage())
    if not change.Change():
        raise ValueError(f"gdcm cannot write {syntax}")
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    if not writer.Write():
        raise ValueError(f"gdcm cannot write {syntax}")
    return target.read_bytes()
