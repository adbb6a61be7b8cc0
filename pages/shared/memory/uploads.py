"""Uploads that wait to be read: how much of the memory they may take, and where that is said.

Streamlit keeps whatever comes in until a page reads it or the session ends. `UploadRoom` stands
before it: a file for which there is no room arrives empty, and `bytes_of` says why. Streamlit's own
refusal would show the reader the number of an HTTP error.
"""

import asyncio
import contextlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
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
_IDLE_SECONDS = 30
"""After which an upload that sends nothing any more is given up."""
_FIRST_SECONDS, _SLOWEST = 60, 10_000
"""It is given up, too, where after so many seconds less came than so many bytes a second: it holds
room that others wait for. Six files at once over half a megabit are faster."""
_LONGEST_PART_HEADER = 16_384
_MOST_REFUSED = 10_000
FULL = (
    "There is no room for it: too many files wait to be read{where}. Nothing that is here already "
    "is lost. Add it again in a minute, and fewer files at a time."
)


class Waiting:
    """How many bytes come in or wait, by session. Safe to use from many threads."""

    def __init__(self, limits: Limits):
        self.limits = limits
        self._lock = threading.Lock()
        self._coming: dict[tuple[str, str], int] = {}
        self._refused: OrderedDict[tuple[str, str], str] = OrderedDict()

    def let_in(self, session: str, file: str, size: int, there: Mapping[str, int]) -> bool:
        """Return whether there is room for `size` bytes more than are `there`, by session.

        Room is kept for it until `has_come`; of a file without room, `refusal` says why.
        """
        with self._lock:
            coming = self._coming.items()
            mine = there.get(session, 0) + sum(n for (whose, _), n in coming if whose == session)
            everyone = sum(there.values()) + sum(self._coming.values())
            if mine + size > self.limits.uploads:
                where = " in this session"
            elif everyone + size > self.limits.all_uploads:
                where = " on this server"
            else:
                self._coming[session, file] = size
                self._refused.pop((session, file), None)
                return True
            self._refused[session, file] = FULL.format(where=where)
            if len(self._refused) > _MOST_REFUSED:
                self._refused.popitem(last=False)
            return False

    def has_come(self, session: str, file: str) -> None:
        """Note that a file is there, or will never be."""
        with self._lock:
            self._coming.pop((session, file), None)

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
        session, file = place["session"], place["file"]
        receive = _in_time(receive, self._clock)
        if not waiting().let_in(session, file, _size(headers), _waiting_bytes()):
            receive = _emptied(receive, headers.get("content-type", ""))
        try:
            await self.app(scope, receive, send)
        except ClientDisconnect:
            # No fault of ours. A browser that is still there hears why.
            too_slow = PlainTextResponse("The file came too slowly, or not whole.", 408)
            await too_slow(scope, receive, send)
        finally:
            waiting().has_come(session, file)


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
    began, come = clock(), 0

    async def soon() -> Message:
        nonlocal come
        left = _FIRST_SECONDS + come / _SLOWEST - (clock() - began)
        if left > 0:
            with contextlib.suppress(TimeoutError):
                message = await asyncio.wait_for(receive(), min(_IDLE_SECONDS, left))
                come += len(message.get("body", b""))
                return message
        return {"type": "http.disconnect"}

    return soon


def _emptied(receive, content_type):
    """Return what receives a form whose file is empty: the head of its first part, and the end."""

    async def without_content() -> Message:
        head = b""
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return message
            if b"\r\n\r\n" not in head and len(head) < _LONGEST_PART_HEADER:
                head += message.get("body", b"")
            if not message.get("more_body", False):
                break
        head = head[:_LONGEST_PART_HEADER].partition(b"\r\n\r\n")[0]
        boundary = content_type.partition("boundary=")[2].strip('" ').encode()
        end = b"\r\n\r\n\r\n--" + boundary + b"--\r\n"
        return {"type": "http.request", "body": head + end, "more_body": False}

    return without_content
