"""Maps that take seconds: computed behind the page, one after the other, each once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

KEPT_AT_MOST = 64


class MapJobs:
    """What was asked for lately, done or not. Safe to share between sessions."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, "maps")
        self._jobs: OrderedDict[Hashable, Future] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, key: Hashable, compute: Callable[[], Any]) -> Future:
        """Return the job of `key`, begun if it was not."""
        with self._lock:
            job = self._jobs.get(key)
            if job is None:
                job = self._jobs[key] = self._worker.submit(compute)
            self._jobs.move_to_end(key)
            while len(self._jobs) > KEPT_AT_MOST:
                self._jobs.popitem(last=False)
            return job
