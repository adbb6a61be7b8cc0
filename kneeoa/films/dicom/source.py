"""What a report has to say of the DICOM file behind it: which instance it is, and of whom.

A task for workers, see `kneeoa.films.apart`. What a file says is taken only in the form that the
standard gives it; the rest counts as not said.
"""

import contextlib
import io
import re
from datetime import datetime
from typing import Any

import pydicom
from pydicom import Dataset

from kneeoa.films.dicom.described import text_of
from kneeoa.wording import plain

_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
_FORMS = {
    "date": re.compile(r"\d{8}"),
    "time": re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?"),
    "sex": re.compile(r"[MFO]"),
    "age": re.compile(r"\d{3}[DWMY]"),
    "directions": re.compile(r"[ALRFHP]{1,3}"),
    "yes or no": re.compile(r"YES|NO"),
}
_LENGTHS = {8: "%Y%m%d", 6: "%H%M%S", 4: "%H%M", 2: "%H"}
"""Of a date, and of a time as exact as it is given, by its digits."""
_UIDS = {
    "sop_class": "SOPClassUID",
    "sop_instance": "SOPInstanceUID",
    "study": "StudyInstanceUID",
    "series": "SeriesInstanceUID",
}
_TEXTS = {
    # Longest, in letters, as the standard has it.
    "patient_id": ("PatientID", 64),
    "patient_name": ("PatientName", 194),
    "accession": ("AccessionNumber", 16),
    "study_id": ("StudyID", 16),
    "referring": ("ReferringPhysicianName", 194),
    "issuer": ("IssuerOfPatientID", 64),
}
_SHAPED = {
    "sex": ("PatientSex", "sex"),
    "age": ("PatientAge", "age"),
    "burned_in": ("BurnedInAnnotation", "yes or no"),
}
_MOMENTS = {
    "birth_date": ("PatientBirthDate", "date"),
    "study_date": ("StudyDate", "date"),
    "study_time": ("StudyTime", "time"),
}
_WANTED = [
    *_UIDS.values(),
    *(keyword for keyword, _ in _TEXTS.values()),
    *(keyword for keyword, _ in (_SHAPED | _MOMENTS).values()),
    *("Rows", "Columns", "PatientOrientation", "SpecificCharacterSet", "NumberOfFrames"),
]


def source(data: bytes) -> tuple[dict[str, Any], list]:
    """Return what `kneeoa.reports.dicom.source.Source` holds; empty texts for what is not said."""
    try:
        header: Dataset = pydicom.dcmread(
            io.BytesIO(data), stop_before_pixels=True, specific_tags=_WANTED, force=True
        )
    except MemoryError:
        raise
    except Exception:
        # Its pixels were read: the film is sound, and says nothing of itself.
        header = Dataset()
    described: dict[str, Any] = {name: _uid(header, keyword) for name, keyword in _UIDS.items()}
    described |= {name: _text(header, *where) for name, where in _TEXTS.items()}
    described |= {name: _shaped(header, *where) for name, where in _SHAPED.items()}
    described |= {name: _moment(header, *where) for name, where in _MOMENTS.items()}
    described["rows"], described["columns"] = (_count(header, name) for name in ("Rows", "Columns"))
    described["orientation"] = _orientation(header)
    return described, []


def _uid(header: Dataset, keyword: str) -> str:
    value = text_of(header, keyword)
    return value if len(value) <= 64 and _UID.fullmatch(value) else ""


def _text(header: Dataset, keyword: str, longest: int) -> str:
    # A backslash would be several values.
    return plain(text_of(header, keyword).replace("\\", " ").replace("\n", " "), longest)


def _shaped(header: Dataset, keyword: str, form: str) -> str:
    value = text_of(header, keyword)
    return value if _FORMS[form].fullmatch(value) else ""


def _moment(header: Dataset, keyword: str, form: str) -> str:
    """Return a date or time that there is, as its first digits give it; else an empty text."""
    # A day with points is one of before 1993.
    value = re.sub(r"(\d{4})\.(\d{2})\.(\d{2})", r"\1\2\3", text_of(header, keyword))
    digits = value.partition(".")[0]
    with contextlib.suppress(ValueError):
        if _FORMS[form].fullmatch(value) and datetime.strptime(digits, _LENGTHS[len(digits)]):
            return value
    return ""


def _count(header: Dataset, keyword: str) -> int:
    try:
        return int(header.get(keyword) or 0)
    except MemoryError:
        raise
    except Exception:
        return 0


def _orientation(header: Dataset) -> list[str]:
    try:
        directions = [str(direction) for direction in header.get("PatientOrientation") or ()]
    except MemoryError:
        raise
    except Exception:
        return []
    fits = len(directions) == 2 and all(map(_FORMS["directions"].fullmatch, directions))
    return directions if fits else []
