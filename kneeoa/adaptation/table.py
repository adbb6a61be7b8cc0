"""``grades.csv``, as spreadsheets save it -> its rows, by column.

Excel alone saves tables in UTF-8 with and without a mark, in UTF-16 with tabs, and with a first
line ``sep=;``; it makes 2 a 2.0 where a column was meant as numbers.
"""

import codecs
import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterator

from kneeoa.errors import DataError
from kneeoa.grades import GRADES

GRADE, FILE = "grade", "file"
_MOST_COLUMNS, _MOST_ROWS = 1_000, 100_000
"""Far more than any list of films has; every cell of a table takes many times its bytes."""
_COLUMNS = (FILE, GRADE, "patient", "side")
_GRADE = re.compile(r"(?:KL *)?([0-9])(?:[.,]0+)?", re.IGNORECASE)
_SEPARATORS = (",", ";", "\t")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_AS_CSV = "In a spreadsheet, save it as CSV in UTF-8."


def decoded(data: bytes, place: str) -> str:
    """Return the text of a table; raise `DataError` where it is in no encoding that says itself."""
    try:
        return data.decode("utf-16" if data.startswith(_UTF_16) else "utf-8-sig")
    except ValueError:
        raise DataError(f"Expected a table in UTF-8. {place} is none. {_AS_CSV}") from None


def rows(text: str, place: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number of each line that holds something, and its cells by column.

    Columns are in lower case, cells without the blanks around them. Raises `DataError` where there
    is no column of files, none of grades, or one twice, as when two readers have each their own,
    and where there are more of them, or more rows, than any list of films has.
    """
    lines = text.splitlines()
    # Excel's own note to itself, and blank lines above the head.
    above = itertools.takewhile(lambda line: not line.strip() or line.startswith("sep="), lines)
    skipped = len(list(above))
    lines = lines[skipped:]
    reader = csv.DictReader(lines, delimiter=_separator(lines[0] if lines else ""))
    try:
        names = reader.fieldnames or ()
        if len(names) > _MOST_COLUMNS:
            raise DataError(
                f"Expected a table of at most {_MOST_COLUMNS} columns. {place} has {len(names)}."
            )
        _check_columns([_column(name) for name in names], place)
        for number, row in enumerate(reader):
            if number >= _MOST_ROWS:
                raise DataError(f"Expected a table of at most {_MOST_ROWS} rows. {place} has more.")
            # A cell beyond the header has no name; a line that is too short has no value.
            cells = {_column(key): (value or "").strip() for key, value in row.items() if key}
            if any(cells.values()):
                yield skipped + reader.line_num, cells
    except csv.Error as error:
        raise DataError(f"Expected a table. {place} cannot be read: {error}. {_AS_CSV}") from None


def grade_in(cell: str) -> int | None:
    """Return the grade in a cell, as ``2``, ``2.0``, ``2,0`` or ``KL 2``; None where it is none."""
    match = _GRADE.fullmatch(cell)
    return int(match[1]) if match and int(match[1]) in tuple(GRADES) else None


def _column(name: str | None) -> str:
    return (name or "").strip().lower()


def _separator(head: str) -> str:
    return max(_SEPARATORS, key=head.count)


def _check_columns(columns: list[str], place: str) -> None:
    counts = Counter(columns)
    if missing := {FILE, GRADE} - counts.keys():
        raise DataError(
            f"Expected the columns file and grade in {place}. Missing: {min(missing)}. Columns are "
            "parted by commas, semicolons or tabs, and their names stand in the first line."
        )
    if twice := [name for name in _COLUMNS if counts[name] > 1]:
        raise DataError(
            f"Expected one column {twice[0]} in {place}. Received {counts[twice[0]]}: keep the one "
            "that counts."
        )
