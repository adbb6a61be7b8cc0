"""A report as a DICOM Structured Report: TID 1500, readable by machines."""

from collections.abc import Iterable, Sequence

import numpy as np
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    ComprehensiveSR,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    GraphicTypeValues,
    ImageRegion,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian

from kneeoa.errors import DataError
from kneeoa.reports import wording
from kneeoa.reports.content import FilmReported, NetworkAnswer, Report
from kneeoa.reports.content import Measurement as Measured
from kneeoa.reports.dicom import terms
from kneeoa.reports.dicom.evidence import evidence
from kneeoa.reports.dicom.finishing import MANUFACTURER, MODEL, SERIES, finished, maker, uid_of
from kneeoa.reports.dicom.pseudonyms import Pseudonyms
from kneeoa.reports.dicom.source import Source

WHAT = "structured report"
NO_SOURCE = (
    "Expected a DICOM film that says which instance it is: a structured report has to refer to "
    "one. This film cannot be referred to. Take the secondary capture, PDF or JSON instead."
)


def structured_report(
    report: Report, source: Source | None, *, pseudonyms: Pseudonyms | None
) -> bytes:
    """Return the bytes of a Comprehensive SR; `pseudonyms` as of `kneeoa.reports.dicom.evidence`.

    Raises `DataError` where there is no DICOM film that it could refer to.
    """
    if source is None or not source.can_be_referred_to:
        raise DataError(NO_SOURCE)
    header = evidence(source, pseudonyms)
    content = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=_device(report)),
        procedure_reported=terms.PLAIN_RADIOGRAPHY,
        imaging_measurements=list(_groups(report, source, header)),
        title=codes.DCM.ImagingMeasurementReport,
    )
    made = ComprehensiveSR(
        evidence=[header],
        content=content,
        series_instance_uid=uid_of(report, f"series of {WHAT}"),
        series_number=SERIES[WHAT],
        sop_instance_uid=uid_of(report, WHAT),
        instance_number=1,
        is_complete=True,
        # Nobody has verified what networks say.
        is_final=False,
        is_verified=False,
        transfer_syntax_uid=ExplicitVRLittleEndian,
        **maker(report),
    )
    scheme = Dataset()
    for keyword, value in terms.SCHEME.items():
        setattr(scheme, keyword, value)
    made.CodingSchemeIdentificationSequence = [scheme]
    return finished(made, report, header, WHAT)


def box_in_source(film: FilmReported, rows: int, columns: int) -> np.ndarray:
    """Return the box's corners in the file's own picture: ``(5, 2)`` columns and rows, closed.

    The film may have been turned and made square to be graded; what lies past it is cut off.
    """
    box = film.box
    edges_down = np.clip([box.top, box.top + box.height], 0, film.height)
    edges_across = np.clip([box.left, box.left + box.width], 0, film.width)
    corners = [(down, across) for down in edges_down for across in edges_across]
    return _closed([in_source(film, *corner, rows, columns) for corner in corners])


def in_source(
    film: FilmReported, down: float, across: float, rows: int, columns: int
) -> tuple[float, float]:
    """Return row and column in the file's own picture of a place on the film as graded."""
    height, width = film.height, film.width
    down, across, height, width = {
        0: (down, across, height, width),
        1: (width - across, down, width, height),
        2: (height - down, width - across, height, width),
        3: (across, height - down, width, height),
    }[film.quarters % 4]
    return down * rows / height, across * columns / width


def _closed(corners: Sequence[tuple[float, float]]) -> np.ndarray:
    down, across = np.array(corners).T
    top, bottom, left, right = down.min(), down.max(), across.min(), across.max()
    return np.array(
        [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], np.float32
    )


def _device(report: Report) -> ObserverContext:
    return ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
            uid=uid_of(report, "device"),
            name=report.program,
            manufacturer_name=MANUFACTURER,
            model_name=MODEL,
        ),
    )


def _groups(report: Report, source: Source, header: Dataset) -> Iterable:
    """Yield the groups: the answer with its box, each network, the reader, each measurement."""
    where = [_site(report)]
    film = SourceImageForRegion(header.SOPClassUID, header.SOPInstanceUID)
    box = ImageRegion(
        GraphicTypeValues.POLYLINE,
        box_in_source(report.film, source.rows, source.columns),
        film,
    )
    answer = report.answer
    leading = PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(report, "Answer"),
        referenced_region=box,
        finding_type=terms.GRADING,
        algorithm_id=_algorithm(report, answer.name) if answer else None,
        finding_sites=where,
        measurements=_shares(answer) if answer else None,
        qualitative_evaluations=[
            QualitativeEvaluation(terms.STATE, _state(report)),
            *(_grades(answer) if answer else ()),
        ],
    )
    _say(leading, _sentences(report))
    yield leading
    image = SourceImageForMeasurementGroup(header.SOPClassUID, header.SOPInstanceUID)
    for network in report.networks:
        group = MeasurementsAndQualitativeEvaluations(
            tracking_identifier=_tracking(report, network.name),
            finding_type=terms.GRADING,
            algorithm_id=_algorithm(report, network.name),
            finding_sites=where,
            measurements=_shares(network),
            qualitative_evaluations=_grades(network),
            source_images=[image],
        )
        doubt = wording.undecided(network)
        _say(group, [(terms.WARNING, doubt)] if doubt else [])
        yield group
    if reader := report.reader:
        when = (terms.BEFORE if reader.before else terms.AFTER) if reader.seen else terms.NOT_SHOWN
        yield MeasurementsAndQualitativeEvaluations(
            tracking_identifier=_tracking(report, "Reader"),
            finding_type=terms.GRADING,
            finding_sites=where,
            qualitative_evaluations=[
                QualitativeEvaluation(terms.READER_GRADE, terms.grade_code(reader.grade)),
                QualitativeEvaluation(terms.READER_WHEN, when),
            ],
            source_images=[image],
        )
    for number, measured in enumerate(report.measurements, 1):
        group = MeasurementsAndQualitativeEvaluations(
            tracking_identifier=_tracking(report, f"Measurement {number}"),
            finding_sites=where,
            measurements=list(_lengths(measured)),
            source_images=[image],
        )
        _say(group, [(terms.METHOD, measured.method)] if measured.method else [])
        yield group


def _site(report: Report) -> FindingSite:
    side = terms.SIDES.get(report.film.side)
    return FindingSite(anatomic_location=terms.KNEE_JOINT, laterality=side)


def _tracking(report: Report, name: str) -> TrackingIdentifier:
    return TrackingIdentifier(uid=uid_of(report, f"tracking {name}"), identifier=name)


def _algorithm(report: Report, name: str) -> AlgorithmIdentification:
    """Return name, version and hash of the model `name`, and of what framed the knee."""
    by_name = {model.name: model for model in report.models}
    grading_model = by_name[name]
    others = [model for model in report.models if model.name not in (*_answering(report),)]
    hashes = [f"{model.name}, SHA-256 {model.digest}" for model in (grading_model, *others)]
    return AlgorithmIdentification(
        name=name,
        version=f"{report.program}; {grading_model.version}",
        parameters=hashes,
        manufacturer=MANUFACTURER,
    )


def _answering(report: Report) -> list[str]:
    return [answer.name for answer in (report.answer, *report.networks) if answer]


def _state(report: Report) -> CodedConcept:
    if not report.graded:
        return terms.NOT_GRADED
    return terms.GRADED_ANYWAY if report.anyway else terms.GRADED


def _grades(answer: NetworkAnswer) -> list[QualitativeEvaluation]:
    grades = [(terms.GRADE, answer.grade), (terms.MOST_PROBABLE, int(answer.most_probable))]
    if answer.low is not None and answer.high is not None:
        grades += [(terms.LOWEST, answer.low), (terms.HIGHEST, answer.high)]
    return [QualitativeEvaluation(name, terms.grade_code(grade)) for name, grade in grades]


def _shares(answer: NetworkAnswer) -> list[Measurement]:
    """Return the five probabilities, and what the range promises, as numbers."""
    shares = list(zip(terms.PROBABILITIES, answer.probabilities, strict=True))
    if answer.level is not None:
        shares.append((terms.LEVEL, answer.level))
    return [
        Measurement(name=name, value=round(float(share), 6), unit=terms.NO_UNITS)
        for name, share in shares
    ]


def _lengths(measured: Measured) -> Iterable[Measurement]:
    unit = terms.UNITS.get(measured.unit) or CodedConcept(measured.unit, "UCUM", measured.unit)
    names = [(terms.measurement_code(measured.kind), measured.value)]
    names += [
        (name, value)
        for name, value in ((terms.LOWER, measured.low), (terms.UPPER, measured.high))
        if value is not None
    ]
    for name, value in names:
        yield Measurement(name=name, value=float(f"{value:.6g}"), unit=unit)


def _sentences(report: Report) -> list[tuple[CodedConcept, str]]:
    """Return what is said in words, each under its name."""
    sentences = [(terms.PURPOSE, report.purpose)]
    sentences += [(terms.REFUSAL, refusal.sentence) for refusal in report.refusals]
    sentences += [(terms.WARNING, sentence) for sentence in report.warnings]
    if agreed := report.agreement:
        sentences.append((terms.AGREEMENT, f"{agreed.verdict} {agreed.difference}"))
    if report.comparison:
        for name, text in wording.comparison_lines(report.comparison):
            sentences.append((terms.COMPARISON, f"{name}: {text}" if name else text))
    sentences += [
        (name, text)
        for name, text in (
            (terms.PROFILE, report.profile),
            (terms.TRACK_RECORD, report.track_record),
            (terms.SIGNED, report.signed),
            (terms.FILM, wording.film_line(report)),
            (terms.SIDE_FROM, wording.SIDE_FROM[report.film.side_from]),
            (terms.BOX, wording.box_line(report)),
            (terms.FILM_SCALE, wording.spacing_line(report)),
        )
        if text
    ]
    return sentences


def _say(
    group: MeasurementsAndQualitativeEvaluations | PlanarROIMeasurementsAndQualitativeEvaluations,
    sentences: Iterable[tuple[CodedConcept, str]],
) -> None:
    """Add sentences to a group, after what the template orders."""
    container = group[0]
    for name, text in sentences:
        container.ContentSequence.append(
            TextContentItem(name, text, RelationshipTypeValues.CONTAINS)
        )
