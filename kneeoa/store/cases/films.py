"""The films of cases, each once, in a file named by the hash of its content."""

import contextlib
import hashlib
import hmac
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kneeoa.files import read_regular
from kneeoa.films.limits import DEFAULT_LIMITS
from kneeoa.store.cases import sealed
from kneeoa.store.cases.disk import FilmFileError, have_on_disk, in_words, written_beside

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PATIENTS = "patients.key"
_PUT, _GONE = ".put.", ".gone."
_SMALL = ".small"
_MOST_SMALL = 200_000
_MOST_ADDED = 1024
"""Bytes that sealing adds at most."""
_UNSETTLED = 3600
"""Seconds after which whoever put a film there has kept its row, or never will."""


@dataclass(frozen=True, slots=True)
class FilmFiles:
    """Films below `folder`, sealed with `key` where there is one.

    A film that was kept without a key can still be read once there is one; nothing is kept without
    one, or with another, where there was one before.
    """

    folder: Path
    key: bytes | None = field(default=None, repr=False)

    @property
    def encrypts(self) -> bool:
        """Whether what is kept from now on is encrypted."""
        return self.key is not None

    @contextlib.contextmanager
    def written(self, content: bytes) -> Iterator["Put"]:
        """Write a film beside all others; calling what is given puts it in its place.

        Where it is not called, nothing is left. Raises `FilmFileError` where there is no room or
        no right to write, and where the folder is sealed and the key is missing, or another one.
        """
        digest = hashlib.sha256(content).hexdigest()
        place = self._place(digest)
        self._patients()  # opened by the folder's own key alone
        with contextlib.ExitStack() as until_put:
            with in_words("keep a film", self.folder):
                self._make(place.parent)
                data = sealed.seal(content, digest, self.key)
                beside = until_put.enter_context(written_beside(self.folder, data))
            yield Put(digest, beside, place, self.folder / f"{_PUT}{digest}{beside.suffix}")

    def unsettled(self) -> list[tuple[str, Path]]:
        """Return films that were put there by who was killed before saying that they stay.

        Each with the mark that says so, to be removed once it is settled whether it stays.
        """
        films = []
        for mark in self.folder.glob(f"{_PUT}*"):
            digest = mark.name.removeprefix(_PUT).partition(".")[0]
            with contextlib.suppress(OSError):
                is_old = time.time() - mark.stat().st_mtime > _UNSETTLED
                if is_old and _DIGEST.fullmatch(digest):
                    films.append((digest, mark))
        return films

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

    def keep_picture(self, digest: str, picture: bytes) -> None:
        """Keep a small picture of a film beside it; an empty one is none."""
        if not picture:
            return
        place = self._place(digest).with_suffix(_SMALL)
        data = sealed.seal(picture, place.name, self.key)
        with in_words("keep a film", self.folder), written_beside(self.folder, data) as beside:
            beside.replace(place)

    def picture(self, digest: str) -> bytes:
        """Return the small picture of a film; empty where there is none that can be opened."""
        place = self._place(digest).with_suffix(_SMALL)
        try:
            return sealed.opened(read_regular(place, _MOST_SMALL), place.name, self.key)
        except (OSError, sealed.SealedError):
            return b""

    def drop(self, digest: str) -> None:
        """Delete a film and its picture for good; what is gone already is no problem."""
        place = self._place(digest)
        with in_words("delete a film", self.folder):
            place.with_suffix(_SMALL).unlink(missing_ok=True)
            place.unlink(missing_ok=True)

    def put_aside(self, digest: str) -> None:
        """Take a film from its place, until it is settled that no case has it; its picture goes."""
        place = self._place(digest)
        with in_words("delete a film", self.folder), contextlib.suppress(FileNotFoundError):
            place.with_suffix(_SMALL).unlink(missing_ok=True)
            place.replace(self.folder / f"{_GONE}{digest}")

    def aside(self) -> list[str]:
        """Return the films that were put aside, by digest."""
        names = [file.name.removeprefix(_GONE) for file in self.folder.glob(f"{_GONE}*")]
        return [name for name in names if _DIGEST.fullmatch(name)]

    def settle_aside(self, digest: str, *, stays: bool) -> None:
        """Put a film back that was put aside, where it `stays`, or delete it for good."""
        gone, place = self.folder / f"{_GONE}{digest}", self._place(digest)
        with in_words("delete a film", self.folder):
            if stays and not place.exists():
                with contextlib.suppress(FileNotFoundError):
                    gone.replace(place)
            gone.unlink(missing_ok=True)

    def mark_of(self, text: str, what: str = "") -> str:
        """Return what tells that cases are of one patient, and nothing else of her.

        `text` is her number, or `what` else is named: the same text of another kind has another
        mark. It is a keyed hash; its key lies beside the films, sealed as they are, and is made
        when it is first needed. Empty for an empty `text`.
        """
        if not text:
            return ""
        marked = f"{what}\0{text}" if what else text
        return hmac.new(self._patients(), marked.encode(), hashlib.sha256).hexdigest()[:32]

    def marks_of_films(self, digests: Iterable[str]) -> dict[str, str]:
        """Return what tells films whose files have these SHA-256, by these, and nothing of them.

        They are keyed hashes, as of `mark_of`: who has a film cannot tell whether it is kept. None
        where the folder has no key yet, and so no film.
        """
        if not (self.folder / _PATIENTS).exists():
            return {}
        key = self._patients()
        return {
            digest: hmac.new(key, f"film {digest}".encode(), hashlib.sha256).hexdigest()
            for digest in digests
        }

    def pseudonyms_key(self) -> bytes:
        """Return what new numbers of films follow from that are kept without their patient."""
        return hmac.new(self._patients(), b"pseudonyms", hashlib.sha256).digest()

    def _patients(self) -> bytes:
        place = self.folder / _PATIENTS
        with in_words("keep a film", self.folder):
            self._make(self.folder)
            try:
                data = read_regular(place, _MOST_ADDED)
            except FileNotFoundError:
                return self._new_patients(place)
        try:
            patients_key = sealed.opened(data, _PATIENTS, self.key)
        except sealed.SealedError as problem:
            raise FilmFileError(f"Expected to open {place}. {problem}") from None
        if self.key is not None and not sealed.is_sealed(data):
            with in_words("keep a film", self.folder):
                self._write_patients(place, patients_key)
        return patients_key

    def _new_patients(self, place: Path) -> bytes:
        self._write_patients(place, secrets.token_bytes(sealed.KEY_BYTES), new=True)
        # Another process may have been first: what stands there is everybody's.
        return sealed.opened(read_regular(place, _MOST_ADDED), _PATIENTS, self.key)

    def _write_patients(self, place: Path, content: bytes, *, new: bool = False) -> None:
        data = sealed.seal(content, _PATIENTS, self.key)
        with written_beside(self.folder, data) as beside:
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
    """A film that was written `beside` its `place`, to be put there by calling this.

    Until it is `settled` whether it stays, a `mark` says that it is not, for whoever comes after a
    process that was killed.
    """

    digest: str
    beside: Path = field(repr=False)
    place: Path = field(repr=False)
    mark: Path = field(repr=False)

    def __call__(self) -> None:
        """Put the film in its place, instead of the same one that may be there."""
        with in_words("keep a film", self.place.parent):
            self.mark.touch(0o600)
            self.beside.replace(self.place)
            have_on_disk(self.place.parent)

    def settled(self) -> None:
        """Say that the film stays, or is gone."""
        with contextlib.suppress(OSError):
            self.mark.unlink(missing_ok=True)
