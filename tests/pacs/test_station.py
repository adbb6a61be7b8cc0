"""Reports to an archive by C-STORE: each arrives as it is, or there is a sentence, in time."""

import contextlib
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from pynetdicom import AE, evt
from pynetdicom.dimse_messages import C_STORE_RSP
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu import P_DATA_TF

from kneeoa.pacs import outbox
from kneeoa.pacs.classic.station import Classic
from kneeoa.pacs.part10 import data_set
from kneeoa.pacs.problems import (
    LostError,
    NotThereError,
    PacsError,
    RefusedError,
    ThereError,
)
from kneeoa.pacs.settings import Station
from kneeoa.store.database import open_store
from tests.support.archive import PATIENT, STUDY, film, report
from tests.support.ports import nobodys_port

SR, SYNTAX = "1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.1.2.1"
DATA = report("1.2.3.1")
APPLICATION = b"1.2.840.10008.3.1.1.1"
NOW = datetime(2030, 1, 2, tzinfo=UTC)


def station_at(port, **options):
    return Station(
        **{"name": "old", "host": "127.0.0.1", "port": port, "ae_title": "PACS"} | options
    )


@contextlib.contextmanager
def running_station(*, status=0x0000, seconds=0.0, classes=(SR,), callers=(), named=True):
    """Give the settings of an archive made by pynetdicom, and what it kept."""
    kept = []

    def keep(event):
        time.sleep(seconds)
        kept.append((event.request.AffectedSOPInstanceUID, event.request.DataSet.getvalue()))
        return status

    archive = AE("PACS")
    for sop_class in classes:
        archive.add_supported_context(sop_class, SYNTAX)
    archive.require_called_aet, archive.require_calling_aet = named, list(callers)
    server = archive.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, keep)]
    )
    try:
        yield station_at(server.server_address[1]), kept
    finally:
        server.shutdown()


def test_a_report_arrives_byte_by_byte():
    large = film(ImageComments="x" * 9_000)
    with running_station(classes=(SR, "1.2.840.10008.5.1.4.1.1.1.1")) as (station, kept):
        for data in (DATA, large):
            Classic(station).store(data)
        assert Classic(station).holds("1.2.3.1") is None
    assert [content for _, content in kept] == [data_set(DATA), data_set(large)]
    assert kept[0][0] == "1.2.3.1"
    assert DATA.endswith(data_set(DATA))


@pytest.mark.parametrize("status", [0x0000, 0xB000, 0xB007])
def test_what_was_taken_or_changed_a_little_is_there(status):
    with running_station(status=status) as (station, _):
        Classic(station).store(DATA)


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (0x0111, ThereError, "has an object under the same identifier"),
        (0xA700, LostError, "does not say so"),
        (0x0110, LostError, "does not say so"),
        (0xA900, RefusedError, "not of the kind that it says"),
        (0x0122, RefusedError, "keeps no objects of this kind"),
        (0xC123, RefusedError, "refuses (C123)"),
    ],
)
def test_why_it_is_not_kept_is_said(status, error, said):
    with running_station(status=status) as (station, _), pytest.raises(error) as problem:
        Classic(station).store(DATA)
    assert said in str(problem.value)


@pytest.mark.parametrize(
    ("archive", "options", "said"),
    [
        ({"classes": ("1.2.840.10008.1.1",)}, {}, "keeps no objects of this kind, or not in"),
        ({}, {"ae_title": "OTHER"}, "It is not called OTHER"),
        ({"callers": ("SOMEBODY",)}, {}, "does not know the title KNEEOA"),
    ],
)
def test_who_does_not_agree_is_told_what_to_mend(archive, options, said):
    with running_station(**archive) as (station, kept), pytest.raises(PacsError) as problem:
        Classic(station_at(station.port, **options)).store(DATA)
    assert isinstance(problem.value, NotThereError | RefusedError)
    assert said in str(problem.value)
    assert kept == []


def test_nobody_there_and_a_name_that_is_none():
    with nobodys_port() as port, pytest.raises(NotThereError, match="Nobody answers there"):
        Classic(station_at(port)).store(DATA)
    with pytest.raises(NotThereError, match="name is not known"):
        Classic(station_at(104, host="no-such-host.invalid")).store(DATA)


@contextlib.contextmanager
def liar(answer):
    """Run what does what `answer` does with whoever connects; give its port."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            with contextlib.suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65_536)
                    answer(connection)
                    ended.wait(5 * (answer in WAITS))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        ended.set()
        thread.join(5)


def drip(connection):
    connection.sendall(b"\x02\0\0\0\x0f\xff")
    for _ in range(100):
        connection.sendall(b"\0")
        time.sleep(0.05)


def accept_and_say(answer):
    """Return what accepts all that is asked for, then answers whatever it is sent."""

    def lie(connection):
        agreed = b"\x10\0" + len(APPLICATION).to_bytes(2, "big") + APPLICATION
        syntax = b"\x40\0" + len(SYNTAX).to_bytes(2, "big") + SYNTAX.encode()
        agreed += b"\x21\0" + (4 + len(syntax)).to_bytes(2, "big") + b"\x01\0\0\0" + syntax
        agreed += b"\x50\0\0\x08\x51\0\0\x04\0\0\x40\0"
        said = b"\0\x01\0\0" + b"PACS".ljust(16) + b"KNEEOA".ljust(16) + bytes(32) + agreed
        connection.sendall(b"\x02\0" + len(said).to_bytes(4, "big") + said)
        connection.recv(65_536)
        connection.sendall(answer)

    return lie


def silence(connection):
    """Say nothing, and stay."""


MUTE, ENDS = accept_and_say(b""), accept_and_say(b"")
BREAKS = accept_and_say(b"\x07\0\0\0\0\x04\0\0\0\0")
RAVES = accept_and_say(b"\x04\0\0\0\0\x0a\0\0\0\x06\x01\x03abcd")
WAITS, AGREE = (silence, MUTE), (MUTE, ENDS, BREAKS, RAVES)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (silence, "within 0.5 seconds"),
        (drip, "within 0.5 seconds"),
        (lambda connection: None, "hung up"),
        (lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "no DICOM"),
        (lambda connection: connection.sendall(b"\x02\0\0\0\0\x08" + b"\xff" * 8), "no DICOM"),
        (lambda connection: connection.sendall(b"\x07\0\0\0\0\x04\0\0\0\0"), "before anything"),
        (BREAKS, "broke off in the middle"),
        (RAVES, "no DICOM"),
        (MUTE, "within 0.5 seconds"),
        (ENDS, "hung up"),
    ],
)
def test_one_that_is_slow_or_lies_gets_a_sentence_in_time(answer, said):
    before, began = threading.active_count(), time.monotonic()
    seconds = 0.5 if "0.5" in said else 20
    with liar(answer) as port, pytest.raises(LostError) as problem:
        Classic(station_at(port, transfer_seconds=seconds)).store(DATA)
    assert said in str(problem.value)
    # Of a report that was begun to be sent nobody knows.
    assert isinstance(problem.value, NotThereError) == (answer not in AGREE)
    assert time.monotonic() - began < 10
    for hidden in (PATIENT, STUDY):
        assert hidden not in str(problem.value)
    last = time.monotonic() + 60
    while threading.active_count() > before and time.monotonic() < last:
        time.sleep(0.05)
    assert threading.active_count() <= before


def test_a_report_that_was_taken_is_sent_though_the_archive_hangs_up():
    answer, message = C_STORE(), C_STORE_RSP()
    answer.MessageIDBeingRespondedTo, answer.Status = 1, 0x0000
    answer.AffectedSOPClassUID, answer.AffectedSOPInstanceUID = SR, "1.2.3.1"
    message.primitive_to_message(answer)
    (part,) = message.encode_msg(1, 0)
    said = P_DATA_TF()
    said.from_primitive(part)
    with liar(accept_and_say(said.encode())) as port:
        Classic(station_at(port)).store(DATA)


def test_what_could_not_be_sent_waits_and_is_sent_later(tmp_path):
    db = open_store(f"sqlite:///{tmp_path}/store.sqlite")
    with nobodys_port() as port:
        outbox.put(db, station_at(port), DATA, NOW)
        outbox.deliver(db, [station_at(port)], lambda: NOW)
    (entry,) = outbox.entries(db)
    assert entry.state == "waiting"
    assert "Nobody answers there" in entry.said
    with running_station() as (there, kept):
        again = station_at(there.port)
        outbox.deliver(db, [again], lambda: NOW + timedelta(minutes=1))
        assert outbox.entries(db)[0].state == "sent"
    assert [instance for instance, _ in kept] == ["1.2.3.1"]
    db.dispose()
