"""The list of cases: rows by knee, searched, filtered, taken along."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from kneeoa.spreadsheet import csv_text
from kneeoa.store.cases import listing
from kneeoa.store.cases.case import Case, OwnGrade
from kneeoa.store.cases.listing import Filters
from tests.support.cases import NOW, knee, new_case, refused


def case(number, name, knees, *, grades=None, saved=NOW, **more):
    new = new_case(name=name, knees=knees, **more)
    return Case(
        *(number, "f" * 64, new.digest, name, new.source, new.patient, new.study_date),
        *(new.is_read, 1, new.state, saved, saved, grades or {}),
    )


CASES = (
    case(4, "=left.png", [knee(3, 2, 4, side="L")], is_read=False, patient="abcdef0123"),
    case(3, "both.dcm", [knee(1), knee(2, side="L")], study_date="2020-05-06", source="DICOM"),
    case(2, "rings.png", [refused()], saved=NOW - timedelta(days=9)),
    case(
        1,
        "apart.png",
        [knee(2, networks={"mobilenet": 1, "resnet50": 3}, reference=4)],
        grades={0: OwnGrade(1, NOW, 0, NOW, NOW)},
    ),
)
TABLE = listing.table(CASES)


def shown(filters):
    found = listing.filtered(TABLE, filters)
    return list(zip(found["case"], found["knee"], strict=True))


def test_each_knee_has_a_row():
    assert dict(TABLE.dtypes.astype(str)) == listing.COLUMNS
    assert list(TABLE["answer"]) == ["KL 2 to 4", "KL 1", "KL 2", "", "KL 2"]
    assert list(TABLE["doubt"]) == ["more than one grade", "", "", "", "networks 2 apart"]
    assert list(TABLE["side"]) == ["L", "R", "L", "unknown", "R"]
    assert list(TABLE["unread"]) == [True, False, False, False, False]
    assert TABLE["refused"][3].startswith("Expected a frontal X-ray")
    assert TABLE["patient"][0] == "abcdef"
    last = TABLE.iloc[4]
    assert (last["own_grade"], last["own_before"], last["reference"]) == (1, 0, 4)


def test_a_list_without_cases_has_its_columns():
    empty = listing.table([])
    assert list(empty) == list(listing.COLUMNS)
    assert len(listing.filtered(empty, Filters("a", (1,), ("clear",), ("R",), unread=True))) == 0


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(), [(4, 0), (3, 0), (3, 1), (2, 0), (1, 0)]),
        (Filters("PNG left"), [(4, 0)]),
        (Filters("dicom"), [(3, 0), (3, 1)]),
        (Filters("abcdef"), [(4, 0)]),
        (Filters(".*"), []),
        (Filters(grades=(4,)), [(4, 0)]),
        (Filters(grades=(2,)), [(4, 0), (3, 1), (1, 0)]),
        (Filters(grades=(0, 1)), [(3, 0)]),
        (Filters(doubts=("in doubt",)), [(4, 0), (1, 0)]),
        (Filters(doubts=("clear",)), [(3, 0), (3, 1)]),
        (Filters(doubts=("refused", "clear")), [(3, 0), (3, 1), (2, 0)]),
        (Filters(sides=("L",)), [(4, 0), (3, 1)]),
        (Filters(unread=True), [(4, 0)]),
        (Filters(until=date(2020, 5, 6)), [(3, 0), (3, 1)]),
        (Filters(since=date(2030, 1, 2)), [(4, 0), (1, 0)]),
        (Filters(since=date(2029, 12, 24), until=date(2029, 12, 24)), [(2, 0)]),
        (Filters("png", (2,), ("in doubt",), ("R",)), [(1, 0)]),
    ],
)
def test_what_is_looked_for_is_found(filters, found):
    assert shown(filters) == found


def test_nothing_of_a_hidden_answer_is_in_the_list():
    hidden = listing.table(CASES, hidden=lambda one, place: one.case_id == 4)
    row = hidden.iloc[0]
    assert (row["answer"], row["doubt"]) == ("", "")
    assert row[["grade", "low", "high"]].isna().all()
    for filters in (
        Filters(grades=(3,)),
        Filters(doubts=("in doubt",)),
        Filters(doubts=("clear",)),
    ):
        assert 4 not in set(listing.filtered(hidden, filters)["case"])
    assert hidden["answer"][1] == "KL 1"


def test_a_film_that_came_in_by_itself_has_a_row_before_anything_is_known_of_it():
    found = listing.table([case(1, "new.dcm", [], is_read=False)])
    assert found[["case", "knee", "film", "side"]].values.tolist() == [[1, 0, "new.dcm", "unknown"]]
    assert found["answer"][0] == found["doubt"][0] == found["refused"][0] == ""
    assert len(listing.filtered(found, Filters(unread=True))) == 1


def test_the_list_is_taken_along_harmless_and_with_times():
    text = csv_text(listing.to_take_along(TABLE))
    assert "'=left.png" in text
    assert "2030-01-02T03:04:05Z" in text
    assert text.count("\n") == 6


def test_a_knee_that_is_graded_anyway_is_still_a_refused_one():
    both = replace(knee(2), findings=refused().findings)
    found = listing.table([case(1, "a", [both])])
    assert found["refused"][0]
    assert found["answer"][0] == "KL 2"
