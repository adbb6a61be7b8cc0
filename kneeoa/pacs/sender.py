"""Sends what waits in the outbox, behind everything else, as long as the server runs."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine

from kneeoa.errors import KneeOAError
from kneeoa.pacs import outbox
from kneeoa.pacs.sealing import PLAIN, Cipher
from kneeoa.pacs.settings import Taker

_LOG = logging.getLogger(__name__)
LOOK_SECONDS = 5.0
"""Between two looks: another process may have put something in."""
REST_SECONDS = 60.0
"""After a fault, so that it is not met again at once."""


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Sender:
    """A thread that sends. It ends with the process, which may be killed at any moment."""

    def __init__(
        self,
        store: Callable[[], Engine],
        servers: Sequence[Taker],
        *,
        cipher: Callable[[], Cipher] = lambda: PLAIN,
    ):
        self._store, self._servers, self._cipher = store, servers, cipher
        self._woken, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Have it look now: something was put in."""
        self._woken.set()

    def stop(self, seconds: float = 1.0) -> None:
        """Have it end after what it is at; do not wait longer than that for it."""
        self._ended.set()
        self._woken.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._ended.is_set():
            rest = self._send_all()
            self._woken.wait(rest)
            self._woken.clear()

    def _send_all(self) -> float:
        """Send what is due; return how many seconds to rest."""
        try:
            while not self._ended.is_set():
                done = outbox.deliver(self._store(), self._servers, utc_now, cipher=self._cipher())
                if done is None:
                    return LOOK_SECONDS
        except KneeOAError as problem:
            # Of the database, in a sentence of ours.
            _LOG.warning("The outbox rests: %s", problem)
        except Exception as fault:
            # Its words may quote what was sent.
            _LOG.error("The outbox rests after a fault of the program: %s", type(fault).__name__)
        return REST_SECONDS
