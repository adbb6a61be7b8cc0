"""CSV that a person opens: no cell of it is a formula to a spreadsheet.

A spreadsheet computes what begins with ``=``, ``+``, ``-`` or ``@``, and may start a program by it;
file names, nicknames and sentences come from strangers. Such a cell is written with an apostrophe
before it, by which spreadsheets know text. `as_meant` takes it away again.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"  # the last four are the wide ones of East Asian fonts
# Inside a cell, too: where the semicolon separates, a cell with one becomes two.
_FORMULA = re.compile(rf"^'*(?=[{_SIGNS}\t\r\n])|(?<=[;\t\r\n])'*(?=[{_SIGNS}])")
_MARKED = re.compile(rf"^'('*)(?=[{_SIGNS}\t\r\n])|(?<=[;\t\r\n])'('*)(?=[{_SIGNS}])")
MARK = b"'"
"""What stands before every cell that was made harmless: without it in a file, none was."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_LINE_BREAK = re.compile("\r\n?")
_NO_CHARACTER = re.compile("[\ud800-\udfff]")


def harmless(text: str) -> str:
    r"""Return a cell that no spreadsheet computes and every file can hold; numbers stay numbers.

    A byte of a file name that is no UTF-8 becomes ``\xfc``, and every line break a line feed: the
    writers of CSV leave a carriage return unquoted, and it would end the row.
    """
    text = _NO_CHARACTER.sub(_as_byte, _LINE_BREAK.sub("\n", text))
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub(r"'\g<0>", text)


def as_meant(text: str) -> str:
    """Return what was made `harmless`."""
    return _MARKED.sub(lambda mark: mark[1] or mark[2] or "", text)


def csv_text(table: "pd.DataFrame", *, float_format: str | None = None) -> str:
    """Return `table` as CSV with a header, every text in it `harmless`."""
    import pandas as pd  # late: grading needs none

    safe = {
        position: column
        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)
        else pd.Series(list(map(_cell, column)), column.index, dtype=object)
        for position, (_, column) in enumerate(table.items())
    }
    safe = pd.DataFrame(safe, index=table.index)
    return safe.to_csv(
        index=False,
        header=[harmless(str(name)) for name in table.columns],
        float_format=float_format,
        lineterminator="\n",
    )


def texts_as_meant(table: "pd.DataFrame", columns: Iterable[str]) -> "pd.DataFrame":
    """Return a table that was read from `csv_text` with the texts of `columns` `as_meant`."""
    # A column that is empty all over would become one of numbers.
    meant = {
        name: table[name].map(as_meant, na_action="ignore").astype(table[name].dtype)
        for name in columns
        if name in table
    }
    return table.assign(**meant)


def _cell(value: object) -> object:
    return harmless(value) if isinstance(value, str) else value


def _as_byte(letter: re.Match[str]) -> str:
    code = ord(letter[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
