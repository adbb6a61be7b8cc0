"""Reading the CSV tables of a results folder: whole, or refused with a sentence."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from kneeoa.errors import DataError


def read_table(
    file: Path,
    columns: Sequence[str],
    *,
    numbers: Sequence[str] = (),
    texts: Sequence[str] = (),
) -> pd.DataFrame:
    """Return a table that has at least `columns`; `numbers` of them are numbers or empty.

    `texts` stay as they are written, such as identifiers with leading zeros.

    Raises `DataError` when the file is missing, damaged or cut off.
    """
    try:
        text = file.read_text("utf-8")
        table = pd.read_csv(file, dtype=dict.fromkeys(texts, str))
    except (OSError, ValueError) as error:
        raise DataError(f"Expected a table. {file} cannot be read: {error}") from None
    missing = [name for name in columns if name not in table]
    if missing:
        raise DataError(f"Expected the columns {', '.join(missing)} in {file}. They are missing.")
    for name in numbers:
        found = pd.to_numeric(table[name], errors="coerce")
        if (found.isna() & table[name].notna()).any():
            raise DataError(f"Expected numbers in the column {name} of {file}. Found others.")
        table[name] = found
    if not text.endswith("\n"):
        raise DataError(f"Expected whole lines in {file}. The last one is cut off.")
    return table
