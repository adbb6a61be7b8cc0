"""What stays of a film's header without its patient: numbers, words and codes of the standard."""

import math

from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import (
    JPEG2000,
    ComputedRadiographyImageStorage,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
)
from pydicom.valuerep import DSfloat

from kneeoa.films.dicom import facts
from kneeoa.films.dicom.says import carried, side
from kneeoa.films.dicom.says.coded import PARTS
from kneeoa.graders.locating.header_gate import (
    OTHER_MODALITIES,
    OTHER_PARTS,
    SIDE_VIEWS,
    terms_against,
)
from kneeoa.reports.dicom.evidence import DIGITAL, coded

_NUMBERS = (
    *("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"),
    *("PixelIntensityRelationshipSign", "KVP", "DistanceSourceToDetector"),
    *("DistanceSourceToPatient", "EstimatedRadiographicMagnificationFactor"),
)
_MOST = 8
"""Numbers in one attribute that are copied: films have as many windows at most."""
_WORDS = {
    "Modality": {"DX", "CR", "RG", "RF", "OT", "XA"} | OTHER_MODALITIES,
    # What speaks against grading a film does so without its patient, too.
    "BodyPartExamined": {"KNEE", "LEG", "LOWEREXTREMITY", "EXTREMITY", "PATELLA", "THIGH"}
    | OTHER_PARTS,
    "ViewPosition": {"AP", "PA", "LL", "RL", "RLD", "LLD", "RLO", "LLO"} | SIDE_VIEWS,
    "ImageLaterality": {"L", "R", "U", "B"},
    "Laterality": {"L", "R"},
    "PresentationIntentType": {"FOR PRESENTATION", "FOR PROCESSING"},
    "PresentationLUTShape": {"IDENTITY", "INVERSE"},
    "PixelIntensityRelationship": {"LIN", "LOG", "DISP"},
    "PixelSpacingCalibrationType": {"GEOMETRY", "FIDUCIAL"},
    "RescaleType": {"US", "HU"},
    "VOILUTFunction": {"LINEAR", "LINEAR_EXACT", "SIGMOID"},
    "DetectorType": {"DIRECT", "SCINTILLATOR", "STORAGE", "FILM"},
    "PositionerType": {"CARM", "COLUMN", "NONE"},
    "LossyImageCompression": {"00", "01"},
    "LossyImageCompressionMethod": {"ISO_10918_1", "ISO_14495_1", "ISO_15444_1"},
}
_CODES = {"AnatomicRegionSequence": codes.CID4009, "ViewCodeSequence": codes.CID4010}
"""Attributes whose codes stay where the standard lists them, in its words and no others."""
_CODES_OF_VIEWS = {
    "AP": codes.CID4010.AnteroPosterior,
    "PA": codes.CID4010.PosteroAnterior,
    "LATERAL": codes.CID4010.LateralProjection,
}
_OLD_SNOMED = ("SRT", "SNM3", "99SDM")
_LOSSY = {
    JPEGBaseline8Bit: "ISO_10918_1",
    JPEGExtended12Bit: "ISO_10918_1",
    JPEGLSNearLossless: "ISO_14495_1",
    # Which may be without loss, too: better called lossy than taken for whole.
    JPEG2000: "ISO_15444_1",
}


def describe(clean: Dataset, dataset: Dataset) -> None:
    """Say in `clean` what the picture in `dataset` is of, and how it was made."""
    clean.ImageType = ["DERIVED", "PRIMARY"]
    clean.Modality = "OT"
    for keyword, known in _WORDS.items():
        word = str(dataset.get(keyword) or "").strip().upper()
        if word in known:
            setattr(clean, keyword, word)
    # As the file words it, or its description, it may hold anything.
    against = terms_against(facts.header(dataset))
    for keyword, term in zip(("BodyPartExamined", "ViewPosition"), against, strict=True):
        if term:
            setattr(clean, keyword, term)
    for keyword in _NUMBERS:
        copy_numbers(clean, dataset, keyword)
    for keyword in _CODES:
        if code := _code(dataset, keyword):
            setattr(clean, keyword, [code])
    if method := _LOSSY.get(dataset.file_meta.TransferSyntaxUID):
        clean.LossyImageCompression, clean.LossyImageCompressionMethod = "01", method
    clean.PatientOrientation = _directions(dataset)
    if clean.SOPClassUID == ComputedRadiographyImageStorage:
        for keyword in ("BodyPartExamined", "ViewPosition"):
            if keyword not in clean:
                setattr(clean, keyword, "")
    marks = facts.to_carry(dataset)
    if marks:
        clean.DeidentificationMethod = [clean.DeidentificationMethod, *marks]
    if carried.OPEN_SIDE in marks:
        # What it said, or what contradicts it, may have gone: what stays must not pass for known.
        clean.ImageLaterality = "U"
        clean.pop("Laterality", None)
    elif "ImageLaterality" not in clean and (letter := side.side(dataset)):
        # Of an object of functional groups, where it stands with the frame.
        clean.ImageLaterality = letter
    if clean.SOPClassUID not in DIGITAL and "ImageLaterality" not in clean:
        # Of a part of which there are two it must be there, if only empty.
        clean.Laterality = clean.get("Laterality", "")
    if clean.SOPClassUID in DIGITAL:
        clean.AcquisitionContextSequence = []
        if "AnatomicRegionSequence" not in clean:
            # It may be empty where the part is not known alone.
            code = _code_of_part(clean.get("BodyPartExamined", ""))
            clean.AnatomicRegionSequence = [code] if code else []
        code = _CODES_OF_VIEWS.get(clean.get("ViewPosition", ""))
        if code and "ViewCodeSequence" not in clean:
            clean.ViewCodeSequence = [coded(code.value, code.scheme_designator, code.meaning)]
        for keyword in ("DetectorType", "PositionerType"):
            if keyword not in clean:
                setattr(clean, keyword, "")


def copy_numbers(clean: Dataset, dataset: Dataset, keyword: str) -> None:
    """Copy what is a number, or several, and finite; nothing else."""
    attribute = dataset.get(keyword)
    values = (
        attribute
        if hasattr(attribute, "__len__") and not isinstance(attribute, str)
        else [attribute]
    )
    try:
        numbers = [float(value) for value in values]
    except (TypeError, ValueError):
        return
    if 0 < len(numbers) <= _MOST and all(math.isfinite(number) for number in numbers):
        # Written anew: the text of a number may hold more than the number.
        written = _decimal if dictionary_VR(keyword) == "DS" else int
        numbers = [written(number) for number in numbers]
        setattr(clean, keyword, numbers if len(numbers) > 1 else numbers[0])


def _decimal(number: float) -> DSfloat:
    """Return a number in at most the 16 letters that the standard has for it."""
    texts = (f"{number:.{digits}g}" for digits in range(15, 5, -1))
    return DSfloat(next(text for text in texts if len(text) <= 16))


def _code(dataset: Dataset, keyword: str) -> Dataset | None:
    """Return a code that the standard has there, in its words; None for any other."""
    try:
        item = dataset.get(keyword)[0]
        value, scheme = str(item.CodeValue).strip(), str(item.CodingSchemeDesignator).strip()
    except (TypeError, IndexError, AttributeError):
        return None
    code = Code(value, "SRT" if scheme in _OLD_SNOMED else scheme, "")
    known = next(
        (concept for concept in _CODES[keyword].concepts.values() if concept == code), None
    )
    return known and coded(known.value, known.scheme_designator, known.meaning)


def _code_of_part(term: str) -> Dataset | None:
    """Return the code of a part of the body that is named by its term, if the standard has one."""
    values = {value for value, part in PARTS.items() if part == term}
    region = (code for code in codes.CID4009.concepts.values() if code.value in values)
    known = next(region, None)
    return known and coded(known.value, known.scheme_designator, known.meaning)


def _directions(dataset: Dataset) -> list[str]:
    try:
        directions = [
            str(direction).strip() for direction in dataset.get("PatientOrientation") or ()
        ]
    except MemoryError:
        raise
    except Exception:
        return []
    return (
        directions
        if len(directions) == 2 and all(set(direction) <= set("ALRFHP") for direction in directions)
        else []
    )
