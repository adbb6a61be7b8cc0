"""What the folder of films has in common with others: it may be full, or locked, or lose power."""

import contextlib
import errno
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kneeoa.errors import KneeOAError

_ABANDONED = 3600
"""Seconds after which nobody is writing any more."""
_BETWEEN_LOOKS = timedelta(hours=1)
_NEVER = datetime.min.replace(tzinfo=UTC)
_LOOKED: dict[Path, datetime] = {}
"""When all folders of films were last looked into: with many films that takes a while."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FilmFileError(KneeOAError):
    """A film cannot be kept, read or deleted."""


@contextlib.contextmanager
def written_beside(folder: Path, content: bytes) -> Iterator[Path]:
    """Have `content` on the disk in a file of `folder`, from its first byte on nobody else's.

    It is to be put where it belongs in one step; where it is not, nothing is left of it.
    """
    descriptor, name = tempfile.mkstemp(prefix=".new.", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def have_on_disk(folder: Path) -> None:
    """Have the names in a folder survive a power cut, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def folders_of_films(folder: Path) -> Sequence[Path]:
    """Return the folders that films of cases are written in, the one that has the others first."""
    return (folder, *folder.glob("[0-9a-f][0-9a-f]"))


def drop_abandoned(folder: Path, *, seconds: float = _ABANDONED) -> None:
    """Delete what a process that was killed had begun to write there, `seconds` ago or longer."""
    for left in folder.glob(".new[.-]*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime >= seconds:
                left.unlink()


def drop_half_written(folder: Path, now: datetime) -> None:
    """Delete what was abandoned in a folder of films: by the version before, in those within it."""
    all_of_them = now - _LOOKED.get(folder, _NEVER) >= _BETWEEN_LOOKS
    for place in folders_of_films(folder) if all_of_them else [folder]:
        drop_abandoned(place)
    if all_of_them:
        _LOOKED[folder] = now


@contextlib.contextmanager
def in_words(what: str, folder: Path) -> Iterator[None]:
    """Turn what the system refuses into a sentence: `what` was to be done in `folder`."""
    try:
        yield
    except OSError as problem:
        if problem.errno in FULL:
            why = "The disk is full. Nothing that was saved before is lost: free some space"
        else:
            refusal = problem.strerror or type(problem).__name__
            why = f"{refusal}. Nothing of it was changed: see to it"
        raise FilmFileError(f"Expected to {what} in {folder}. {why}, and try again.") from None
