"""Files of the contracts: read whole or refused by a sentence, written whole or not at all."""

import contextlib
import errno
import glob
import io
import json
import math
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import msgspec
import numpy as np

from kneeoa.errors import DataError, DiskFullError, KneeOAError
from kneeoa.spreadsheet import texts_as_meant

if TYPE_CHECKING:
    import pandas as pd

Record = TypeVar("Record")

_ONE_AT_A_TIME = threading.Lock()
_ABANDONED = 24 * 3600
"""Seconds after which a half-written folder is nobody's any more."""
BEGUN = ".kneeoa-"
"""After the name of a folder that is being written: nobody else calls theirs so."""
ONLY_EMPTY_IS_MISSING: dict[str, Any] = {"keep_default_na": False, "na_values": [""]}
"""How pandas is to read tables in which a patient or a film may be called NA, nan or None."""
LONGEST_TEXT = 256 * 2**20
"""Bytes of a record or a table; the predictions of a run on a million films have less."""


def read_regular(file: Path, most: int, *, inside: Path | None = None) -> bytes:
    """Return the bytes of an ordinary file, at most `most` of them.

    With `inside`, no link leads out of that folder. Raises `OSError` with a reason for what is no
    file, such as a pipe, which would never end, and for a longer one. No reason quotes the content.
    """
    if not stat.S_ISREG(file.stat().st_mode):
        raise OSError(errno.EINVAL, "It is no ordinary file", str(file))
    # Should a pipe have taken its place meanwhile, nobody waits for who writes into it.
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as stream:
        opened = os.fstat(descriptor)
        if not stat.S_ISREG(opened.st_mode):
            raise OSError(errno.EINVAL, "It is no ordinary file", str(file))
        if inside is not None:
            real = file.resolve()
            stays = real.is_relative_to(inside.resolve())
            if not stays or not os.path.samestat(real.stat(), opened):
                raise OSError(errno.EPERM, "It is a link that leads out of the folder", str(file))
        data = stream.read(most + 1) if opened.st_size <= most else b""
    if opened.st_size > most or len(data) > most:
        raise OSError(errno.EFBIG, f"It has more than {most / 1e6:.0f} MB", str(file))
    return data


def read_text(file: Path) -> str:
    """Return the text of an ordinary file in UTF-8; a byte order mark is no part of it.

    Raises `OSError` as `read_regular` does, and `ValueError` where it is no such text.
    """
    return read_regular(file, LONGEST_TEXT).decode("utf-8-sig")


def sound(content: Any) -> Any:
    """Return what JSON held; raise `ValueError` where it is more than JSON, or no text.

    Python reads ``NaN``, numbers beyond all, and halves of characters, at which figures and pages
    fail much later.
    """
    if isinstance(content, dict):
        for name, value in content.items():
            sound(name)
            sound(value)
    elif isinstance(content, list):
        for value in content:
            sound(value)
    elif isinstance(content, str) and not content.isascii():
        content.encode()
    elif isinstance(content, float):
        if not math.isfinite(content):
            raise ValueError("a number is not finite")
    elif isinstance(content, int) and not -(2**63) <= content < 2**63:
        raise ValueError("a number is too large")
    return content


def converted(content: Any, kind: type[Record]) -> Record:
    """Return plain `content` as the dataclass `kind`; raise `msgspec.ValidationError`.

    One thread at a time: msgspec looks at a class when it first meets it, and two threads that do
    so at once end the process.
    """
    with _ONE_AT_A_TIME:
        return msgspec.convert(content, kind)


def record_of(kind: type[Record], content: dict[str, Any], file: Path | str) -> Record:
    """Return `content`, of `file`, as the dataclass `kind`; fields that it lacks are left out.

    Raises `DataError` where a field is missing or of another type.
    """
    try:
        return converted(content, kind)
    except msgspec.ValidationError as problem:
        raise DataError(f"{file} does not have the expected fields: {problem}.") from None


def read_versioned(
    file: Path, version: int, what: str, *, error: type[KneeOAError] = DataError
) -> dict[str, Any]:
    """Return the object in `file`; raise `error` if it is damaged or of another schema version.

    `what` names the file in the sentence, for example ``a training run``.
    """
    try:
        text = read_text(file)
    except (OSError, ValueError) as problem:
        raise error(_unread(file, what, problem)) from None
    return parse_versioned(text, file, version, what, error=error)


def parse_versioned(
    text: str, file: Path, version: int, what: str, *, error: type[KneeOAError] = DataError
) -> dict[str, Any]:
    """Do what `read_versioned` does with the text of a file that is called `file`."""
    try:
        content = sound(json.loads(text))
    except (ValueError, RecursionError) as problem:
        raise error(_unread(file, what, problem)) from None
    received = content.get("schema_version") if isinstance(content, dict) else None
    if received != version:
        received = str(received)[:40]
        raise error(f"Expected {what} of schema version {version}. {file} has version {received}.")
    return content


def _unread(file: Path, what: str, problem: Exception) -> str:
    why = problem.strerror if isinstance(problem, OSError) else _kind_of(problem)
    return f"Expected {what} in {file.parent}. {file.name} cannot be read: {why}."


def _kind_of(problem: Exception) -> str:
    """Say what is wrong with a text, without quoting it."""
    if isinstance(problem, json.JSONDecodeError):
        return f"{problem.msg}, line {problem.lineno}"
    if isinstance(problem, UnicodeError):
        return "it holds what is no text in UTF-8"
    if isinstance(problem, RecursionError):
        return "it is nested too deeply"
    return str(problem)


def read_table(
    file: Path,
    columns: Sequence[str],
    *,
    numbers: Sequence[str] = (),
    texts: Sequence[str] = (),
) -> "pd.DataFrame":
    """Return a table that has at least `columns`; `numbers` of them are numbers or empty.

    `texts` stay text, such as identifiers with leading zeros, as they were meant before they were
    written by `kneeoa.spreadsheet`.

    Raises `DataError` when the file is missing, damaged or cut off.
    """
    import pandas as pd  # late: grading needs none

    try:
        text = read_text(file)
        kinds = dict.fromkeys(texts, str)
        table = pd.read_csv(io.StringIO(text), dtype=kinds, **ONLY_EMPTY_IS_MISSING)
    except OSError as error:
        raise DataError(f"Expected a table. {file} cannot be read: {error.strerror}.") from None
    except (ValueError, OverflowError):
        raise DataError(f"Expected a table in UTF-8. {file} is none, or damaged.") from None
    missing = [name for name in columns if name not in table]
    if missing:
        raise DataError(f"Expected the columns {', '.join(missing)} in {file}. They are missing.")
    for name in numbers:
        values = pd.to_numeric(table[name], errors="coerce")
        if (values.isna() & table[name].notna()).any():
            raise DataError(f"Expected numbers in the column {name} of {file}. Found others.")
        if np.isinf(values.to_numpy(float, na_value=0)).any():
            raise DataError(f"Expected finite numbers in the column {name} of {file}.")
        table[name] = values
    if not text.endswith("\n"):
        raise DataError(f"Expected whole lines in {file}. The last one is cut off.")
    return texts_as_meant(table, texts)


@contextlib.contextmanager
def says_when_full(folder: Path) -> Iterator[None]:
    """Turn a full disk into a `DiskFullError`; whatever was finished before stays."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise DiskFullError(
            f"The disk that holds {folder} is full. What was finished is kept: free some space "
            "and give the same command again."
        ) from None


@contextlib.contextmanager
def whole_file(file: Path, *, durable: bool = False, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """Write to the stream given; `file` then has its old content or all of the new, never half.

    Nobody but who `mode` names reads it, from its first byte on.

    With `durable` the content is on the disk before it gets its name, as a state must be that
    outlives a crash of the machine. Raises `DiskFullError` when there is no room.
    """
    with says_when_full(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        beside = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield stream
                if durable:
                    stream.flush()
                    os.fsync(stream.fileno())
            beside.chmod(mode)
            beside.replace(file)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


def write_arrays(stream: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays under their names, as ``.npz``."""
    np.savez(stream, **arrays)  # type: ignore[arg-type]  # none of them is called allow_pickle


def replace_file(file: Path, content: str) -> None:
    """Write text to `file` by `whole_file`."""
    with whole_file(file) as stream:
        stream.write(content.encode("utf-8"))


@contextlib.contextmanager
def whole_folder(folder: Path, *, replace: bool = False) -> Iterator[Path]:
    """Fill the folder given; it then becomes `folder` in one step, or nothing is left of it.

    A folder that is there already is an `OSError`; with `replace` it is put aside first, so that a
    reader sees a whole one, or for an instant none. Raises `DiskFullError` when there is no room.
    """
    with says_when_full(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        old = folder.with_name(f".{folder.name}.old-kneeoa")
        if replace:
            _settle(folder, old)
        drop_abandoned(folder.parent, f".{glob.escape(folder.name)}{BEGUN}*")
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}{BEGUN}", dir=folder.parent))
        try:
            yield beside
            beside.chmod(0o755)
            if replace and folder.exists():
                folder.rename(old)
            beside.rename(folder)
        finally:
            if replace:
                _settle(folder, old)
            shutil.rmtree(beside, ignore_errors=True)


def _settle(folder: Path, old: Path) -> None:
    """Put back what was put aside, or drop it where another has its place."""
    if old.exists() and not folder.exists():
        old.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def drop_abandoned(parent: Path, pattern: str, *, seconds: float = _ABANDONED) -> None:
    """Remove what a killed process had begun in `parent`, and nobody is at after `seconds`."""
    for left in parent.glob(pattern):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > seconds:
                remove(left)


def remove(place: Path) -> None:
    """Remove a file, or a folder with all that is in it; what cannot be removed stays."""
    with contextlib.suppress(OSError):
        place.unlink()
    shutil.rmtree(place, ignore_errors=True)
