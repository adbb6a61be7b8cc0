"""What a report has to say of the DICOM file behind it: which instance it is, and of whom.

A task for workers, see `kneeoa.films.apart`. What a file says is taken only in the form that the
standard gives it; the rest counts as not said.
"""

import io
import re
from typing import Any

import pydicom
from pydicom import Dataset

from kneeoa.films.dicom import facts
from kneeoa.wording import plain

_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
_FORMS = {
    "date": re.compile(r"\d{8}"),
    "time": re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?"),
    "sex": re.compile(r"[MFO]"),
    "directions": re.compile(r"[ALRFHP]{1,3}"),
    "yes or no": re.compile(r"YES|NO"),
}
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
    "birth_date": ("PatientBirthDate", "date"),
    "sex": ("PatientSex", "sex"),
    "study_date": ("StudyDate", "date"),
    "study_time": ("StudyTime", "time"),
    "burned_in": ("BurnedInAnnotation", "yes or no"),
}
_WANTED = [
    *_UIDS.values(),
    *(keyword for keyword, _ in _TEXTS.values()),
    *(keyword for keyword, _ in _SHAPED.values()),
    *("Rows", "Columns", "PatientOrientation", "SpecificCharacterSet", "NumberOfFrames"),
    *facts.SPACINGS,
]


def source(data: bytes) -> tuple[dict[str, Any], list]:
    """Return what `kneeoa.reports.source.Source` holds; empty texts for what is not said."""
    try:
        header = pydicom.dcmread(
            io.BytesIO(data), stop_before_pixels=True, specific_tags=_WANTED, force=True
        )
    except Exception:
        # Its pixels were read: the film is sound, and says nothing of itself.
        header = Dataset()
    said: dict[str, Any] = {name: _uid(header, keyword) for name, keyword in _UIDS.items()}
    said |= {name: _text(header, *of) for name, of in _TEXTS.items()}
    said |= {name: _shaped(header, *of) for name, of in _SHAPED.items()}
    said["rows"], said["columns"] = (_count(header, name) for name in ("Rows", "Columns"))
    said["spacing_from"] = facts.spacing_from(header)
    said["orientation"] = _orientation(header)
    return said, []


def _value(header, keyword):
    try:
        return str(header.get(keyword) or "").strip()
    except Exception:
        return ""


def _uid(header, keyword):
    value = _value(header, keyword).rstrip("\0")
    return value if len(value) <= 64 and _UID.fullmatch(value) else ""


def _text(header, keyword, longest):
    # A backslash would be several values.
    return plain(_value(header, keyword).replace("\\", " ").replace("\n", " "), longest)


def _shaped(header, keyword, form):
    value = _value(header, keyword)
    return value if _FORMS[form].fullmatch(value) else ""


def _count(header, keyword):
    try:
        return int(header.get(keyword) or 0)
    except Exception:
        return 0


def _orientation(header):
    try:
        found = [str(one) for one in header.get("PatientOrientation") or ()]
    except Exception:
        return []
    fits = len(found) == 2 and all(_FORMS["directions"].fullmatch(one) for one in found)
    return found if fits else []
