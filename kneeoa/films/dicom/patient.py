"""Whose a DICOM film is, and when it was made: asked for alone where films belong together.

Tasks for workers, see `kneeoa.films.apart`.
"""

import io
import re
from typing import Any

import pydicom

VISIT = f"{__name__}.visit"


def patient(data: bytes) -> tuple[dict[str, Any], list]:
    """Return the patient's id, as ``{"id": ...}``; empty where the file has none."""
    return {"id": _said(data, "PatientID")["PatientID"]}, []


def visit(data: bytes) -> tuple[dict[str, Any], list]:
    """Return the patient's id and the day of the study, ``{"id": ..., "day": "20210304"}``.

    Each is empty where the file has none; a day that is none counts as such.
    """
    said = _said(data, "PatientID", "StudyDate")
    day = said["StudyDate"]
    return {"id": said["PatientID"], "day": day if re.fullmatch(r"\d{8}", day) else ""}, []


def _said(data, *keywords):
    try:
        header = pydicom.dcmread(
            io.BytesIO(data), stop_before_pixels=True, specific_tags=list(keywords), force=True
        )
        return {keyword: str(header.get(keyword, "") or "").strip() for keyword in keywords}
    except Exception:
        # Whatever a header does to its reader: the film is sound, and its patient not known.
        return dict.fromkeys(keywords, "")
