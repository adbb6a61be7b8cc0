"""A reading -> the report of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

import kneeoa
from kneeoa.films import grey
from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders import track_record, two_readings
from kneeoa.graders.answer import Answer
from kneeoa.graders.cards.signature import Signature
from kneeoa.graders.grading import Graders, Reading
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.found import Found
from kneeoa.graders.locating.gate import Finding
from kneeoa.graders.together import TogetherReading, unseen
from kneeoa.jointspace import believed
from kneeoa.metrics.rules import MOST_PROBABLE
from kneeoa.networks import DISPLAY_NAME, TOGETHER
from kneeoa.reports.content import (
    AgreementReported,
    Box,
    BoxFrom,
    Comparison,
    FilmReported,
    FindingReported,
    Measurement,
    ModelReported,
    NetworkAnswer,
    Patient,
    ReaderGrade,
    Report,
    Side,
    SideFrom,
)
from kneeoa.reports.dicom.source import Source
from kneeoa.wording import person_names, plain

PROGRAM = f"kneeoa {kneeoa.__version__}"
LOCALISER = "Localiser"


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """One knee as it was read.

    Attributes
    ----------
    radiograph : the film as it was graded
    frame : what of it was graded
    box : that on the knee, where it is another one
    findings : what stands against that
    readings, together : of the networks; empty and None where it was not graded
    side, side_from : as of a `FilmReported`
    quarters, changes, drawn, box_from : as of a `FilmReported`
    notes : what else a reader of the report must know
    measured : whether the film is like those that the track record was measured on
    """

    radiograph: Radiograph
    frame: Frame
    findings: tuple[Finding, ...]
    readings: tuple[Reading, ...]
    together: TogetherReading | None
    side: Side = "unknown"
    side_from: SideFrom = ""
    quarters: int = 0
    changes: tuple[str, ...] = ()
    drawn: bool = False
    box_from: BoxFrom = "found"
    measured: bool = False
    notes: tuple[str, ...] = ()
    box: Frame | None = None


def report_of_knee(
    read: Read,
    graders: Graders,
    *,
    now: datetime,
    signature: Signature,
    source: Source | None = None,
    with_patient: bool = False,
    reader: ReaderGrade | None = None,
    measurements: Sequence[Measurement] = (),
    comparison: Comparison | None = None,
    text_warning: str = "",
) -> Report:
    """Return the report of one knee.

    Parameters
    ----------
    graders : what read it, under the profile that it followed
    source : what a DICOM file says of itself; None for other files
    with_patient : whether the patient is asked for, and the name of the file
    comparison : with the days of the studies, which are told with the patient alone
    text_warning : of text in the film's pixels, from `kneeoa.reports.burned_in`
    """
    networks = tuple(
        _answer(
            DISPLAY_NAME[reading.architecture],
            reading.probabilities,
            reading.answer,
            int(reading.said),
        )
        for reading in read.readings
    )
    together = read.together
    answer = None
    if together is not None:
        answer = _answer(TOGETHER, together.probabilities, together.answer, int(together.said))
    refused = any(finding.severity == "refused" for finding in read.findings)
    profile = graders.profile
    if comparison is not None and not with_patient:
        comparison = replace(comparison, days=("", ""))
    box = read.box or read.frame
    radiograph = believed.as_believed(read.radiograph, box)
    # Not of what is no knee.
    why_pixels = believed.doubt(box, read.radiograph.spacing) if read.readings else ""
    is_no_knee = not read.readings and gate.NOT_A_KNEE in read.findings
    on_film = grey.without_advice(radiograph.notes) if is_no_knee else radiograph.notes
    return Report(
        film=_film(read, radiograph, with_patient),
        answer=answer,
        networks=networks,
        agreement=_agreement(read.readings, together),
        findings=tuple(
            FindingReported(finding.code, finding.sentence, finding.severity)
            for finding in read.findings
        ),
        notes=(
            *on_film,
            *read.notes,
            *filter(None, [why_pixels, signature.warning, text_warning]),
        ),
        anyway=refused and bool(networks),
        profile=profile.case_line if profile else "",
        track_record=_track_record(read, graders),
        reader=reader,
        measurements=tuple(measurements),
        models=models_of(graders),
        signed=_signed(signature),
        made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        program=PROGRAM,
        patient=_patient(source) if with_patient and source else None,
        comparison=comparison,
    )


def side_from(side: str, located: Found, place: int) -> SideFrom:
    """Return what says that the knee at `place` of those `located` is of a `side`."""
    if side == "unknown":
        return ""
    if side != located.knees[place].side:
        return "reader"
    # A file says it of one knee; of two, the left one in the picture is the right one.
    return "file" if len(located.knees) == 1 else "position"


def models_of(graders: Graders) -> tuple[ModelReported, ...]:
    """Return the models behind an answer: both together, each network, what framed the knee."""
    models = [
        ModelReported(
            DISPLAY_NAME[name], model.weights_hash, f"{model.card['run_id']}, {_day(model.card)}"
        )
        for name, model in graders.published.items()
    ]
    if together := graders.together:
        alone = [model.card for model in graders.published.values()]
        version = ", ".join(filter(None, (_day(together.card), unseen(together.card, alone))))
        models.insert(0, ModelReported(TOGETHER, together.weights_hash, version))
    localiser = graders.localiser
    models.append(ModelReported(LOCALISER, localiser.weights_hash, _day(localiser.card)))
    if profile := graders.profile:
        models.append(ModelReported(f"Profile {profile.name}", profile.digest, ""))
    return tuple(models)


def _day(card: Mapping[str, Any]) -> str:
    return f"published {card['published_at'][:10]}"


def _film(read: Read, radiograph: Radiograph, with_patient: bool) -> FilmReported:
    frame = read.frame
    height, width = radiograph.pixels.shape
    return FilmReported(
        # Files are often called by their patient's name.
        name=plain(radiograph.name) if with_patient else "",
        digest=radiograph.digest,
        format=radiograph.source,
        bits=radiograph.bits,
        height=height,
        width=width,
        box=Box(frame.top, frame.left, frame.height, frame.width),
        knee=frame.name,
        side=read.side,
        side_from=read.side_from,
        spacing=radiograph.spacing,
        spacing_from=radiograph.header.spacing_from or "",
        magnification=radiograph.header.magnification,
        quarters=read.quarters,
        changes=read.changes,
        drawn=read.drawn,
        box_from=read.box_from,
    )


def _answer(
    name: str, probabilities: np.ndarray, answer: Answer | None, grade: int
) -> NetworkAnswer:
    shares = tuple(float(share) for share in probabilities)
    if answer is None:
        return NetworkAnswer(name, grade, shares, rule=MOST_PROBABLE)
    ends = int(answer.low), int(answer.high)
    return NetworkAnswer(name, grade, shares, *ends, answer.level, answer.rule)


def _agreement(
    readings: Sequence[Reading], together: TogetherReading | None
) -> AgreementReported | None:
    if len(readings) != 2:
        return None
    agreement = two_readings.compare(readings, together.said if together else None)
    return AgreementReported(
        agreement.grades_apart, agreement.overlap, agreement.verdict, agreement.difference
    )


def _track_record(read: Read, graders: Graders) -> str:
    if read.together is None or graders.together is None:
        return ""
    return track_record.of_answer(
        read.together.said,
        graders.together.card,
        graders.profile,
        measured=read.measured,
        drawn=read.drawn,
    )


def _signed(signature: Signature) -> str:
    if signature.warning:
        return ""
    return f"The models are signed (key {signature.key[:8]}, {signature.signed_at[:10]})."


def _patient(source: Source) -> Patient:
    return Patient(
        next(iter(person_names(source.patient_name)), ""),
        _iso(source.birth_date),
        source.patient_id,
        _iso(source.study_date),
        source.accession,
    )


def _iso(date: str) -> str:
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if date else ""
