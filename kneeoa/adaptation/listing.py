"""A folder of films that a hospital graded -> what it says, before any film is opened.

Either sub-folders ``0`` to ``4``, or films with a table ``grades.csv``: ``file`` (below the
folder), ``grade``, and where known ``patient`` and ``side``. Commas or semicolons.
"""

import csv
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from kneeoa.data.listing import side_of
from kneeoa.errors import DataError
from kneeoa.graders.batch import find_films
from kneeoa.grades import GRADES

TABLE = "grades.csv"
_GRADES = {str(int(grade)): int(grade) for grade in GRADES}


@dataclass(frozen=True, slots=True)
class Listed:
    """One film and its grade.

    `name` is its path below the folder, with ``/``; `patient` is empty where the source does not
    say, and `side` is ``"L"``, ``"R"`` or empty.
    """

    file: Path
    name: str
    grade: int
    patient: str = ""
    side: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A film that cannot be used, and why."""

    name: str
    reason: str


def list_films(folder: Path) -> tuple[tuple[Listed, ...], tuple[LeftOut, ...]]:
    """Return the graded films of `folder`, in order, and what is left out at once.

    Raises `DataError` where there are none, or where the table cannot be read.
    """
    if not folder.is_dir():
        raise DataError(f"Expected a folder of graded films. {folder} is none.")
    if (folder / TABLE).exists():
        listed, left_out = _from_table(folder)
    else:
        listed, left_out = _from_folders(folder), ()
    if not listed:
        raise DataError(
            f"Expected graded films in {folder}: in sub-folders 0 to 4, or beside a table {TABLE} "
            "with the columns file and grade. Found none."
        )
    return listed, left_out


def _from_folders(folder):
    return tuple(
        Listed(file, file.relative_to(folder).as_posix(), grade)
        for name, grade in _GRADES.items()
        if (folder / name).is_dir()
        for file in find_films([folder / name])
    )


def _from_table(folder):
    listed, left_out = [], []
    for number, row in _rows(folder / TABLE):
        name = row["file"].replace("\\", "/")
        place = f"line {number} of {folder / TABLE}"
        path = PurePosixPath(name)
        if not name.isprintable() or not name or path.is_absolute() or ".." in path.parts:
            raise DataError(f"Expected a file below {folder} in {place}. Received: {name!r}.")
        if not row["grade"]:
            left_out.append(LeftOut(name, "It has no grade."))
            continue
        if row["grade"] not in _GRADES:
            raise DataError(f"Expected a grade 0 to 4 in {place}. Received: {row['grade']!r}.")
        grade, side = _GRADES[row["grade"]], side_of(row.get("side"))
        listed.append(Listed(folder / name, name, grade, row.get("patient", ""), side))
    return tuple(listed), tuple(left_out)


def _rows(file):
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        raise DataError(f"Expected a table in UTF-8. {file} cannot be read: {error}") from None
    head = text.partition("\n")[0]
    reader = csv.DictReader(text.splitlines(), delimiter=";" if ";" in head else ",")
    missing = {"file", "grade"} - {(name or "").strip().lower() for name in reader.fieldnames or ()}
    if missing:
        raise DataError(f"Expected the columns file and grade in {file}. Missing: {min(missing)}.")
    try:
        for row in reader:
            # A cell beyond the header has no name; a line that is too short has no value.
            cells = {
                key.strip().lower(): (value or "").strip() for key, value in row.items() if key
            }
            if any(cells.values()):
                yield reader.line_num, cells
    except csv.Error as error:
        raise DataError(f"Expected a table. {file} cannot be read: {error}.") from None
