"""What a report's DICOM objects say of the film they are about, with or without its patient."""

import re

from pydicom import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

import kneeoa
from kneeoa.reports.dicom.pseudonyms import Pseudonyms
from kneeoa.reports.dicom.source import Source

METHOD = f"kneeoa {kneeoa.__version__}, DICOM PS3.15 basic profile"
BY_SOME_VERSION = re.compile(rb"kneeoa [\w.+-]{1,40}, DICOM PS3\.15 basic profile")
"""Stands in every film that some version of this program took a patient out of."""
DIGITAL = ("1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.1.1.1")
_KINDS = ("1.2.840.10008.5.1.4.1.1.1", *DIGITAL, SecondaryCaptureImageStorage)
"""Computed and digital radiographs, and pictures of any kind, which all other films become."""
PROFILE = ("113100", "DCM", "Basic Application Confidentiality Profile")


def evidence(source: Source, pseudonyms: Pseudonyms | None) -> Dataset:
    """Return the film's header as far as objects about it repeat it.

    With `pseudonyms` without its patient: no names, no dates, and the numbers that the film gets
    when it is de-identified under the same key. None keeps what the file says.
    """
    header = Dataset()
    header.SOPClassUID = kind_without_patient(source.sop_class) if pseudonyms else source.sop_class
    for keyword, uid in (
        ("SOPInstanceUID", source.sop_instance),
        ("StudyInstanceUID", source.study),
        ("SeriesInstanceUID", source.series),
    ):
        setattr(header, keyword, pseudonyms.uid(uid) if pseudonyms else uid)
    header.Rows, header.Columns = source.rows, source.columns
    hidden = pseudonyms is not None
    for keyword, value in (
        ("PatientID", source.patient_id),
        ("PatientName", source.patient_name),
        ("PatientBirthDate", source.birth_date),
        ("PatientSex", source.sex),
        ("StudyDate", source.study_date),
        ("StudyTime", source.study_time),
        ("AccessionNumber", source.accession),
        ("StudyID", source.study_id),
        ("ReferringPhysicianName", source.referring),
    ):
        setattr(header, keyword, "" if hidden else value)
    if source.issuer and not hidden:
        header.IssuerOfPatientID = source.issuer
    if pseudonyms is not None:
        whose = pseudonyms.patient(source.patient_id, source.issuer, study=source.study)
        mark_deidentified(header, whose)
    return header


def kind_without_patient(sop_class: str) -> str:
    """Return the SOP class that a film has once its patient is taken out of it."""
    return sop_class if sop_class in _KINDS else SecondaryCaptureImageStorage


def take_over(made: Dataset, header: Dataset) -> None:
    """Have an object that was `made` of a `header` say, too, what its maker left out of that."""
    for keyword in (
        *("IssuerOfPatientID", "PatientIdentityRemoved", "DeidentificationMethod"),
        *("DeidentificationMethodCodeSequence", "LongitudinalTemporalInformationModified"),
    ):
        if keyword in header:
            setattr(made, keyword, header.get(keyword))
    made.SpecificCharacterSet = "ISO_IR 192"


def mark_deidentified(dataset: Dataset, patient_id: str) -> None:
    """Say in `dataset` that its patient was taken out, how, and what she is called now."""
    dataset.PatientID, dataset.PatientName = patient_id, f"{patient_id}^"
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = METHOD
    dataset.DeidentificationMethodCodeSequence = [coded(*PROFILE)]
    dataset.LongitudinalTemporalInformationModified = "REMOVED"


def coded(value: str, scheme: str, meaning: str) -> Dataset:
    """Return the item of a code sequence."""
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code
