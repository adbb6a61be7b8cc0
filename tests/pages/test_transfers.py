"""Uploads that come slowly or not whole, and downloads that are fetched late; no server runs."""

import asyncio
import importlib
from types import SimpleNamespace

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

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


def upload(monkeypatch, parts, every, *, breaks_off=False):
    """Send `parts`, one after `every` seconds; return status, seconds, and what is left waiting."""
    waiting, clock, sent = Waiting(Limits()), Clock(), []
    monkeypatch.setattr(uploads, "waiting", lambda: waiting)
    monkeypatch.setattr(uploads, "_waiting_bytes", dict)
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
            size = form["f"].size
        await PlainTextResponse(str(size))(scope, receive, send)

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
    room_again = waiting.let_in("session", "next", Limits().uploads, {})
    return sent[0]["status"], clock.seconds, room_again


def test_an_upload_that_drips_is_given_up_and_its_room_is_free(monkeypatch):
    status, seconds, room_again = upload(monkeypatch, [HEAD, *[b"x"] * 1000, END], 12)
    assert status == 408
    assert 60 <= seconds <= 72
    assert room_again


def test_an_upload_over_a_slow_line_may_take_as_long_as_its_size_needs(monkeypatch):
    parts = [HEAD, *[bytes(50_000)] * 400, END]
    status, seconds, room_again = upload(monkeypatch, parts, 4)
    assert (status, room_again) == (200, True)
    assert seconds > 1600


def test_an_upload_that_is_broken_off_is_no_fault_of_the_server(monkeypatch):
    # Without it each leaves a traceback in the log.
    status, _, room_again = upload(monkeypatch, [HEAD, b"x", END], 1, breaks_off=True)
    assert (status, room_again) == (408, True)


@pytest.fixture
def manager(monkeypatch):
    """Streamlit's own keeper of files, as the dashboard has it, with a clock to set on."""
    importlib.import_module("pages.doorway")
    clock = Clock()
    monkeypatch.setattr(downloads, "time", SimpleNamespace(monotonic=clock))
    storage = MemoryMediaFileStorage("/media")
    return MediaFileManager(storage), storage, clock


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


def test_a_picture_goes_at_once(manager):
    files, storage, _ = manager
    address = files.add(b"film", "image/png", "0.1")
    files.clear_session_refs()
    files.remove_orphaned_files()
    assert not is_there(storage, address)
