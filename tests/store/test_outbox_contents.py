"""Which content goes out under an identifier, and what is left of it afterwards."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kneeoa.pacs import outbox
from kneeoa.pacs.problems import LostError, PacsError, RefusedError, ThereError
from kneeoa.store.database import open_store
from tests.support.archive import film, server_at

NOW = datetime(2030, 1, 2, tzinfo=UTC)
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


def deliver(db, archive, now=NOW):
    return outbox.deliver(db, [SERVER], lambda: now, web=archive)


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
    class Killed(Archive):
        def store(self, data):
            raise ZeroDivisionError

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
