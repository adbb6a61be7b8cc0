"""Whose a DICOM film is, and of which day: asked for alone where films are put together by it.

A task for workers, see `kneeoa.films.apart`.
"""

import io
import re
from typing import Any

import pydicom

_DAYS = ("StudyDate", "AcquisitionDate", "SeriesDate", "ContentDate")
_DAY = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")


def patient(data: bytes) -> tuple[dict[str, Any], list]:
    """Return the patient's id and the day, as ``{"id": ..., "date": "2026-11-28"}``.

    What the file does not say is empty.
    """
    try:
        header = pydicom.dcmread(
            io.BytesIO(data),
            stop_before_pixels=True,
            specific_tags=["PatientID", *_DAYS],
            force=True,
        )
        days = (_day(header.get(name)) for name in _DAYS)
        found = str(header.get("PatientID", "") or "").strip()
        return {"id": found, "date": next(filter(None, days), "")}, []
    except Exception:
        # Whatever a header does to its reader: the film is sound, and its patient not known.
        return {"id": "", "date": ""}, []


def _day(value):
    found = _DAY.fullmatch(str(value or "").strip())
    return "-".join(found.groups()) if found else ""
