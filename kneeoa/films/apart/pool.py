"""The workers of this process: kept warm, asked one film at a time, replaced when they end."""

import atexit
import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kneeoa.errors import RadiographError
from kneeoa.films.apart import wire
from kneeoa.films.apart.settings import MEGABYTE, Settings, settings_from

_START_SECONDS = 60
_SPARE_SECONDS = 10
"""That a worker is waited for past the time by the clock, after which it ends by itself."""
_TOO_LONG = (signal.SIGPROF, signal.SIGALRM)
_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""How no decoder ends by itself: somebody, or the kernel short of memory, ended it."""
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


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The facts that a task tells of a file, and its arrays, read-only."""

    facts: dict[str, Any]
    arrays: tuple[np.ndarray, ...]


class Workers:
    """Worker processes, made when they are needed. Safe to use from many threads."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self._places = threading.Semaphore(settings.workers)
        self._lock = threading.Lock()
        self._template: _Template | None = None
        self._idle: list[_Worker] = []

    def run(self, task: str, data: bytes, *, allowance: float = 1, **options: Any) -> Answer:
        """Return what `task`, a function by its full name, makes of `data` in a worker.

        It has `allowance` times what decoding a film may take, where it does more than that.

        Raises `RadiographError` where the task refuses the file or goes past its limits, and when
        no worker gets free.
        """
        if not self._places.acquire(timeout=self.settings.patience):
            raise RadiographError(
                "All decoders are busy with other films. Nothing is wrong with this one: try it "
                "again in a minute."
            )
        try:
            return self._run(task, data, options, allowance)
        finally:
            self._places.release()

    def warm(self) -> None:
        """Have a worker ready, without waiting for it."""
        with self._lock:
            if not self._idle:
                self._idle.append(self._new())

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            template, self._template = self._template, None
            workers, self._idle = self._idle, []
        for worker in workers:
            worker.close()
        if template:
            template.end()

    def _run(self, task: str, data: bytes, options: dict[str, Any], allowance: float) -> Answer:
        asked = {
            "task": task,
            "options": options,
            "seconds": allowance * self.settings.seconds,
            "clock": allowance * self.settings.clock,
            "memory": self.settings.memory,
        }
        done = self._ask(asked, data)
        if isinstance(done, _Ended) and done.by in _FROM_OUTSIDE:
            # It was not the film. A second time it may have been.
            done = self._ask(asked, data)
        if isinstance(done, _Ended):
            raise RadiographError(self._sentence(done, allowance))
        return self._answer(*done)

    def _ask(self, asked: dict[str, Any], data: bytes) -> "wire.Message | _Ended":
        """Return header and contents of the answer, or how the worker ended."""
        worker = self._take()
        keep = False
        try:
            answer, contents = worker.ask(asked, data, asked["clock"] + _SPARE_SECONDS)
            keep = not answer["last"]
            return answer, contents
        except TimeoutError:
            return _Ended(signal.SIGALRM)
        except (OSError, EOFError, wire.WireError):
            return _Ended(worker.ended_by())
        finally:
            if keep:
                with self._lock:
                    self._idle.append(worker)
            else:
                worker.close()
                self.warm()

    def _take(self) -> "_Worker":
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.is_there():
                    return worker
                worker.close()
            return self._new()

    def _new(self) -> "_Worker":
        if self._template is not None and not self._template.is_there():
            self._template.end()
            self._template = None
        self._template = self._template or _Template()
        return self._template.copy()

    def _answer(self, answer: dict[str, Any], contents: Sequence[Any]) -> Answer:
        if "bug" in answer:
            raise RuntimeError(answer["bug"])
        if "refused" in answer:
            raise RadiographError(answer["refused"])
        if "too_large" in answer:
            raise RadiographError(
                f"Expected a film that is decoded in {self.settings.memory / MEGABYTE:.0f} MB of "
                "memory. This one takes more. Export it at a lower resolution, or as PNG."
            )
        arrays = [
            np.frombuffer(content, dtype).reshape(shape)
            for content, (dtype, shape) in zip(contents, answer["arrays"], strict=True)
        ]
        return Answer(answer["facts"], tuple(arrays))

    def _sentence(self, ended: "_Ended", allowance: float) -> str:
        if ended.by in _TOO_LONG:
            return self.settings.too_long(allowance)
        if ended.by in _FROM_OUTSIDE:
            return (
                "The decoder of this film was ended twice from outside: the machine may be short "
                "of memory. Try again in a minute."
            )
        return (
            "This film cannot be decoded: it is damaged in a way that ends its decoder. Export it "
            "again."
        )


@dataclass(frozen=True, slots=True)
class _Ended:
    """By which signal a worker ended; 0 where it was none, or nobody knows."""

    by: int


class _Template:
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
        return self._process.poll() is None

    def copy(self) -> "_Worker":
        """Return a new worker; it is there once the template is ready."""
        mine, its = socket.socketpair()
        told, telling = os.pipe()
        with its, contextlib.suppress(OSError):  # its worker will be found to have ended
            socket.send_fds(self._asked, [b"c"], [its.fileno(), telling])
        os.close(telling)
        return _Worker(self, mine, told)

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
        self._asked.close()
        try:
            self._process.wait(1)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class _Worker:
    """The connection to one worker, and the pipe that tells how it ended."""

    def __init__(self, template: _Template, connection: socket.socket, told: int) -> None:
        self._template, self._connection, self._told = template, connection, told

    def is_there(self) -> bool:
        """Return whether it has not ended while it was idle."""
        return not _readable(self._connection.fileno(), self._told, seconds=0)

    def ask(self, asked: dict[str, Any], data: bytes, seconds: float) -> wire.Message:
        """Return header and contents of the answer; raise `OSError` or `EOFError` without one."""
        self._template.wait_until_ready()
        self._connection.settimeout(seconds)
        wire.send(self._connection, asked, [data])
        return wire.receive(self._connection)

    def ended_by(self) -> int:
        """Return the signal that ended it, or 0."""
        told = os.read(self._told, 1) if _readable(self._told, seconds=1) else b""
        # A template that is gone tells nothing; it was ended like this.
        return told[0] if told else signal.SIGKILL

    def close(self) -> None:
        self._connection.close()
        os.close(self._told)


def _readable(*files: int, seconds: float) -> bool:
    poller = select.poll()
    for file in files:
        poller.register(file, select.POLLIN)
    return bool(poller.poll(1000 * seconds))


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}
    return kept | _OWN


_lock = threading.Lock()
_workers: Workers | None = None


def workers() -> Workers:
    """Return the workers of this process, with the settings of the environment."""
    global _workers
    with _lock:
        if _workers is None:
            _workers = Workers(settings_from())
            atexit.register(_workers.close)
        return _workers


def _forget_in_a_copy() -> None:
    """Let a fork of this process have workers of its own: two must not ask one."""
    global _lock, _workers
    _lock, _workers = threading.Lock(), None


os.register_at_fork(after_in_child=_forget_in_a_copy)
