"""The films of cases, each once, in a file named by the hash of its content."""

import contextlib
import errno
import hashlib
import hmac
import os
import re
import secrets
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kneeoa.errors import KneeOAError
from kneeoa.files import read_regular
from kneeoa.films.limits import DEFAULT_LIMITS
from kneeoa.store.cases import sealed

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PATIENTS = "patients.key"
_MOST_ADDED = 1024
"""Bytes that sealing adds at most."""
_ABANDONED = 24 * 3600
"""Seconds after which nobody is writing any more."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FilmFileError(KneeOAError):
    """A film cannot be kept, read or deleted."""


@dataclass(frozen=True, slots=True)
class FilmFiles:
    """Films below `folder`, sealed with `key` where there is one.

    A film that was kept without a key can still be read once there is one.
    """

    folder: Path
    key: bytes | None = field(default=None, repr=False)

    @property
    def encrypts(self) -> bool:
        """Whether what is kept from now on is encrypted."""
        return self.key is not None

    @contextlib.contextmanager
    def written(self, content: bytes) -> Iterator["Put"]:
        """Write a film beside its place; calling what is given puts it there.

        Where it is not called, nothing is left. Raises `FilmFileError` where there is no room or
        no right to write.
        """
        digest = hashlib.sha256(content).hexdigest()
        place = self._place(digest)
        with _in_words("keep a film", self.folder):
            self._make(place.parent)
            _drop_abandoned(place.parent)
            descriptor, name = tempfile.mkstemp(prefix=".new.", dir=place.parent)
            beside = Path(name)
        try:
            with _in_words("keep a film", self.folder), os.fdopen(descriptor, "wb") as stream:
                stream.write(sealed.seal(content, digest, self.key))
                stream.flush()
                os.fsync(stream.fileno())
            yield Put(digest, beside, place)
        finally:
            beside.unlink(missing_ok=True)

    def read(self, digest: str) -> bytes:
        """Return a film; raise `FilmFileError` where it is missing, damaged or sealed otherwise."""
        try:
            data = read_regular(self._place(digest), DEFAULT_LIMITS.max_bytes + _MOST_ADDED)
        except FileNotFoundError:
            raise FilmFileError(
                f"Expected the film of this case in {self.folder}. Its file is missing: put a "
                "backup of it there, or delete the case."
            ) from None
        except OSError as problem:
            raise FilmFileError(
                f"Expected the film of this case in {self.folder}. {problem.strerror}."
            ) from None
        try:
            content = sealed.opened(data, digest, self.key)
        except sealed.SealedError as problem:
            raise FilmFileError(f"Expected to open the film of this case. {problem}") from None
        if hashlib.sha256(content).hexdigest() != digest:
            raise FilmFileError(
                "Expected to open the film of this case. Its file is damaged: put a backup of it "
                "in its place."
            )
        return content

    def drop(self, digest: str) -> None:
        """Delete a film for good; one that is gone already is no problem."""
        with _in_words("delete a film", self.folder):
            self._place(digest).unlink(missing_ok=True)

    def mark_of(self, patient: str) -> str:
        """Return what tells that cases are of one patient, and nothing else of her.

        It is a keyed hash; its key lies beside the films, sealed as they are, and is made when it
        is first needed. Empty for an empty `patient`.
        """
        if not patient:
            return ""
        return hmac.new(self._patients(), patient.encode(), hashlib.sha256).hexdigest()[:32]

    def _patients(self) -> bytes:
        place = self.folder / _PATIENTS
        with _in_words("keep a film", self.folder):
            self._make(self.folder)
            try:
                data = read_regular(place, _MOST_ADDED)
            except FileNotFoundError:
                return self._new_patients(place)
        try:
            found = sealed.opened(data, _PATIENTS, self.key)
        except sealed.SealedError as problem:
            raise FilmFileError(f"Expected to open {place}. {problem}") from None
        if self.key is not None and not sealed.is_sealed(data):
            with _in_words("keep a film", self.folder):
                self._write_patients(place, found)
        return found

    def _new_patients(self, place: Path) -> bytes:
        self._write_patients(place, secrets.token_bytes(sealed.KEY_BYTES), new=True)
        # Another process may have been first: what stands there is everybody's.
        return sealed.opened(read_regular(place, _MOST_ADDED), _PATIENTS, self.key)

    def _write_patients(self, place: Path, content: bytes, *, new: bool = False) -> None:
        descriptor, name = tempfile.mkstemp(prefix=".new.", dir=self.folder)
        beside = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(sealed.seal(content, _PATIENTS, self.key))
                stream.flush()
                os.fsync(stream.fileno())
            if not new:
                beside.replace(place)
                return
            try:
                os.link(beside, place)
            except FileExistsError:
                pass
            except OSError:  # where files have one name alone
                if not place.exists():
                    beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)

    def _place(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise FilmFileError("Expected the SHA-256 of a film. What is kept there is none.")
        return self.folder / digest[:2] / f"{digest}.film"

    def _make(self, folder: Path) -> None:
        # Nobody else's to look into.
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)


@dataclass(frozen=True, slots=True)
class Put:
    """A film that was written `beside` its `place`, to be put there by calling this."""

    digest: str
    beside: Path = field(repr=False)
    place: Path = field(repr=False)

    def __call__(self) -> None:
        """Put the film in its place, instead of the same one that may be there."""
        with _in_words("keep a film", self.place.parent):
            self.beside.replace(self.place)


def _drop_abandoned(folder: Path) -> None:
    """Delete what a process that was killed had begun to write there."""
    for left in folder.glob(".new.*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _ABANDONED:
                left.unlink()


@contextlib.contextmanager
def _in_words(what: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        if problem.errno in _FULL:
            why = "The disk is full. Nothing that was saved before is lost: free some space"
        else:
            why = f"{problem.strerror or type(problem).__name__}. Nothing was changed: see to it"
        raise FilmFileError(f"Expected to {what} in {folder}. {why}, and try again.") from None
