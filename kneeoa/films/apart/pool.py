"""The workers of this process: kept warm, asked one film at a time, replaced when they end."""

import atexit
import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kneeoa.errors import RadiographError
from kneeoa.films.apart import wire
from kneeoa.films.apart.processes import Template, Worker
from kneeoa.films.apart.settings import MEGABYTE, Settings, settings_from

_SPARE_SECONDS = 10
"""That a worker is waited for past the time by the clock, after which it ends by itself."""
_TOO_LONG = (signal.SIGPROF, signal.SIGALRM)
_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""How no decoder ends by itself: somebody, or the kernel short of memory, ended it."""


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
        self._large = threading.Semaphore()
        self._lock = threading.Lock()
        self._template: Template | None = None
        self._idle: list[Worker] = []

    def run(self, task: str, data: bytes, *, allowance: float = 1, **options: Any) -> Answer:
        """Return what `task`, a function by its full name, makes of `data` in a worker.

        It has `allowance` times what decoding a film may take, where it does more than that.

        Raises `RadiographError` where the task refuses the file or goes past its limits, and when
        no worker gets free.
        """
        with contextlib.suppress(_NotNow):
            return self._in_its_place(task, data, options, allowance, is_alone=False)
        # In the place of others meanwhile, it would wait for one that waits for its own.
        with self._had(self._large):
            return self._in_its_place(task, data, options, allowance, is_alone=True)

    def _in_its_place(
        self, task: str, data: bytes, options: dict[str, Any], allowance: float, *, is_alone: bool
    ) -> Answer:
        with self._had(self._places):
            return self._run(task, data, options, allowance, is_alone)

    @contextlib.contextmanager
    def in_place_of_a_large_film(self) -> Iterator[None]:
        """Have no large film be decoded meanwhile: for other work that takes as much memory.

        Raises `RadiographError` when the place does not get free.
        """
        with self._had(self._large):
            yield

    @contextlib.contextmanager
    def _had(self, places: threading.Semaphore) -> Iterator[None]:
        if not places.acquire(timeout=self.settings.patience):
            raise RadiographError(
                "All decoders are busy with other films. Nothing is wrong with this one: try it "
                "again in a minute."
            )
        try:
            yield
        finally:
            places.release()

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

    def _run(
        self, task: str, data: bytes, options: dict[str, Any], allowance: float, is_alone: bool
    ) -> Answer:
        asked = {
            "task": task,
            "options": options,
            "seconds": allowance * self.settings.seconds,
            "clock": allowance * self.settings.clock,
            "memory": self.settings.memory,
        }
        done = self._ask(asked, data, is_alone)
        if isinstance(done, _Ended) and done.by in _FROM_OUTSIDE:
            # It was not the film. A second time it may have been.
            done = self._ask(asked, data, is_alone)
        if isinstance(done, _Ended):
            raise RadiographError(self._sentence(done, allowance))
        return self._answer(*done)

    def _ask(self, asked: dict[str, Any], data: bytes, is_alone: bool) -> "wire.Message | _Ended":
        """Return header and contents of the answer, or how the worker ended.

        A film that takes more than an ordinary one is decoded while no other such film is, unless
        it `is_alone` already: raises `_NotNow` where there is one.
        """
        worker = self._take()
        keep = is_large = False

        def grows(grown: int) -> None:
            nonlocal is_large
            if not is_alone and not is_large and grown > self.settings.ordinary:
                is_large = self._large.acquire(blocking=False)
                if not is_large:
                    raise _NotNow

        try:
            answer, contents = worker.ask(asked, data, asked["clock"] + _SPARE_SECONDS, grows)
            keep = not answer["last"]
            return answer, contents
        except TimeoutError:
            return _Ended(signal.SIGALRM)
        except (OSError, EOFError, wire.WireError):
            return _Ended(worker.ended_by())
        finally:
            if is_large:
                self._large.release()
            if keep:
                with self._lock:
                    self._idle.append(worker)
            else:
                worker.close()
                self.warm()

    def _take(self) -> Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.is_there():
                    return worker
                worker.close()
            return self._new()

    def _new(self) -> Worker:
        if self._template is not None and not self._template.is_there():
            self._template.end()
            self._template = None
        self._template = self._template or Template()
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


class _NotNow(Exception):
    """Another large film is being decoded."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """By which signal a worker ended; 0 where it was none, or nobody knows."""

    by: int


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
