"""A folder or a ZIP of films that a hospital graded -> what it says, before any film is opened.

Either sub-folders ``0`` to ``4``, or films with a table ``grades.csv``: ``file`` (below the
folder), ``grade``, and where known ``patient`` and ``side``.
"""

import functools
import os
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from kneeoa.adaptation import table
from kneeoa.data.listing import SUFFIXES, side_of
from kneeoa.errors import DataError
from kneeoa.files import read_regular
from kneeoa.graders.batch import find_films
from kneeoa.grades import GRADES
from kneeoa.room import real
from kneeoa.wording import is_plain, plain
from kneeoa.zipped import ZippedFile, open_zip

TABLE = "grades.csv"
_GRADES = {str(int(grade)): int(grade) for grade in GRADES}
_LINK = "It is a link that leads out of the folder."
_LONGEST_TABLE = 10_000_000
"""Bytes: far more than any list of films has."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One film and its grade.

    `name` is its path below the folder or in the ZIP, with ``/``; `patient` is empty where the
    source does not say, and `side` is ``"L"``, ``"R"`` or empty.
    """

    file: Path | ZippedFile
    name: str
    grade: int
    patient: str = ""
    side: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A film that is not used, and the reason.

    `why` tells what is counted: films that are ``unusable``, those the ``reader`` left out, and
    rows and files of a film that is there ``again``, which are none.
    """

    name: str
    reason: str
    why: Literal["unusable", "reader", "again"] = "unusable"


def is_table(path: str) -> bool:
    """Return whether a path is of a table of grades by its name, in capitals or not."""
    return PurePosixPath(path).name.lower() == TABLE


def list_films(
    folder: Path, *, inside: Path | None = None
) -> tuple[tuple[Listed, ...], tuple[LeftOut, ...]]:
    """Return the graded films of `folder`, in order, and what is left out at once.

    With `inside`, nothing is read that lies elsewhere, as by a link. Raises `DataError` where there
    are none, or where the table cannot be read.
    """
    if not folder.is_dir() or not _is_inside(folder, inside):
        raise DataError(f"Expected a folder of graded films. {folder} is none.")
    file = folder / next(filter(is_table, sorted(path.name for path in folder.iterdir())), TABLE)
    if file.exists() and _is_inside(file, inside):
        listed, left_out = _from_table(_text_of(file), str(file), _below(folder))
    else:
        listed, left_out = _from_folders(folder), ()
    if not listed:
        raise _none_in(str(folder), left_out)
    return _without(listed, left_out, lambda file: "" if _is_inside(file, inside) else _LINK)


def list_zip(data: bytes) -> tuple[tuple[Listed, ...], tuple[LeftOut, ...]]:
    """Return the graded films of a ZIP in memory, as `list_films` does of a folder.

    The table, or the folders 0 to 4, may lie below others in it; of several the uppermost counts.
    """
    packed = open_zip(data)
    tables = sorted(filter(is_table, packed), key=lambda path: len(_parts(path)))
    if tables:
        uppermost = packed[tables[0]]
        above = tables[0].removesuffix(uppermost.name)
        if uppermost.size > _LONGEST_TABLE:
            raise DataError(f"Expected a table of grades. {TABLE} in the ZIP is too long for one.")
        text = table.decoded(uppermost.read_bytes(), f"{TABLE} in the ZIP")
        beside = {path.removeprefix(above): path for path in packed if path.startswith(above)}
        known = _Names(beside)

        def in_zip(name: str) -> ZippedFile | None:
            path = known.matching(name)
            return None if path is None else packed[beside[path]]

        listed, left_out = _from_table(text, f"{TABLE} in the ZIP", in_zip)
    else:
        listed, left_out = _from_zipped_folders(packed), ()
    if not listed:
        raise _none_in("the ZIP", left_out)
    return _without(listed, left_out, lambda file: "")


def _without(
    listed: Iterable[Listed],
    left_out: Iterable[LeftOut],
    why: Callable[[Path | ZippedFile], str],
) -> tuple[tuple[Listed, ...], tuple[LeftOut, ...]]:
    """Leave out the films that `why` gives a reason for, and those whose names nobody can read."""
    kept, more = [], []
    for film in listed:
        shown = all(map(is_plain, film.name))
        reason = why(film.file) if shown else "Its name cannot be shown: rename it."
        if reason:
            more.append(LeftOut(plain(film.name), reason))
        else:
            kept.append(film)
    return tuple(kept), (*left_out, *more)


def _parts(path: str) -> tuple[str, ...]:
    return PurePosixPath(path).parts


def _from_zipped_folders(packed: dict[str, ZippedFile]) -> tuple[Listed, ...]:
    # Where in its path a file's grade stands: the same place for all of them, the uppermost.
    places = [
        (place, path)
        for path in packed
        for place, part in enumerate(_parts(path)[:-1])
        if part in _GRADES
    ]
    upper = min((place for place, _ in places), default=0)
    return tuple(
        Listed(packed[path], _of_one_grade("/".join(_parts(path)[upper:])), _GRADES[part])
        for place, path in places
        if place == upper and (part := _parts(path)[upper])
    )


def _of_one_grade(name: str) -> str:
    """Return a film's path below grade folders; raise `DataError` where it lies in two of them."""
    grades = [part for part in _parts(name)[:-1] if part in _GRADES]
    if len(grades) > 1:
        raise DataError(
            f"Expected each film in one folder that is called by a grade. {plain(name, 200)} lies "
            "in two of them, and which is the grade cannot be told: rename the folders that are "
            f"none, as those of visits, or give a table {TABLE}."
        )
    return name


class _Names:
    """The names of files, to be found by what people and spreadsheets make of them."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = set(names)
        self._alike: dict[str, set[str]] = {}
        for name in self._names:
            for key in (_key(name), _key(_stem(name))):
                self._alike.setdefault(key, set()).add(name)

    def matching(self, name: str) -> str | None:
        """Return the name that `name` is, else the only one that differs in how it is written.

        That is in accents' encoding, in capitals, or in the suffix.
        """
        if name in self._names:
            return name
        for key in (_key(name), _key(_stem(name))):
            if len(alike := self._alike.get(key, set())) == 1:
                return next(iter(alike))
        return None


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _stem(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_suffix("")) if path.suffix.lower() in SUFFIXES else name


def _below(folder: Path) -> Callable[[str], Path]:
    """Return what finds the files below a folder by their names in a table."""

    @functools.cache
    def names() -> _Names:
        return _Names(
            Path(place, name).relative_to(folder).as_posix()
            for place, _, files in os.walk(folder)
            for name in files
        )

    def file_of(name: str) -> Path:
        if (file := folder / name).exists():
            return file
        # Where there is none either, opening it says so.
        return folder / (names().matching(name) or name)

    return file_of


def _is_inside(file: Path | ZippedFile, folder: Path | None) -> bool:
    if folder is None or isinstance(file, ZippedFile):
        return True
    return real(file).is_relative_to(real(folder))


def _none_in(place: str, left_out: Sequence[LeftOut] = ()) -> DataError:
    if left_out:
        first = left_out[0]
        return DataError(
            f"Expected graded films in {place}. None of the {len(left_out)} rows of its table "
            f"{TABLE} can be used. The first is {plain(first.name, 200)}: {first.reason}"
        )
    return DataError(
        f"Expected graded films in {place}: in sub-folders 0 to 4, or beside a table {TABLE} "
        "with the columns file and grade. Found none."
    )


def _from_folders(folder: Path) -> tuple[Listed, ...]:
    return tuple(
        Listed(file, _of_one_grade(file.relative_to(folder).as_posix()), grade)
        for name, grade in _GRADES.items()
        if (folder / name).is_dir()
        for file in find_films([folder / name])
    )


def _from_table(
    text: str, place: str, file_of: Callable[[str], Path | ZippedFile | None]
) -> tuple[tuple[Listed, ...], tuple[LeftOut, ...]]:
    """Return the films of a table, and those that have no grade or that `file_of` does not know."""
    listed, left_out = [], []
    for number, row in table.rows(text, place):
        name = row["file"].replace("\\", "/")
        line = f"line {number} of {place}"
        path = PurePosixPath(name)
        if not name.isprintable() or not name or path.is_absolute() or ".." in path.parts:
            raise DataError(f"Expected a file below the table's folder in {line}. Found another.")
        if not row["grade"]:
            left_out.append(LeftOut(name, "It has no grade."))
            continue
        grade, side = table.grade_in(row["grade"]), side_of(row.get("side"))
        if grade is None:
            raise DataError(
                f"Expected a grade 0 to 4 in {line}. Found something else: leave the cell empty "
                "where there is none."
            )
        name = str(path)  # without the ./ that some write
        if (file := file_of(name)) is None:
            left_out.append(LeftOut(name, "It is not in the ZIP."))
            continue
        listed.append(Listed(file, name, grade, row.get("patient", ""), side))
    return tuple(listed), tuple(left_out)


def _text_of(file: Path) -> str:
    try:
        return table.decoded(read_regular(file, _LONGEST_TABLE), str(file))
    except OSError as error:
        raise DataError(
            f"Expected a table of grades. {file} cannot be read: {error.strerror}."
        ) from None
