"""A ZIP of films, or of a hospital's CD: its films, told by content, in memory alone."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from kneeoa.errors import DataError
from kneeoa.films.formats import FILM_SUFFIXES, Content, content_of_start
from kneeoa.films.limits import DEFAULT_LIMITS
from kneeoa.zipped import ZippedFile, open_zip

_STARTS = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True, slots=True, eq=False)
class Unpacked:
    """The films of a ZIP, in the order of their paths; and how many other files were in it.

    What a CD brings beside its films, such as its directory, reports and a viewer's program, is
    passed over. A file that is damaged, or calls itself a film and is none, counts as one, so that
    this is said.
    """

    films: tuple[ZippedFile, ...]
    passed_over: int


def is_zip(data: bytes) -> bool:
    """Return whether a file is a ZIP by its first bytes."""
    return data.startswith(_STARTS)


def films_of(data: bytes) -> Unpacked:
    """Return the films of a ZIP; raise `DataError` where it is none, unsound or without a film."""
    found = open_zip(data)
    films = [file for _, file in sorted(found.items()) if _may_be_film(file)]
    if not films:
        raise DataError(
            "Expected films in the ZIP: PNG, JPEG, TIFF or DICOM, in any folder. Found none."
        )
    return Unpacked(tuple(films), len(found) - len(films))


def _may_be_film(file: ZippedFile) -> bool:
    if file.size > DEFAULT_LIMITS.max_bytes:
        return True  # said where it is read
    try:
        with file.opened() as stream:
            content = content_of_start(stream.read)
    except DataError:
        return True
    claims = PurePosixPath(file.path).suffix.lower() in FILM_SUFFIXES
    return content is Content.FILM or (claims and content is Content.OTHER)
