"""Senders that flood, crumble, or make no sense: let go soon, and others are served."""

import contextlib
import io
import socket
import threading
import time

import pytest
from pynetdicom.dimse_messages import C_CANCEL_RQ, C_ECHO_RQ, C_STORE_RQ, N_EVENT_REPORT_RQ
from pynetdicom.dimse_primitives import C_CANCEL, C_ECHO, C_STORE, N_EVENT_REPORT
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.sop_class import Verification

from kneeoa.pacs.bounded import guarded
from kneeoa.pacs.part10 import data_set, identity
from tests.support.archive import film
from tests.support.receiving import associated, is_served, pushed, receiving


def message(kind, primitive, context):
    """Return the bytes of a whole message, as a sender writes it."""
    primitive.MessageID = 1
    if kind is C_CANCEL_RQ:
        primitive.MessageIDBeingRespondedTo = 1
    asked, unit = kind(), P_DATA_TF()
    asked.primitive_to_message(primitive)
    written = b""
    for part in asked.encode_msg(context, 16_382):
        unit.from_primitive(part)
        written += unit.encode()
    return written


def store(association):
    data = film("1.2.3.4")
    primitive, known = C_STORE(), identity(data)
    primitive.AffectedSOPClassUID = known.sop_class
    primitive.AffectedSOPInstanceUID = known.sop_instance
    primitive.Priority, primitive.DataSet = 0, io.BytesIO(data_set(data))
    contexts = association.accepted_contexts
    (context,) = (c.context_id for c in contexts if c.abstract_syntax == known.sop_class)
    return message(C_STORE_RQ, primitive, context)


def echo(association):
    primitive = C_ECHO()
    primitive.AffectedSOPClassUID = Verification
    return message(C_ECHO_RQ, primitive, 1)


def cancel(association):
    return message(C_CANCEL_RQ, C_CANCEL(), 1)


def event_report(association):
    return message(N_EVENT_REPORT_RQ, N_EVENT_REPORT(), 1)  # which lacks what such a report has


def expect_let_go(association):
    last = time.monotonic() + 40
    while association.is_established and time.monotonic() < last:
        time.sleep(0.02)
    assert not association.is_established


def expect_served(port):
    with associated(port) as association:
        assert pushed(association, film("1.2.3.9")) == 0


@pytest.mark.parametrize("asked", [store, echo, cancel, event_report])
def test_a_sender_that_waits_for_no_answer_is_let_go(asked):
    # What it sends meanwhile would be kept, without an end.
    with receiving() as (port, inbox):
        with associated(port) as association:
            with contextlib.suppress(OSError):
                association.dul.socket.socket.sendall(200 * asked(association))
            expect_let_go(association)
        expect_served(port)
        assert len(inbox.listed()) <= 2


def test_a_message_that_makes_no_sense_ends_the_connection_by_a_word(caplog, capfd):
    with receiving() as (port, _):
        with associated(port) as association:
            command = b"\x00\x00\x00\x10\x04\x00\x00\x00../\x1b"  # no command, and a strange UID
            unit = (len(command) + 2).to_bytes(4, "big") + b"\x01\x03" + command
            sent = b"\x04\x00" + len(unit).to_bytes(4, "big") + unit
            association.dul.socket.socket.sendall(sent)
            expect_let_go(association)
        expect_served(port)
    assert "A sender that breaks the protocol is let go" in caplog.text
    told = capfd.readouterr().err
    assert "Traceback" not in told
    assert "../" not in told


def test_connections_that_are_closed_at_once_take_no_place():
    # As by what watches over a server, every few seconds.
    with receiving() as (port, _):
        for _ in range(12):
            socket.create_connection(("127.0.0.1", port)).close()
        assert is_served(port)


def test_a_film_in_parts_of_one_byte_is_given_up():
    with receiving() as (port, _inbox):
        with associated(port) as association:
            whole = store(association)
            command = whole[: 6 + int.from_bytes(whole[2:6], "big")]
            crumb = b"\x04\0\0\0\0\x07\0\0\0\x03\x01\0x"
            with contextlib.suppress(OSError):
                association.dul.socket.socket.sendall(command + 20_000 * crumb)
            expect_let_go(association)
        expect_served(port)


def test_of_large_films_one_comes_at_a_time(monkeypatch):
    monkeypatch.setattr(guarded, "USUAL", 100_000)
    receiver = receiving(largest=2_000_000)
    with receiver as (port, inbox), associated(port) as first, associated(port) as second:
        whole = store(first)
        begun = b"\x04\0\0\x03\x0d\x46\0\x03\x0d\x42\x01\0" + bytes(200_000)
        first.dul.socket.socket.sendall(whole[: 6 + int.from_bytes(whole[2:6], "big")] + begun)
        time.sleep(0.3)
        data = film("1.2.3.7", Manufacturer="x", EncapsulatedDocument=b"x" * 1_000_000)
        sending = threading.Thread(target=pushed, args=(second, data), daemon=True)
        sending.start()
        time.sleep(0.3)
        assert inbox.listed() == []
        first.abort()
        sending.join(60)
        assert len(inbox.listed()) == 1


def test_before_anybody_is_let_in_little_is_read():
    with receiving() as (port, _), socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"\x01\x00" + (90_000_000).to_bytes(4, "big"))
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 90_000_000:
                sent += connection.send(bytes(100_000))
        assert sent < 50_000_000  # what lies in the sockets' own buffers, too
