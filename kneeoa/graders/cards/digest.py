"""What a file is known by on cards, in signatures and in records of runs."""

import errno
import hashlib
from pathlib import Path


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of an ordinary file in hex; raise `OSError` for what is none."""
    if not file.is_file():  # a pipe would be waited for, and a device read without an end
        raise OSError(errno.EINVAL, "It is no ordinary file", str(file))
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
