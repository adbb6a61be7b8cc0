"""What differs from the knee beside it is in every form of a report."""

import io
from dataclasses import replace

import numpy as np
import pydicom
from pypdf import PdfReader

from kneeoa.jointspace.change import TIMES, Difference
from kneeoa.reports import wording
from kneeoa.reports.as_json import as_json, from_json
from kneeoa.reports.as_pdf import as_pdf
from kneeoa.reports.as_text import as_text
from kneeoa.reports.content import Comparison
from kneeoa.reports.dicom import terms
from kneeoa.reports.poster import poster
from kneeoa.reports.structured_report import structured_report
from tests.support.reports import REPORT, SOURCE, pictures

COMPARED = replace(
    REPORT,
    comparison=Comparison(
        kind=TIMES,
        names=("prior", "current"),
        days=("2019-01-02", "2023-03-04"),
        here=1,
        other="cd" * 32,
        lines=(
            Difference("Grade", "KL 0", "KL 1 to 3", "Higher than before.", 1),
            Difference("Joint space", "", "", "Which compartment is medial is not known."),
        ),
        notes=("Prior: The film is turned by 90 degrees.",),
    ),
)
SAID = (
    f"prior, 2019-01-02 (film {'cd' * 6}); current, 2023-03-04 (of this report)",
    "prior: KL 0; current: KL 1 to 3. Higher than before.",
    "Which compartment is medial is not known.",
    "Prior: The film is turned by 90 degrees.",
)


def one_line(text):
    return " ".join(text.split())


def test_all_of_it_is_in_words():
    text = one_line(as_text(COMPARED))
    (page,) = PdfReader(io.BytesIO(as_pdf(COMPARED, pictures()))).pages
    for said in SAID:
        assert said in text
        assert said in one_line(page.extract_text())
    assert "Comparison" not in as_text(REPORT)


def test_the_picture_has_it():
    assert np.any(poster(COMPARED, pictures()) != poster(REPORT, pictures()))


def test_programs_get_it_and_read_reports_without():
    assert from_json(as_json(COMPARED)) == COMPARED
    older = as_json(REPORT).replace('  "comparison": null', '  "patient": null')
    assert from_json(older) == REPORT


def test_a_structured_report_says_it_under_a_code_of_its_own():
    data = structured_report(COMPARED, SOURCE, pseudonyms=None)
    sentences = [
        item.TextValue
        for item in _items(pydicom.dcmread(io.BytesIO(data)))
        if "TextValue" in item
        and item.ConceptNameCodeSequence[0].CodeValue == terms.COMPARISON.value
    ]
    grade, space = (f"{line.what}: " for line in COMPARED.comparison.lines)
    films, differs, unknown, turned = SAID
    assert sentences == [f"Compared: {films}", turned, f"{grade}{differs}", f"{space}{unknown}"]


def test_what_speaks_against_it_is_not_what_has_no_room():
    """A page and a picture end with a line that says so where they have room for no more."""
    against = tuple(f"Prior: {'it is blurred, ' * 5}{number}." for number in range(6))
    crowded = replace(COMPARED, comparison=replace(COMPARED.comparison, notes=against))
    lines = [text for _, text in wording.comparison_lines(crowded.comparison)]
    first, last = (lines.index(note) for note in (against[0], against[-1]))
    assert last - first + 1 == len(against)
    assert last < next(place for place, line in enumerate(lines) if SAID[1] in line)
    page = as_pdf(crowded, pictures())
    text = one_line(PdfReader(io.BytesIO(page)).pages[0].extract_text())
    assert text.index(against[-1]) < text.index(SAID[1])


def _items(dataset):
    for item in dataset.get("ContentSequence", []):
        yield item
        yield from _items(item)
