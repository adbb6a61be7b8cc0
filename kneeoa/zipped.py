"""A ZIP that somebody uploaded: its files, in memory alone, each unpacked when it is asked for.

Nothing of it is believed before it is checked: how many files there are, what they hold unpacked,
how they are packed, and that no name leads out of the archive. Nothing is written to the disk.
"""

import contextlib
import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO

import numpy as np

from kneeoa.errors import DataError
from kneeoa.wording import plain

MOST_FILES = 5_000
MOST_BYTES = 1_000_000_000
"""Of all files together, unpacked; they are unpacked one at a time."""
_MOST_ARRAYS = 200
_LONGEST_PATH, _DEEPEST = 1_000, 50
"""Letters, and folders, of a file's path. A ZIP may give each of its files 65,000 and 32,000."""
_ENTRY = b"PK\x01\x02"
"""What every entry of a ZIP's directory begins with."""
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(ValueError, IndexError, RuntimeError, NotImplementedError),
)
"""What `zipfile` raises on damage; NotImplementedError is a RuntimeError, named for the reader."""
_DRIVE = re.compile(r"[A-Za-z]:")
_ARRAY = ".npy"
_ARRAY_START = re.compile(
    rb"\x93NUMPY\x01\0..\{'descr': '<f4', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,9}, ?)*(?:\d{1,9})?)\), \} *\n",
    re.DOTALL,
)
"""How NumPy writes an array of float32, version 1.0 of the format: alignment apart, to the byte."""


@dataclass(frozen=True, slots=True, eq=False)
class ZippedFile:
    """One file of an archive in memory: its `path` in it, with ``/``, and `size` in bytes.

    A path may hold any letters, be they invisible: a system's own, or of another code page. `shown`
    is what people get to see.
    """

    path: str
    size: int
    _archive: zipfile.ZipFile = field(repr=False)
    _entry: zipfile.ZipInfo = field(repr=False)

    @property
    def name(self) -> str:
        """The file's name without folders."""
        return PurePosixPath(self.path).name

    @property
    def shown(self) -> str:
        """The path as it may be shown, in one line."""
        return " ".join(plain(self.path).split("\n"))

    @contextlib.contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Give a stream to read its beginning from; raise `DataError` where it is damaged."""
        try:
            with self._archive.open(self._entry) as stream:
                yield stream
        except _DAMAGE:
            raise self._damaged() from None

    def read_bytes(self) -> bytes:
        """Unpack it; raise `DataError` where it is damaged. Never more than `size` bytes."""
        try:
            return self._archive.read(self._entry)
        except _DAMAGE:
            raise self._damaged() from None

    def _damaged(self) -> DataError:
        return DataError(f"{self.shown} in the ZIP is damaged: pack it again.")


def open_zip(
    data: bytes, *, most_files: int = MOST_FILES, most_bytes: int = MOST_BYTES
) -> dict[str, ZippedFile]:
    """Return the files of a ZIP by their path in it, in order; hidden ones are passed over.

    Raises `DataError` for what is no ZIP, has too much in it, is encrypted, or has names that lead
    elsewhere.
    """
    # Counted before `zipfile` makes an object of each entry, and whatever the ZIP itself says.
    if data.count(_ENTRY) > most_files:
        raise DataError(f"Expected at most {most_files} files in a ZIP. Received more.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except _DAMAGE:
        raise DataError("Expected a ZIP. What came is none, or is damaged.") from None
    packed: dict[str, ZippedFile] = {}
    for entry in entries:
        path = _checked(entry)
        if any(part.startswith(".") or part == "__MACOSX" for part in path.parts):
            continue
        if str(path) in packed:
            raise DataError(
                f"Expected each file once in a ZIP. {_shown(str(path))} is there twice."
            )
        packed[str(path)] = ZippedFile(str(path), entry.file_size, archive, entry)
    if sum(file.size for file in packed.values()) > most_bytes:
        raise DataError(
            f"Expected at most {most_bytes / 1e6:.0f} MB in a ZIP once it is unpacked. Received "
            "more: pack fewer films."
        )
    return packed


def arrays_in(data: bytes, *, most_bytes: int) -> dict[str, np.ndarray]:
    """Return the float32 arrays of an ``.npz`` by name, read-only; they are read in memory.

    NumPy itself believes what an array's header says: it evaluates it as Python, and makes room for
    any shape before it looks for content. Here a header is one that NumPy writes, and the content
    is as long as it says. Raises `DataError` as `open_zip` does, and for all else.
    """
    packed = open_zip(data, most_files=_MOST_ARRAYS, most_bytes=most_bytes)
    return {
        path.removesuffix(_ARRAY): _array_in(file.read_bytes(), path)
        for path, file in packed.items()
    }


def _array_in(data: bytes, path: str) -> np.ndarray:
    start = _ARRAY_START.match(data)
    shape = [int(size) for size in start[2].split(b",") if size.strip()] if start else []
    if not path.endswith(_ARRAY) or not start or len(data) - start.end() != 4 * math.prod(shape):
        raise DataError(
            f"Expected arrays of plain numbers (float32). {_shown(path)} is none, or damaged."
        )
    numbers = np.frombuffer(data, "<f4", offset=start.end())
    return numbers.reshape(shape, order="F" if start[1] == b"True" else "C")


def _checked(entry: zipfile.ZipInfo) -> PurePosixPath:
    name = entry.orig_filename.replace("\\", "/")
    if len(name) > _LONGEST_PATH or name.count("/") > _DEEPEST:
        raise DataError(
            f"Expected paths of at most {_LONGEST_PATH} letters and {_DEEPEST} folders in a ZIP. "
            f"Received {_shown(name)}: pack the folder itself."
        )
    path = PurePosixPath(name)
    leads_out = path.is_absolute() or ".." in path.parts or _DRIVE.match(name)
    if leads_out or "\0" in name or not path.parts:
        raise DataError(
            f"Expected names of files inside the ZIP. Received {_shown(name)}: pack the folder "
            "itself."
        )
    if entry.flag_bits & 0x1:
        raise DataError("Expected a ZIP without a password. This one has one.")
    if entry.compress_type not in _PLAIN:
        raise DataError(
            "Expected a ZIP packed in the usual way (deflate). This one is packed otherwise."
        )
    return path


def _shown(name: str) -> str:
    name = plain(name)
    return repr(name if len(name) <= 80 else f"{name[:77]}...")
