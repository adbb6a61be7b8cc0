"""What a DICOM film's header says for a list: whose it is, of when, of what.

A task for workers, see `kneeoa.films.apart`. Every value is text of bounded length.
"""

import contextlib
import io
from typing import Any

import pydicom
from pydicom import Dataset
from pydicom.multival import MultiValue

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
_OF_LETTERS_ALONE = ("", "ISO_IR 6", "ISO 2022 IR 6")
"""Character sets, or none, in which no byte beyond ASCII may stand."""
_AROUND = " \t\r\n\0\ufeff"
"""What may stand around a text, and is none of it: also its padding, and a mark of UTF-8."""


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
    return {name: text_of(header, keyword)[:_LONGEST] for name, keyword in _FIELDS.items()}, []


def text_of(header: Dataset, keyword: str) -> str:
    """Return a value of a header as text, stripped; empty where it is missing or unreadable."""
    try:
        if (text := _utf8(header, keyword)) is not None:
            return text.strip(_AROUND)
        value = header.get(keyword)
        values = value if isinstance(value, MultiValue) else [value]
        return "\\".join(str(value) for value in values if value is not None).strip(_AROUND)
    except MemoryError:
        raise
    except Exception:
        return ""


def _utf8(header: Dataset, keyword: str) -> str | None:
    """Return a text that is UTF-8 without the file saying so; None where it is, or is none.

    Taken for Latin-1, which it is otherwise, a name would be another one in a list, beside the same
    patient's other films, and back in its archive.
    """
    value = getattr(header.get_item(keyword), "value", None)
    if not isinstance(value, bytes) or value.isascii() or _names_a_set(header):
        return None
    with contextlib.suppress(UnicodeDecodeError):
        return value.decode()
    return None


def _names_a_set(header: Dataset) -> bool:
    """Return whether a file says in which character set its texts are, beside plain letters."""
    named = header.get("SpecificCharacterSet") or ""
    sets = [named] if isinstance(named, str) else named
    return any(str(name or "").strip().upper() not in _OF_LETTERS_ALONE for name in sets)
