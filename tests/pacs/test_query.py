"""What is asked, and what answers say, whatever is in them."""

import contextlib
from datetime import date

import numpy as np
import pytest

from kneeoa.pacs import answers
from kneeoa.pacs.bounded import multipart
from kneeoa.pacs.part10 import identity
from kneeoa.pacs.problems import PacsError
from kneeoa.pacs.query import Search, Series
from tests.support.archive import film, report

STUDY = {"0020000D": {"Value": ["1.2.3"]}, "00100020": {"Value": ["P1"]}}


def test_a_search_becomes_keys():
    day = date(2026, 1, 2)
    assert Search(patient_id=" P1 ").filters() == {"PatientID": "P1"}
    assert Search(name="DOE^J", accession="A").filters() == {
        "PatientName": "DOE*J*",
        "AccessionNumber": "A",
    }
    assert Search(name="Doe, Jane").filters() == {"PatientName": "Doe*Jane*"}
    assert Search(first=day, last=day).filters() == {"StudyDate": "20260102"}
    assert Search(first=day).filters() == {"StudyDate": "20260102-"}
    assert Search(last=day).filters() == {"StudyDate": "-20260102"}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"patient_id": "*"},
        {"name": " ^* "},
        {"patient_id": "A\\B"},
        {"patient_id": "x" * 65},
        {"accession": "a\u202eb"},
        {"first": date(2026, 1, 2), "last": date(2026, 1, 1)},
    ],
)
def test_a_search_without_an_aim_is_refused(asked):
    with pytest.raises(PacsError, match="Expected"):
        Search(**asked)


@pytest.mark.parametrize(
    ("asked", "name", "fits"),
    [
        ("MILLER", "Smith^John", False),
        ("Miller", "MILLER^ANNA", True),
        ("Miller, Anna", "MILLER^A^^Dr", True),
        ("miller anna", "Miller^Anna", True),
        ("Mueller", "M\u00dcLLER^HANS", True),
        ("M\u00fcller", "MUELLER^HANS", True),
        ("Muller", "Mu\u0308ller^Hans", True),
        ("Sorensen", "S\u00f8rensen^Ida", True),
        ("Mueller", "MILLER^HANS", False),
        ("miller anna", "Miller^Bob", False),
        ("M?ller", "M\u00fcller^A", True),
        ("M\u00fcller", "Mu\u0308ller^A", True),
        ("*son", "Jackson^A", True),
        ("*son", "Smith^A", False),
        ("van der Berg", "Van^der=x", False),
        ("\u5c71\u7530", {"Alphabetic": "Yamada^Taro", "Ideographic": "\u5c71\u7530^x"}, True),
        ("Tanaka", {"Alphabetic": "Yamada^Taro", "Ideographic": "\u5c71\u7530^x"}, False),
        (", Anna", "Smith^John", True),
        ("Miller", "", True),
        ("Miller", {"Alphabetic": 7}, True),
    ],
)
def test_a_name_is_looked_for_and_not_only_asked_for(asked, name, fits):
    study = answers.study_of(STUDY | {"00100010": {"Value": [name]}})
    series = answers.series_of(STUDY | {"0020000E": {"Value": ["1.2.4"]}}, study)
    assert Search(name=asked).fits(series) is fits


def test_an_answer_that_was_not_asked_for_does_not_fit():
    series = Series(study="1", series="2", patient_id="P1", day=date(2026, 1, 2), accession="A")
    for search, fits in (
        (Search(patient_id="p1"), True),
        (Search(patient_id="P*"), True),
        (Search(patient_id="P?"), True),
        (Search(patient_id="P2"), False),
        (Search(patient_id="Q*"), False),
        (Search(patient_id="[P]1"), False),
        (Search(accession="A?"), False),
        (Search(accession="B"), False),
        (Search(first=date(2026, 1, 3)), False),
        (Search(first=date(2026, 1, 1), last=date(2026, 1, 2)), True),
    ):
        assert search.fits(series) is fits


@pytest.mark.parametrize(
    ("body_part", "description", "knee"),
    [
        ("KNEE", "", "yes"),
        ("", "Knie ap stehend links", "yes"),
        ("", "Kne forfra", "yes"),
        ("EXTREMITY", "Genou F+P", "yes"),
        ("LEG", "", "not said"),
        ("", "AP standing", "not said"),
        ("CHEST", "PA", "no"),
        ("CHEST", "Knee", "no"),
        ("", "Hand dp", "no"),
        ("", "Thorax", "no"),
        ("", "contribution", "not said"),
    ],
)
def test_knees_are_known_by_what_is_written(body_part, description, knee):
    assert Series(study="1", series="2", body_part=body_part, description=description).knee == knee


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "text",
        {},
        {"0020000D": None},
        {"0020000D": {"Value": []}},
        {"0020000D": {"Value": [{"a": 1}]}},
        {"0020000D": {"Value": ["../../admin"]}},
        {"0020000D": {"Value": ["1" * 65]}},
    ],
)
def test_what_is_no_answer_is_none(answer):
    assert answers.study_of(answer) is None
    assert answers.series_of(answer, {"study": "1.2"}) is None
    assert answers.failures_in(answer) == (set(), {})
    assert answers.instance_in(answer) == ""


def test_names_numbers_and_odd_letters():
    answer = STUDY | {
        "00100010": {"Value": [{"Alphabetic": "DOE^JANE^^DR"}]},
        "00080020": {"Value": ["2026.01.02"]},
        "00080030": {"Value": ["081500.12"]},
        "00081030": {"Value": ["Knee\u202e\nleft" + "x" * 500]},
    }
    study = answers.study_of(answer)
    assert (study["patient_name"], study["day"], study["time"]) == (
        "DOE, JANE DR",
        date(2026, 1, 2),
        "08:15",
    )
    assert len(study["study_description"]) <= 64
    assert "\u202e" not in study["study_description"]
    series = answers.series_of(
        {"0020000E": {"Value": ["1.2.3.4"]}, "00201209": {"Value": ["2"]}}, study
    )
    assert (series.films, series.patient_id) == (2, "P1")
    other = {"0020000E": {"Value": ["1.2.3.4"]}, "0020000D": {"Value": ["9.9"]}}
    assert answers.series_of(other, study) is None


def test_a_message_of_parts_holds_what_was_put_in():
    for content in (b"", b"film", b"\r\n--", bytes(range(256)) * 50):
        assert multipart.parts(*multipart.written(content)) == [content]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/related; boundary=B"),
        (b"--B\r\n\r\nfilm", "multipart/related; boundary=B"),
        (b"--B\r\n\r\nfilm\r\n--B", "multipart/related; boundary=B"),
        (b"--B\r\n\r\nfilm\r\n--B--", "multipart/related"),
        (b"--B\r\n\r\nx\r\n" * 1001 + b"--B--", "multipart/related; boundary=B"),
        (b"--B" + b"h" * 20_000 + b"\r\n\r\nfilm\r\n--B--", "multipart/related; boundary=B"),
    ],
)
def test_a_message_that_is_none_is_refused(body, kind):
    with pytest.raises(ValueError, match=r"boundary|cut off|too many"):
        multipart.parts(body, kind)


def test_which_object_a_file_is():
    assert identity(film("1.2.3")).sop_instance == "1.2.3"
    assert identity(film("1.2.3")).kind == "Digital X-ray"
    assert identity(report("1.2.4")).kind == "Structured report"
    whole = film("1.2.3")
    for damaged in (b"", b"<html>", whole[:132], whole[:200], whole.replace(b"1.2.3", b"a/b.c")):
        with pytest.raises(PacsError, match="Expected a DICOM file"):
            identity(damaged)


def test_a_damaged_head_is_read_or_refused():
    generator = np.random.default_rng(1)
    whole = film("1.2.3")[:400]
    for _ in range(500):
        damaged = bytearray(whole)
        for place in generator.integers(128, 400, 4):
            damaged[place] = generator.integers(256)
        with contextlib.suppress(PacsError):
            assert identity(bytes(damaged[: generator.integers(400)])).sop_instance
