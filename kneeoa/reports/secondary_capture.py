"""A report as a DICOM Secondary Capture: one picture that every viewer shows."""

from typing import Any

from highdicom.sc import SCImage
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from kneeoa.reports.content import PURPOSE, Report
from kneeoa.reports.dicom.evidence import coded, evidence
from kneeoa.reports.dicom.finishing import SERIES, finished, maker, uid_of
from kneeoa.reports.dicom.pseudonyms import Pseudonyms
from kneeoa.reports.dicom.source import Source
from kneeoa.reports.pictures import Pictures
from kneeoa.reports.poster import poster

WHAT = "secondary capture"
_SOURCE_IMAGE = ("121322", "DCM", "Source image for image processing operation")
_NOT_SAID = ("L", "F")
"""Where rows and columns point: `highdicom` insists on it, and it is taken out again."""


def secondary_capture(
    report: Report,
    pictures: Pictures,
    source: Source | None,
    *,
    pseudonyms: Pseudonyms | None,
    has_text: bool = False,
) -> bytes:
    """Return the bytes of a Secondary Capture.

    Parameters
    ----------
    source : the DICOM file behind the report; without one, or one that cannot be referred to, the
        object stands alone, in a study of its own
    pseudonyms : as of `evidence`
    has_text : whether text seems to stand in the film's own pixels
    """
    header = evidence(source, pseudonyms) if source and source.can_be_referred_to else None
    common: dict[str, Any] = {
        "pixel_array": poster(report, pictures),
        "photometric_interpretation": "RGB",
        "bits_allocated": 8,
        "coordinate_system": "PATIENT",
        "patient_orientation": _NOT_SAID,
        "series_instance_uid": uid_of(report, f"series of {WHAT}"),
        "series_number": SERIES[WHAT],
        "sop_instance_uid": uid_of(report, WHAT),
        "instance_number": 1,
        "transfer_syntax_uid": ExplicitVRLittleEndian,
        **maker(report),
    }
    if report.film.side != "unknown":
        common["laterality"] = report.film.side
    if header is None:
        made = SCImage(study_instance_uid=uid_of(report, "study"), **common, **_nobody(report))
    else:
        made = SCImage(
            study_instance_uid=header.StudyInstanceUID,
            patient_id=header.PatientID,
            patient_name=header.PatientName,
            patient_birth_date=header.PatientBirthDate,
            patient_sex=header.PatientSex or None,
            accession_number=header.AccessionNumber,
            study_id=header.StudyID,
            study_date=header.StudyDate or None,
            study_time=header.StudyTime or None,
            referring_physician_name=header.ReferringPhysicianName,
            **common,
        )
        made.SourceImageSequence = [_reference(header)]
    if report.film.side == "unknown":
        made.Laterality = ""  # of a knee it must be there, if only empty
    made.ConversionType = "WSD"
    made.PatientOrientation = []
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.BodyPartExamined = "KNEE"
    made.DerivationDescription = f"Film, box, Grad-CAM and answer of two networks. {PURPOSE}"
    # The standard's question: whether it names the patient. What is written on it does not.
    made.BurnedInAnnotation = "YES" if has_text else "NO"
    return finished(made, report, header, WHAT)


def _nobody(report: Report) -> dict[str, Any]:
    """Return what is said of the patient of a film that says nothing of her."""
    return {"patient_id": f"film-{report.film.digest[:12]}", "patient_name": ""}


def _reference(header: Dataset) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = header.SOPClassUID
    reference.ReferencedSOPInstanceUID = header.SOPInstanceUID
    reference.PurposeOfReferenceCodeSequence = [coded(*_SOURCE_IMAGE)]
    return reference
