"""The list of cases a page at a time: looked through, in order and counted by the database."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select, text

from kneeoa.store import database, migrate, tables
from kneeoa.store.cases import keeping, listing, looking, readers
from kneeoa.store.cases.case import OwnGrade
from kneeoa.store.cases.films import FilmFiles
from kneeoa.store.cases.listing import Asked, Filters, Sort
from kneeoa.store.database import reading, writing
from tests.support.cases import NOW, knee, new_case, refused

FILM = b"the bytes of a film" * 10
CASES = (
    new_case(
        name="apart 10.png",
        knees=[knee(2, networks={"mobilenet": 1, "resnet50": 3}, reference=4)],
    ),
    new_case(name="rings.png", knees=[refused()]),
    new_case(
        name="both 9.dcm",
        knees=[knee(1), knee(2, side="L")],
        study_date="2020-05-06",
        source="DICOM",
    ),
    new_case(name="=LÄFT.png", knees=[knee(3, 2, 4, side="L")], is_read=False, patient="abcdef01"),
)
SAVED = (NOW, NOW - timedelta(days=9), NOW, NOW)


@pytest.fixture
def files(tmp_path):
    return FilmFiles(tmp_path / "films", b"k" * 32)


@pytest.fixture
def listed(db, files):
    """The database with the cases, and the first of their numbers less one."""
    cases = [
        keeping.add(db, files, replace(one, digest=f"{number:064x}"), FILM + bytes([number]), at)
        for number, (one, at) in enumerate(zip(CASES, SAVED, strict=True))
    ]
    readers.put_grade(db, cases[0].case_id, 0, "AB", OwnGrade(1, NOW, 0, NOW, NOW))
    return db, cases[0].case_id - 1


def found_in(listed, asked):
    db, before = listed
    return [(case - before, place) for case, place in looking.find(db, asked).knees]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(), [(4, 0), (3, 0), (3, 1), (2, 0), (1, 0)]),
        (Filters("PNG läft"), [(4, 0)]),
        (Filters("dicom"), [(3, 0), (3, 1)]),
        (Filters("ABCDEF"), [(4, 0)]),
        (Filters("abcdef01"), []),
        (Filters("KL"), [(4, 0), (3, 0), (3, 1), (1, 0)]),
        (Filters("to"), [(4, 0)]),
        (Filters("left"), [(4, 0), (3, 1)]),
        (Filters("eft"), []),
        (Filters("case"), [(4, 0), (3, 0), (3, 1), (2, 0), (1, 0)]),
        (Filters("cas"), []),
        (Filters("KL 2 right"), [(1, 0)]),
        (Filters("2020-05-06"), [(3, 0), (3, 1)]),
        (Filters("2020-05"), [(3, 0), (3, 1)]),
        (Filters("2029"), [(2, 0)]),
        (Filters("2029-12-24 right"), []),
        (Filters("2030-01-02 left"), [(4, 0), (3, 1)]),
        (Filters("2030-13"), []),
        (Filters("2030-00"), []),
        (Filters("2020-05-00"), []),
        (Filters("2020-00-06"), []),
        (Filters(".*"), []),
        (Filters("%"), []),
        (Filters("g_"), []),
        (Filters("\0"), []),
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
def test_what_is_looked_for_is_found_and_counted(listed, filters, found):
    assert found_in(listed, Asked(filters=filters)) == found
    counted = looking.find(listed[0], Asked(filters=filters), most=1)
    assert (len(counted.knees), counted.matches, counted.all) == (bool(found), len(found), 5)


@pytest.mark.parametrize("words", ["case {}", "Case  0{}"])
def test_a_case_is_found_by_its_number(listed, words):
    number = listed[1] + 2
    assert found_in(listed, Asked(filters=Filters(words.format(number)))) == [(2, 0)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("KL 4", [(4, 0)]),
        ("kl4 läft", [(4, 0)]),
        ("KL 4, png; KL 2", [(4, 0)]),
        ("KL 2", [(4, 0), (3, 1), (1, 0)]),
        ("KL 2 to 4", [(4, 0)]),
        ("KL 2-3", []),
        ("KL 10", [(1, 0)]),  # none of the grades: two words
        ("9 KL 1", [(3, 0)]),
        ("Film52914c.png", [(5, 0)]),
        ("52914", [(5, 0)]),
        ("KL 0", [(5, 0)]),
    ],
)
def test_a_grade_is_one_word_and_no_digit_of_a_name_or_number(listed, files, words, found):
    db, before = listed
    more = new_case(name="Film52914c.png", knees=[knee(0)], digest="f" * 64)
    keeping.add(db, files, more, FILM + b"more", NOW)
    asked = Asked(filters=Filters(words))
    assert found_in((db, before), asked) == found
    hidden = found_in(listed, replace(asked, seen=frozenset()))
    assert hidden == ([(5, 0)] if "52914" in words else [])
    assert (before + 1, 0) in looking.find(db, Asked(filters=Filters(str(before + 1)))).knees


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("case", [1, 2, 3, 3, 4]),
        ("film", [4, 1, 3, 3, 2]),
        ("side", [4, 3, 3, 1, 2]),
        ("patient", [4, 3, 3, 2, 1]),
        ("study_date", [3, 3, 4, 2, 1]),
        ("answer", [3, 3, 1, 4, 2]),
        ("doubt", [4, 1, 2, 3, 3]),
        ("own_grade", [1, 4, 3, 3, 2]),
        ("saved_at", [2, 4, 3, 3, 1]),
    ],
)
def test_the_list_is_in_the_order_that_is_asked_for(listed, name, first):
    up, down = (
        [case for case, _ in found_in(listed, Asked("AB", sort=Sort(name, way)))]
        for way in (False, True)
    )
    assert up == first
    assert sorted(down) == sorted(up)
    if name in ("side", "patient", "study_date", "answer", "own_grade"):
        assert up[-1] == down[-1]  # what is not known stands last, whichever way
    assert set(looking._BY) == set(listing.SORTED_BY)


def test_numbers_in_names_are_in_order_of_counting(db, files):
    for name in ("film 10", "film 9", "Film 100"):
        keeping.add(db, files, new_case(name=name), FILM, NOW)
    found = looking.find(db, Asked(sort=Sort("film"))).knees
    names = [case.name for case in keeping.some(db, [case for case, _ in found])]
    assert names == ["film 9", "film 10", "Film 100"]


def test_pages_follow_each_other_and_leave_nothing_out(listed):
    db, _ = listed
    pages = [looking.find(db, Asked(), first=first, most=2).knees for first in (0, 2, 4, 6)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert sum(pages, ()) == looking.find(db, Asked()).knees


def test_nothing_is_found_by_an_answer_that_waits_for_hers(listed):
    db, before = listed
    film = keeping.get(db, before + 4).film
    # She saw the answer of case 1 in another session, and of none in this.
    asked = Asked("AB", seen=frozenset())
    for filters in (Filters("kl"), Filters(grades=(2,)), Filters(doubts=("in doubt",))):
        assert found_in(listed, replace(asked, filters=filters)) == [(1, 0)]
    assert found_in(listed, replace(asked, filters=Filters(doubts=("clear",)))) == []
    assert found_in(listed, replace(asked, filters=Filters(doubts=("refused",)))) == [(2, 0)]
    assert found_in(listed, replace(asked, sort=Sort("answer")))[0] == (1, 0)
    here = replace(asked, seen=frozenset({(film, 0)}), filters=Filters(grades=(2,)))
    assert found_in(listed, here) == [(4, 0), (1, 0)]
    # One that she came past and did not open waits, although it was seen.
    first = keeping.get(db, before + 1, "AB")
    past = replace(here, passed=frozenset({(first.film, 0)}))
    assert found_in(listed, past) == [(4, 0)]
    assert listing.hides(past, first, 0)
    assert not listing.hides(here, first, 0)
    case = keeping.get(db, before + 4, "AB")
    assert listing.hides(asked, case, 0)
    assert not listing.hides(here, case, 0)
    assert not listing.hides(Asked(), case, 0)


def test_the_list_follows_what_is_changed_and_deleted(db, files):
    case = keeping.add(db, files, new_case(knees=[], is_read=False), FILM, NOW)
    assert looking.find(db, Asked()).knees == ((case.case_id, 0),)
    state = replace(case.state, knees=(knee(1), knee(4, side="L")))
    keeping.change(db, case, NOW, state=state)
    four = Asked(filters=Filters(grades=(4,)))
    assert looking.find(db, four).knees == ((case.case_id, 1),)
    keeping.remove(db, files, [case.case_id], client="x", now=NOW)
    found = looking.find(db, Asked())
    assert (found.knees, found.matches, found.all) == ((), 0, 0)


def test_cases_are_opened_in_the_order_they_are_asked_for(listed):
    db, before = listed
    numbers = [before + 3, before + 1, before + 99, before + 3]
    cases = keeping.some(db, numbers, "AB")
    assert [case.case_id - before for case in cases] == [3, 1]
    assert cases[1].own(0).grade == 1
    assert readers.graded_by(db, "AB") == [before + 1]
    assert readers.graded_by(db, "CD") == []


def test_cases_of_an_older_version_are_found_as_those_of_this_one(url, tmp_path):
    db = database.open_store(url)
    files = FilmFiles(tmp_path / "films")
    for number, one in enumerate(CASES):
        keeping.add(db, files, one, FILM + bytes([number]), NOW)
    keeping.add(db, files, new_case(name="none", knees=[]), FILM, NOW)
    bad = keeping.add(db, files, new_case(name="bad"), FILM, NOW)
    words = select(tables.reading_case.c.searched, tables.reading_case.c.name_order)
    knees = select(tables.case_knee).order_by(tables.case_knee.c.case_id, tables.case_knee.c.knee)
    with writing(db) as connection:
        expected = [connection.execute(rows).all() for rows in (words.order_by("id"), knees)]
        connection.execute(text("DROP TABLE case_knee"))
        for column in ("searched", "name_order", "issuer", "born"):
            connection.execute(text(f"ALTER TABLE reading_case DROP COLUMN {column}"))
        connection.execute(text("ALTER TABLE case_grade DROP COLUMN passed"))
        for column in {"digest", "may_be_there"} & set(tables.outgoing.c.keys()):
            connection.execute(text(f"ALTER TABLE outgoing DROP COLUMN {column}"))
        for column in set(tables.group_film.c.keys()) - {"group_id", "position", "told"}:
            connection.execute(text(f"ALTER TABLE group_film DROP COLUMN {column}"))
        for table, column in (("teaching_group", "left_out"), ("vote", "round")):
            connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        connection.execute(text("ALTER TABLE practice_answer DROP COLUMN number"))
        connection.execute(text(f"UPDATE {tables.VERSION_TABLE} SET version_num = '0005'"))
        broken = json.dumps({"knees": [{"said": 7}]})
        there = tables.reading_case.c.id == bad.case_id
        connection.execute(tables.reading_case.update().where(there).values(state=broken))
    with writing(db) as connection:
        migrate.upgrade(connection)
    with reading(db) as connection:
        found = [connection.execute(rows).all() for rows in (words.order_by("id"), knees)]
    assert found[0] == expected[0]
    assert found[1][:-1] == expected[1][:-1]
    assert found[1][-1].case_id == bad.case_id  # so that it can be deleted
    # Of whom nothing but a number was kept then, no more is known now.
    assert {(case.issuer, case.born) for case in keeping.cases(db)} == {(None, None)}
    with writing(db) as connection:
        connection.execute(delete(tables.reading_case))
    db.dispose()


def test_the_visits_of_a_patient_are_found_by_her_mark(db, files):
    days = {"a": "2020-05-06", "b": "", "c": "2024-01-02", "d": "2024-01-02"}
    for name, day in days.items():
        knees = [knee(1), knee(2, side="L")] if name == "c" else [knee(1)]
        patient = "another" if name == "d" else "mark"
        new = new_case(name * 64, name, knees, study_date=day, patient=patient)
        keeping.add(db, files, new, FILM + name.encode(), NOW)
    visits = looking.visits(db, "mark")
    assert [(visit.study_date, visit.knee, visit.side) for visit in visits] == [
        ("2024-01-02", 0, "R"),
        ("2024-01-02", 1, "L"),
        ("2020-05-06", 0, "R"),
        ("", 0, "R"),
    ]
    assert len(looking.visits(db, "mark", most=2)) == 2
    assert looking.visits(db, "") == []


def test_visits_of_another_with_the_same_number_are_not_found(db, files):
    for name, more in (
        ("a", {"born": "b1", "issuer": "i1"}),
        ("b", {"born": "b2", "issuer": "i1"}),
        ("c", {"born": "b1", "issuer": "i2"}),
        ("d", {}),
    ):
        new = new_case(name * 64, name, patient="mark", study_date="2024-01-02", **more)
        keeping.add(db, files, new, FILM + name.encode(), NOW)
    digests = [
        {visit.digest[0] for visit in looking.visits(db, "mark", **known)}
        for known in ({"born": "b1", "issuer": "i1"}, {"born": "b1"}, {"issuer": "i2"}, {})
    ]
    assert digests == [{"a", "d"}, {"a", "c", "d"}, {"c", "d"}, {"a", "b", "c", "d"}]


def test_a_mark_tells_two_patients_of_one_number_and_is_found_by():
    marks = [new_case(patient="0123456789", born=born) for born in ("", "abcdef", "fedcba")]
    assert [listing.mark_of(new) for new in marks] == ["012345", "012345.abc", "012345.fed"]
    assert listing.mark_of(new_case(born="abcdef")) == ""
    assert "012345.abc" in looking.words_of(marks[1])["searched"]


def test_films_that_are_saved_are_known_by_their_file_or_their_mark(db, files):
    first = keeping.add(db, files, new_case("a" * 64), FILM, NOW)
    again = keeping.add(db, files, new_case("b" * 64), FILM, NOW)
    assert first.film == again.film
    known = looking.cases_of(db, [first.film, "a" * 64, "c" * 64])
    assert known == {first.film: again.case_id, "a" * 64: first.case_id}
    assert looking.cases_of(db, []) == {}
