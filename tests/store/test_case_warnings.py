"""What a film gives reason to doubt its grade by: in the list, taken along, looked for."""

import json
from dataclasses import replace

import pytest

from kneeoa.graders import batch
from kneeoa.graders.grading import Graders
from kneeoa.graders.locating.gate import DOUBTFUL, IMPLANT, NEGATIVE
from kneeoa.graders.profile import read_profile
from kneeoa.store import tables
from kneeoa.store.cases import keeping, listing, looking
from kneeoa.store.cases.films import FilmFiles
from kneeoa.store.cases.listing import Asked, Filters, Sort
from kneeoa.store.database import writing
from tests.support.cases import NOW, knee, new_case, refused
from tests.support.profiles import profile_files

FILM = b"the bytes of a film" * 10
APART = {"mobilenet": 1, "resnet50": 3}
METAL = knee(2, findings=(IMPLANT,))
ANYWAY = knee(2, findings=(*refused().findings, NEGATIVE))
NOT_GRADED = replace(refused(), findings=ANYWAY.findings)
NOT_READ = replace(METAL, said=None, low=None, high=None, networks={})
# Quotation marks in what a file is called or a profile says must not look like a warning.
QUOTED = replace(knee(1), profile_said='"findings":[{"severity":"warned"}]')
FILMS = (
    [METAL],
    [QUOTED],
    [METAL, knee(1)],
    [knee(1), knee(2, networks=APART, findings=(DOUBTFUL,))],
    [ANYWAY],
    [NOT_GRADED],
    [NOT_READ],
)
WARNED = [(1, 0), (3, 0), (4, 1), (5, 0), (7, 0)]
CLEAR = [(2, 0), (3, 1), (4, 0)]


def table(knees, **options):
    """The list of one case with `knees`."""
    new = new_case(knees=knees)
    row = {"case_id": 1, "film": "f" * 64, "digest": new.digest, "name": new.name}
    row |= {"source": new.source, "patient": "", "study_date": "", "is_read": True}
    row |= {"revision": 1, "state": new.state, "created_at": NOW, "updated_at": NOW}
    return listing.table([keeping.Case(**row)], **options)


@pytest.fixture
def kept(db, tmp_path):
    """The database with `FILMS`, and the first of their numbers less one."""
    files = FilmFiles(tmp_path / "films", b"k" * 32)
    cases = [
        keeping.add(db, files, new_case(f"{place:064x}", knees=knees), FILM + bytes([place]), NOW)
        for place, knees in enumerate(FILMS)
    ]
    return db, cases[0].case_id - 1


def found_in(kept, *doubts, **asked):
    db, before = kept
    asked = Asked(filters=Filters(doubts=doubts), **asked)
    return sorted((case - before, place) for case, place in looking.find(db, asked).knees)


def test_a_warning_is_a_doubt_and_has_its_sentence():
    rows = table([METAL, knee(2, networks=APART, findings=(NEGATIVE, DOUBTFUL)), knee(1)])
    assert list(rows["doubt"]) == ["warned", "networks 2 apart, warned", ""]
    both = f"{NEGATIVE.sentence} {DOUBTFUL.sentence}"
    assert list(rows["warning"]) == [IMPLANT.sentence, both, ""]
    assert list(table([NOT_READ])["warning"]) == [IMPLANT.sentence]


def test_what_was_graded_although_refused_says_so_as_the_command_line_does():
    (refusal,) = refused().findings
    rows = table([ANYWAY, NOT_GRADED])
    words = f"{batch.ANYWAY} {refusal.sentence} {NEGATIVE.sentence}"
    assert list(rows["warning"]) == [words, ""]
    assert list(rows["doubt"]) == ["warned", ""]


def test_who_graded_is_named_as_the_command_line_does_and_a_profile_in_words(tmp_path):
    for name, content in profile_files().items():
        (tmp_path / name).write_bytes(content)
    profile, graders = read_profile(tmp_path), Graders()
    by = {"together": graders.together.weights_hash}
    adapted = knee(2, graded_by=by | {"profile": profile.digest}, profile_said=profile.case_line)
    rows = table([knee(2, graded_by=by), adapted, refused()])
    each = [batch.graded_by(one)["together"] for one in (graders, graders.under(profile))]
    assert list(rows["graded_by"]) == [*each, ""]
    assert list(rows["profile"]) == ["", f"County hospital ({profile.digest[:6]})", ""]


def test_a_warning_is_in_the_list_before_her_grade_and_nothing_of_who_answered():
    by = {"together": "a" * 64, "profile": "b" * 64}
    knees = [knee(2, networks=APART, findings=(IMPLANT,), graded_by=by, profile_said="x")]
    (row,) = table(knees, hidden=lambda *_: True).to_dict("records")
    assert (row["doubt"], row["warning"]) == ("warned", IMPLANT.sentence)
    assert row["networks"] == row["graded_by"] == row["profile"] == ""


def test_what_is_warned_of_is_in_doubt_and_not_clear(kept):
    assert found_in(kept, "in doubt") == WARNED
    assert found_in(kept, "clear") == CLEAR
    assert found_in(kept, "refused") == [(5, 0), (6, 0)]


def test_a_film_that_was_graded_although_refused_is_not_clear(db, tmp_path):
    both = replace(knee(2), findings=refused().findings)
    keeping.add(db, FilmFiles(tmp_path / "films", b"k" * 32), new_case(knees=[both]), FILM, NOW)
    assert found_in((db, 0), "clear") == []


def test_what_is_warned_of_is_found_while_the_answers_wait(kept):
    assert found_in(kept, "in doubt", seen=frozenset()) == WARNED
    assert found_in(kept, "clear", seen=frozenset()) == []
    db, before = kept
    by_doubt = looking.find(db, Asked(sort=Sort("doubt"), seen=frozenset())).knees
    first = [(case - before, place) for case, place in by_doubt][:6]
    # By the film alone: that networks differ on 4 is not told by its place.
    assert first == [(6, 0), (7, 0), (5, 0), (4, 1), (3, 0), (1, 0)]


def test_cases_from_before_are_told_by_what_was_kept_of_them(kept):
    db, before = kept
    frame = {"top": 0, "left": 0, "height": 224, "width": 224, "name": ""}
    said = {"said": 1, "low": 1, "high": 1, "networks": {}, "probabilities": [], "graded_by": {}}
    finding = {"code": "soft", "sentence": "The film is less sharp.", "severity": "warned"}
    old = {"side": "R", "frame": frame, **said, "profile_said": "", "findings": [finding]}
    state = {"knees": [old | {"reference": None}], "quarters": 0, "changes": [], "anyway": False}
    state |= {"drawn": False, "view": None, "measurements": []}
    damaged = '{"knees":[{"findings":[{"severity":"warned"'
    with writing(db) as connection:
        for number, text in ((2, json.dumps(state, separators=(",", ":"))), (6, damaged)):
            there = tables.reading_case.c.id == before + number
            connection.execute(tables.reading_case.update().where(there).values(state=text))
    assert found_in(kept, "in doubt") == sorted([*WARNED, (2, 0)])
    assert found_in(kept, "clear") == CLEAR[1:]
    (case,) = keeping.some(db, [before + 2])
    assert list(listing.table([case])["warning"]) == ["The film is less sharp."]
