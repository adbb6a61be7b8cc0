"""What runs behind the pages where the owner configured an archive: receiver, inbox and outbox."""

import contextlib
import logging
import os
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from kneeoa.errors import KneeOAError
from kneeoa.pacs.configured import pacs_from
from kneeoa.pacs.sealing import PLAIN, Cipher, cipher_of
from kneeoa.pacs.settings import Pacs

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from kneeoa.pacs.inbox import Inbox

_LOG = logging.getLogger(__name__)


class Running:
    """One for the server. What cannot be had is said by `problems`, and the rest goes on."""

    def __init__(self):
        self.pacs = Pacs()
        self.cipher: Cipher = PLAIN
        self.inbox: Inbox | None = None
        self.problems: list[str] = []
        self._receiver = self._sender = None
        for begin in (self._configure, self._receive, self._send):
            try:
                begin()
            except KneeOAError as problem:
                self.problems.append(str(problem))
                _LOG.warning("%s", problem)

    @property
    def is_asked_for(self) -> bool:
        """Whether the owner configured anything of the kind, be it in working order or not."""
        return self.pacs.is_there or bool(self.problems)

    @property
    def waiting(self) -> int:
        """How many films were pushed here and wait."""
        with contextlib.suppress(KneeOAError):  # said where they are listed
            return len(self.inbox.digests()) if self.inbox is not None else 0
        return 0

    def wake(self) -> None:
        """Have what was put in sent now."""
        if self._sender is not None:
            self._sender.wake()

    def stop(self) -> None:
        """End what runs; what waits stays where it is."""
        for part in (self._receiver, self._sender):
            if part is not None:
                part.stop()

    def _configure(self):
        # First: with a key that is none, nothing is kept without it.
        self.cipher = cipher_of(os.environ)
        self.pacs = pacs_from()

    def _receive(self):
        settings = self.pacs.receiver
        if settings is None:
            return
        from kneeoa.pacs.inbox import inbox_of

        self.inbox = inbox = inbox_of(settings, self.cipher)
        if settings.in_dashboard:
            from kneeoa.pacs.receiver import FilmReceiver

            receiver = FilmReceiver(settings, lambda film: inbox.take_in(film.data, film.described))
            receiver.start()
            self._receiver = receiver

    def _send(self):
        if self.pacs.takers:
            from kneeoa.pacs.sender import Sender

            sender = Sender(_store, self.pacs.takers, cipher=lambda: self.cipher)
            sender.start()
            self._sender = sender


def _store() -> "Engine":
    """Return the database as pages have it: opened twice, it would have two turns to write."""
    # Late: this imports more than a server must have to answer.
    from pages.shared import cached

    return cached.store()


_lock = threading.Lock()
_running: Running | None = None


def running() -> Running:
    """Return what runs, begun by whoever asks first."""
    global _running
    with _lock:
        if _running is None:
            _running = Running()
        return _running


def stop() -> None:
    """End what runs; who asks then begins anew."""
    global _running
    with _lock:
        if _running is not None:
            _running.stop()
        _running = None


@contextlib.asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Receive and send from the server's start to its end, whether a page is open or not."""
    running()
    try:
        yield
    finally:
        stop()
