"""Networks that are asked once: the same film again, in another test or process, costs nothing.

They answer alike every time, so that tests of pages and tables, which ask them of a few drawn
films over and over, lose nothing by it. A published network is not even loaded before it is asked
of something new, and what its file holds is summed once, as long as the file stays as it is.
"""

import functools
import hashlib
import runpy
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from kneeoa.graders import published, serving, sessions
from kneeoa.graders.cards import signature
from kneeoa.graders.locating import localiser, spoilt
from kneeoa.graders.published import DEFAULT_MODELS
from tests.support import once

MOST_BYTES = 150_000_000
"""What a process keeps of the answers of one network."""


class AskedOnce:
    """A session of ONNX Runtime whose answers of a batch are kept, see `once`."""

    def __init__(self, file: Path, threads: int, content: tuple[int, int, int]) -> None:
        self._load = functools.cache(lambda: sessions.session_of(file, threads=threads))
        self._content = content
        self._bytes = 0
        if not file.is_relative_to(DEFAULT_MODELS):  # which may be none that can be loaded
            self._load()

    def get_outputs(self) -> list:
        """Return what describes the outputs."""
        return self._load().get_outputs()

    def run(self, names: Sequence[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Return the outputs."""
        key = hashlib.sha256(repr((self._content, names)).encode())
        for name, values in sorted(feed.items()):
            key.update(f"{name} {values.dtype} {values.shape}".encode())
            key.update(np.ascontiguousarray(values))
        said = once.kept(key.hexdigest())
        if said is None:
            said = self._load().run(names, feed)
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
    for module in (published, signature):
        patch.setattr(module, "sha256_of", _summed_once(module.sha256_of))
    return patch.undo


def _session_of(file: Path, *, threads: int = 0) -> AskedOnce:
    stat = file.stat()
    return _of_content(file, (stat.st_ino, stat.st_size, stat.st_mtime_ns), threads)


def _summed_once(sha256: Callable[[Path], str]) -> Callable[[Path], str]:
    """Return `sha256` of a file, which reads a published one again only where it has changed."""

    @functools.lru_cache(maxsize=64)
    def summed(file: Path, *state: int) -> str:
        return sha256(file)

    def of_file(file: Path) -> str:
        if not (file.is_relative_to(DEFAULT_MODELS) and file.is_file()):
            return sha256(file)
        stat = file.stat()
        return summed(file, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)

    return of_file


@functools.lru_cache(maxsize=8)
def _of_content(file: Path, content: tuple[int, int, int], threads: int) -> AskedOnce:
    return AskedOnce(file, threads, content)


if __name__ == "__main__":  # python -m tests.support.asked_once MODULE ARGUMENT...
    use()
    module, *sys.argv[1:] = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
