"""What the processes of one run of tests compute once: arrays, kept in files that they share."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

FOLDER = "KNEEOA_TEST_ONCE"


def use(folder: Path) -> None:
    """Keep arrays in `folder`, or where the process that started this one does."""
    Path(os.environ.setdefault(FOLDER, str(folder))).mkdir(parents=True, exist_ok=True)


@contextlib.contextmanager
def alone(key: str) -> Iterator[None]:
    """Have the other processes that ask for `key` wait: what one computes they find kept."""
    with Path(os.environ[FOLDER], f"{key}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go of with the file, or the process
        yield


def kept(key: str) -> list[np.ndarray] | None:
    """Return what was kept as `key`, a name of a file; each time anew."""
    file = Path(os.environ[FOLDER], f"{key}.npz")
    if not file.exists():
        return None
    with np.load(file) as found:
        return [found[name] for name in found.files]


def keep(key: str, arrays: Sequence[np.ndarray]) -> None:
    """Keep arrays for `kept`."""
    folder = os.environ[FOLDER]
    # Another process never sees half of a file.
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as written:
        np.savez(written, *arrays)
    Path(written.name).replace(Path(folder, f"{key}.npz"))
