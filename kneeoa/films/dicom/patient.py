"""Whose a DICOM film is, and of which day: asked for alone where films are put together by it.

A task for workers, see `kneeoa.films.apart`.
"""

import io
import re
from typing import Any

import pydicom

from kneeoa.films.dicom.described import text_of

PATIENT = f"{__name__}.patient"
_DAYS = ("StudyDate", "AcquisitionDate", "SeriesDate", "ContentDate")
_DAY = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_NOBODYS = re.compile(r"anon[a-z ^_-]*|unknown|none|null|no ?name|n/?a|[0x?. ^_-]*", re.IGNORECASE)
"""What is written in place of a number or a name, the same for many patients."""


_WHO = ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate")
_NOBODY = {"id": "", "date": "", "issuer": "", "born": "", "name": ""}


def patient(data: bytes) -> tuple[dict[str, Any], list]:
    """Return the patient's id and the day, as ``{"id": ..., "date": "2026-11-28"}``, and more.

    ``issuer`` of the id, ``born`` as the day, and ``name`` such as files of two makers write it the
    same way. What the file does not say is empty, and so are stand-ins such as ``ANONYMOUS``.
    """
    try:
        header = pydicom.dcmread(
            io.BytesIO(data),
            stop_before_pixels=True,
            specific_tags=["SpecificCharacterSet", *_WHO, *_DAYS],
            force=True,
        )
        days = (_day(header.get(name)) for name in _DAYS)
        number, issuer, name = (_said(text_of(header, tag)) for tag in _WHO[:3])
        patient = {
            "id": number,
            "date": next(filter(None, days), ""),
            "issuer": issuer,
            "born": _day(header.get("PatientBirthDate")),
            "name": " ".join(name.partition("=")[0].replace("^", " ").casefold().split()),
        }
        return patient, []
    except MemoryError:
        raise
    except Exception:
        # Whatever a header does to its reader: the film is sound, and its patient not known.
        return dict(_NOBODY), []


def _said(text: str) -> str:
    return "" if _NOBODYS.fullmatch(text) else text


def _day(value: Any) -> str:
    day = _DAY.fullmatch(str(value or "").strip())
    return "-".join(day.groups()) if day else ""
