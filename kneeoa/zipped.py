"""A ZIP that somebody uploaded: its files, in memory alone, each unpacked when it is asked for.

Nothing of it is believed before it is checked: how many files there are, what they hold unpacked,
how they are packed, and that no name leads out of the archive. Nothing is written to the disk.
"""

import contextlib
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO

from kneeoa.errors import DataError

MOST_FILES = 5_000
MOST_BYTES = 1_000_000_000
"""Of all files together, unpacked; they are unpacked one at a time."""
_ENTRY = b"PK\x01\x02"
"""What every entry of a ZIP's directory begins with."""
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(ValueError, IndexError, RuntimeError, NotImplementedError),
)
"""What `zipfile` raises on damage; NotImplementedError is a RuntimeError, named for the reader."""


@dataclass(frozen=True, slots=True, eq=False)
class ZippedFile:
    """One file of an archive in memory: its `path` in it, with ``/``, and `size` in bytes."""

    path: str
    size: int
    _archive: zipfile.ZipFile = field(repr=False)
    _entry: zipfile.ZipInfo = field(repr=False)

    @property
    def name(self) -> str:
        """The file's name without folders."""
        return PurePosixPath(self.path).name

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
        return DataError(f"{self.path} in the ZIP is damaged: pack it again.")


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


def _checked(entry: zipfile.ZipInfo) -> PurePosixPath:
    name = entry.orig_filename.replace("\\", "/")
    path = PurePosixPath(name)
    drive = ":" in path.parts[0] if path.parts else True
    if drive or not name.isprintable() or path.is_absolute() or ".." in path.parts:
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
    return repr(name if len(name) <= 80 else f"{name[:77]}...")
