"""Connections of those who push films, bounded: so many bytes and so long for one film.

pynetdicom waits for a whole protocol unit whatever length it announces, and collects a film until
its sender says that it is complete. Here the connection ends first.
"""

import contextlib
import socket
import time
import weakref
from socketserver import BaseServer

from pynetdicom.transport import ThreadedAssociationServer

from kneeoa.films.apart.settings import MEGABYTE
from kneeoa.pacs.settings import Receiver


class Guarded(socket.socket):
    """A connection that ends when what is read for one film is too much, or takes too long."""

    most: int
    seconds: float
    idle: float
    _taken = 0
    _since: float | None = None

    @classmethod
    def of(cls, connection: socket.socket, settings: Receiver) -> "Guarded":
        """Return `connection`, guarded from now on."""
        guarded = cls(fileno=connection.detach())
        # What belongs to a film besides its data set is little.
        guarded.most = settings.largest + MEGABYTE
        guarded.seconds, guarded.idle = settings.film_seconds, settings.idle_seconds
        guarded.settimeout(guarded.idle)
        return guarded

    def renew(self) -> None:
        """Begin to count anew: something came whole."""
        self._taken, self._since = 0, None

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Return what came, nothing where the connection has ended or has to."""
        now = time.monotonic()
        self._since = self._since or now
        left = self._since + self.seconds - now
        if left <= 0 or self._taken >= self.most:
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


class GuardedServer(ThreadedAssociationServer):
    """pynetdicom's server with guarded connections, and no more of them than the owner allows."""

    settings: Receiver
    connections: "weakref.WeakSet[Guarded]"

    def guard(self, settings: Receiver) -> None:
        """Say what holds for the connections; before any is made."""
        self.settings, self.connections = settings, weakref.WeakSet()

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Return the next connection."""
        connection, address = super().get_request()
        guarded = Guarded.of(connection, self.settings)
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
