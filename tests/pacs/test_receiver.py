"""Films that are pushed: taken in, refused with a reason, and bounded whatever a sender does."""

import contextlib
import io
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pydicom
import pytest

from kneeoa.pacs.inbox import FolderInbox
from kneeoa.pacs.problems import PacsError
from kneeoa.pacs.receiver import FilmReceiver
from kneeoa.pacs.settings import Receiver
from tests.support.archive import PATIENT, film
from tests.support.places import ROOT
from tests.support.ports import free_port
from tests.support.receiving import SETTINGS, associated, is_served, pushed, receiving

LITTLE = {"idle_seconds": 1.0, "film_seconds": 1.0}


def test_films_are_taken_in_once_each():
    with receiving() as (port, inbox), associated(port) as association:
        assert association.send_c_echo().Status == 0
        data = [film(f"1.2.3.{number}") for number in range(3)]
        assert [pushed(association, one) for one in (*data, data[0])] == [0, 0, 0, 0]
        films = inbox.listed()
    assert len(films) == 3
    assert {one.described["patient_id"] for one in films} == {PATIENT}
    assert {one.described["body_part"] for one in films} == {"KNEE"}
    kept = pydicom.dcmread(io.BytesIO(inbox.read(films[0].digest)))
    assert (kept.pixel_array == pydicom.dcmread(io.BytesIO(data[0])).pixel_array).all()


@pytest.mark.parametrize(
    ("changes", "title"), [({}, {"called": "OTHER"}), ({"callers": ("CT1",)}, {"calling": "XRAY"})]
)
def test_a_title_that_is_not_right_is_refused(changes, title):
    with receiving(**changes) as (port, _):
        with associated(port, **title) as association:
            assert association.is_rejected
        with associated(port, calling="CT1") as association:
            assert association.is_established


def test_what_is_no_x_ray_is_not_taken():
    with receiving() as (port, inbox), associated(port) as association:
        rejected = {one.abstract_syntax for one in association.rejected_contexts}
        assert rejected == {"1.2.840.10008.5.1.4.1.1.2"}
        assert inbox.listed() == []


def test_an_object_that_is_not_what_is_announced_is_not_taken(caplog):
    with receiving() as (port, inbox), associated(port) as association:
        other = pydicom.dcmread(io.BytesIO(film("1.2.3.4")))
        stored = association.send_c_store
        assert stored(other).Status == 0
        inside = pydicom.dcmread(io.BytesIO(film("1.2.3.5")))
        inside.file_meta.MediaStorageSOPInstanceUID = "1.2.3.6"
        from pynetdicom import _config

        assert not _config.ENFORCE_UID_CONFORMANCE
        # The library announces what is inside: the announcement is changed on its way.
        sent = association.dimse.send_msg

        def lie(primitive, context_id):
            primitive.AffectedSOPInstanceUID = "1.2.3.6"
            sent(primitive, context_id)

        association.dimse.send_msg = lie
        assert stored(inside).Status == 0xA900
        assert "What is in it is not what its sender says." in caplog.text
        assert len(inbox.listed()) == 1


def test_a_full_inbox_leaves_the_film_with_its_sender_and_says_so_here(caplog):
    with receiving(most_films=1) as (port, inbox), associated(port) as association:
        assert [pushed(association, film(f"1.2.3.{n}")) for n in (1, 2)] == [0, 0xA700]
        assert "was not taken: Expected at most 1 films" in caplog.text
        assert PATIENT not in caplog.text
        inbox.remove(inbox.listed()[0].digest)
        assert pushed(association, film("1.2.3.2")) == 0


def test_a_film_that_is_too_large_ends_the_connection():
    with receiving(largest=100_000) as (port, inbox):
        with associated(port) as association:
            assert pushed(
                association, film(Manufacturer="x", EncapsulatedDocument=b"x" * 3_000_000)
            ) in (None, 0xA700)
        with associated(port) as association:
            assert pushed(association, film()) == 0
        assert len(inbox.listed()) == 1


def ended(connection, seconds=30.0):
    """Return whether the other side ends a connection, after how many seconds."""
    connection.settimeout(seconds)
    before = time.monotonic()
    with contextlib.suppress(ConnectionError):
        while connection.recv(65_536):
            pass
    return time.monotonic() - before


def slowly(connection, stop):
    with contextlib.suppress(OSError):
        while not stop.wait(0.1):
            connection.sendall(b"\0")


@pytest.mark.parametrize(
    ("start", "goes_on"),
    [
        (b"", False),
        (b"GET / HTTP/1.1\r\n\r\n", False),
        (b"\x01\x00\xff\xff\xff\xff", True),  # four gigabytes are announced, and dripped
        (b"\x04\x00\x00", True),
        (b"\x01\x00\x00\x00\x00\x10" + bytes(16), False),
    ],
)
def test_a_sender_that_drips_or_lies_is_let_go(start, goes_on):
    stop = threading.Event()
    with receiving(**LITTLE) as (port, _):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(start)
            if goes_on:
                threading.Thread(target=slowly, args=(connection, stop), daemon=True).start()
            assert ended(connection) < 29
            stop.set()
        assert is_served(port)


def test_a_crowd_of_silent_connections_ends_and_others_are_served():
    with receiving(connections=2, **LITTLE) as (port, _), contextlib.ExitStack() as held:
        for _ in range(20):
            held.enter_context(socket.create_connection(("127.0.0.1", port)))
        assert is_served(port)


def test_no_thread_is_left():
    before = threading.active_count()
    with receiving() as (port, _), associated(port) as association:
        pushed(association, film())
    little = receiving(**LITTLE)
    with little as (port, _), socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"\x01\x00\x00\x10\x00\x00")
    last = time.monotonic() + 60
    while threading.active_count() > before and time.monotonic() < last:
        time.sleep(0.05)
    assert threading.active_count() <= before


def test_a_place_that_cannot_be_had_is_said():
    with receiving() as (port, _), pytest.raises(PacsError, match="Another program listens"):
        FilmReceiver(replace(SETTINGS, port=port), print).start()
    with pytest.raises(PacsError, match="no such address"):
        FilmReceiver(replace(SETTINGS, address="203.0.113.7"), print).start()


@contextlib.contextmanager
def command(folder, port):
    """Run ``kneeoa pacs receive``, and wait until it listens."""
    import os

    settings = {"KNEEOA_RECEIVER_PORT": str(port), "KNEEOA_RECEIVER_FOLDER": str(folder)}
    running = subprocess.Popen(
        [sys.executable, "-m", "kneeoa", "pacs", "receive"],
        cwd=ROOT,
        env={**os.environ, **settings},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = running.stderr.readline()
        assert "receives films" in line, line + running.stderr.read()
        yield running
    finally:
        running.kill()
        running.wait()
        running.stderr.close()


def test_what_was_acknowledged_survives_a_kill_and_the_rest_is_pushed_again(tmp_path):
    films = [film(f"1.2.3.{number}") for number in range(12)]
    port, folder = free_port(), tmp_path / "in"
    with command(folder, port) as running, associated(port) as association:
        statuses = []
        for number, data in enumerate(films):
            if number == 5:
                threading.Timer(0.02, running.send_signal, [signal.SIGKILL]).start()
            try:
                statuses.append(pushed(association, data))
            except (RuntimeError, ValueError):  # the association has ended
                break
    inbox = FolderInbox(Receiver(folder=str(folder)))
    taken = statuses.count(0)
    kept = {one.described["instance"] for one in inbox.listed()}
    assert 5 <= taken < len(films) or kept == {f"1.2.3.{n}" for n in range(len(films))}
    assert kept >= {f"1.2.3.{number}" for number in range(taken)}
    # Another port: the first may have become that of somebody's connection meanwhile.
    port = free_port()
    with command(folder, port) as running:
        with associated(port) as association:
            assert [pushed(association, one) for one in films] == [0] * len(films)
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 130
        told = running.stderr.read()
    assert len(inbox.listed()) == len(films)
    assert PATIENT not in told
    assert "Traceback" not in told
    assert {one.stat().st_mode & 0o077 for one in folder.iterdir()} == {0}
