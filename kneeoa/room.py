"""Places: where one really is, and whether it can be written to, asked before the work."""

import os
import tempfile
from pathlib import Path

from kneeoa.errors import DataError

_TRIED = b"\0" * 4096
"""So much must go in: on a full disk an empty file could still be made."""


def real(place: Path) -> Path:
    """Return where `place` really is, whatever links lead there.

    Of links that lead in a circle it is one of them: who opens it is told. `Path.resolve` raises an
    error for those that is a fault of the program's.
    """
    return Path(os.path.realpath(place))


def expect_room(folder: Path, what: str) -> None:
    """Raise `DataError` unless files can be put into `folder`, which need not be there yet.

    It is tried, because rights alone do not tell: a disk may be full, or only be read. Nothing is
    left of it. Of a folder that is not there yet, the one that it will lie in is tried: others may
    make it meanwhile. `what` is to be written.
    """
    try:
        _try(folder)
    except OSError as error:
        raise DataError(
            f"Expected to write {what} into {folder}. Nothing can be written there "
            f"({error.strerror or error}): name another folder."
        ) from None


def _try(folder: Path) -> None:
    there = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
    with tempfile.TemporaryFile(dir=there, buffering=0) as stream:
        stream.write(_TRIED)
