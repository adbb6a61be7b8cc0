"""A report in words: the same lines in text, PDF and DICOM."""

import numpy as np

from kneeoa.graders import two_readings
from kneeoa.graders.answer import RULE_IN_WORDS, is_wide
from kneeoa.grades import KLGrade
from kneeoa.jointspace.change import Difference
from kneeoa.reports.content import (
    SIDES,
    Comparison,
    Measurement,
    NetworkAnswer,
    Patient,
    Report,
)
from kneeoa.wording import capitalised

SHORT_HASH = 12
"""Digits of a SHA-256 that name a model or a film."""
SIDE_FROM = {
    "file": "as the file says",
    "position": "by where it lies in the film",
    "reader": "as the reader set it",
    "": "",
}
BOX_FROM = {"found": "as it was found", "reader": "as the reader set it"}
SPACING = {
    "PixelSpacing": "PixelSpacing",
    "ImagerPixelSpacing": "ImagerPixelSpacing: at the detector; in the knee lengths are smaller",
    "NominalScannedPixelSpacing": "NominalScannedPixelSpacing: of the scanned film",
    "EstimatedRadiographicMagnificationFactor": "in the knee, estimated: ImagerPixelSpacing over "
    "EstimatedRadiographicMagnificationFactor",
}
AGAINST = "To bear in mind"
PATIENT, NOT_SAID = "Patient", "not said"
UNITS = {"{pixels}": "pixels", "deg": "degrees"}
IN_TENTHS = ("mm", "{pixels}", "deg")


def headline(report: Report) -> str:
    """Return the range of grades in large type, or why there is none."""
    answer = report.answer
    if answer is None:
        if not report.graded:
            return "Not graded"
        grades = sorted({network.grade for network in report.networks})
        return " or ".join(KLGrade(grade).label for grade in grades)
    if answer.low is None or answer.low == answer.high:
        return KLGrade(answer.grade if answer.low is None else answer.low).label
    return f"KL {answer.low} to {answer.high}"


def one_grade(answer: NetworkAnswer) -> str:
    """Return the one grade with its word, how it is taken, and whether it is worth little."""
    grade = KLGrade(answer.grade)
    doubt = "; uncertain" if is_wide(answer.low, answer.high) else ""
    return f"{grade.label}, {grade.text} ({RULE_IN_WORDS[answer.rule]}){doubt}"


def range_in_words(answer: NetworkAnswer, *, profile: str = "") -> str:
    """Return the range and what all ranges promise; empty where there is none.

    `profile` is that of the report.
    """
    if answer.low is None or answer.high is None:
        return ""
    low, high = KLGrade(answer.low).label, KLGrade(answer.high).label
    ends = f"{low} alone" if low == high else f"{low} to {high}"
    grade = "the grade of the profile's readers" if profile else "the reference's grade"
    promise = f"of all answers {answer.level:.0%} are to hold {grade}"
    return f"{ends}; {promise} on films like those they were set on, on others fewer"


def most_probable(answer: NetworkAnswer) -> str:
    """Return the most probable grade with its probability."""
    grade = answer.most_probable
    return f"{grade.label}, {answer.probabilities[grade]:.0%}"


def shares(answer: NetworkAnswer) -> str:
    """Return the five probabilities in a line."""
    percentages = ", ".join(f"{share:.0%}" for share in answer.probabilities)
    return f"KL 0 to 4: {percentages}"


def network_line(answer: NetworkAnswer) -> str:
    """Return what one network says in a line."""
    grade = KLGrade(answer.grade)
    line = f"{grade.label}, {grade.text}"
    if answer.low is not None and answer.low != answer.high:
        line += f" (KL {answer.low} to {answer.high})"
    return line


def undecided(answer: NetworkAnswer) -> str:
    """Return that no grade leads, as a sentence; empty where one does."""
    return two_readings.doubt(np.array(answer.probabilities))


def film_line(report: Report) -> str:
    """Return what film it is, without its name."""
    film = report.film
    parts = [f"{film.format}, {film.width} x {film.height} pixels, {film.bits} bit"]
    if film.drawn:
        parts.insert(0, "a drawing, no film")
    return "; ".join((*parts, *film.changes))


def film_name(report: Report) -> str:
    """Return how the film is called: its file's name, and the beginning of its SHA-256."""
    short = report.film.digest[:SHORT_HASH]
    return f"{report.film.name} ({short})" if report.film.name else short


def patient_lines(patient: Patient) -> list[tuple[str, str]]:
    """Return whose film it is, each with its name; what the file does not say is left out."""
    lines = [(PATIENT, patient.name or NOT_SAID), ("Born", patient.born or NOT_SAID)]
    more = [("Number", patient.number), ("Examined", patient.examined)]
    more += [("Accession", patient.accession)]
    return [*lines, *((name, text) for name, text in more if text)]


def knee_line(report: Report) -> str:
    """Return which knee it is, and what says so."""
    film = report.film
    where = f", the knee on the {film.knee}" if "image" in film.knee else ""
    known = SIDE_FROM[film.side_from] if film.side != "unknown" else ""
    return f"{SIDES[film.side]}{where}{f' ({known})' if known else ''}"


def box_line(report: Report) -> str:
    """Return where the box lies; of a film that was not graded, on the film as it was shown."""
    box = report.film.box
    film = "the film as graded" if report.graded else "the film as shown"
    return (
        f"rows {box.top} to {box.top + box.height}, columns {box.left} to {box.left + box.width} "
        f"of {film} ({BOX_FROM[report.film.box_from]})"
    )


def box_caption(report: Report) -> str:
    """Return what the picture of the film shows."""
    if report.graded:
        return "Film with the box that was graded"
    is_proposed = report.film.box_from == "found"
    return f"Film with the {'proposed box' if is_proposed else 'box that the reader set'}"


def spacing_line(report: Report) -> str:
    """Return the size of a pixel, and which attribute says so."""
    film = report.film
    if film.spacing is None:
        return "size of a pixel not known"
    row, column = film.spacing
    attribute = SPACING.get(film.spacing_from, "as the file says")
    factor = f", {film.magnification:.4g}" if film.magnification else ""
    return f"{row:.4g} x {column:.4g} mm a pixel ({attribute}{factor})"


def measurement_line(measurement: Measurement) -> str:
    """Return a measurement with its interval and how it was made."""
    unit = UNITS.get(measurement.unit, measurement.unit)
    # As the page has them: a tenth of a millimetre is what a film gives.
    form = ".1f" if measurement.unit in IN_TENTHS else ".4g"
    line = f"{measurement.value:{form}} {unit}"
    if measurement.low is not None and measurement.high is not None:
        line += f" (95%: {measurement.low:{form}} to {measurement.high:{form}})"
    return f"{line}. {capitalised(measurement.method)}" if measurement.method else line


def reader_line(report: Report) -> str:
    """Return the reader's own grade; empty where there is none."""
    reader = report.reader
    if reader is None:
        return ""
    grade = KLGrade(reader.grade)
    line = f"{grade.label}, {grade.text}"
    if not reader.seen:
        return f"{line}; no answer of the networks was in sight"
    when = "before" if reader.before else "after"
    return f"{line}; given {when} the networks' answer was in sight"


def comparison_lines(comparison: Comparison) -> list[tuple[str, str]]:
    """Return which two knees are compared and what differs, each with its name, if any.

    What speaks against it comes first, so that it is never what has no room.
    """
    other = comparison.other[:SHORT_HASH]
    of_whom = [f"film {other}" if other else "a saved film"] * 2
    of_whom[comparison.here] = "of this report"
    knees = zip(comparison.names, comparison.days, of_whom, strict=True)
    both = (f"{name}{f', {day}' if day else ''} ({film})" for name, day, film in knees)
    lines = [("Compared", "; ".join(both)), *(("", note) for note in comparison.notes)]
    lines += [(line.what, _difference(line, comparison.names)) for line in comparison.lines]
    return lines


def _difference(line: Difference, names: tuple[str, str]) -> str:
    if not (line.first or line.second):
        return line.sentence
    first, second = names
    return f"{first}: {line.first}; {second}: {line.second}. {line.sentence}"


def findings(report: Report) -> tuple[str, ...]:
    """Return what stands against grading, refusals first; each a sentence or more."""
    refused = " ".join(refusal.sentence for refusal in report.refusals)
    lines = []
    if refused:
        before = "Graded although it was refused." if report.anyway else "Not graded."
        lines.append(f"{before} {refused}")
    return (*lines, *report.warnings)


def models(report: Report) -> tuple[tuple[str, str], ...]:
    """Return each model's name, and its short hash and version."""
    return tuple(
        (model.name, ", ".join(filter(None, (model.digest[:SHORT_HASH], model.version))))
        for model in report.models
    )


def made(report: Report) -> str:
    """Return when the report was made, and by what."""
    return f"{report.made_at[:16].replace('T', ' ')} UTC, {report.program}"


def sections(report: Report) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return the report as headings, each with its names and lines; an empty name goes on."""
    film = [("Film", film_name(report)), ("", film_line(report)), ("Knee", knee_line(report))]
    film += [("Box", box_line(report)), ("Scale", spacing_line(report))]
    if report.patient:
        film = [*patient_lines(report.patient), *film]
    parts = [("Film", film), ("Answer", _answer(report))]
    if against := findings(report):
        parts.append((AGAINST, [("", line) for line in against]))
    if line := reader_line(report):
        parts.append(("Reader", [("Own grade", line)]))
    if report.measurements:
        lines = [
            (capitalised(measurement.kind), measurement_line(measurement))
            for measurement in report.measurements
        ]
        parts.append(("Measurements", lines))
    if report.comparison:
        parts.append(("Comparison", comparison_lines(report.comparison)))
    signed = [("", report.signed)] if report.signed else []
    by = [*models(report), *signed, ("Made", made(report))]
    parts.append(("Models", by))
    return tuple((heading, tuple(lines)) for heading, lines in parts)


def _answer(report: Report) -> list[tuple[str, str]]:
    lines = [("Kellgren-Lawrence", headline(report))]
    if answer := report.answer:
        promised = range_in_words(answer, profile=report.profile)
        lines += [("Range", promised)] if promised else []
        lines += [("As one grade", one_grade(answer)), ("Most probable", most_probable(answer))]
        lines += [("Probabilities", shares(answer))]
    for network in report.networks:
        lines += [(network.name, network_line(network)), ("", shares(network))]
        lines += [("", doubt)] if (doubt := undecided(network)) else []
    if agreed := report.agreement:
        lines += [("Agreement", f"{agreed.verdict} {agreed.difference}")]
    if report.profile:
        lines.append(("Profile", report.profile))
    if report.track_record:
        lines.append(("Track record", report.track_record))
    return lines
