"""Look-up tables of DICOM files, read by the entries they hold: what they declare is often wrong.

pydicom refuses tables of other than 8 or 16 bits, and takes the declared bits for white.
"""

from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

_FEW = 0.01
"""Share of a table that may be missing at its end, which is nothing to be seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Entries ``(N,) int64`` for the values from `first` on, and how many bits they use.

    `missing` is how many more the file says that there are.
    """

    entries: np.ndarray
    first: int
    bits: int
    missing: int = 0

    def look_up(self, values: np.ndarray) -> np.ndarray:
        """Return the entries for `values`; beyond the table, those at its ends.

        Raises `ValueError` where some of these entries are missing.
        """
        place = np.rint(values).astype(np.int64) - self._first_for(values)
        if self.missing > _FEW * len(self.entries) and place.max() >= len(self.entries):
            raise ValueError("a table that is cut off")
        return self.entries[np.clip(place, 0, len(self.entries) - 1)]

    def _first_for(self, values: np.ndarray) -> int:
        # It may be signed or not, which writers mix up: only one of the two meets the values.
        for first in (self.first, self.first - 65536, self.first + 65536):
            if first <= values.max() and values.min() < first + len(self.entries):
                return first
        return self.first


def read_table(item: Dataset, *, little_endian: bool) -> Table:
    """Return the table in an item of a modality or VOI LUT sequence."""
    count, first, declared = (int(number) for number in item.LUTDescriptor)
    count = count % 65536 or 65536
    data = item.LUTData
    if isinstance(data, bytes):
        # Entries of up to 8 bits stand in a byte each, made even, or in two, some left out.
        wide = declared > 8 or len(data) > count + 1
        byte_order = "<" if little_endian else ">"
        entries = np.frombuffer(data, f"{byte_order}u2" if wide else "u1")
    else:
        entries = np.atleast_1d(np.asarray(data)) % 65536
        if declared <= 8 and len(entries) == (count + 1) // 2 and entries.max() > 255:
            # Two to a number, the first one in its lower byte.
            entries = entries.astype("<u2").view("u1")
    if len(entries) < min(2, count):
        raise ValueError("a table without entries")
    entries = entries[:count].astype(np.int64)
    return Table(entries, first, _bits(entries, declared), count - len(entries))


def _bits(entries: np.ndarray, declared: int) -> int:
    """Return how many bits the entries use.

    A table reaches to white: one of 12 bits that is declared as 16 would show the film black.
    """
    used = int(entries.max()).bit_length()
    return used or declared
