"""What runs in a worker: one film after the other, each within its limits.

A film that takes too long ends the worker, by the kernel's timers, whoever else is still there.
"""

import contextlib
import importlib
import os
import signal
import socket
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kneeoa.errors import KneeOAError
from kneeoa.films.apart import once, wire

_MOST_FILMS = 100
"""After which a worker ends, so that what decoders leak does not add up."""
_MOST_GROWTH = 0.1
"""Share of a film's memory that a worker may have kept before it ends."""

Task = Callable[..., tuple[dict[str, Any], Sequence[Any]]]
"""Bytes and options -> what is said of them, and arrays."""


def serve(connection: socket.socket) -> None:
    """Answer until the other side is gone, or this process is not fit for another film."""
    before = _taken()
    is_limited = False
    for number in range(1, _MOST_FILMS + 1):
        try:
            asked, (data,) = wire.receive(connection, as_bytes=True)
        except EOFError:
            return
        if not is_limited:
            _limit_memory(before, asked["memory"])
            is_limited = True
        _set_timers(asked["seconds"], asked["clock"])
        answer, arrays = _answer(asked, data)
        _set_timers(0, 0)
        has_grown = _taken() - before - _size(data, arrays) > _MOST_GROWTH * asked["memory"]
        is_last = once.is_spent() or has_grown or "facts" not in answer or number == _MOST_FILMS
        wire.send(connection, answer | {"last": is_last}, arrays)
        del arrays, data
        if is_last:
            return


def _answer(asked: dict[str, Any], data: bytes) -> tuple[dict[str, Any], Sequence[np.ndarray]]:
    try:
        described, arrays = _task(asked["task"])(data, **asked["options"])
        shapes = [(array.dtype.str, array.shape) for array in arrays]
        return {"facts": described, "arrays": shapes}, arrays
    except KneeOAError as error:
        return {"refused": str(error)}, ()
    except MemoryError:
        return {"too_large": True}, ()
    except Exception as error:
        # Not its message, which may quote the file.
        places = "".join(traceback.format_tb(error.__traceback__))
        return {"bug": f"{type(error).__name__} in a decoder:\n{places}"}, ()


def _task(name: str) -> Task:
    module, _, function = name.rpartition(".")
    return getattr(importlib.import_module(module), function)


def _size(data: bytes, arrays: Sequence[np.ndarray]) -> int:
    return len(data) + sum(array.nbytes for array in arrays)


def _set_timers(seconds: float, clock: float) -> None:
    """Let the kernel end this process past so many seconds; 0 for none."""
    for ending, timer, limit in (
        (signal.SIGPROF, signal.ITIMER_PROF, seconds),
        (signal.SIGALRM, signal.ITIMER_REAL, clock),
    ):
        signal.signal(ending, signal.SIG_DFL)
        signal.setitimer(timer, limit)


def _limit_memory(before: int, memory: int) -> None:
    """Refuse this process more than `memory` bytes besides those it had `before`.

    Where nothing tells these, as on macOS, which does not keep the limit either, there is none.
    """
    import resource

    if before:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (before + memory, before + memory))


def _taken() -> int:
    """Return the bytes of this process's address space; 0 where that is not known."""
    try:
        with open("/proc/self/statm") as file:  # noqa: PTH123
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
