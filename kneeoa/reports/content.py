"""What a report of one knee says, whatever it is written as.

Nothing in it is of the patient unless she was asked for: see `Report.patient`.
"""

from dataclasses import dataclass, field
from typing import Literal

from kneeoa.grades import KLGrade
from kneeoa.jointspace.change import Difference

SCHEMA_VERSION = 1
KIND = "kneeoa report"
"""Stands in every file of a report, so that ours are known from others."""
PURPOSE = "For research and teaching. Not a medical device. Not for diagnosis."

Side = Literal["L", "R", "unknown"]
SideFrom = Literal["file", "position", "reader", ""]
BoxFrom = Literal["found", "reader"]
_SIDES: dict[str, Side] = {"L": "L", "R": "R"}
SIDES: dict[str, str] = {"R": "right knee", "L": "left knee", "unknown": "side unknown"}


def side_named(text: str) -> Side:
    """Return the side that a text names; ``"unknown"`` for any but ``"L"`` and ``"R"``."""
    return _SIDES.get(text, "unknown")


@dataclass(frozen=True, slots=True)
class Box:
    """What the networks looked at, pixels of the film as graded; it may reach past the film."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class FilmReported:
    """The film.

    Attributes
    ----------
    name : of its file, which may be the patient's: empty unless she was asked for
    digest : SHA-256 of its file, in hex
    format, bits : as of a `Radiograph`
    height, width : pixels, as graded
    box : what was graded of it
    knee : which of its knees, as ``"left of the image"``
    side_from : what says so: the file, where it lies in a film of both knees, or the reader
    box_from : whether the box is as it was found, or as the reader set it
    spacing : (row, column) mm a pixel, as graded
    spacing_from : the DICOM attribute that says so
    magnification : by which the spacing at the detector was divided, where it was
    quarters : by how many quarter turns clockwise the file's picture was turned to be graded
    changes : what the reader had done to it, in words
    drawn : whether it is a drawing and no film
    """

    name: str
    digest: str
    format: str
    bits: int
    height: int
    width: int
    box: Box
    knee: str
    side: Side
    side_from: SideFrom
    spacing: tuple[float, float] | None = None
    spacing_from: str = ""
    magnification: float | None = None
    quarters: int = 0
    changes: tuple[str, ...] = ()
    drawn: bool = False
    box_from: BoxFrom = "found"


@dataclass(frozen=True, slots=True)
class NetworkAnswer:
    """What one network says, or both together.

    Attributes
    ----------
    name : as readers know it
    grade : the one grade that is said, 0 to 4
    probabilities : of grades 0 to 4, summing to 1
    low, high : the ends of the range that holds the reference's grade in a share `level` of films;
        None where no range is published
    rule : how the one grade is taken, one of `kneeoa.metrics.rules.RULES`
    """

    name: str
    grade: int
    probabilities: tuple[float, ...]
    low: int | None = None
    high: int | None = None
    level: float | None = None
    rule: str = "most probable"

    @property
    def most_probable(self) -> KLGrade:
        """The grade with the highest probability, which is not always the one that is said."""
        return KLGrade(max(range(5), key=self.probabilities.__getitem__))


@dataclass(frozen=True, slots=True)
class AgreementReported:
    """How the networks compare, as `kneeoa.graders.two_readings.Agreement`."""

    grades_apart: int
    overlap: float
    verdict: str
    difference: str


@dataclass(frozen=True, slots=True)
class FindingReported:
    """What stands against grading, as `kneeoa.graders.locating.gate.Finding`."""

    code: str
    sentence: str
    severity: Literal["refused", "warned"]


@dataclass(frozen=True, slots=True)
class ReaderGrade:
    """The reader's own grade, and whether she committed to it before she saw the networks'.

    `seen` is whether she has seen theirs at all.
    """

    grade: int
    before: bool
    seen: bool = True


@dataclass(frozen=True, slots=True)
class Measurement:
    """A length or another number on the film.

    Attributes
    ----------
    kind : in words, as ``"medial minimum joint space width"``
    unit : as UCUM has it: ``"mm"``, or ``"{pixels}"``
    low, high : its 95% interval, where known
    method : who or what measured it, and where a length is true, in words
    points : (row, column) of where it was measured, pixels of the film as graded
    """

    kind: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    method: str = ""
    points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between the knee and the one that it is shown beside.

    Attributes
    ----------
    kind : what the two are to each other, as in `kneeoa.jointspace.change`
    names : what the first and the second are called, in the order of that
    days : of their studies, ISO 8601; empty where not known, or the patient not asked for
    here : which of the two is the knee of this report, 0 or 1
    other : SHA-256 of the file of the other one's film, in hex; empty of one that is kept without
        its patient
    lines : what differs
    notes : what speaks against comparing them, and what the lengths are worth, as sentences
    """

    kind: str
    names: tuple[str, str]
    days: tuple[str, str]
    here: int
    other: str
    lines: tuple[Difference, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelReported:
    """A model behind the answer: its SHA-256 in hex, and which publication of it."""

    name: str
    digest: str
    version: str


@dataclass(frozen=True, slots=True)
class Patient:
    """Whose film it is, and of which examination; dates as ISO 8601, all empty where not said."""

    name: str
    born: str
    number: str = ""
    examined: str = ""
    accession: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One report of one knee.

    Attributes
    ----------
    answer : of both networks together; None where it was not graded or is not published
    networks : each one's; empty where it was not graded
    findings : refusals first
    notes : what a reader of the film must know of its file, and of what it was graded with
    anyway : whether it was graded although it was refused
    profile : whose readers' habit the answers follow, in a line; empty as published
    track_record : how often such an answer was right before, or why nobody knows
    signed : who stands for the models, in a sentence; empty where nobody known does, which is then
        among the notes
    made_at : UTC, ISO 8601
    program : name and version of what made it
    patient : only where she was asked for
    comparison : only where another knee is shown beside it
    """

    film: FilmReported
    answer: NetworkAnswer | None
    networks: tuple[NetworkAnswer, ...]
    agreement: AgreementReported | None
    findings: tuple[FindingReported, ...]
    notes: tuple[str, ...]
    anyway: bool
    profile: str
    track_record: str
    reader: ReaderGrade | None
    measurements: tuple[Measurement, ...]
    models: tuple[ModelReported, ...]
    signed: str
    made_at: str
    program: str
    patient: Patient | None = None
    comparison: Comparison | None = None
    purpose: str = PURPOSE
    kind: str = KIND
    schema_version: int = field(default=SCHEMA_VERSION)

    @property
    def graded(self) -> bool:
        """Whether there is any answer."""
        return bool(self.networks)

    @property
    def refusals(self) -> tuple[FindingReported, ...]:
        """What speaks so much against grading that it is done on request alone."""
        return tuple(finding for finding in self.findings if finding.severity == "refused")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences to bear in mind with the grade, the file's own among them."""
        warned = (finding.sentence for finding in self.findings if finding.severity == "warned")
        return (*self.notes, *warned)
