"""Maps that take seconds: computed behind the page, one after the other, each once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

KEPT_AT_MOST = 64


class Job:
    """Maps that are computed, or done: their `future`, and which share of the work is done."""

    future: Future[Any]

    def __init__(self) -> None:
        self.share = 0.0

    def told(self, share: float) -> None:
        """Note that this `share` of the work, in [0, 1], is done."""
        self.share = share


class MapJobs:
    """What was asked for lately, done or not. Safe to share between sessions."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, "maps")
        self._jobs: OrderedDict[Hashable, Job] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, key: Hashable, compute: Callable[[Callable[[float], None]], Any]) -> Job:
        """Return the job of `key`, begun if it was not.

        `compute` is given what takes the share of the work that is done, in [0, 1].
        """
        with self._lock:
            job = self._jobs.get(key)
            if job is None:
                job = self._jobs[key] = Job()
                job.future = self._worker.submit(compute, job.told)
            self._jobs.move_to_end(key)
            while len(self._jobs) > KEPT_AT_MOST:
                self._jobs.popitem(last=False)
            return job
