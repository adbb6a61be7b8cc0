"""Messages between a process and its workers: a header in JSON, then bytes as they are.

No pickles: what a decoder was made to send must not run here. Large contents go as an unnamed file
in memory (Linux), which is mapped and not copied; it touches no disk and is gone with its last
user. It is sealed, so that its sender can neither shrink it under its reader nor change it.
"""

import mmap
import os
import socket
import struct
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import msgspec

SHARED_FROM = 500_000
"""Bytes from which a file in memory is quicker than the socket."""
MOST_HEADER = 1_000_000
MOST_CONTENT = 2_000_000_000
_LENGTH = struct.Struct("<I")
_PLAIN, _SHARED = b"\0", b"\1"


class WireError(Exception):
    """What came is no message."""


Message = tuple[dict[str, Any], list[Any]]
"""A header, and contents of bytes or as views."""


def send(connection: socket.socket, header: dict[str, Any], contents: Sequence[Any] = ()) -> None:
    """Send a message; `contents` are bytes, or arrays without gaps."""
    views = [memoryview(content).cast("B") for content in contents]
    sizes = [view.nbytes for view in views]
    start = msgspec.json.encode({"header": header, "sizes": sizes})
    start = _LENGTH.pack(len(start)) + start
    if sum(sizes) >= SHARED_FROM and hasattr(os, "memfd_create"):
        file = _sealed(views)
        try:
            socket.send_fds(connection, [_SHARED], [file])
        finally:
            os.close(file)
        connection.sendall(start)
        return
    connection.sendall(_PLAIN + start)
    for view in filter(len, views):  # whoever has all may have answered and gone
        connection.sendall(view)


def receive(connection: socket.socket, *, as_bytes: bool = False) -> Message:
    """Return the header and the contents of the next message, as read-only views or as bytes.

    Raises `EOFError` where the other side is gone, `WireError` for what is no message, and
    `TimeoutError` where the connection has a time limit.
    """
    kind, files, _, _ = socket.recv_fds(connection, 1, 1)
    try:
        if not kind:
            raise EOFError
        (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
        if length > MOST_HEADER:
            raise WireError("the header is too long")
        try:
            start = _START.decode(_exactly(connection, length))
        except msgspec.MsgspecError as error:
            raise WireError(str(error)) from None
        if min(start.sizes, default=0) < 0 or sum(start.sizes) > MOST_CONTENT:
            raise WireError("the contents are too large")
        if not files:
            contents = [_exactly(connection, size) for size in start.sizes]
            return start.header, [bytes(c) if as_bytes else c.toreadonly() for c in contents]
        shared = _read if as_bytes else _mapped
        return start.header, list(shared(files[0], start.sizes))
    finally:
        for file in files:
            os.close(file)


class _Start(msgspec.Struct):
    header: dict[str, Any]
    sizes: list[int]


# Made here, by one thread: two that make it at once would end the process.
_START = msgspec.json.Decoder(_Start)


def _exactly(connection: socket.socket, size: int) -> memoryview:
    content = memoryview(bytearray(size))
    place = 0
    while place < size:
        count = connection.recv_into(content[place:])
        if not count:
            raise EOFError
        place += count
    return content


def _sealed(views: Sequence[memoryview]) -> int:
    """Return a file in memory that holds `views` and can be changed no more."""
    import fcntl

    file = os.memfd_create("film", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        for view in views:
            place = 0
            while place < view.nbytes:
                place += os.write(file, view[place:])
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, _seals(fcntl))
    except BaseException:
        os.close(file)
        raise
    return file


def _seals(fcntl: ModuleType) -> int:
    return fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def _read(file: int, sizes: Sequence[int]) -> list[bytes]:
    os.lseek(file, 0, os.SEEK_SET)
    contents = [os.read(file, size) for size in sizes]
    if [len(content) for content in contents] != list(sizes):
        raise WireError("the contents are not what was announced")
    return contents


def _mapped(file: int, sizes: Sequence[int]) -> list[memoryview]:
    import fcntl

    total = sum(sizes)
    # One that could shrink would end this process when it is read.
    sealed = fcntl.fcntl(file, fcntl.F_GET_SEALS) & _seals(fcntl) == _seals(fcntl)
    if not sealed or not total or os.fstat(file).st_size != total:
        raise WireError("the contents are not what was announced")
    flags = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)
    whole = memoryview(mmap.mmap(file, total, flags=flags, prot=mmap.PROT_READ))
    ends = [sum(sizes[: place + 1]) for place in range(len(sizes))]
    return [whole[end - size : end] for end, size in zip(ends, sizes, strict=True)]
