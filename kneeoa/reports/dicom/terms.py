"""The words of a structured report as codes: public ones where there are any, else our own.

No public terminology that we know of has the Kellgren-Lawrence grade as a code for its value, so
grade, probabilities and what else has none are coded under `PRIVATE`, which says that it is ours.
"""

import hashlib

from highdicom.sr import CodedConcept
from pydicom.sr.codedict import codes

from kneeoa.grades import GRADES, KLGrade

PRIVATE = "99KNEEOA"
SCHEME = {
    "CodingSchemeDesignator": PRIVATE,
    "CodingSchemeName": "Terms of kneeoa, private: Kellgren-Lawrence grading of knee radiographs",
    "CodingSchemeResponsibleOrganization": "kneeoa",
}

KNEE_JOINT = codes.SCT.KneeJoint
SIDES = {"L": codes.SCT.Left, "R": codes.SCT.Right}
PLAIN_RADIOGRAPHY = codes.SCT.PlainRadiography
MILLIMETRE, NO_UNITS = codes.UCUM.Millimeter, codes.UCUM.NoUnits
PIXELS = CodedConcept("{pixels}", "UCUM", "pixels")
UNITS = {"mm": MILLIMETRE, "1": NO_UNITS, "{pixels}": PIXELS, "deg": codes.UCUM.Degree}


def own(value: str, meaning: str) -> CodedConcept:
    """Return a code of our own."""
    return CodedConcept(value, PRIVATE, meaning)


GRADING = own("KL", "Kellgren-Lawrence grading")
GRADE = own("KL-GRADE", "Kellgren-Lawrence grade")
LOWEST = own("KL-LOW", "Lowest Kellgren-Lawrence grade of the range")
HIGHEST = own("KL-HIGH", "Highest Kellgren-Lawrence grade of the range")
MOST_PROBABLE = own("KL-MOST", "Most probable Kellgren-Lawrence grade")
LEVEL = own("KL-LEVEL", "Share of films whose reference grade the range holds")
READER_GRADE = own("KL-READER", "Reader's own Kellgren-Lawrence grade")
READER_WHEN = own("KL-READER-WHEN", "When the reader gave her grade")
BEFORE = own("BEFORE", "Before the networks' answer was in sight")
AFTER = own("AFTER", "After the networks' answer was in sight")
NOT_SHOWN = own("NOT-SHOWN", "She was not shown an answer of the networks")
PURPOSE = own("PURPOSE", "Purpose of the report")
AGREEMENT = own("AGREEMENT", "Agreement of the two networks")
COMPARISON = own("COMPARISON", "What differs from the knee that it was shown beside")
REFUSAL = own("REFUSAL", "Reason not to grade the film")
WARNING = own("WARNING", "Warning")
GRADED_ANYWAY = own("ANYWAY", "Graded although it was refused")
NOT_GRADED = own("NOT-GRADED", "Not graded")
STATE = own("STATE", "Whether the film was graded")
GRADED = own("GRADED", "Graded")
PROFILE = own("PROFILE", "Whose readers' habit the answers follow")
TRACK_RECORD = own("TRACK-RECORD", "How often such an answer was right before")
SIGNED = own("SIGNED", "Who stands for the models")
METHOD = own("METHOD", "How it was measured")
LOWER = own("LOWER", "Lower end of the 95% interval")
UPPER = own("UPPER", "Upper end of the 95% interval")
FILM_SCALE = own("SCALE", "Size of a pixel, and what says so")
SIDE_FROM = own("SIDE-FROM", "What says which side it is")
FILM = own("FILM", "What film it is, and how it was changed to be read")
BOX = own("BOX", "Where the box lies, and who set it")


def grade_code(grade: int) -> CodedConcept:
    """Return the code of a grade, ``KL0`` to ``KL4``."""
    kl_grade = KLGrade(grade)
    return own(f"KL{grade:d}", f"{kl_grade.label}, {kl_grade.text}")


PROBABILITIES = tuple(own(f"P-KL{grade:d}", f"Probability of {grade.label}") for grade in GRADES)


def measurement_code(kind: str) -> CodedConcept:
    """Return the code of a kind of measurement: a public one, or one of its words."""
    if kind == "length":
        return codes.SCT.Length
    short = _MEASURED.get(kind) or f"M-{hashlib.sha256(kind.encode()).hexdigest()[:10].upper()}"
    return own(short, kind[:64])


_MEASURED = {
    "medial minimum joint space width": "JSW-MEDIAL",
    "lateral minimum joint space width": "JSW-LATERAL",
}
