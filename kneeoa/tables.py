"""Tables written to files that a person names: none of hers is lost by it."""

import contextlib
import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from kneeoa import room
from kneeoa.errors import DataError
from kneeoa.files import LONGEST_TEXT, read_regular, replace_file
from kneeoa.spreadsheet import as_meant, csv_text, harmless

if TYPE_CHECKING:
    import pandas as pd

_HEADER_BYTES = 4096
_ENOUGH = 3
"""Columns that a table must have in common with one of ours to be taken for an older one."""


def write(file: Path, table: "pd.DataFrame", *, float_format: str | None = None) -> None:
    """Write `csv_text` to `file`, whole or not at all; raise `DataError` as `expect_ours` does."""
    expect_ours(file, list(map(str, table.columns)))
    with _in_words(file):
        replace_file(file, csv_text(table, float_format=float_format))


def expect_ours(file: Path, columns: Sequence[str], *, sources: Iterable[Path] = ()) -> None:
    """Raise `DataError` unless a table of `columns` may be written to `file`.

    It may where there is nothing yet, or an older table of these columns; never over anything else
    that somebody keeps, and never over one of the `sources`. What is no regular file, such as a
    pipe, holds nothing.
    """
    with _in_words(file):
        if file.is_dir():
            raise DataError(f"Expected to write the table to {file}. It is a folder.")
        if not file.is_file():
            return
        if any(_is_same(file, source) for source in sources):
            raise DataError(
                f"Expected to write the table to {file}. It is one of the films to be read: "
                "name another file."
            )
        if not _is_table_of(file, columns):
            raise DataError(
                f"Expected to write the table to {file}. That file holds something else, which "
                "would be lost: name another, or move it away."
            )


def expect_room(file: Path, columns: Sequence[str], *, sources: Iterable[Path] = ()) -> None:
    """Raise `DataError` as `expect_ours` does, and where the folder of `file` cannot take it.

    To be asked before hours of work; what only writing can show, `opened` says.
    """
    expect_ours(file, columns, sources=sources)
    if not file.parent.is_dir():
        raise DataError(
            f"Expected to write the table to {file}. The folder {file.parent} is not there."
        )
    if not file.exists():
        room.expect_room(file.parent, f"the table {file.name}")
    elif not os.access(file, os.W_OK):
        raise DataError(f"Expected to write the table to {file}. It may not be written.")


@contextlib.contextmanager
def opened(file: Path, columns: Sequence[str], *, sources: Iterable[Path] = ()) -> Iterator[TextIO]:
    """Give `file` to write a table of `columns` to row by row; raise as `expect_ours` does."""
    expect_ours(file, columns, sources=sources)
    with _in_words(file), file.open("w", encoding="utf-8", newline="") as stream:
        yield stream


def begun(file: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Return the whole rows of a table of exactly `columns` that was begun; none where none was.

    Cells are as they were meant. A last line that was cut off is left out. Raises `DataError` as
    `expect_ours` does, and for a table of other columns.
    """
    expect_ours(file, columns)
    with _in_words(file):
        if not file.is_file():
            return []
        text = read_regular(file, LONGEST_TEXT).decode("utf-8-sig", "replace")
    whole = text[: text.rfind("\n") + 1]
    try:
        head, *rows = csv.reader(io.StringIO(whole, newline="")) if whole else [list(columns)]
    except csv.Error:
        head, rows = [], []
    if [as_meant(name) for name in head] != list(columns):
        raise DataError(
            f"Expected to go on with the table in {file}. It has other columns, as from another "
            "version of this program: name another file."
        )
    return [
        dict(zip(columns, map(as_meant, row), strict=True))
        for row in rows
        if len(row) == len(columns)
    ]


@contextlib.contextmanager
def appended(
    file: Path, columns: Sequence[str], rows: Iterable[dict[str, str]]
) -> Iterator[TextIO]:
    """Give `file` to go on with row by row, after `rows` of `columns`, which it holds at once."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([harmless(row[name]) for name in columns] for row in rows)
    with _in_words(file):
        # Whole or not at all: what was there already is lost to nothing that happens now.
        replace_file(file, stream.getvalue())
        with file.open("a", encoding="utf-8", newline="") as opened_file:
            yield opened_file


@contextlib.contextmanager
def _in_words(file: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DataError(
            f"Expected to write the table to {file}. {error.strerror or error}."
        ) from None


def _is_same(file: Path, source: Path) -> bool:
    try:
        return file.samefile(source)
    except OSError:
        return False


def _is_table_of(file: Path, columns: Sequence[str]) -> bool:
    with file.open("rb") as stream:
        start = stream.read(_HEADER_BYTES)
    if not start:
        return True
    try:
        line = start.decode("utf-8-sig", "replace").splitlines()[0]
        head = next(csv.reader(io.StringIO(line)))
    except (IndexError, StopIteration, csv.Error):
        return False
    least = min(_ENOUGH, len(columns))
    return [as_meant(name) for name in head[:least]] == list(columns[:least])
