"""Another secret: whatever is kept is encrypted anew, one after the other.

Each film is there with the old secret or with the new one at any moment, so that what was killed is
simply begun again: it goes on with those that are left. The key of the patients' marks comes first:
from then on nothing more is kept with the old one.
"""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine, select

from kneeoa.files import read_regular
from kneeoa.films.limits import DEFAULT_LIMITS
from kneeoa.store import tables
from kneeoa.store.cases import sealed
from kneeoa.store.cases.disk import (
    FilmFileError,
    drop_abandoned,
    folders_of_films,
    have_on_disk,
    in_words,
    written_beside,
)
from kneeoa.store.database import writing

_FILM = re.compile(r"(?:\.gone\.)?([0-9a-f]{64})(?:\.film)?")
_PICTURE = re.compile(r"([0-9a-f]{64})\.small")
_MOST = DEFAULT_LIMITS.max_bytes + 1024
_HEAD = 64
Kind = Literal["film", "picture"]


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secret that is to open everything, and the one before, if there was one."""

    new: bytes = field(repr=False)
    old: bytes | None = field(default=None, repr=False)

    def is_done(self, data: bytes) -> bool:
        """Return whether what begins with `data` is encrypted with the new one."""
        return sealed.is_sealed_with(data, self.new)

    def anew(self, data: bytes, name: str) -> bytes:
        """Return what was kept as `name`, sealed with the new one; raise `SealedError`."""
        return sealed.seal(sealed.opened(data, name, self.old), name, self.new)


@dataclass(slots=True)
class Outcome:
    """What was encrypted anew, and what could not be, by the name of its file and with the reason.

    Attributes
    ----------
    films, pictures : encrypted now
    done : encrypted with the new secret before
    failed : those that stay as they are
    """

    films: int = 0
    pictures: int = 0
    done: int = 0
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Waiting:
    """Reports and pushed films that wait, as `Outcome`.

    Attributes
    ----------
    anew : encrypted now
    done : encrypted with the new secret before
    failed : those that stay as they are, by name and with the reason
    folder : where pushed films were looked for, empty where no folder is configured
    """

    anew: int = 0
    done: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    folder: str = ""

    @property
    def is_there(self) -> bool:
        """Whether anything waits."""
        return bool(self.anew or self.done or self.failed)


@dataclass(frozen=True, slots=True)
class _Kept:
    file: Path
    kind: Kind
    digest: str

    @property
    def name(self) -> str:
        """What it is sealed as."""
        return self.digest if self.kind == "film" else self.file.name


def kept_in(folder: Path) -> list[_Kept]:
    """Return the films and pictures of a folder, those that were put aside, too."""
    kept = []
    for file in [*folder.glob(".gone.*"), *folder.glob("[0-9a-f][0-9a-f]/*")]:
        if film := _FILM.fullmatch(file.name):
            kept.append(_Kept(file, "film", film[1]))
        elif picture := _PICTURE.fullmatch(file.name):
            kept.append(_Kept(file, "picture", picture[1]))
    return kept


def reseal_marks(folder: Path, secrets: Secrets) -> None:
    """Encrypt the key of the patients' marks with the new secret.

    Raises `FilmFileError`, and nothing is changed, where neither secret opens it.
    """
    file = folder / "patients.key"
    try:
        with in_words("read the key of the patients' marks", folder):
            reseal_file(file, file.name, secrets)
    except sealed.SealedError as problem:
        raise FilmFileError(f"Expected to open {file}. {problem} Nothing was changed.") from None


def reseal_films(db: Engine, folder: Path, secrets: Secrets) -> Iterator[Outcome]:
    """Encrypt films and pictures with the new secret; give what was done so far after each.

    What somebody who was killed had half written is deleted: nobody else is writing now.
    """
    outcome = Outcome()
    for place in folders_of_films(folder):
        drop_abandoned(place, seconds=0)
    for kept in kept_in(folder):
        try:
            # Whoever is about to delete or to keep the same film waits.
            with (
                _film_alone(db, kept.digest),
                in_words("encrypt a film", folder),
                contextlib.suppress(FileNotFoundError),  # deleted meanwhile
            ):
                if not reseal_file(kept.file, kept.name, secrets, is_film=kept.kind == "film"):
                    outcome.done += kept.kind == "film"
                elif kept.kind == "film":
                    outcome.films += 1
                else:
                    outcome.pictures += 1
        except sealed.SealedError as problem:
            outcome.failed[kept.file.name] = str(problem)
        yield outcome


@contextlib.contextmanager
def _film_alone(db: Engine, digest: str) -> Iterator[None]:
    film = tables.kept_film
    with writing(db) as connection:
        connection.execute(select(film.c.digest).where(film.c.digest == digest).with_for_update())
        yield


def reseal_file(file: Path, name: str, secrets: Secrets, *, is_film: bool = False) -> bool:
    """Encrypt a file that was kept as `name`; return whether that had to be done.

    What is no longer the film that it is called by is not taken for it: `SealedError`.
    """
    if secrets.is_done(_head(file)):
        return False
    data = read_regular(file, _MOST)
    made = secrets.anew(data, name)
    if is_film and hashlib.sha256(sealed.opened(made, name, secrets.new)).hexdigest() != name:
        raise sealed.SealedError("Its file is damaged: put a backup of it in its place.")
    write_whole(file, made, like=file)
    return True


def write_whole(file: Path, content: bytes, *, like: Path) -> None:
    """Write a file so that it is there as before or as it is now, with the times of another one."""
    times = like.stat()
    with written_beside(file.parent, content) as beside:
        os.utime(beside, ns=(times.st_atime_ns, times.st_mtime_ns))
        beside.replace(file)
        have_on_disk(file.parent)


def _head(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(_HEAD)
