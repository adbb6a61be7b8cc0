"""The state of an unfinished run on disk: after SIGKILL, training goes on from the last epoch.

One file holds everything that an epoch changes, and is replaced in one step, so that what is read
is always the whole state after some epoch.
"""

import contextlib
import errno
import fcntl
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kneeoa.errors import TrainingError
from kneeoa.files import drop_abandoned, whole_file, write_arrays

_STATE = "state.npz"
_BEST = "best-{}.npz"


class UnusableStateError(TrainingError):
    """An unfinished run cannot go on from its state; it can begin anew."""


Value = Any
"""What a variable holds: an array on the host, or a tensor where it is computed with."""


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What one epoch hands to the next; what is written or read is on the host.

    `history` has one row per finished epoch; `weights` are those of the network under
    ``<layer>/<weight>``; `optimizer` its variables in their own order; `made_by` names backend and
    precision, whose optimisers do not continue each other.
    """

    history: tuple[dict, ...]
    weights: dict[str, Value]
    optimizer: tuple[Value, ...]
    made_by: str = ""


def state_file(folder: Path) -> Path:
    """Return the file of the state in `folder`."""
    return folder / _STATE


def write_state(folder: Path, state: State) -> None:
    """Put `state` in the place of the one before."""
    arrays = {f"weights:{key}": array for key, array in state.weights.items()}
    arrays |= {f"optimizer:{i:05d}": array for i, array in enumerate(state.optimizer)}
    facts = json.dumps({"history": state.history, "made_by": state.made_by})
    _write(folder / _STATE, arrays | {"facts": np.frombuffer(facts.encode(), np.uint8)})


def read_state(folder: Path) -> State | None:
    """Return the last whole state in `folder`, or None; see `read_whole` for what it raises."""
    file = folder / _STATE
    if not file.exists():
        return None
    with read_whole(file), np.load(file, allow_pickle=False) as stored:
        facts = json.loads(stored["facts"].tobytes())
        return State(
            tuple(facts["history"]),
            {
                key.removeprefix("weights:"): stored[key]
                for key in stored.files
                if key.startswith("weights:")
            },
            tuple(stored[key] for key in sorted(stored.files) if key.startswith("optimizer:")),
            facts["made_by"],
        )


def write_best(folder: Path, epoch: int, weights: dict[str, np.ndarray]) -> None:
    """Keep the weights of `epoch` (from 1); older ones go with `drop_old_best`."""
    _write(folder / _BEST.format(epoch), weights)


def read_best(folder: Path, epoch: int) -> dict[str, np.ndarray]:
    """Return the weights that `write_best` kept for `epoch`; raises as `read_whole` does."""
    file = folder / _BEST.format(epoch)
    with read_whole(file), np.load(file, allow_pickle=False) as stored:
        return dict(stored)


@contextlib.contextmanager
def read_whole(file: Path) -> Iterator[None]:
    """Have a `file` of a state that is missing or damaged be an `UnusableStateError`.

    NumPy and ZIP have a dozen ways to say so. One that this process may not read, or for which it
    lacks the memory, may be whole.
    """
    try:
        yield
    except MemoryError:
        raise
    except FileNotFoundError:
        raise unusable(file, "It is missing") from None
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise unusable(file, "It is damaged or cut off") from None


def unusable(file: Path, why: str) -> UnusableStateError:
    """Return the error that says `why`, of a state that it names, and what to do."""
    return UnusableStateError(
        f"Expected the state that {file.parent.name} goes on from, in {file}. {why}: put a whole "
        f"copy in its place, or remove {file.parent} to begin this run anew."
    )


def drop_half_written(folder: Path) -> None:
    """Remove what a killed process had begun to write in `folder`, which nobody else trains in."""
    drop_abandoned(folder, ".*.npz.*", seconds=0)


def forget(folder: Path) -> None:
    """Remove the state in `folder`, whole or not: what is trained there begins anew."""
    for pattern in (_STATE, _BEST.format("*")):
        for file in folder.glob(pattern):
            file.unlink(missing_ok=True)


def made_by(folder: Path) -> str:
    """Return what the state in `folder` was made by, or nothing where there is none to read."""
    try:
        with np.load(folder / _STATE, allow_pickle=False) as stored:
            return str(json.loads(stored["facts"].tobytes())["made_by"])
    except Exception:  # said by `read_state`, of the run that it is of
        return ""


def drop_old_best(folder: Path, epoch: int) -> None:
    """Remove the kept weights of every epoch but `epoch`."""
    for file in folder.glob(_BEST.format("*")):
        if file.name != _BEST.format(epoch):
            file.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(file: Path, what: str) -> Iterator[None]:
    """Hold `what` for this process; the lock ends with the process, however that ends.

    Raises `TrainingError` when another process holds it. Disks that know no locks have none.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TrainingError(
                f"{what} is being trained by another process. Wait for it, or end it: the same "
                "command then goes on from the last finished epoch."
            ) from None
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
                raise
        yield


def _write(file: Path, arrays: dict[str, np.ndarray]) -> None:
    with whole_file(file, durable=True) as stream:
        write_arrays(stream, arrays)
