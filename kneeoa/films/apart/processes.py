"""The processes of the decoders, as their own process sees them: the template, and its copies."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kneeoa.films.apart import wire

_START_SECONDS = 60
_LOOK_SECONDS = 0.02
"""How often it is looked how much memory a worker takes."""
NUMBER = 4
"""Bytes in which the template tells a copy's number."""
_PASSED_ON = ("PATH", "HOME", "TZ", "LANG", "LC_", "PYTHON", "LD_", "DYLD_", "VIRTUAL_ENV")
"""Beginnings of the settings that a worker gets: no keys, no addresses of databases."""

_OWN = {
    # One film, one core; and threads would be lost in copies of the process.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # For glibc: memory of an ordinary film is kept for the next one, which takes it over faster.
    "MALLOC_MMAP_THRESHOLD_": "16000000",
    "MALLOC_TRIM_THRESHOLD_": "64000000",
}


class Template:
    """The process that all workers are copies of."""

    def __init__(self) -> None:
        self._asked, other = socket.socketpair()
        self._lock = threading.Lock()
        self._is_ready = False
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kneeoa.films.apart.template", str(other.fileno())],
                cwd=Path(__file__).parents[3],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[other.fileno()],
                # Ctrl-C is for the command line, which ends its workers.
                process_group=0,
            )

    def is_there(self) -> bool:
        """Return whether it has not ended."""
        return self._process.poll() is None

    def copy(self) -> "Worker":
        """Return a new worker; it is there once the template is ready."""
        mine, its = socket.socketpair()
        told, telling = os.pipe()
        with its, contextlib.suppress(OSError):  # its worker will be found to have ended
            socket.send_fds(self._asked, [b"c"], [its.fileno(), telling])
        os.close(telling)
        return Worker(self, mine, told)

    def wait_until_ready(self) -> None:
        """Wait while the decoders are loaded; raise `RuntimeError` where that fails."""
        with self._lock:
            if self._is_ready:
                return
            self._asked.settimeout(_START_SECONDS)
            with contextlib.suppress(OSError):
                self._is_ready = bool(self._asked.recv(1))
            self._asked.settimeout(None)
            if not self._is_ready and self._process.wait(1) > 0:
                raise RuntimeError("The process of the decoders could not be started.")

    def end(self) -> None:
        """End it, and with it its copies."""
        self._asked.close()
        try:
            self._process.wait(1)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Worker:
    """The connection to one worker, and the pipe that tells its number, and how it ended."""

    def __init__(self, template: Template, connection: socket.socket, told: int) -> None:
        self._template, self._connection, self._told = template, connection, told
        self._number = 0

    def is_there(self) -> bool:
        """Return whether it has not ended while it was idle."""
        self._learn_number(seconds=0)
        return not _readable(self._connection.fileno(), self._told, seconds=0)

    def ask(
        self, asked: dict[str, Any], data: bytes, seconds: float, grows: Callable[[int], None]
    ) -> wire.Message:
        """Return header and contents of the answer; raise `OSError` or `EOFError` without one.

        Meanwhile `grows` is told, again and again, how many bytes the worker takes more than
        before; what it raises ends the worker. `TimeoutError` after so many `seconds`.
        """
        self._template.wait_until_ready()
        self._learn_number(seconds=_START_SECONDS)
        before, last = self._taken(), time.monotonic() + seconds
        self._connection.settimeout(seconds)
        wire.send(self._connection, asked, [data])
        try:
            while not _readable(self._connection.fileno(), seconds=_LOOK_SECONDS):
                if time.monotonic() > last:
                    raise TimeoutError
                grows(self._taken() - before)
        except BaseException:
            self._kill()
            raise
        return wire.receive(self._connection)

    def ended_by(self) -> int:
        """Return the signal that ended it, or 0."""
        told = os.read(self._told, 1) if _readable(self._told, seconds=1) else b""
        # A template that is gone tells nothing; it was ended like this.
        return told[0] if told else signal.SIGKILL

    def close(self) -> None:
        """Need it no more: it ends after what it is at."""
        self._connection.close()
        os.close(self._told)

    def _learn_number(self, *, seconds: float) -> None:
        if not self._number and _readable(self._told, seconds=seconds):
            self._number = int.from_bytes(os.read(self._told, NUMBER), "little")

    def _taken(self) -> int:
        """Return the bytes of memory that it takes; 0 where that is not known, as on macOS."""
        try:
            with open(f"/proc/{self._number}/statm") as file:  # noqa: PTH123
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            return 0

    def _kill(self) -> None:
        # One that has ended has told so; its number may be another's by now.
        if self._number and not _readable(self._told, seconds=0):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._number, signal.SIGKILL)


def _readable(*files: int, seconds: float) -> bool:
    poller = select.poll()
    for file in files:
        poller.register(file, select.POLLIN)
    return bool(poller.poll(1000 * seconds))


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}
    return kept | _OWN
