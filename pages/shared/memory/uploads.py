"""Uploads that wait to be read: how much of the memory they may take, and where that is said.

Streamlit keeps whatever comes in until a page reads it or the session ends. `UploadRoom` stands
before it: a file for which there is no room arrives empty, and `bytes_of` says why. Streamlit's own
refusal would show the reader the number of an HTTP error. What is only announced holds no room of
others: whoever announces much and sends little would keep them out.
"""

import asyncio
import contextlib
import re
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import streamlit as st
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.shared.memory.limits import FullError, Limits, limits_from

if TYPE_CHECKING:
    from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager


_PATH = re.compile(r".*/_stcore/upload_file/(?P<session>[^/]+)/(?P<file>[^/]+)")
_SECONDS, _LEAST = 60, 60_000
"""An upload is given up of which not so many more bytes come in so many seconds: it holds room that
others wait for. Six files at once over 64 kilobits a second are faster."""
_BLOCK = 2**20
_LONGEST_PART_HEADER = 16_384
_MOST_REFUSED = 10_000
FULL = (
    "There is no room for it: too many files wait to be read{where}. Nothing that is here already "
    "is lost. Add it again in a minute, and fewer files at a time."
)


@dataclass(slots=True, eq=False)
class Coming:
    """A file that comes in: of which session and name, the bytes announced and come so far."""

    session: str
    file: str
    announced: int
    come: int = 0


class Waiting:
    """How many bytes come in or wait, by session. Safe to use from many threads."""

    def __init__(self, limits: Limits):
        self.limits = limits
        self._lock = threading.Lock()
        self._coming: set[Coming] = set()
        self._refused: OrderedDict[tuple[str, str], str] = OrderedDict()

    def let_in(self, session: str, file: str, size: int, there: Mapping[str, int]) -> Coming | None:
        """Return a file of `size` bytes where it has room beside those `there`, by session.

        Of its own session what is announced counts, too, of others only what has come. `refusal`
        says why there is no room.
        """
        with self._lock:
            coming = Coming(session, file, size)
            where = " on this server" if self._taken(there) + size > self.limits.all_uploads else ""
            if self._announced(session, there) + size > self.limits.uploads:
                where = " in this session"
            if where:
                self._refuse(coming, where)
                return None
            self._coming.add(coming)
            self._refused.pop((session, file), None)
            return coming

    def comes(self, coming: Coming, more: int, there: Mapping[str, int]) -> bool:
        """Return whether there is room for `more` bytes of a file; keep it where there is.

        A file for which there is none gives up what it had.
        """
        with self._lock:
            coming.come += more
            # The largest is announced where no size is, and still more may come.
            coming.announced = max(coming.announced, coming.come)
            if self._announced(coming.session, there) > self.limits.uploads:
                self._refuse(coming, " in this session")
            elif self._taken(there) > self.limits.all_uploads:
                self._refuse(coming, " on this server")
            return coming in self._coming

    def has_come(self, coming: Coming) -> None:
        """Note that a file is there, or will never be."""
        with self._lock:
            self._coming.discard(coming)

    def _announced(self, session, there):
        mine = (coming.announced for coming in self._coming if coming.session == session)
        return there.get(session, 0) + sum(mine)

    def _taken(self, there):
        return sum(there.values()) + sum(coming.come for coming in self._coming)

    def _refuse(self, coming, where):
        self._coming.discard(coming)
        self._refused[coming.session, coming.file] = FULL.format(where=where)
        if len(self._refused) > _MOST_REFUSED:
            self._refused.popitem(last=False)

    def refusal(self, session: str, file: str) -> str | None:
        """Return why there was no room for a file; None where there was."""
        with self._lock:
            return self._refused.get((session, file))


_lock = threading.Lock()
_waiting: Waiting | None = None


def waiting() -> Waiting:
    """Return what waits on this server, with the limits of the environment."""
    global _waiting
    with _lock:
        if _waiting is None:
            _waiting = Waiting(limits_from())
        return _waiting


def bytes_of(upload: UploadedFile) -> bytes:
    """Return what was uploaded, and let Streamlit's copy go; the field must get another key.

    Raises `FullError` where there was no room for it.
    """
    data = content_of(upload)
    kept = cast("MemoryUploadedFileManager", get_instance().uploaded_file_mgr)
    kept.remove_file(_session(), upload.file_id)
    return data


def content_of(upload: UploadedFile) -> bytes:
    """Return what was uploaded, which stays in its field; raise as `bytes_of` does."""
    refusal = waiting().refusal(_session(), upload.file_id)
    if refusal:
        raise FullError(refusal)
    return upload.getvalue()


def _session() -> str:
    context = get_script_run_ctx()
    assert context is not None  # a page runs in one
    return context.session_id


class UploadRoom:
    """Middleware: lets uploads in while there is room; the others arrive empty."""

    def __init__(self, app: ASGIApp, *, clock: Callable[[], float] = time.monotonic):
        self.app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, an upload only with what there is room for."""
        place = _PATH.fullmatch(scope.get("path", ""))
        if scope["type"] != "http" or scope["method"] != "PUT" or not place:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        size, kind = _size(headers), headers.get("content-type", "")
        coming = waiting().let_in(place["session"], place["file"], size, _waiting_bytes())

        def has_room(more: int) -> bool:
            return coming is not None and waiting().comes(coming, more, _waiting_bytes())

        try:
            await self.app(scope, _whole(_in_time(receive, self._clock), has_room, kind), send)
        except ClientDisconnect:
            # No fault of ours. The connection ends with it: a browser sends the rest first, however
            # long that takes, where it may keep the connection.
            too_slow = PlainTextResponse(
                "The file came too slowly, or not whole.", 408, {"Connection": "close"}
            )
            await too_slow(scope, receive, send)
        finally:
            if coming is not None:
                waiting().has_come(coming)


def _size(headers):
    most = st.get_option("server.maxUploadSize") * 2**20
    length = headers.get("content-length", "")
    return min(int(length), most) if length.isdecimal() else most


def _waiting_bytes():
    """Return how many bytes wait in Streamlit's memory, by session."""
    kept = cast("MemoryUploadedFileManager", get_instance().uploaded_file_mgr)
    stored = kept.file_storage
    return {
        session: sum(len(file.data) for file in list(files.values()))
        for session, files in list(stored.items())
    }


def _in_time(receive, clock):
    until, due = clock() + _SECONDS, _LEAST

    async def soon() -> Message:
        nonlocal until, due
        left = until - clock()
        if left > 0:
            with contextlib.suppress(TimeoutError):
                message = await asyncio.wait_for(receive(), left)
                due -= len(message.get("body", b""))
                if due <= 0:
                    # Anew: who sent much at once may not be slow for the longer.
                    until, due = clock() + _SECONDS, _LEAST
                return message
        return {"type": "http.disconnect"}

    return soon


def _whole(receive, has_room, content_type):
    """Return what receives a form once all of it has come, its file empty where it had no room.

    Not before: what Streamlit has of a file it would keep, and a page would read as the whole.
    """
    blocks: deque[bytearray] | None = None

    async def from_blocks() -> Message:
        nonlocal blocks
        if blocks is None:
            blocks = deque([bytearray()])
            # Asked for only now: Streamlit has checked who sends it.
            if broken_off := await _collect(receive, has_room, content_type, blocks):
                blocks.clear()
                return broken_off
        elif not blocks:
            return {"type": "http.disconnect"}
        await asyncio.sleep(0)  # others come between two blocks
        return {
            "type": "http.request",
            "body": bytes(blocks.popleft()),
            "more_body": bool(blocks),
        }

    return from_blocks


async def _collect(receive, has_room, content_type, blocks):
    """Fill `blocks` with what comes; return the message that ended it before its time, if one did.

    Of a form without room they are filled with the head of its first part, and the end.
    """
    is_in, more = True, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return message
        body, more = message.get("body", b""), message.get("more_body", False)
        if is_in and not (is_in := has_room(len(body))):
            head = b"".join(blocks)[:_LONGEST_PART_HEADER]
            blocks.clear()
            blocks.append(bytearray(head))
        if is_in and len(blocks[-1]) >= _BLOCK:
            blocks.append(bytearray())
        if is_in or (b"\r\n\r\n" not in blocks[0] and len(blocks[0]) < _LONGEST_PART_HEADER):
            blocks[-1] += body
    if not is_in:
        head = blocks[0][:_LONGEST_PART_HEADER].partition(b"\r\n\r\n")[0]
        boundary = content_type.partition("boundary=")[2].strip('" ').encode()
        blocks[0] = head + b"\r\n\r\n\r\n--" + boundary + b"--\r\n"
    return None
