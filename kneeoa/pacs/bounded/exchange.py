"""One exchange with an archive over HTTP: bounded in time and size, and with that archive alone.

`requests` bounds the wait for each piece of an answer, not the whole of it: a server that sends a
byte now and then holds a thread for good. Here the connection is shut when the time is up, whatever
it is waiting for. Nothing is followed elsewhere, and no proxy, no ``.netrc`` and no cookie of this
machine takes part.
"""

import io
import socket
import threading
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from kneeoa.films.apart.settings import MEGABYTE
from kneeoa.pacs.problems import LostError, PacsError, for_status
from kneeoa.pacs.settings import Server

_CHUNK = 65_536


class Deadline:
    """The end of an exchange: at that time its connections are shut, from another thread.

    Attributes
    ----------
    has_reached : whether a connection stood, over TLS where there is any: something may have gone
        out
    """

    def __init__(self, seconds: float):
        self._ends = time.monotonic() + seconds
        self.has_reached = False
        self._lock = threading.Lock()
        self._twins: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True

    @property
    def left(self) -> float:
        """Seconds that are left, a little above 0 when none are."""
        return max(0.05, self._ends - time.monotonic())

    def is_over(self) -> bool:
        """Return whether the time is up."""
        return time.monotonic() >= self._ends

    def watch(self, connection: socket.socket) -> None:
        """Shut this connection, too, when the time is up."""
        # Of its own, because the other one is handed over to TLS: both are ends of one connection.
        with self._lock:
            self._twins.append(connection.dup())
        if self.is_over():
            self._shut()

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            for twin in self._twins:
                twin.close()
            self._twins.clear()

    def _shut(self) -> None:
        with self._lock:
            for twin in self._twins:
                try:
                    twin.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # gone already


class Exchange(requests.Session):
    """Requests to one archive until `deadline`; answers of one of `kinds`, of at most `most` bytes.

    An answer is read whole before it is given on. `PacsError` says what is wrong with one that is
    no success, of another kind, too large, or points elsewhere.

    Attributes
    ----------
    is_cut : whether the archive said of an answer that it has more than it sends
    """

    def __init__(self, server: Server, deadline: Deadline, *, kinds: Iterable[str], most: int):
        super().__init__()
        self._server, self._deadline = server, deadline
        self._kinds, self._most = tuple(kinds), most
        self.is_cut = False
        self.trust_env = False
        self.verify = (server.authority or True) if server.verify else False
        self.headers["Accept-Encoding"] = "identity"
        self.headers["User-Agent"] = "kneeoa"
        if server.password:
            self.auth = HTTPBasicAuth(server.user.encode(), server.password.read().encode())
        elif server.token:
            self.headers["Authorization"] = f"Bearer {server.token.read()}"
        self.adapters.clear()
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter(deadline))

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request and read its answer."""
        url = request.url or ""
        self._expect_own(url)
        # Without its port, as the library writes it, some servers take it for another's.
        request.headers.pop("Host", None)
        # An asterisk need not be escaped, and where it is, some servers look for the escape.
        request.url = url.replace("%2A", "*")
        wait = (min(self._server.connect_seconds, self._deadline.left), self._deadline.left)
        options |= {"allow_redirects": False, "stream": True, "timeout": wait}
        response = super().send(request, **options)
        name = self._server.name
        try:
            if response.status_code not in (200, 202, 204, 206, 409):
                raise for_status(name, response.status_code)
            self.is_cut |= _says_more(response)
            has_content = response.status_code != 204
            if has_content and response.status_code != 409:
                self._expect_kind(response)
            body = self._read(response) if has_content else b""
        except BaseException:
            response.close()
            raise
        response.raw = io.BytesIO(body)
        return response

    def _expect_own(self, url: str) -> None:
        ours, asked = urlsplit(self._server.url), urlsplit(url)
        if (ours.scheme, ours.netloc.lower()) != (asked.scheme, asked.netloc.lower()):
            raise PacsError(
                f"Expected an address of the archive {self._server.name}. Nothing goes elsewhere."
            )

    def _expect_kind(self, response: requests.Response) -> None:
        received = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if received in self._kinds:
            return
        shown = received if received.isprintable() and len(received) < 60 else "something else"
        what = "a web page" if received in ("text/html", "application/xhtml+xml") else shown
        raise LostError(
            f"Expected DICOM from the archive {self._server.name}. Received "
            f"{what or 'something that does not say what it is'}: check that url in the settings "
            "is that of its DICOMweb service."
        )

    def _read(self, response: requests.Response) -> bytes:
        too_large = LostError(
            f"Expected at most {self._most / MEGABYTE:g} MB from the archive {self._server.name}. "
            "It sends more: ask for less, or ask who runs it."
        )
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > self._most:
            raise too_large
        body = bytearray()
        for chunk in response.raw.stream(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._most:
                raise too_large
            if self._deadline.is_over():
                break
        is_plain = not response.headers.get("Content-Encoding")
        if is_plain and length.isdecimal() and len(body) < int(length):
            raise LostError(
                f"Expected a whole answer of the archive {self._server.name}. It broke off in the "
                "middle. Try again in a moment."
            )
        return bytes(body)


def _says_more(response: requests.Response) -> bool:
    """Return whether there is more than the answer has (PS3.18, 8.3.4.4; before, by status 206)."""
    # By its words: under the same number (299) servers say anything else, too.
    warnings = response.headers.get("Warning", "").lower()
    return response.status_code == 206 or "additional results" in warnings


class _Adapter(HTTPAdapter):
    """Connections whose ends the deadline knows; nothing is tried twice behind one's back."""

    def __init__(self, deadline: Deadline):
        self._deadline = deadline
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _pool(HTTPConnectionPool, HTTPConnection, self._deadline),
            "https": _pool(HTTPSConnectionPool, HTTPSConnection, self._deadline),
        }


def _pool(
    pool: type[HTTPConnectionPool], connection: type[HTTPConnection], deadline: Deadline
) -> type[HTTPConnectionPool]:
    def new_connection(self: HTTPConnection) -> socket.socket:
        made = connection._new_conn(self)
        # What is sent may take as long as the whole: only reaching the server may not.
        self.timeout = deadline.left
        made.settimeout(self.timeout)
        deadline.watch(made)
        return made

    def connect(self: HTTPConnection) -> None:
        connection.connect(self)
        deadline.has_reached = True

    watched = type("Watched", (connection,), {"_new_conn": new_connection, "connect": connect})
    return type("Pool", (pool,), {"ConnectionCls": watched})
