"""What a report's DICOM objects have in common: their numbers, dates and words."""

import hashlib
import io
import logging
import warnings
from datetime import datetime
from typing import Any

from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from kneeoa.reports.as_json import as_json
from kneeoa.reports.content import KIND, Report
from kneeoa.reports.dicom.evidence import take_over

# They quote what they are about, which may be a patient's name.
warnings.filterwarnings("ignore", module="highdicom")
logging.getLogger("highdicom").setLevel(logging.CRITICAL + 1)

MANUFACTURER = "kneeoa"
MODEL = "Knee reading room"
SERIES = {"structured report": 9901, "secondary capture": 9902}
"""Numbers of the series: far from those that modalities give."""


def uid_of(report: Report, what: str) -> str:
    """Return the UID of an object or series of a report: the same report, the same UID."""
    digest = bytearray(hashlib.sha256(f"{what}|{as_json(report)}".encode()).digest()[:16])
    digest[6] = 0x80 | (digest[6] & 0x0F)
    digest[8] = 0x80 | (digest[8] & 0x3F)
    return f"2.25.{int.from_bytes(digest, 'big')}"


def maker(report: Report) -> dict[str, Any]:
    """Return what `highdicom` is told of the program."""
    return {
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MODEL,
        "software_versions": report.program,
        "device_serial_number": report.program,
    }


def finished(made: Dataset, report: Report, evidence: Dataset | None, what: str) -> bytes:
    """Return the bytes of an object, dated as the report is, in the words of the film behind it."""
    # Of the machine, as the film's own dates are: DICOM dates without a zone are local.
    local = datetime.fromisoformat(report.made_at).astimezone()
    date, time = f"{local:%Y%m%d}", f"{local:%H%M%S}"
    for keyword in ("ContentDate", "InstanceCreationDate", "SeriesDate", "DateOfSecondaryCapture"):
        if keyword in made:
            setattr(made, keyword, date)
    for keyword in ("ContentTime", "InstanceCreationTime", "SeriesTime", "TimeOfSecondaryCapture"):
        if keyword in made:
            setattr(made, keyword, time)
    for equipment in made.get("ContributingEquipmentSequence", ()):
        equipment.ContributionDateTime = date + time
    made.SeriesDescription = f"{KIND}: {what}, not for diagnosis"
    if evidence is not None:
        take_over(made, evidence)
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    stream = io.BytesIO()
    made.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
