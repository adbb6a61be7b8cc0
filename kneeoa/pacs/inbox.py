"""Films that were pushed and wait to be read: in memory, or in a folder of the owner's.

A film is known by the SHA-256 of its file, so that one that comes twice is there once. What waits
is bounded; where there is no room more, the sender is told so and keeps it.
"""

import contextlib
import hashlib
import os
import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kneeoa.errors import KneeOAError, RadiographError
from kneeoa.files import read_regular
from kneeoa.films.apart.pool import workers
from kneeoa.films.apart.settings import MEGABYTE
from kneeoa.pacs.problems import PacsError
from kneeoa.pacs.sealing import PLAIN, Cipher
from kneeoa.pacs.settings import Receiver
from kneeoa.store.cases import disk

_NAME = re.compile(r"([0-9a-f]{64})\.(film|sealed)")
_DESCRIBED = "kneeoa.films.dicom.described.described"
_ADDED = 1024
"""Bytes that sealing adds at most."""


class FullInboxError(PacsError):
    """There is no room for another film."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A film that waits.

    Attributes
    ----------
    digest : SHA-256 of its file, in hex
    at : when it came, in UTC
    size : bytes that it takes
    described : what its header says, see `kneeoa.films.dicom.described`; empty: nothing is known
    """

    digest: str
    at: datetime
    size: int
    described: dict[str, str] = field(repr=False)


class Inbox(ABC):
    """What waits. Safe to use from many threads."""

    def __init__(self, settings: Receiver, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._settings, self._now = settings, now
        self._lock = threading.Lock()
        self._described: dict[str, dict[str, str]] = {}
        self._refused = ""

    @property
    def refused(self) -> str:
        """Why there was no room for the film that came last; empty once there is, as when one goes.

        Of what comes to this process: another one that receives says so itself.
        """
        return self._refused

    def take_in(self, data: bytes, described: dict[str, str] | None = None) -> str:
        """Keep a film; return its digest. Raises `FullInboxError` where there is no room."""
        digest = hashlib.sha256(data).hexdigest()
        with self._lock:
            try:
                self._have(digest, data)
            except FullInboxError as problem:
                self._refused = str(problem)
                raise
            self._refused = ""
            if described is not None:
                self._described[digest] = described
        return digest

    def _have(self, digest: str, data: bytes) -> None:
        """Write a film, unless it is there already and can be read."""
        others = self._there()
        if others.pop(digest, None) is not None and self._is_whole(digest):
            return
        taken = sum(size for _, size in others.values())
        if len(others) >= self._settings.most_films or (
            taken + len(data) > self._settings.most_bytes
        ):
            raise FullInboxError(
                f"Expected at most {self._settings.most_films} films and "
                f"{self._settings.most_bytes / MEGABYTE:g} MB that wait to be read. There "
                "is no room for another: remove some from the list."
            )
        self._write(digest, data)

    def _is_whole(self, digest: str) -> bool:
        # Its name alone says nothing: the file may be cut off, or sealed with another key.
        try:
            return hashlib.sha256(self._read(digest)).hexdigest() == digest
        except KneeOAError:
            return False

    def listed(self, seconds: float = 3.0) -> list[Arrived]:
        """Return what waits, the newest first.

        Headers that are not known yet are read for so long; the others are empty until later.
        """
        last = time.monotonic() + seconds
        with self._lock:
            there = self._there()
            for gone in set(self._described) - set(there):
                del self._described[gone]
        newest_first = sorted(there, key=lambda digest: (there[digest][0], digest), reverse=True)
        return [
            Arrived(digest, *there[digest], self._about(digest, last)) for digest in newest_first
        ]

    def digests(self) -> frozenset[str]:
        """Return which films wait."""
        with self._lock:
            return frozenset(self._there())

    def read(self, digest: str) -> bytes:
        """Return a film; raise `PacsError` where it is no longer there."""
        with self._lock:
            if digest in self._there():
                data = self._read(digest)
                if hashlib.sha256(data).hexdigest() == digest:
                    return data
                raise PacsError("Expected the film as it came. Its file is damaged: push it again.")
        raise PacsError("Expected a film that waits. It was removed from the list meanwhile.")

    def remove(self, digest: str) -> None:
        """Take a film off the list, for good; one that is gone already is no problem."""
        with self._lock:
            if digest in self._there():
                self._remove(digest)
                self._refused = ""

    def _about(self, digest: str, last: float) -> dict[str, str]:
        """Return what a film's header says, asked of a worker once, and not after `last`."""
        with self._lock:
            known = self._described.get(digest)
        if known is not None:
            return known
        if time.monotonic() > last:
            return {}
        try:
            known = dict(workers().run(_DESCRIBED, self.read(digest)).facts)
        except RadiographError:
            return {}  # decoders are busy: another time
        except KneeOAError:
            known = {}
        with self._lock:
            self._described[digest] = known
        return known

    @abstractmethod
    def _there(self) -> dict[str, tuple[datetime, int]]: ...

    @abstractmethod
    def _write(self, digest: str, data: bytes) -> None: ...

    @abstractmethod
    def _read(self, digest: str) -> bytes: ...

    @abstractmethod
    def _remove(self, digest: str) -> None: ...


class MemoryInbox(Inbox):
    """What waits in memory, and is gone with the process: no film touches the disk."""

    def __init__(self, settings: Receiver, **options: Any):
        super().__init__(settings, **options)
        self._films: dict[str, tuple[datetime, bytes]] = {}

    def _there(self) -> dict[str, tuple[datetime, int]]:
        return {digest: (at, len(data)) for digest, (at, data) in self._films.items()}

    def _write(self, digest: str, data: bytes) -> None:
        self._films[digest] = self._now(), data

    def _read(self, digest: str) -> bytes:
        return self._films[digest][1]

    def _remove(self, digest: str) -> None:
        del self._films[digest]


class FolderInbox(Inbox):
    """What waits in a folder, and survives whatever ends the process; encrypted if there is a key.

    Receiving and reading may be two processes.
    """

    def __init__(self, settings: Receiver, *, cipher: Cipher = PLAIN, **options: Any):
        super().__init__(settings, **options)
        self._folder, self._cipher = Path(settings.folder), cipher
        with self._in_words():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            disk.drop_abandoned(self._folder)
            if not cipher.encrypts and any(self._folder.glob("*.sealed")):
                raise PacsError(
                    f"Expected the key with which the films that wait in {self._folder} are "
                    "encrypted. The server runs without one, and films that are pushed would lie "
                    "there as they are: start it with the key, or empty the folder."
                )

    def _there(self) -> dict[str, tuple[datetime, int]]:
        waiting = {}
        with self._in_words(), os.scandir(self._folder) as entries:
            for entry in entries:
                if name := _NAME.fullmatch(entry.name):
                    with contextlib.suppress(FileNotFoundError):
                        seen = entry.stat(follow_symlinks=False)
                        waiting[name[1]] = datetime.fromtimestamp(seen.st_mtime, UTC), seen.st_size
        return waiting

    def _write(self, digest: str, data: bytes) -> None:
        sealed = self._cipher.encrypts
        content = self._cipher.seal(data, digest) if sealed else data
        kinds = ("sealed", "film") if sealed else ("film", "sealed")
        place, stale = (self._folder / f"{digest}.{kind}" for kind in kinds)
        with self._in_words(writes=True):
            disk.drop_abandoned(self._folder)
            with disk.written_beside(self._folder, content) as beside:
                beside.replace(place)
                stale.unlink(missing_ok=True)
            disk.have_on_disk(self._folder)

    def _read(self, digest: str) -> bytes:
        most = self._settings.largest + _ADDED
        with self._in_words():
            plain = self._folder / f"{digest}.film"
            if plain.exists():
                return read_regular(plain, most)
            data = read_regular(self._folder / f"{digest}.sealed", most)
        return self._cipher.opened(data, digest)

    def _remove(self, digest: str) -> None:
        with self._in_words():
            for kind in ("film", "sealed"):
                (self._folder / f"{digest}.{kind}").unlink(missing_ok=True)

    @contextlib.contextmanager
    def _in_words(self, *, writes: bool = False) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            if writes and problem.errno in disk.FULL:
                raise FullInboxError(
                    f"The disk that holds {self._folder} is full. Free some space."
                ) from None
            raise PacsError(
                f"Expected to keep films that are pushed in {self._folder}. "
                f"{problem.strerror or type(problem).__name__}: see to it."
            ) from None


def inbox_of(settings: Receiver, cipher: Cipher = PLAIN) -> Inbox:
    """Return where pushed films wait, as the owner settled it."""
    return FolderInbox(settings, cipher=cipher) if settings.folder else MemoryInbox(settings)
