"""Reports on their way: each arrives once, whatever the archive or this machine does meanwhile."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select

from kneeoa.errors import KneeOAError
from kneeoa.pacs import outbox
from kneeoa.pacs.problems import PacsError
from kneeoa.pacs.sealing import PLAIN, Cipher
from kneeoa.pacs.sender import Sender
from kneeoa.store import tables
from kneeoa.store.database import reading
from tests.support.archive import PATIENT, report, running_archive, server_at

NOW = datetime(2030, 1, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DATA = report("1.2.3.1")


@pytest.fixture(scope="module")
def running():
    with running_archive() as archive:
        yield archive


@pytest.fixture
def archive(running):
    """An empty archive that is well."""
    running.films.clear()
    running.came.clear()
    running.asked.clear()
    running.mood, running.can_search = "well", True
    return running


def deliver(db, server, now=NOW, **options):
    return outbox.deliver(db, [server], lambda: now, **options)


def entry(db):
    (one,) = outbox.entries(db)
    return one


def content_of(db):
    with reading(db) as connection:
        return connection.scalar(select(tables.outgoing.c.content))


def test_a_report_arrives_as_it_is_and_its_content_goes(db, archive):
    number = outbox.put(db, archive.server(), DATA, NOW, about="case 7")
    assert (entry(db).state, entry(db).kind, entry(db).about) == (
        "waiting",
        "Structured report",
        "case 7",
    )
    assert deliver(db, archive.server()) == number
    assert archive.films == {"1.2.3.1": DATA}
    assert (entry(db).state, entry(db).sent_at, entry(db).said) == ("sent", NOW, "")
    assert content_of(db) is None
    assert deliver(db, archive.server()) is None
    assert outbox.counts(db) == {"sent": 1}
    # A first try asks nothing: nothing can have arrived.
    assert archive.asked == []


def test_a_report_that_is_put_in_twice_is_sent_once(db, archive):
    server = archive.server()
    numbers = {outbox.put(db, server, DATA, NOW) for _ in range(3)}
    deliver(db, server)
    numbers |= {outbox.put(db, server, DATA, NOW + MINUTE)}
    assert deliver(db, server, NOW + MINUTE) is None
    assert len(numbers) == len(archive.came) == 1


def test_pauses_grow_while_an_archive_fails_and_nothing_is_lost(db, archive):
    server, now = archive.server(), NOW
    archive.mood = "fails"
    outbox.put(db, server, DATA, now)
    pauses = []
    for _ in range(8):
        assert deliver(db, server, now)
        assert deliver(db, server, entry(db).next_at - timedelta(seconds=1)) is None
        pauses.append((entry(db).next_at - now).total_seconds())
        now = entry(db).next_at
    assert pauses == [*outbox.PAUSES, 3600, 3600]
    assert "fails (500)" in entry(db).said
    archive.mood = "well"
    deliver(db, server, now)
    assert (entry(db).state, archive.came) == ("sent", ["1.2.3.1"])


def test_a_report_whose_answer_was_lost_is_not_sent_again(db, archive):
    server = archive.server()
    archive.mood = "forgets to answer"
    outbox.put(db, server, DATA, NOW)
    deliver(db, server)
    assert entry(db).state == "waiting"
    archive.mood = "well"
    deliver(db, server, NOW + MINUTE)
    assert (entry(db).state, archive.came) == ("sent", ["1.2.3.1"])


def test_an_archive_that_says_nothing_of_what_it_has_is_asked(db, archive):
    server = archive.server()
    archive.mood = "is mute"
    outbox.put(db, server, DATA, NOW)
    deliver(db, server)
    assert "does not say so" in entry(db).said
    deliver(db, server, NOW + MINUTE)
    assert (entry(db).state, archive.came) == ("sent", ["1.2.3.1"])


def test_an_archive_that_cannot_be_asked_gets_the_same_object_again(db, archive):
    server = archive.server()
    archive.mood, archive.can_search = "forgets to answer", False
    outbox.put(db, server, DATA, NOW)
    deliver(db, server)
    archive.mood = "well"
    deliver(db, server, NOW + MINUTE)
    assert (entry(db).state, archive.films) == ("sent", {"1.2.3.1": DATA})


def test_what_is_refused_waits_for_a_person(db, archive):
    server = archive.server()
    archive.mood = "refuses"
    number = outbox.put(db, server, DATA, NOW)
    deliver(db, server)
    assert (entry(db).state, entry(db).tries) == ("failed", 1)
    assert "refuses (0122): it keeps no objects of this kind" in entry(db).said
    assert deliver(db, server, NOW + timedelta(days=9)) is None
    archive.mood = "well"
    assert outbox.retry(db, NOW + MINUTE, [number]) == 1
    deliver(db, server, NOW + MINUTE)
    assert entry(db).state == "sent"


def test_a_report_can_be_discarded_but_not_while_it_is_sent(db, archive):
    server = archive.server()
    number = outbox.put(db, server, DATA, NOW)

    class Discarding:
        def __init__(self, server):
            pass

        def store(self, data):
            outbox.discard(db, number, NOW)
            assert entry(db).state == "sending"

    deliver(db, server, web=Discarding)
    assert entry(db).state == "sent"
    outbox.put(db, server, report("1.2.3.2"), NOW)
    outbox.discard(db, outbox.entries(db)[0].entry_id, NOW)
    assert [one.state for one in outbox.entries(db)] == ["sent"]


def test_what_a_sender_left_behind_can_be_discarded(db, archive):
    server = archive.server()
    number = outbox.put(db, server, DATA, NOW)
    seconds = server.answer_seconds + server.transfer_seconds + 61

    class Killed:
        def __init__(self, server):
            pass

        def store(self, data):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        deliver(db, server, web=Killed)
    outbox.discard(db, number, NOW + MINUTE)
    assert outbox.counts(db) == {"sending": 1}
    outbox.discard(db, number, NOW + timedelta(seconds=seconds))
    assert outbox.counts(db) == {}


def test_many_that_send_at_once_send_each_once(db, archive):
    server = archive.server()
    for number in range(12):
        outbox.put(db, server, report(f"1.2.3.{number}"), NOW)

    def send(_):
        while deliver(db, server):
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))
    assert sorted(archive.came) == sorted({f"1.2.3.{number}" for number in range(12)})
    assert {one.state for one in outbox.entries(db)} == {"sent"}


def test_what_one_left_behind_another_takes_over_and_the_first_changes_nothing(db, archive):
    server = archive.server()
    outbox.put(db, server, DATA, NOW)
    later = NOW + timedelta(seconds=server.answer_seconds + server.transfer_seconds + 61)

    class Slow:
        def __init__(self, server):
            pass

        def store(self, data):
            assert deliver(db, server, NOW + MINUTE) is None
            assert deliver(db, server, later)
            raise PacsError("Expected to be faster.")

    deliver(db, server, web=Slow)
    assert (entry(db).state, entry(db).tries, archive.came) == ("sent", 2, ["1.2.3.1"])


def aes(key):
    return Cipher(
        seal=lambda content, name: AESGCM(key).encrypt(b"nonce" * 3, content, name.encode()),
        opened=lambda data, name: AESGCM(key).decrypt(b"nonce" * 3, data, name.encode()),
    )


def test_what_waits_is_encrypted_where_there_is_a_key(db, archive):
    server, cipher = archive.server(), aes(bytes(32))
    outbox.put(db, server, DATA, NOW)
    assert PATIENT.encode() in content_of(db)
    outbox.discard(db, entry(db).entry_id, NOW)
    outbox.put(db, server, DATA, NOW, cipher=cipher)
    assert PATIENT.encode() not in content_of(db)
    with pytest.raises(PacsError, match="Expected the key"):
        outbox.put(db, server, report("1.2.3.2"), NOW)
    deliver(db, server)  # without the key it waits
    assert (entry(db).state, archive.came) == ("waiting", [])
    assert "Expected the key" in entry(db).said
    deliver(db, server, NOW + MINUTE, cipher=cipher)
    assert archive.films == {"1.2.3.1": DATA}


def test_what_cannot_be_sent_is_not_put_in(db, archive, monkeypatch):
    with pytest.raises(PacsError, match="Expected a DICOM file"):
        outbox.put(db, archive.server(), b"%PDF", NOW)
    with pytest.raises(PacsError, match="only read from"):
        outbox.put(db, archive.server(sends=False), DATA, NOW)
    monkeypatch.setattr(outbox, "LARGEST", 10)
    with pytest.raises(PacsError, match="at most"):
        outbox.put(db, archive.server(), DATA, NOW)
    monkeypatch.setattr(outbox, "LARGEST", 10**6)
    monkeypatch.setattr(outbox, "MOST_WAITING", 1)
    outbox.put(db, archive.server(), DATA, NOW)
    with pytest.raises(PacsError, match="at most 1 reports that wait"):
        outbox.put(db, archive.server(), report("1.2.3.2"), NOW)


def test_what_goes_to_an_archive_that_is_no_longer_configured_waits(db, archive):
    outbox.put(db, archive.server(), DATA, NOW)
    assert deliver(db, replace(archive.server(), name="another")) is None
    assert entry(db).state == "waiting"


def test_the_list_forgets_what_was_sent_long_ago(db, archive):
    server = archive.server()
    outbox.put(db, server, DATA, NOW)
    deliver(db, server)
    outbox.put(db, server, report("1.2.3.2"), NOW + 2 * outbox.KEPT)
    assert [one.state for one in outbox.entries(db)] == ["waiting"]


def test_what_is_not_sent_comes_first_however_much_was_sent_since(db, archive):
    server = archive.server()
    archive.mood = "refuses"
    outbox.put(db, server, DATA, NOW)
    deliver(db, server)
    archive.mood = "well"
    for number in (2, 3):
        outbox.put(db, server, report(f"1.2.3.{number}"), NOW)
        deliver(db, server)
    assert [one.state for one in outbox.entries(db, 2)] == ["failed", "sent"]


def test_a_thread_sends_what_is_put_in_and_outlives_a_database_that_fails(db, archive):
    server = archive.server()
    fails = [True]

    def store():
        if fails.pop() if fails else False:
            raise KneeOAError("Expected a database.")
        return db

    sender = Sender(store, [server])
    sender.start()
    outbox.put(db, server, DATA, datetime.now(UTC))
    last = time.monotonic() + 60
    while not archive.came and time.monotonic() < last:
        sender.wake()
        time.sleep(0.02)
    sender.stop(10)
    assert (fails, archive.came) == ([], ["1.2.3.1"])


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from kneeoa.pacs import outbox, web
from kneeoa.store.database import open_store
from tests.support.archive import server_at

class Killed(web.Web):
    def store(self, data):
        super().store(data)
        os.kill(os.getpid(), signal.SIGKILL)

now = datetime(2030, 1, 2, tzinfo=UTC)
outbox.deliver(open_store(sys.argv[1]), [server_at(sys.argv[2])], lambda: now, web=Killed)
"""


def test_a_sender_that_is_killed_after_sending_has_sent_once(db, db_url, forks, archive):
    server = archive.server()
    outbox.put(db, server, DATA, NOW)
    (done,) = forks.run(KILLED, [db_url, server.url])
    assert done.returncode == -9, done.said
    assert (entry(db).state, archive.came) == ("sending", ["1.2.3.1"])
    assert deliver(db, server, NOW + MINUTE) is None  # it may still be at it
    assert deliver(db, server, NOW + 5 * MINUTE)
    assert (entry(db).state, archive.came) == ("sent", ["1.2.3.1"])


def test_nothing_is_encrypted_without_a_key_and_nothing_opened():
    assert PLAIN.seal(b"film", "name") == b"film"
    with pytest.raises(KneeOAError, match="Expected the key"):
        PLAIN.opened(b"sealed", "name")
    assert server_at("http://127.0.0.1:1").host == "127.0.0.1:1"
