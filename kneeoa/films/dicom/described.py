"""What a DICOM film's header says for a list: whose it is, of when, of what.

A task for workers, see `kneeoa.films.apart`. Every value is text of bounded length.
"""

import io
from typing import Any

import pydicom
from pydicom import Dataset

_FIELDS = {
    "sop_class": "SOPClassUID",
    "instance": "SOPInstanceUID",
    "study": "StudyInstanceUID",
    "series": "SeriesInstanceUID",
    "patient_id": "PatientID",
    "patient_name": "PatientName",
    "day": "StudyDate",
    "time": "StudyTime",
    "accession": "AccessionNumber",
    "modality": "Modality",
    "body_part": "BodyPartExamined",
    "side": "Laterality",
    "image_side": "ImageLaterality",
    "view": "ViewPosition",
    "description": "SeriesDescription",
    "study_description": "StudyDescription",
}
_LONGEST = 64


def described(data: bytes) -> tuple[dict[str, Any], list]:
    """Return the texts of `_FIELDS` by name, each empty where the file does not say it."""
    try:
        header: Dataset = pydicom.dcmread(
            io.BytesIO(data),
            stop_before_pixels=True,
            specific_tags=list(_FIELDS.values()),
            force=True,
        )
    except MemoryError:
        raise
    except Exception:
        # Whatever a header does to its reader: nothing is known of the film.
        header = Dataset()
    return {name: _text(header, keyword) for name, keyword in _FIELDS.items()}, []


def _text(header: Dataset, keyword: str) -> str:
    try:
        value = header.get(keyword, "")
        return str("" if value is None else value).strip()[:_LONGEST]
    except MemoryError:
        raise
    except Exception:
        return ""
