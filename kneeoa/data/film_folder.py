"""A folder of films that the user has, by the ids that predictions name."""

import os
from dataclasses import dataclass
from pathlib import Path

from kneeoa.data.listing import FILM_KINDS, film_name, is_film
from kneeoa.errors import DataError
from kneeoa.files import read_regular
from kneeoa.films.limits import DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class FilmFolder:
    """Where each film lies; `files` maps an image id, a file's name without suffix, to the file."""

    folder: Path
    files: dict[str, Path]

    def read(self, image_id: str) -> bytes:
        """Return the bytes of a film; raise `DataError` when it is not there or cannot be read."""
        file = self.files.get(image_id)
        if file is None:
            raise DataError(
                f"Expected the film {image_id} in the folder of films that this server was given. "
                "It is not there: is this the data set that the runs were measured on?"
            )
        try:
            return read_regular(file, DEFAULT_LIMITS.max_bytes, inside=self.folder)
        except OSError as error:
            raise DataError(f"Expected to read {file.name}. {error.strerror}.") from None


def open_folder(folder: Path) -> FilmFolder:
    """Return the films below `folder`; of two files with one id, the first by path counts.

    Raises `DataError` when there is no such folder, or no film in it.
    """
    if not folder.is_dir():
        raise DataError(
            f"Expected a folder of films. There is none at {folder}: check KNEEOA_DATASET."
        )
    files: dict[str, Path] = {}
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            file = Path(place, name)
            if not name.startswith(".") and is_film(file) and file.is_file():
                files.setdefault(film_name(name), file)
    if not files:
        raise DataError(f"Expected {FILM_KINDS} films below {folder}. Found none.")
    return FilmFolder(folder, files)
