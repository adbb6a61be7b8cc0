"""Networks that are asked once: the same film again, in another test or process, costs nothing.

They answer alike every time, so that tests of pages and tables, which ask them of a few drawn
films over and over, lose nothing by it.
"""

import functools
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from kneeoa.graders import serving, sessions
from kneeoa.graders.locating import localiser, spoilt
from tests.support import once

MOST_BYTES = 150_000_000
"""What a process keeps of the answers of one network."""


class AskedOnce:
    """A session of ONNX Runtime whose answers of a batch are kept, see `once`."""

    def __init__(self, file: Path, threads: int, content: tuple[int, int, int]) -> None:
        self._session = sessions.session_of(file, threads=threads)
        self.get_outputs = self._session.get_outputs
        self._content = content
        self._bytes = 0

    def run(self, names: Sequence[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Return the outputs."""
        key = hashlib.sha256(repr((self._content, names)).encode())
        for name, values in sorted(feed.items()):
            key.update(f"{name} {values.dtype} {values.shape}".encode())
            key.update(np.ascontiguousarray(values))
        said = once.kept(key.hexdigest())
        if said is None:
            said = self._session.run(names, feed)
            size = sum(one.nbytes for one in said)
            if self._bytes + size < MOST_BYTES:
                once.keep(key.hexdigest(), said)
                self._bytes += size
        return said


def use() -> Callable[[], None]:
    """Have every network of this process be loaded and asked once; return what undoes it."""
    patch = pytest.MonkeyPatch()
    for module in (serving, localiser, spoilt):
        patch.setattr(module, "session_of", _session_of)
    return patch.undo


def _session_of(file: Path, *, threads: int = 0) -> AskedOnce:
    stat = file.stat()
    return _of_content(file, (stat.st_ino, stat.st_size, stat.st_mtime_ns), threads)


@functools.lru_cache(maxsize=8)
def _of_content(file: Path, content: tuple[int, int, int], threads: int) -> AskedOnce:
    return AskedOnce(file, threads, content)
