"""The state of an unfinished run on disk: after SIGKILL, training goes on from the last epoch.

One file holds everything that an epoch changes, and is replaced in one step, so that what is read
is always the whole state after some epoch.
"""

import contextlib
import errno
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kneeoa.errors import TrainingError


class DiskFullError(TrainingError):
    """No space is left for results."""


_STATE = "state.npz"
_BEST = "best-{}.npz"


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What one epoch hands to the next.

    `history` has one row per finished epoch; `weights` are those of the network under
    ``<layer>/<weight>``; `optimizer` its variables in their own order.
    """

    history: tuple[dict, ...]
    weights: dict[str, np.ndarray]
    optimizer: tuple[np.ndarray, ...]


def write_state(folder: Path, state: State) -> None:
    """Put `state` in the place of the one before."""
    arrays = {f"weights:{key}": array for key, array in state.weights.items()}
    arrays |= {f"optimizer:{i:05d}": array for i, array in enumerate(state.optimizer)}
    history = np.frombuffer(json.dumps(state.history).encode(), np.uint8)
    _write(folder / _STATE, arrays | {"history": history})


def read_state(folder: Path) -> State | None:
    """Return the last whole state in `folder`, or None."""
    file = folder / _STATE
    if not file.exists():
        return None
    with np.load(file, allow_pickle=False) as stored:
        return State(
            tuple(json.loads(stored["history"].tobytes())),
            {
                key.removeprefix("weights:"): stored[key]
                for key in stored.files
                if key.startswith("weights:")
            },
            tuple(stored[key] for key in sorted(stored.files) if key.startswith("optimizer:")),
        )


def write_best(folder: Path, epoch: int, weights: dict[str, np.ndarray]) -> None:
    """Keep the weights of `epoch` (from 1); older ones go with `drop_old_best`."""
    _write(folder / _BEST.format(epoch), weights)


def read_best(folder: Path, epoch: int) -> dict[str, np.ndarray]:
    """Return the weights that `write_best` kept for `epoch`."""
    with np.load(folder / _BEST.format(epoch), allow_pickle=False) as stored:
        return dict(stored)


def drop_old_best(folder: Path, epoch: int) -> None:
    """Remove the kept weights of every epoch but `epoch`."""
    for file in folder.glob(_BEST.format("*")):
        if file.name != _BEST.format(epoch):
            file.unlink(missing_ok=True)


@contextlib.contextmanager
def says_when_full(folder: Path) -> Iterator[None]:
    """Turn a full disk into a sentence; whatever was finished before stays."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise DiskFullError(
            f"The disk that holds {folder} is full. Finished epochs and runs are kept: free some "
            "space and give the same command again."
        ) from None


def _write(file, arrays):
    """Write beside, flush to the disk, rename: a reader sees the old file or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with says_when_full(file.parent):
        descriptor, beside = tempfile.mkstemp(prefix=".", suffix=".part", dir=file.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                np.savez(stream, **arrays)
                stream.flush()
                os.fsync(stream.fileno())
            Path(beside).replace(file)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
