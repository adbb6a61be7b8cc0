"""Saved cases: kept whole or not at all, changed by one window at a time, deleted for good."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from kneeoa.errors import DataError
from kneeoa.store import audit, tables
from kneeoa.store.cases import keeping, looking, readers
from kneeoa.store.cases.case import OwnGrade, from_json, to_json
from kneeoa.store.cases.films import FilmFileError, FilmFiles
from kneeoa.store.cases.listing import Asked
from kneeoa.store.database import StoreError, open_store, reading, writing
from tests.support.cases import NOW, knee, new_case, refused

BY = {"client": "10.0.0.7", "now": NOW}
LATER = NOW + timedelta(minutes=5)
FILM = b"the bytes of a film" * 100


@pytest.fixture
def files(tmp_path):
    return FilmFiles(tmp_path / "films", b"k" * 32)


def kept(files):
    return sorted(file for file in files.folder.rglob("*.film"))


def test_a_case_comes_back_as_it_was_saved(db, files):
    measured = {"kind": "ruler", "value": 3.5, "unit": "mm"}
    state = replace(
        new_case(knees=[knee(2, 1, 3), refused("L")]).state,
        quarters=1,
        changes=("turned by 90 degrees",),
        anyway=True,
        view={"window": [10.5, 200]},
        measurements=(measured,),
    )
    new = replace(new_case(name="Knie <b>.dcm", study_date="2026-11-28"), state=state)
    case = keeping.add(db, files, new, FILM, NOW)
    assert keeping.get(db, case.case_id) == case
    assert case.state == state
    assert (case.created_at, case.updated_at, case.revision) == (NOW, NOW, 1)
    assert files.read(case.film) == FILM
    assert keeping.of_film(db, new.digest) == keeping.of_film(db, case.film) == case
    assert keeping.of_film(db, "b" * 64) is None
    assert [one.case_id for one in keeping.cases(db)] == [case.case_id]


def test_the_newest_case_is_first(db, files):
    for number in range(3):
        keeping.add(db, files, new_case(name=f"{number}.png"), FILM, NOW)
    assert [case.name for case in keeping.cases(db)] == ["2.png", "1.png", "0.png"]
    assert [case.name for case in keeping.cases(db, most=1)] == ["2.png"]
    assert keeping.count(db) == 3


def test_one_window_never_overwrites_what_another_changed(db, files):
    case = keeping.add(db, files, new_case(), FILM, NOW)
    state = replace(case.state, anyway=True)
    assert keeping.change(db, case, LATER, state=state) == 2
    with pytest.raises(StoreError, match="Another window has changed"):
        keeping.change(db, case, LATER, state=replace(state, quarters=2), is_read=False)
    found = keeping.get(db, case.case_id)
    assert (found.state, found.updated_at, found.is_read) == (state, LATER, True)
    keeping.remove(db, files, [case.case_id], **BY)
    for action in (
        lambda: keeping.change(db, found, LATER, is_read=False),
        lambda: readers.put_grade(db, case.case_id, 0, "", OwnGrade(1, NOW)),
        lambda: keeping.get(db, case.case_id),
    ):
        with pytest.raises(StoreError, match="deleted"):
            action()


def test_cases_are_marked_read_and_unread(db, files):
    first, second = (keeping.add(db, files, new_case(is_read=False), FILM, NOW) for _ in "ab")
    keeping.mark_read(db, [first.case_id, 9_999], True)
    assert [case.is_read for case in keeping.cases(db)] == [False, True]
    keeping.mark_read(db, [first.case_id], False)
    assert not keeping.get(db, first.case_id).is_read
    assert keeping.get(db, second.case_id).revision == 1


def test_readers_grades_are_their_own(db, files):
    case = keeping.add(db, files, new_case(knees=[knee(), knee()]), FILM, NOW)
    hers = OwnGrade().given(1, NOW).seen(LATER).given(3, LATER)
    readers.put_grade(db, case.case_id, 0, "AB", hers)
    readers.put_grade(db, case.case_id, 1, "CD", OwnGrade(4, NOW))
    assert keeping.get(db, case.case_id, "AB").grades == {0: hers}
    assert keeping.get(db, case.case_id, "CD").grades == {1: OwnGrade(4, NOW)}
    assert keeping.get(db, case.case_id).grades == {}
    assert (hers.grade, hers.committed, hers.committed_at, hers.seen_at) == (3, 1, NOW, LATER)
    assert keeping.get(db, case.case_id).own(0) == OwnGrade()


def test_a_grade_is_free_where_nothing_was_seen_before_it_in_any_session():
    seen, given = OwnGrade(seen_at=LATER), OwnGrade(2, NOW)
    free = OwnGrade(2, NOW, 2, NOW, LATER)
    assert given.seen(LATER) == free
    assert seen.joined(given) == given.joined(seen) == free
    assert free.joined(free) == free.joined(OwnGrade()) == OwnGrade().joined(free) == free
    late = LATER + timedelta(hours=1)
    again = OwnGrade(4, late)
    # She saw it in another session before: what she now takes for free is none.
    assert again.seen(late).joined(seen) == OwnGrade(4, late, None, None, LATER)
    assert again.joined(free) == OwnGrade(4, late, 2, NOW, LATER)
    assert OwnGrade(1, NOW).joined(again) == again


def test_what_was_committed_before_stays_whatever_comes_after(db, files):
    case = keeping.add(db, files, new_case(), FILM, NOW)
    readers.put_grade(db, case.case_id, 0, "", OwnGrade(1, NOW).seen(NOW))
    # Another session of hers, in which she saw the answer at once and then graded.
    readers.put_grade(db, case.case_id, 0, "", OwnGrade(seen_at=LATER).given(3, LATER))
    own = keeping.get(db, case.case_id).own(0)
    assert own == OwnGrade(3, LATER, 1, NOW, NOW)


def test_what_stood_in_a_list_is_kept_for_all_its_knees_at_once(db, files):
    cases = [keeping.add(db, files, new_case(), FILM, NOW) for _ in range(4)]
    graded, fresh, opened, gone = (case.case_id for case in cases)
    readers.put_grade(db, graded, 0, "AB", OwnGrade(2, NOW))
    readers.put_grade(db, opened, 0, "AB", OwnGrade(3, NOW).seen(NOW))
    keeping.remove(db, files, [gone], client="10.0.0.7", now=NOW)
    later = LATER + timedelta(hours=1)
    for now in (LATER, later):
        readers.came_past(db, "AB", [(number, 0) for number in (graded, fresh, opened, gone)], now)
    hers = [keeping.get(db, number, "AB").own(0) for number in (graded, fresh, opened)]
    assert hers == [
        OwnGrade(2, NOW, 2, NOW, LATER, passed=True),
        OwnGrade(seen_at=LATER, passed=True),
        OwnGrade(3, NOW, 3, NOW, NOW),
    ]
    assert keeping.get(db, graded, "CD").grades == {}
    readers.came_past(db, "AB", [], NOW)


def test_an_answer_that_only_came_past_can_wait_until_it_is_opened():
    past = OwnGrade().seen(NOW, passing=True)
    assert (past.passed, past.seen(LATER, passing=True).passed) == (True, True)
    assert past.seen(LATER) == OwnGrade(seen_at=NOW)
    opened = OwnGrade().seen(LATER)
    assert opened.joined(past) == past.joined(opened) == OwnGrade(seen_at=NOW)
    assert past.joined(OwnGrade(1, LATER)).passed
    # She may have read it there: what she gives then is no free grade.
    assert past.given(2, LATER).seen(LATER).committed is None


def test_a_grade_that_is_none_is_refused(db, files):
    case = keeping.add(db, files, new_case(), FILM, NOW)
    for own in (OwnGrade(5, NOW), OwnGrade(1, NOW, committed=-1)):
        with pytest.raises(StoreError, match="KL grade from 0 to 4"):
            readers.put_grade(db, case.case_id, 0, "", own)


def test_initials_are_one_word_for_one_reader():
    assert readers.reader_of("  a.b ") == "A.B"
    assert readers.reader_of("") == ""
    # In capitals these are longer than their column.
    for text_ in ("x" * 25, "a\u202eb", "\u00df" * 24):
        with pytest.raises(DataError, match="initials"):
            readers.reader_of(text_)


def test_a_film_goes_with_the_last_case_that_has_it_and_leaves_nothing(db, files):
    first, second = (keeping.add(db, files, new_case(), FILM, NOW) for _ in "ab")
    readers.put_grade(db, first.case_id, 0, "AB", OwnGrade(1, NOW))
    assert len(kept(files)) == 1
    keeping.remove(db, files, [first.case_id], **BY)
    assert files.read(second.film) == FILM
    keeping.remove(db, files, [second.case_id, first.case_id], **BY)
    assert kept(files) == []
    with reading(db) as connection:
        for table in (tables.kept_film, tables.reading_case, tables.case_grade):
            assert connection.execute(select(table)).all() == []
    log = audit.entries(db)
    assert list(log["event"]) == ["case deleted"] * 2
    assert list(log["about"]) == [f"case {second.case_id}", f"case {first.case_id}"]
    assert "one.png" not in log.to_csv()


def test_nothing_of_a_deleted_case_is_left_on_the_disk(sqlite_url, tmp_path):
    db, files = open_store(sqlite_url), FilmFiles(tmp_path / "films")
    name = "Mueller_Anna.dcm"
    case = keeping.add(db, files, new_case(name=name), FILM, NOW)
    keeping.change(db, case, LATER, is_read=False)

    def left():
        found = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
        return any(name.encode() in one or FILM[:40] in one for one in found)

    assert left()
    keeping.remove(db, files, [case.case_id], **BY)
    assert not left()
    db.dispose()


def test_a_film_that_cannot_be_deleted_keeps_its_case(db, files, monkeypatch):
    case = keeping.add(db, files, new_case(), FILM, NOW)

    def refuses(*_):
        raise FilmFileError("Expected to delete a film.")

    monkeypatch.setattr(FilmFiles, "put_aside", refuses)
    with pytest.raises(FilmFileError):
        keeping.remove(db, files, [case.case_id], **BY)
    assert keeping.get(db, case.case_id) == case
    assert len(audit.entries(db)) == 0


def test_names_of_the_cases_before_one_that_stays_are_gone_all_the_same(tmp_path, monkeypatch):
    db, files = open_store(f"sqlite:///{tmp_path}/store.sqlite"), FilmFiles(tmp_path / "films")
    first, last = (
        keeping.add(db, files, new_case(name=name), name.encode(), NOW)
        for name in ("ZZONE", "ZZTWO")
    )
    aside = FilmFiles.put_aside

    def refuses(self, digest):
        if digest == last.film:
            raise FilmFileError("Expected to delete a film.")
        aside(self, digest)

    monkeypatch.setattr(FilmFiles, "put_aside", refuses)
    with pytest.raises(FilmFileError):
        keeping.remove(db, files, [first.case_id, last.case_id], **BY)
    on_disk = b"".join(file.read_bytes() for file in tmp_path.glob("store.sqlite*"))
    assert b"ZZTWO" in on_disk
    assert b"ZZONE" not in on_disk
    db.dispose()


def test_where_the_row_cannot_be_written_the_film_is_not_kept(db, files, monkeypatch):
    def breaks(*_, **__):
        raise StoreError("It can be read only.")

    with pytest.raises(Exception, match=r"name|null|NULL"):
        keeping.add(db, files, replace(new_case(), source=None), FILM, NOW)
    assert kept(files) == []
    monkeypatch.setattr(keeping, "_lock_film", breaks)
    with pytest.raises(StoreError):
        keeping.add(db, files, new_case(), FILM, NOW)
    assert [file.name for file in files.folder.rglob("*") if file.is_file()] == ["patients.key"]
    assert keeping.cases(db) == []


def test_saving_and_deleting_one_film_at_once_loses_no_film(db, files):
    def come_and_go(number):
        case = keeping.add(db, files, new_case(name=f"{number}.png"), FILM, NOW)
        if number % 2:
            keeping.remove(db, files, [case.case_id], **BY)
        return case

    with ThreadPoolExecutor(8) as pool:
        cases = list(pool.map(come_and_go, range(24)))
    assert files.read(cases[0].film) == FILM
    keeping.remove(db, files, [case.case_id for case in cases], **BY)
    assert kept(files) == []


@pytest.mark.parametrize(
    "state",
    [
        "{}",
        "",
        "[" * 100_000,
        '{"knees": [{"side": "R", "frame": {"top": 0}}]}',
        "{broken}",
        to_json(new_case().state).replace('"said":2', '"said":7'),
        to_json(new_case().state).replace('"side":"R"', '"side":"up"'),
        to_json(new_case().state).replace('"low":2', '"low":NaN'),
    ],
)
def test_a_damaged_case_is_left_out_and_can_be_deleted(db, files, state):
    bad, good = (keeping.add(db, files, new_case(), FILM, NOW) for _ in "ab")
    with writing(db) as connection:
        change = text("UPDATE reading_case SET state = :state WHERE id = :id")
        connection.execute(change, {"state": state, "id": bad.case_id})
    assert [case.case_id for case in keeping.cases(db)] == [good.case_id]
    found = looking.find(db, Asked())
    assert found.knees == ((good.case_id, 0), (bad.case_id, 0))
    assert keeping.some(db, [bad.case_id, good.case_id]) == keeping.cases(db)
    with pytest.raises(StoreError, match="is damaged"):
        keeping.get(db, bad.case_id)
    keeping.remove(db, files, [bad.case_id], **BY)
    assert looking.find(db, Asked()).knees == ((good.case_id, 0),)


def test_a_state_is_text_and_back_and_has_an_end():
    state = new_case(knees=[knee(1, 0, 2), refused()]).state
    assert from_json(to_json(state)) == state
    many = tuple({"kind": "ruler", "note": "x" * 1000} for _ in range(1100))
    with pytest.raises(DataError, match="too large"):
        to_json(replace(state, measurements=many))


def test_the_film_of_a_case_is_named_by_its_content(db, files):
    case = keeping.add(db, files, new_case(), FILM, NOW)
    assert case.film == hashlib.sha256(FILM).hexdigest()
    assert [file.stem for file in kept(files)] == [case.film]
