"""Uploads that come slowly or not whole, and downloads that are fetched late; no server runs."""

import asyncio
import importlib
import itertools
import random
from hashlib import sha256
from types import SimpleNamespace

import pytest
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from streamlit.runtime import memory_media_file_storage, runtime
from streamlit.runtime.media_file_storage import MediaFileStorageError

from kneeoa.films.apart.settings import MEGABYTE
from pages.shared.memory import downloads, uploads
from pages.shared.memory.limits import Limits
from pages.shared.memory.uploads import UploadRoom, Waiting

HEAD = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\n'
END = b"\r\n--x--\r\n"


class Clock:
    """A clock that stands until it is set on."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


def upload(monkeypatch, parts, every, *, breaks_off=False, others=dict):
    """Send `parts`, one after `every` seconds, where `others` returns what waits of others.

    Return how it was answered (status, headers, body), the seconds, and whether room is left.
    """
    waiting, clock, sent = Waiting(Limits()), Clock(), []
    monkeypatch.setattr(uploads, "waiting", lambda: waiting)
    monkeypatch.setattr(uploads, "_waiting_bytes", others)
    coming = iter(parts)
    left = len(parts)

    async def receive():
        nonlocal left
        clock.seconds += every
        left -= 1
        if left < 0 or (breaks_off and left == 0):
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": next(coming), "more_body": left > 0}

    async def send(message):
        sent.append(message)

    async def app(scope, receive, send):
        async with Request(scope, receive).form() as form:
            content = await form["f"].read()
        told = {"Name": form["f"].filename, "SHA": sha256(content).hexdigest()}
        await PlainTextResponse(str(len(content)), headers=told)(scope, receive, send)

    scope = {
        "type": "http",
        "method": "PUT",
        "path": "/_stcore/upload_file/session/file",
        "headers": [
            (b"content-length", b"100000000"),
            (b"content-type", b"multipart/form-data; boundary=x"),
        ],
    }
    asyncio.run(UploadRoom(app, clock=clock)(scope, receive, send))
    room_again = waiting.let_in("session", "next", Limits().uploads, {}) is not None
    answer = sent[0]["status"], Headers(raw=sent[0]["headers"]), sent[1]["body"]
    return answer, clock.seconds, room_again


@pytest.mark.parametrize("at_once", [[], [bytes(1_000_000)] * 10])
def test_an_upload_that_drips_is_given_up_and_its_room_is_free(monkeypatch, at_once):
    drips = [HEAD, *at_once, *[b"x"] * 1000, END]
    (status, headers, _), seconds, room_again = upload(monkeypatch, drips, 12)
    assert status == 408
    assert 60 <= seconds - 12 * len(at_once) <= 84
    assert room_again
    # Else a browser goes on sending what nobody takes, and hears of it at the end.
    assert headers["connection"] == "close"


@pytest.mark.parametrize("speed", [12_500, 8_000, 1_200])
def test_an_upload_over_a_slow_line_may_take_as_long_as_its_size_needs(monkeypatch, speed):
    # Six at once over 384 kilobits a second have 8,000 bytes each.
    parts = [HEAD, *[bytes(4 * speed)] * (5_000_000 // (4 * speed)), END]
    (status, *_), seconds, room_again = upload(monkeypatch, parts, 4)
    assert (status, room_again) == (200, True)
    assert seconds > 5_000_000 / 12_500


def test_an_upload_that_is_broken_off_is_no_fault_of_the_server(monkeypatch):
    # Without it each leaves a traceback in the log.
    (status, *_), _, room_again = upload(monkeypatch, [HEAD, b"x", END], 1, breaks_off=True)
    assert (status, room_again) == (408, True)


def test_a_large_upload_arrives_as_it_is(monkeypatch):
    content = random.Random(7).randbytes(3_300_000)
    parts = [HEAD, *(content[at : at + 70_001] for at in range(0, len(content), 70_001)), END]
    (_, headers, size), *_ = upload(monkeypatch, parts, 0.1)
    assert int(size) == len(content)
    assert headers["SHA"] == sha256(content).hexdigest()


def test_an_upload_whose_room_others_take_meanwhile_arrives_empty_not_in_part(monkeypatch):
    came = itertools.count(1)

    def others():
        return {"other": next(came) * 10_000_000}

    parts = [HEAD, *[bytes(1_000_000)] * 90, END]
    (status, headers, size), _, room_again = upload(monkeypatch, parts, 0.1, others=others)
    assert (status, headers["Name"], size) == (200, "a.png", b"0")
    assert room_again
    assert "on this server" in uploads.waiting().refusal("session", "file")


@pytest.fixture
def manager(monkeypatch):
    """Streamlit's own keeper of files, as the dashboard has it, with a clock to set on."""
    importlib.import_module("pages.doorway")
    clock = Clock()
    monkeypatch.setattr(downloads, "time", SimpleNamespace(monotonic=clock))
    storage = memory_media_file_storage.MemoryMediaFileStorage("/media")
    return runtime.MediaFileManager(storage), storage, clock


def is_there(storage, address):
    try:
        return bool(storage.get_file(address.rpartition("/")[2]).content)
    except MediaFileStorageError:
        return False


def test_a_download_stays_for_its_browser_while_others_pages_run(manager):
    files, storage, clock = manager
    button = files.add_deferred(lambda: "votes", "text/csv", "0.1", "votes.csv")
    address = files.execute_deferred(button)
    for _ in range(100):  # a class whose pages look again
        files.remove_orphaned_files()
    clock.seconds = 59
    files.remove_orphaned_files()
    assert is_there(storage, address)
    assert files.execute_deferred(button) == address  # pressed again: it stays for as long again
    clock.seconds = 118
    files.remove_orphaned_files()
    files.remove_orphaned_files()
    assert is_there(storage, address)
    clock.seconds = 178
    files.remove_orphaned_files()
    assert not is_there(storage, address)


def test_what_a_button_was_given_stays_while_its_page_runs_anew(manager):
    files, storage, clock = manager

    def show():
        return files.add(b"votes", "text/csv", "0.1", "votes.csv", is_for_static_download=True)

    address = show()
    for seconds in (100, 200, 300):
        clock.seconds = seconds
        files.clear_session_refs()
        files.remove_orphaned_files()
        files.remove_orphaned_files()
        assert is_there(storage, address)
        assert show() == address
        files.remove_orphaned_files()


@pytest.mark.parametrize("pressed", [True, False])
def test_a_download_is_what_it_is_now_wherever_it_differs_from_one_before(manager, pressed):
    files, storage, _ = manager
    before = bytes(200_000) + b"KL 2" + bytes(1_300_000)
    # Corrected, and taken along again within the minute.
    contents = [before, before.replace(b"KL 2", b"KL 4")]

    def address_of(content):
        if not pressed:
            return files.add(content, "text/csv", "0.1", "a.csv", is_for_static_download=True)
        return files.execute_deferred(
            files.add_deferred(lambda: content, "text/csv", "0.1", "a.csv")
        )

    addresses = [address_of(content) for content in contents]
    for address, content in zip(addresses, contents, strict=True):
        assert storage.get_file(address.rpartition("/")[2]).content == content
    assert addresses[0] != addresses[1]
    assert address_of(before) == addresses[0]


def test_of_downloads_that_linger_the_oldest_make_room(manager):
    files, storage, clock = manager
    kept = files.add(b"votes", "text/csv", "0.9", "votes.csv", is_for_static_download=True)
    addresses = []
    for number in range(6):
        clock.seconds = number
        button = files.add_deferred(
            lambda number=number: bytes([number]) * 30 * MEGABYTE, "text/csv", "0.1", "a.csv"
        )
        addresses.append(files.execute_deferred(button))
    assert [is_there(storage, address) for address in addresses] == [False] * 3 + [True] * 3
    assert is_there(storage, kept)
    large = files.add_deferred(lambda: bytes(downloads.MOST + 1), "text/csv", "0.1", "a.csv")
    clock.seconds = 6
    assert is_there(storage, files.execute_deferred(large))
    assert not any(is_there(storage, address) for address in addresses)


def test_a_picture_goes_at_once(manager):
    files, storage, _ = manager
    address = files.add(b"film", "image/png", "0.1")
    files.clear_session_refs()
    files.remove_orphaned_files()
    assert not is_there(storage, address)
