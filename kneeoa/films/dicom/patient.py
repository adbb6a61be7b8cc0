"""Whose a DICOM film is: asked for alone where films of one patient must be kept together.

A task for workers, see `kneeoa.films.apart`.
"""

import io
from typing import Any

import pydicom


def patient(data: bytes) -> tuple[dict[str, Any], list]:
    """Return the patient's id, as ``{"id": ...}``; empty where the file has none."""
    try:
        header = pydicom.dcmread(
            io.BytesIO(data), stop_before_pixels=True, specific_tags=["PatientID"], force=True
        )
        return {"id": str(header.get("PatientID", "") or "").strip()}, []
    except Exception:
        # Whatever a header does to its reader: the film is sound, and its patient not known.
        return {"id": ""}, []
