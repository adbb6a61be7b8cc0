"""Whole films of every kind, small, from which damaged ones are made."""

import io
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from kneeoa.films.phantom import draw_knee
from tests.support import films
from tests.support.odd_films import table

_FILM = np.asarray(Image.fromarray(draw_knee(3)).resize((80, 96)))
_DEEP = _FILM.astype(np.uint16) * 16
_GDCM = {"JPEGLosslessProcess14_1": "lossless", "JPEGLSLossless": "ls", "JPEG2000": "lossy-2000"}


@cache
def images() -> dict[str, bytes]:
    """Return PNG, JPEG and TIFF files by name."""
    colour = np.stack([_FILM, _FILM // 2, _FILM], axis=-1)
    kinds = {
        "png": films.image_file(_FILM),
        "png-16": films.image_file(_DEEP),
        "png-colour": films.image_file(colour),
        "png-palette": films.image_file(_FILM, mode="P"),
        "png-one-bit": films.image_file(_FILM, mode="1"),
        "png-alpha": films.image_file(_FILM, mode="LA"),
        "jpeg": films.image_file(_FILM, "JPEG"),
        "jpeg-colour": films.image_file(colour, "JPEG"),
        "jpeg-progressive": films.image_file(_FILM, "JPEG", progressive=True),
        "jpeg-cmyk": films.image_file(colour, "JPEG", mode="CMYK"),
        "tiff": films.image_file(_FILM, "TIFF"),
        "tiff-16": films.image_file(_DEEP, "TIFF"),
        "tiff-lzw": films.image_file(_FILM, "TIFF", compression="tiff_lzw"),
        "tiff-deflate": films.image_file(_FILM, "TIFF", compression="tiff_adobe_deflate"),
        "tiff-jpeg": films.image_file(_FILM, "TIFF", compression="jpeg"),
        "tiff-packbits": films.image_file(_FILM, "TIFF", compression="packbits"),
        "tiff-fax": films.image_file(_FILM, "TIFF", mode="1", compression="group4"),
    }
    pages = io.BytesIO()
    Image.fromarray(_FILM).save(
        pages, "TIFF", save_all=True, append_images=[Image.fromarray(_FILM)]
    )
    return kinds | {"tiff-pages": pages.getvalue()}


@cache
def datasets() -> dict[str, Dataset]:
    """Return DICOM datasets by name that an attribute can be changed of before they are written."""
    lut = [table(np.arange(4096) // 16, declared=8)]
    return {
        "dx-8": films.dicom_dataset(_FILM),
        "dx-12": films.dicom_dataset(_DEEP, bits=12, WindowCenter="2048", WindowWidth="4096"),
        "dx-signed": films.dicom_dataset(_DEEP.astype(int) - 2048, bits=16, signed=True),
        "dx-negative": films.dicom_dataset(_FILM, PhotometricInterpretation="MONOCHROME1"),
        "dx-rescaled": films.dicom_dataset(
            _DEEP, bits=12, RescaleSlope="2", RescaleIntercept="-100"
        ),
        "dx-voi-lut": films.dicom_dataset(_DEEP, bits=12, VOILUTSequence=lut),
        "dx-modality-lut": films.dicom_dataset(_DEEP, bits=12, ModalityLUTSequence=lut),
        "dx-oblong": films.dicom_dataset(_FILM, PixelSpacing=["0.1", "0.2"]),
        "dx-padded": films.dicom_dataset(_FILM, PixelPaddingValue=0),
        "dx-frames": films.dicom_dataset(np.concatenate([_FILM] * 2), NumberOfFrames="2", Rows=96),
        "dx-knee": films.dicom_dataset(
            _FILM, BodyPartExamined="KNEE", Laterality="R", ViewPosition="AP"
        ),
    }


@cache
def dicoms() -> dict[str, bytes]:
    """Return DICOM files whose pixels this process decodes, by name."""
    found = {name: films.dicom_file(dataset) for name, dataset in datasets().items()}
    found["no-preamble"] = films.dicom_file(films.dicom_dataset(_FILM), preamble=False)
    for name, syntax in (
        ("implicit", ImplicitVRLittleEndian),
        ("big-endian", ExplicitVRBigEndian),
        ("deflated", DeflatedExplicitVRLittleEndian),
    ):
        found[name] = _written(films.dicom_dataset(_FILM), syntax)
    rle = films.dicom_dataset(_FILM)
    rle.compress(RLELossless)
    found["rle"] = films.dicom_file(rle)
    return found


@cache
def compressed() -> dict[str, bytes]:
    """Return DICOM files by name whose pixels another process may have to decode."""
    plain = films.dicom_file(films.dicom_dataset(_FILM))
    with tempfile.TemporaryDirectory() as folder:
        found = {
            name: films.recompressed(plain, syntax, Path(folder)) for syntax, name in _GDCM.items()
        }
    return found | {"jpeg": films.jpeg_dicom(_FILM), "2000": films.jpeg_2000_dicom(_FILM)}


def _written(dataset, syntax):
    dataset.file_meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()
