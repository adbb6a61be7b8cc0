"""Connections of those who push films, bounded: so many bytes and so long for one film.

pynetdicom waits for a whole protocol unit whatever length it announces, and collects a film until
its sender says that it is complete. Here the connection ends first.
"""

import contextlib
import logging
import socket
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial
from socketserver import BaseServer
from typing import Any

from pynetdicom.association import Association
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from kneeoa.films.apart.settings import MEGABYTE
from kneeoa.pacs.settings import Receiver

USUAL = 25 * MEGABYTE
"""Bytes of an ordinary film. Of larger ones one comes at a time: each takes its size several times.
"""
_MOST_READS, _CRUMB = 10_000, 64
"""Reads after which each has to bring so many bytes, in the mean: a film in parts of one byte keeps
the server busy for minutes."""
_LOG = logging.getLogger(__name__)


class Guarded(socket.socket):
    """A connection that ends when what is read for one film is too much, or takes too long."""

    most: int
    most_of_a_film: int
    seconds: float
    idle: float
    _large: threading.Semaphore
    _is_large = False
    _taken = _reads = 0
    _since: float | None = None

    @classmethod
    def of(
        cls, connection: socket.socket, settings: Receiver, large: threading.Semaphore
    ) -> "Guarded":
        """Return `connection`, guarded from now on; who sends more than `USUAL` needs `large`."""
        guarded = cls(fileno=connection.detach())
        guarded._large = large
        # What belongs to a film besides its data set is little, and so is what comes before.
        guarded.most, guarded.most_of_a_film = MEGABYTE, settings.largest + MEGABYTE
        guarded.seconds, guarded.idle = settings.film_seconds, settings.idle_seconds
        guarded.settimeout(guarded.idle)
        return guarded

    def renew(self) -> None:
        """Begin to count anew: something came whole, and a film may follow."""
        self._taken, self._reads, self._since = 0, 0, None
        self.most = self.most_of_a_film

    def done(self) -> None:
        """Let the next large film come: this one is no longer held."""
        if self._is_large:
            self._is_large = False
            self._large.release()

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Return what came, nothing where the connection has ended or has to."""
        now = time.monotonic()
        self._since = self._since or now
        left = self._since + self.seconds - now
        self._reads += 1
        in_crumbs = self._reads > _MOST_READS and self._taken < _CRUMB * self._reads
        too_much = self._taken >= self.most or in_crumbs
        if left <= 0 or too_much or not self._may_be_large(left):
            self.end()
            return b""
        try:
            self.settimeout(min(left, self.idle))
            data = super().recv(size, flags)
        except OSError:
            self.end()
            return b""
        self._taken += len(data)
        return data

    def end(self) -> None:
        """End the connection, whoever waits for it."""
        with contextlib.suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)
        self.done()

    def _may_be_large(self, seconds: float) -> bool:
        """Wait for its turn, where more than `USUAL` came; return whether that has come."""
        if self._taken > USUAL and not self._is_large:
            self._is_large = self._large.acquire(timeout=seconds)
            return self._is_large
        return True


class _Handler(RequestHandler):
    """Begins an association; whatever its threads come to, they end by a word and no traceback."""

    def _create_association(self) -> Association:
        association = super()._create_association()
        reader = association.dul

        def tell() -> None:
            # What came of a film that was never whole stays in the library's circles otherwise.
            association.dimse.message = None
            # Who waits to be asked for an association would wait on, with nobody there.
            reader.to_user_queue.put(None)

        for thread, then in ((association, lambda: None), (reader, tell)):
            run = partial(_run, thread.run, then, self.request)
            thread.run = run  # type: ignore[method-assign]
        return association


def _run(work: Callable[[], None], then: Callable[[], None], connection: "Guarded") -> None:
    """Do the work of a thread; without it nobody reads the connection any more."""
    try:
        work()
    except Exception as problem:
        # The library takes a message apart as if it were sound. Its words may quote a patient.
        _LOG.warning("A sender that breaks the protocol is let go: %s", type(problem).__name__)
    finally:
        connection.end()
        then()


class GuardedServer(ThreadedAssociationServer):
    """pynetdicom's server with guarded connections, and no more of them than the owner allows."""

    settings: Receiver
    connections: "weakref.WeakSet[Guarded]"

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options | {"request_handler": _Handler})

    def guard(self, settings: Receiver) -> None:
        """Say what holds for the connections; before any is made."""
        self.settings, self.connections = settings, weakref.WeakSet()
        self._large = threading.Semaphore()

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Return the next connection."""
        connection, address = super().get_request()
        guarded = Guarded.of(connection, self.settings, self._large)
        self.connections.add(guarded)
        return guarded, address

    def verify_request(self, request: object, client_address: object) -> bool:
        """Return whether there is room. A few more are let in, to be told politely that not."""
        return len(self.active_associations) < self.settings.connections + 4

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing on the terminal: the connection ends."""

    def shutdown(self) -> None:
        """End at once, and the connections, too."""
        BaseServer.shutdown(self)
        self.server_close()
        for connection in list(self.connections):
            connection.end()
