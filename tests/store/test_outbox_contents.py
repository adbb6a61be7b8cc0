"""Which content goes out under an identifier, and what is left of it afterwards."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text, update

from kneeoa.errors import KneeOAError
from kneeoa.pacs import outbox
from kneeoa.pacs.problems import (
    LostError,
    NotThereError,
    PacsError,
    RefusedError,
    ThereError,
)
from kneeoa.pacs.sealing import PLAIN, cipher_of
from kneeoa.store import migrate, tables
from kneeoa.store.database import open_store, writing
from tests.support.archive import film, server_at

NOW = datetime(2030, 1, 2, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SERVER = server_at("http://127.0.0.1:1")
FIRST, SECOND = (film("1.2.3.1", PatientName=name) for name in ("AAA^FIRST", "AAA^OTHER"))
LONGER = film("1.2.3.1", PatientName="SOMEBODY^ELSE")


class Archive:
    """Takes what it is sent, or raises; says of every object that it `has` it or not."""

    def __init__(self, *raises, has=False):
        self.raises, self.has, self.taken = list(raises), has, []

    def __call__(self, _):
        return self

    def holds(self, _):
        return self.has

    def store(self, data):
        if self.raises:
            raise self.raises.pop(0)
        self.taken.append(data)


class Killed(Archive):
    def store(self, data):
        raise ZeroDivisionError


def deliver(db, archive, now=NOW, **options):
    return outbox.deliver(db, [SERVER], lambda: now, web=archive, **options)


def entry(db):
    (one,) = outbox.entries(db)
    return one


def put(db, content, now=NOW):
    return outbox.put(db, SERVER, content, now)


def test_a_corrected_report_goes_out_instead_of_the_refused_one(db):
    archive = Archive(RefusedError("Not so."))
    number = put(db, FIRST)
    deliver(db, archive)
    assert entry(db).state == "failed"
    assert put(db, SECOND) == number
    deliver(db, archive)
    assert (entry(db).state, archive.taken) == ("sent", [SECOND])


def test_a_corrected_report_goes_out_instead_of_one_that_was_not_tried(db):
    put(db, FIRST)
    put(db, LONGER)
    deliver(db, archive := Archive())
    assert archive.taken == [LONGER]


@pytest.mark.parametrize("first", [LostError("No answer."), None])
@pytest.mark.parametrize("other", [SECOND, LONGER])
def test_nothing_else_goes_out_under_an_identifier_that_may_be_there(db, first, other):
    assert len(SECOND) == len(FIRST)
    put(db, FIRST)
    deliver(db, Archive(*[first] if first else []))
    with pytest.raises(PacsError, match="the same identifier and another content"):
        put(db, other)
    assert put(db, FIRST) == entry(db).entry_id


def test_another_object_under_the_same_identifier_is_never_taken_for_this_one(db):
    number = put(db, FIRST)
    archive = Archive(RefusedError("Another object is there."), ThereError("It is."), has=True)
    deliver(db, archive)
    for said in ("It is.", ""):
        outbox.retry(db, NOW, [number])
        deliver(db, archive)
        assert (entry(db).state, entry(db).said) == ("failed" if said else "sent", said)
    assert archive.taken == [FIRST]


def test_what_an_earlier_try_may_have_brought_there_is_this_one(db):
    put(db, FIRST)
    deliver(db, archive := Archive(LostError("No answer."), ThereError("It is."), has=None))
    deliver(db, archive, NOW + timedelta(minutes=1))
    assert entry(db).state == "sent"


def test_another_object_is_not_taken_for_one_that_never_left(db):
    put(db, FIRST)
    outbox.deliver(db, [SERVER], lambda: NOW)
    assert "Nobody answers there" in entry(db).said
    deliver(db, Archive(ThereError("It is."), has=True), LATER)
    assert (entry(db).state, entry(db).said) == ("failed", "It is.")


@pytest.mark.parametrize("why", [NotThereError("Nobody answers."), KneeOAError("No password.")])
def test_a_corrected_report_goes_out_instead_of_one_that_never_left(db, why):
    put(db, FIRST)
    deliver(db, Archive(why))
    put(db, SECOND)
    deliver(db, archive := Archive(), LATER)
    assert archive.taken == [SECOND]


def test_a_refusal_does_not_undo_that_an_earlier_try_may_have_arrived(db):
    number = put(db, FIRST)
    archive = Archive(LostError("No answer."), RefusedError("Not so."), has=False)
    deliver(db, archive)
    deliver(db, archive, LATER)
    assert entry(db).state == "failed"
    with pytest.raises(PacsError, match="the same identifier and another content"):
        put(db, SECOND)
    outbox.retry(db, LATER, [number])
    deliver(db, Archive(ThereError("It is."), has=None), LATER)
    assert entry(db).state == "sent"


def test_what_a_killed_sender_had_begun_may_be_there(db):
    put(db, FIRST)
    with pytest.raises(ZeroDivisionError):
        deliver(db, Killed())
    deliver(db, Archive(NotThereError("Nobody answers.")), LATER)
    with pytest.raises(PacsError, match="the same identifier and another content"):
        put(db, SECOND)
    deliver(db, archive := Archive(has=True), LATER + timedelta(hours=1))
    assert (entry(db).state, archive.taken) == ("sent", [])


def forget_digest(db):
    with writing(db) as connection:
        connection.execute(update(tables.outgoing).values(digest=None))


@pytest.mark.parametrize("cipher", [PLAIN, cipher_of({"KNEEOA_CASES_SECRET": "ab" * 32})])
def test_a_corrected_report_goes_out_instead_of_one_whose_digest_was_not_kept(db, cipher):
    outbox.put(db, SERVER, FIRST, NOW, cipher=cipher)
    deliver(db, Archive(RefusedError("Not so.")), cipher=cipher)
    forget_digest(db)
    outbox.put(db, SERVER, SECOND, NOW, cipher=cipher)
    deliver(db, archive := Archive(), cipher=cipher)
    assert archive.taken == [SECOND]


def test_what_went_out_without_a_digest_is_not_taken_for_what_comes_now(db):
    put(db, FIRST)
    deliver(db, archive := Archive(LostError("No answer.")))
    forget_digest(db)
    assert put(db, FIRST) == entry(db).entry_id  # it is there still, to be compared
    deliver(db, archive, LATER)
    assert put(db, FIRST) == entry(db).entry_id  # what went out is known from then on
    with pytest.raises(PacsError, match="the same identifier and another content"):
        put(db, SECOND)
    forget_digest(db)  # as of what went out before the update
    for content in (FIRST, SECOND):
        with pytest.raises(PacsError, match="nothing tells what went out under it"):
            put(db, content)


def test_of_what_was_tried_by_the_version_before_what_was_not_refused_may_be_there(url, tmp_path):
    opened = create_engine(url.replace("postgres:", "postgresql+pg8000:"))
    (tmp_path / "kept").mkdir(exist_ok=True)
    tried = [("waiting", 0), ("waiting", 1), ("failed", 1), ("failed", 2), ("sending", 1)]
    with opened.begin() as connection:
        migrate.upgrade(connection, "0008")
        for number, (state, tries) in enumerate(tried):
            connection.execute(
                text(
                    "INSERT INTO outgoing (server, instance, kind, about, sealed, size, state, "
                    "tries, put_at, next_at, said) VALUES ('a', :uid, '', '', :no, 1, :state, "
                    ":tries, :at, :at, '')"
                ),
                {"uid": f"1.{number}", "no": False, "state": state, "tries": tries}
                | {"at": "2029-01-01 00:00:00"},
            )
    opened.dispose()
    db = open_store(url)
    with writing(db) as connection:
        flags = connection.scalars(text("SELECT may_be_there FROM outgoing ORDER BY instance"))
        assert list(map(bool, flags)) == [False, True, False, True, True]
    db.dispose()


@pytest.mark.parametrize("way", ["sent", "discarded"])
def test_nothing_of_a_report_is_left_on_the_disk(tmp_path, way):
    db = open_store(f"sqlite:///{tmp_path}/store.sqlite")
    number = put(db, FIRST)
    on_disk = lambda: b"".join(file.read_bytes() for file in Path(tmp_path).iterdir())  # noqa: E731
    assert b"AAA^FIRST" in on_disk()
    if way == "sent":
        deliver(db, Archive())
    else:
        outbox.discard(db, number, NOW)
    assert b"AAA^FIRST" not in on_disk()
    db.dispose()


def test_what_a_clock_that_was_ahead_left_is_tried_and_can_be_discarded(db):
    ahead = NOW + timedelta(days=365)
    number = put(db, FIRST, ahead)
    with pytest.raises(ZeroDivisionError):
        deliver(db, Killed(), ahead)
    deliver(db, Archive(LostError("No answer.")), NOW)
    assert entry(db).tries == 2
    with pytest.raises(ZeroDivisionError):
        deliver(db, Killed(), ahead)
    outbox.discard(db, number, NOW)
    assert outbox.entries(db) == []
