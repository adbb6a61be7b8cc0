"""The list of cases as a table: rows by knee, taken along."""

import re
from dataclasses import replace
from datetime import timedelta

from kneeoa.films.frames import Frame
from kneeoa.graders import batch
from kneeoa.spreadsheet import csv_text
from kneeoa.store.cases import listing
from kneeoa.store.cases.case import Case, OwnGrade
from pages.cases.session.actions import TAKEN_ALONG
from tests.support.cases import NOW, knee, new_case, refused
from tests.support.places import ROOT


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


def test_each_knee_has_a_row():
    assert dict(TABLE.dtypes.astype(str)) == listing.COLUMNS
    assert list(TABLE["networks"]) == ["KL 2 to 4", "KL 1", "KL 2", "", "KL 2"]
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


def test_nothing_of_a_hidden_answer_is_in_the_list():
    hidden = listing.table(CASES, hidden=lambda one, place: one.case_id == 4)
    row = hidden.iloc[0]
    assert (row["networks"], row["doubt"]) == ("", "")
    assert row[["answer", "low", "high"]].isna().all()
    assert hidden["networks"][1] == "KL 1"


def test_a_film_that_came_in_by_itself_has_a_row_before_anything_is_known_of_it():
    found = listing.table([case(1, "new.dcm", [], is_read=False)])
    assert found[["case", "place", "film", "side"]].values.tolist() == [
        [1, 0, "new.dcm", "unknown"]
    ]
    assert found["networks"][0] == found["doubt"][0] == found["refused"][0] == ""


def test_the_list_is_taken_along_harmless_and_with_times():
    text = csv_text(listing.to_take_along(TABLE))
    assert "'=left.png" in text
    assert "2030-01-02T03:04:05Z" in text
    assert text.count("\n") == 6


def test_a_column_that_the_command_has_too_says_the_same_as_there():
    both = [knee(2, 0, 2, side=side) for side in ("unknown", "L")]
    places = ("left of the image", "right of the image")
    pairs = zip(both, places, strict=True)
    named = [replace(one, frame=Frame(0, 0, 9, 9, place)) for one, place in pairs]
    alone = [knee(1, side="unknown")]
    taken = listing.to_take_along(listing.table([case(2, "two", named), case(1, "one", alone)]))
    assert taken["knee"].tolist() == ["left of the image", "L", ""]
    assert taken["answer"].tolist() == [2, 2, 1]
    assert taken["networks"].tolist() == ["KL 0 to 2", "KL 0 to 2", "KL 1"]
    # The most probable grade, which is what the command means by it, is not in the list.
    assert not {"grade", "place"} & set(taken)
    assert set(batch.COLUMNS) & set(taken) == {
        "answer",
        "low",
        "high",
        "knee",
        "warning",
        "graded_by",
    }


def test_each_column_that_is_taken_along_is_documented():
    text = (ROOT / "docs" / "cases.md").read_text("utf-8")
    told = set(re.findall(r"`(\w+)`", text.partition("| column |")[2].partition("\n\n")[0]))
    assert told == set(listing.to_take_along(TABLE)) | set(TAKEN_ALONG)


def test_a_knee_that_is_graded_anyway_is_still_a_refused_one():
    both = replace(knee(2), findings=refused().findings)
    found = listing.table([case(1, "a", [both])])
    assert found["refused"][0]
    assert found["networks"][0] == "KL 2"
