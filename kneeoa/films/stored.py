"""The samples as a file stores them, for whoever looks at a film deeper than 8 bits.

The graders look at `Radiograph.pixels`; a reader who changes the window looks at these, of which a
window cuts nothing off.
"""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from kneeoa.films.grey import by_level, rows_at_once

_INSIDE = (1, 254)
"""Grey values that a window has certainly not cut off."""
_MOST_OFF = 0.75
"""Grey values by which a window may miss what it is to explain."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredValues:
    """The samples of a film, and which of them are shown black and white at first.

    Attributes
    ----------
    values : (H, W) uint16 or int16, read-only
    black, white : the ends of the window that the film is shown with; `white` is the lower one
        where low samples are dense
    """

    values: np.ndarray
    black: float
    white: float

    def turned(self, quarters: int) -> "StoredValues":
        """Return them turned by `quarters` quarter turns clockwise."""
        return replace(self, values=_kept(np.rot90(self.values, -quarters)))

    def inverted(self) -> "StoredValues":
        """Return them with black and white the other way round."""
        return replace(self, black=self.white, white=self.black)

    def resized(self, height: int, width: int, resample: Image.Resampling) -> "StoredValues":
        """Return them interpolated to another size."""
        image = Image.fromarray(self.values.astype(np.float32))
        limits = np.iinfo(self.values.dtype)
        resized = np.asarray(image.resize((width, height), resample)).round()
        values = resized.clip(limits.min, limits.max).astype(self.values.dtype)
        return replace(self, values=_kept(values))


def stored_values(
    values: np.ndarray, shown: np.ndarray, *, outside: np.ndarray | None = None
) -> StoredValues | None:
    """Return the samples `values` ``(H, W)`` of the film `shown` ``(H, W) in [0, 255]``.

    None where the two are the same, where samples are no integers of 16 bits, and where no window
    explains `shown`: a film that came through a table is looked at as the table shows it. `outside`
    marks what is no film, ``(H, W) bool``; it is black.
    """
    if values.ndim != 2 or values.dtype.kind not in "iu" or np.array_equal(values, shown):
        return None
    low, high = int(values.min()), int(values.max())
    kind = np.int16 if low < 0 else np.uint16
    if low < np.iinfo(kind).min or high > np.iinfo(kind).max:
        return None
    ends = _window(values, shown)
    if ends is None:
        return None
    black, white = ends
    expected = by_level(
        values,
        lambda some: np.clip((some - black) * (255 / (white - black)), 0, 255).astype(np.float32),
    )
    for rows in rows_at_once(values):
        off = np.abs(expected[rows] - shown[rows]) > _MOST_OFF
        if outside is not None:
            off &= ~outside[rows]
        if off.any():
            return None
    del expected  # of a large film, 200 MB
    values = values.astype(kind)
    if outside is not None:
        values[outside] = np.clip(round(black), low, high)
    return StoredValues(_kept(values), black, white)


def _window(values: np.ndarray, shown: np.ndarray) -> tuple[float, float] | None:
    """Return which values are black and white, by the two that are furthest apart; or None."""
    ends: list[tuple[int, float]] = []
    for rows in rows_at_once(values):
        inside = (shown[rows] > _INSIDE[0]) & (shown[rows] < _INSIDE[1])
        if inside.any():
            some, as_shown = values[rows][inside], shown[rows][inside]
            ends += [(int(some[i]), float(as_shown[i])) for i in (some.argmin(), some.argmax())]
    if not ends:
        return None
    # Of equal ones the first.
    lowest, lowest_shown = min(ends, key=lambda end: end[0])
    highest, highest_shown = max(ends, key=lambda end: end[0])
    slope = (highest_shown - lowest_shown) / max(highest - lowest, 1)
    if slope == 0:
        return None
    black = lowest - lowest_shown / slope
    return black, black + 255 / slope


def _kept(values: np.ndarray) -> np.ndarray:
    values = np.ascontiguousarray(values)
    values.setflags(write=False)
    return values
