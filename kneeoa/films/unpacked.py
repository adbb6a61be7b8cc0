"""A ZIP of films, or of a hospital's CD: its films, told by content, in memory alone."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from kneeoa.errors import DataError, KneeOAError, RadiographError
from kneeoa.films.apart.pool import workers
from kneeoa.films.dicom.directory import DIRECTORY
from kneeoa.films.formats import (
    FILM_SUFFIXES,
    FIRST_BYTES,
    Content,
    content_of_start,
    detect,
)
from kneeoa.films.limits import DEFAULT_LIMITS
from kneeoa.wording import counted
from kneeoa.zipped import ZippedFile, open_zip

_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
_DICOMDIR = "DICOMDIR"
_MOST_DIRECTORY = 20_000_000
"""Bytes of a directory that is looked at; one of 10,000 pictures has 5 million."""
MOST_SECONDS = 10.0
"""Of computing, for looking at the beginnings of all files; 5,000 of a hospital take 3."""
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True, eq=False)
class Unpacked:
    """The films of a ZIP, and how much else was in it.

    In the order of the CD's directory where there is one, else of their paths, 2 before 10. What a
    CD brings beside its films, such as its directory, reports, a viewer's program with its own
    pictures, and those of CT, MR and the like, is passed over. A file that is damaged, or calls
    itself a film and is none, counts as one, so that this is said.

    Attributes
    ----------
    other_pictures : pictures of another kind than films
    passed_over : all other files
    """

    films: tuple[ZippedFile, ...]
    other_pictures: int
    passed_over: int

    @property
    def sentence(self) -> str:
        """What was taken, and what was passed over; empty where nothing was."""
        others = [
            counted(self.other_pictures, "picture") + " of another kind (CT, MR, a viewer's own)"
            if self.other_pictures
            else "",
            counted(self.passed_over, "file") + " without a picture" if self.passed_over else "",
        ]
        left = " and ".join(filter(None, others))
        return f"{counted(len(self.films), 'film')} taken; {left} passed over." if left else ""


def is_zip(data: bytes) -> bool:
    """Return whether a file is a ZIP by its first bytes."""
    return data.startswith(_STARTS)


def films_of(data: bytes) -> Unpacked:
    """Return the films of a ZIP; raise `DataError` where it is none, unsound or without a film."""
    files = open_zip(data)
    kinds = _kinds_of(files)
    order = _order_of(files)
    if any(path.upper() in order for path in files):
        # A directory names all films of its CD: an image beside them is its viewer's.
        for path, file in files.items():
            if path.upper() not in order and _is_image(file):
                kinds[path] = Content.OTHER_PICTURE
    films = [path for path in files if kinds[path] is Content.FILM]
    others = sum(kind is Content.OTHER_PICTURE for kind in kinds.values())
    if not films:
        more = f" {counted(others, 'picture')} in it are CT, MR or the like." if others else ""
        raise DataError(
            "Expected X-ray films in the ZIP: PNG, JPEG, TIFF or DICOM, in any folder. Found none."
            + more
        )
    films.sort(key=lambda path: (order.get(path.upper(), len(order)), _natural(path)))
    left = len(files) - len(films) - others
    return Unpacked(tuple(files[path] for path in films), others, left)


def _kinds_of(files: Mapping[str, ZippedFile]) -> dict[str, Content]:
    """Return what each file is by its beginning; refuse a ZIP that was made to take long.

    The beginnings are looked at in this process, where one may take a hundred times as long as it
    should, which alone is no harm.
    """
    kinds, began = {}, time.thread_time()
    for path, file in files.items():
        kinds[path] = _kind_of(file)
        if time.thread_time() - began > MOST_SECONDS:
            raise DataError(
                f"Expected a ZIP that is looked through within {MOST_SECONDS:g} seconds. This one "
                "takes longer: it is damaged, or was made to take long. Pack the films alone."
            )
    return kinds


def _kind_of(file: ZippedFile) -> Content:
    if file.size > DEFAULT_LIMITS.max_bytes:
        return Content.FILM  # said where it is read
    try:
        with file.opened() as stream:
            content = content_of_start(stream.read)
    except DataError:
        return Content.FILM
    claims = PurePosixPath(file.path).suffix.lower() in FILM_SUFFIXES
    return Content.FILM if claims and content is Content.OTHER else content


def _is_image(file: ZippedFile) -> bool:
    """Return whether a file is a PNG, JPEG or TIFF."""
    try:
        with file.opened() as stream:
            return detect(stream.read(FIRST_BYTES)) != "DICOM"
    except (DataError, RadiographError):
        return False


def _order_of(files: Mapping[str, ZippedFile]) -> dict[str, int]:
    """Return the place of each path, in capitals, in the directories of the CDs that are there."""
    order: dict[str, int] = {}
    for path, file in sorted(files.items()):
        if file.name.upper() != _DICOMDIR or file.size > _MOST_DIRECTORY:
            continue
        above = PurePosixPath(path).parent
        try:
            listed = workers().run(DIRECTORY, file.read_bytes()).facts
        except KneeOAError:
            continue  # films are found without it
        for named in listed["paths"]:
            order.setdefault(str(above / named).upper(), len(order))
    return order


def _natural(path: str) -> list[tuple[int, int, str]]:
    """Return what sorts paths as a person does: 2 before 10."""
    parts = _DIGITS.split(path)
    return [(1, int(part[:300]), part) if part.isdecimal() else (0, 0, part) for part in parts]
