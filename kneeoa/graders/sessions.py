"""ONNX Runtime sessions, all of one kind, and several of their runs side by side.

The threads of one run wait for each other at every layer, and spin meanwhile: two runs of one
thread each take 0.6 of the processor's time that two runs of two threads take one after the other.
So a run has half of the cores, and runs that do not need each other are made two at a time.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import onnxruntime

from kneeoa.errors import ModelError

T = TypeVar("T")
_AT_ONCE = 2
_helpers = ThreadPoolExecutor(thread_name_prefix="runs")


def session_of(file: Path, *, threads: int = 0) -> onnxruntime.InferenceSession:
    """Return a session for a model file; `threads` 0 gives a run its share of the cores."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or max(1, _cores() // _AT_ONCE)
    # Threads that wait for more work after a run would slow the next network's.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(f"The model file {file} cannot be loaded: {error}") from error


def side_by_side(calls: Iterable[Callable[[], T]]) -> list[T]:
    """Return what each of `calls` returns, made two at a time: here and in another thread.

    The longest had better come first. Raises what one of them raises.
    """
    waiting = deque(enumerate(calls))
    results: dict[int, T] = {}

    def work() -> None:
        while waiting:
            try:
                place, call = waiting.popleft()
            except IndexError:  # the other thread was faster
                return
            results[place] = call()

    helper = _helpers.submit(work) if len(waiting) > 1 else None
    try:
        work()
    finally:
        waiting.clear()
        # One that has not begun is not waited for: all helpers may be busy with others' runs.
        if helper is not None and not helper.cancel():
            helper.result()
    return [results[place] for place in sorted(results)]


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1
