"""Stored values -> grey values: the window of deep films, and colour that is grey."""

from collections.abc import Callable

import numpy as np

LOWEST_PERCENTILE, HIGHEST_PERCENTILE = 0.5, 99.5
BORDER_SHARE = 0.1
"""Share of a film at its darkest or brightest from which that is a border, not the film."""
_MOST_LEVELS = 2**16
_AT_ONCE = 2**20


def window(values: np.ndarray, *, ignore: np.ndarray | None = None) -> np.ndarray:
    """Return ``(H, W) float32 in [0, 255]``: the rule for films deeper than 8 bits.

    The 0.5th percentile becomes black, the 99.5th white, linear between. A border does not count:
    where more than a tenth of the film lies at its darkest (within 1% of the range between the two
    percentiles), or at its brightest, the percentiles are those of the rest. Where they coincide,
    the smallest and largest value are used instead. `ignore` marks pixels outside the film,
    ``(H, W) bool``: they do not count and come out black, as do values that are not finite.
    """
    values = np.asarray(values)
    outside = None if ignore is None or ignore.all() else ignore
    if values.dtype.kind not in "iu":
        values = values.astype(np.float64)
        finite = np.isfinite(values)
        outside = ~finite if outside is None else outside | ~finite
    inside = values if outside is None else values[~outside]
    if not inside.size:
        return np.zeros(values.shape, np.float32)
    # Files may hold floating-point numbers whose differences overflow.
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = _ends(inside)
        if not 0 < high - low < np.inf:
            return np.zeros(values.shape, np.float32)
        shown = by_level(
            values,
            lambda some: np.clip((some - low) / (high - low) * 255, 0, 255).astype(np.float32),
        )
    return shown if outside is None else np.where(outside, np.float32(0), shown)


def by_level(values: np.ndarray, show: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return ``show(values)``, where `show` makes something of each value by itself.

    A film of millions of pixels has some thousand values: `show` sees each of them once, in order,
    which takes a fraction of the time and of the memory. What is no integer it sees as it is.
    """
    if values.dtype.kind not in "iu" or not values.size:
        return show(values)
    low, high = int(values.min()), int(values.max())
    if high - low >= min(_MOST_LEVELS, values.size):
        return show(values)
    step = max(1, _AT_ONCE * len(values) // values.size)
    parts = [slice(first, first + step) for first in range(0, len(values), step)]
    is_there = np.zeros(high - low + 1, bool)
    for rows in parts:
        is_there[values[rows].astype(np.intp) - low] = True
    there = show(np.flatnonzero(is_there) + low)
    table = np.zeros(is_there.shape, there.dtype)
    table[is_there] = there
    shown = np.empty(values.shape, table.dtype)
    for rows in parts:
        shown[rows] = table[values[rows].astype(np.intp) - low]
    return shown


def _ends(values: np.ndarray) -> tuple[float, float]:
    """Return the values that become black and white, from numbers of any shape."""
    low, high = np.percentile(values, [LOWEST_PERCENTILE, HIGHEST_PERCENTILE])
    for is_dark in (True, False):
        margin = (high - low) / 100
        border = values <= low + margin if is_dark else values >= high - margin
        if BORDER_SHARE < border.mean() < 1:
            values = values[~border]
            low, high = np.percentile(values, [LOWEST_PERCENTILE, HIGHEST_PERCENTILE])
    return (low, high) if low < high else (float(values.min()), float(values.max()))


def to_grey(colour: np.ndarray) -> np.ndarray:
    """Return ``(H, W) float32`` from ``(H, W, 3)``; grey stored as colour stays exactly as is."""
    first = colour[..., 0]
    if (colour == first[..., None]).all():
        return first.astype(np.float32)
    # Luma of ITU-R BT.601.
    return (colour @ np.array([0.299, 0.587, 0.114])).astype(np.float32)
