"""Tables written to files that a person names: none of hers is lost by it."""

import contextlib
import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from kneeoa.errors import DataError
from kneeoa.files import replace_file
from kneeoa.spreadsheet import as_meant, csv_text

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
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise DataError(f"Expected to write the table to {file}. It may not be written.")


@contextlib.contextmanager
def opened(file: Path, columns: Sequence[str], *, sources: Iterable[Path] = ()) -> Iterator[TextIO]:
    """Give `file` to write a table of `columns` to row by row; raise as `expect_ours` does."""
    expect_ours(file, columns, sources=sources)
    with _in_words(file), file.open("w", encoding="utf-8", newline="") as stream:
        yield stream


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
        found = next(csv.reader(io.StringIO(line)))
    except (IndexError, StopIteration, csv.Error):
        return False
    least = min(_ENOUGH, len(columns))
    return [as_meant(name) for name in found[:least]] == list(columns[:least])
