"""CSV files that say which film is whose, of which grade, in which split: read and written."""

import csv
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from kneeoa import tables
from kneeoa.data.listing import (
    AUTO_TEST,
    AUTO_TEST_REASON,
    SPLITS,
    Entry,
    Listing,
    patient_and_side,
    side_of,
)
from kneeoa.errors import DataError
from kneeoa.files import LONGEST_TEXT, read_regular
from kneeoa.grades import GRADES
from kneeoa.spreadsheet import as_meant

COLUMNS = ("image_id", "file", "patient_id", "side", "grade", "split")
"""What `write_table` writes. `read_table` needs `file` (relative to the folder of the data, or
absolute), `grade` and `patient_id`; it reads the others where they are there."""

_REQUIRED = ("file", "grade", "patient_id")
_SHOWN = 3
"""Faulty lines that an error lists before it counts."""


def read_table(
    file: Path, base: Path, patterns: Sequence[re.Pattern], *, with_splits: bool = True
) -> Listing:
    """Read a CSV whose paths are relative to `base`; every fault is named with its line.

    Without the column ``image_id``, a film is called as its file; without ``side``, the side is
    that in its name. `with_splits` reads the column ``split`` where there is one.
    """
    columns, rows = _rows(file)
    missing = [name for name in _REQUIRED if name not in columns]
    if missing:
        raise DataError(
            f"Expected the columns {', '.join(_REQUIRED)}, and if the split is given, split, in "
            f"{file}. Missing: {', '.join(missing)}. Found: {', '.join(columns) or 'nothing'}."
        )
    if len(set(columns)) < len(columns):
        raise DataError(f"Expected each column once in {file}. Found: {', '.join(columns)}.")
    with_splits = with_splits and "split" in columns
    entries, faults, skipped = [], [], 0
    for line, row in rows:
        try:
            entry = _entry(row, base, patterns, with_splits)
        except DataError as error:
            faults.append(f"Line {line}: {error}")
            continue
        if AUTO_TEST in Path(entry.file.lower()).parts:
            skipped += 1
        else:
            entries.append(entry)
    if faults:
        more = len(faults) - _SHOWN
        raise DataError(
            f"{file} cannot be used as it stands. {' '.join(faults[:_SHOWN])}"
            + (f" And {more} more lines have faults." if more > 0 else "")
        )
    if not entries:
        raise DataError(f"Expected one line per film in {file}. There is none.")
    ignored = (f"{AUTO_TEST_REASON}. Lines left out: {skipped}.",) if skipped else ()
    return Listing(base, tuple(entries), ignored)


def impose_split(table: Listing, on: Listing, file: Path) -> Listing:
    """Return `table`, the split in `file`, checked against `on`, the films as the source has them.

    Films that `table` does not name are left out, with a note. Films that it alone has and grades
    that differ are refused: the split would not be the one that was meant.
    """
    by_file = {entry.file: entry for entry in on.entries}
    gone = [entry.file for entry in table.entries if entry.file not in by_file]
    if gone:
        raise DataError(
            f"Expected every film of {file} in {on.base}. {len(gone)} of {len(table.entries)} are "
            f"not among its graded films, the first: {gone[0]}. Write the split anew."
        )
    for entry in table.entries:
        if entry.grade != by_file[entry.file].grade:
            raise DataError(
                f"Expected the same grades in {file} as in {on.base}. Received {entry.file} with "
                f"KL {entry.grade} and KL {by_file[entry.file].grade}. Write the split anew."
            )
    ignored = on.ignored + table.ignored
    if left := len(by_file) - len({entry.file for entry in table.entries}):
        ignored += (f"Films that {file.name} does not name: {left}.",)
    return Listing(table.base, table.entries, ignored, table.warnings)


def write_table(table: pd.DataFrame, file: Path) -> None:
    """Write `table` (with `COLUMNS`) in one step: a reader sees the old file or the new one.

    Raises `DataError` where `file` holds anything but an older split, and where that fails.
    """
    tables.write(file, table[list(COLUMNS)])


def _rows(file: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Return the column names and (line number, row) pairs."""
    try:
        data = read_regular(file, LONGEST_TEXT)
    except OSError as error:
        raise DataError(f"Expected a CSV file. {file} cannot be read: {error.strerror}.") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DataError(
            f"Expected a CSV file in UTF-8. {file} is not, from line {line} on. Save it as CSV "
            "with the encoding UTF-8."
        ) from None
    header = text.partition("\n")[0]
    # Spreadsheets write semicolons where the comma is the decimal sign.
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        columns = [name.strip().lower() for name in next(reader, [])]
        rows = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(columns):
                raise DataError(
                    f"Expected {len(columns)} cells, as in the first line, on each line of {file}. "
                    f"Line {reader.line_num} has {len(cells)}."
                )
            meant = (as_meant(cell.strip()) for cell in cells)
            row = dict(zip(columns, meant, strict=True))
            rows.append((reader.line_num, row))
    except csv.Error as error:
        raise DataError(
            f"Expected a CSV file. {file} cannot be read at line {reader.line_num}: {error}."
        ) from None
    return columns, rows


def _entry(
    row: dict[str, str], base: Path, patterns: Sequence[re.Pattern[str]], with_splits: bool
) -> Entry:
    if not row["file"] or not row["patient_id"]:
        raise DataError("Expected a file and a patient_id. Received an empty cell.")
    path = row["file"] if _is_file(base, row["file"]) else row["file"].replace("\\", "/")
    if not _is_file(base, path):
        raise DataError(
            f"There is no file {base / path}. Paths are relative to {base}; for a CSV that lies "
            "elsewhere, give the folder of the films, and the CSV as --split-file."
        )
    # As a listing of the folder would name it, so that both can be compared.
    name = Path(path).as_posix()
    side = side_of(row.get("side"))
    if row.get("side") and not side:
        raise DataError(f"Expected the side L or R. Received: {row['side']!r}.")
    split = row["split"].lower() if with_splits else ""
    if with_splits and split not in SPLITS:
        raise DataError(
            f"Expected the split train, val or test. Received: {row['split']!r}. To split anew, "
            "give --resplit."
        )
    return Entry(
        row.get("image_id") or Path(path).stem,
        name,
        row["patient_id"],
        side or patient_and_side(Path(path).stem, patterns)[1],
        _grade(row["grade"]),
        split,
    )


def _is_file(base: Path, path: str) -> bool:
    # Unlike `Path.is_file`, this is false for whatever cannot be a path at all.
    return os.path.isfile(os.path.join(base, path))  # noqa: PTH113, PTH118


def _grade(text: str) -> int:
    # Spreadsheets and pandas write 2.0 where a column had gaps.
    whole = text.removesuffix(".0")
    if whole not in {str(int(grade)) for grade in GRADES}:
        raise DataError(f"Expected a KL grade from 0 to 4. Received: {text!r}.")
    return int(whole)
