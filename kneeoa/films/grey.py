"""Stored values -> grey values: the window of deep films, and colour that is grey."""

import numpy as np

LOWEST_PERCENTILE, HIGHEST_PERCENTILE = 0.5, 99.5
BORDER_SHARE = 0.1
"""Share of a film at its darkest or brightest from which that is a border, not the film."""


def window(values: np.ndarray, *, ignore: np.ndarray | None = None) -> np.ndarray:
    """Return ``(H, W) float32 in [0, 255]``: the rule for films deeper than 8 bits.

    The 0.5th percentile becomes black, the 99.5th white, linear between. A border does not count:
    where more than a tenth of the film lies at its darkest (within 1% of the range between the two
    percentiles), or at its brightest, the percentiles are those of the rest. Where they coincide,
    the smallest and largest value are used instead. `ignore` marks pixels outside the film,
    ``(H, W) bool``: they do not count and come out black, as do values that are not finite.
    """
    values = np.asarray(values, np.float64)
    outside = ~np.isfinite(values)
    if ignore is not None and not ignore.all():
        outside |= ignore
    if outside.all():
        return np.zeros(values.shape, np.float32)
    # Files may hold floating-point numbers whose differences overflow.
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = _ends(values[~outside])
        if not 0 < high - low < np.inf:
            return np.zeros(values.shape, np.float32)
        spread = np.clip((values - low) / (high - low) * 255, 0, 255)
    return np.where(outside, 0, spread).astype(np.float32)


def _ends(values):
    """Return the values that become black and white, from ``(N,) float64``."""
    low, high = np.percentile(values, [LOWEST_PERCENTILE, HIGHEST_PERCENTILE])
    for is_dark in (True, False):
        margin = (high - low) / 100
        border = values <= low + margin if is_dark else values >= high - margin
        if BORDER_SHARE < border.mean() < 1:
            values = values[~border]
            low, high = np.percentile(values, [LOWEST_PERCENTILE, HIGHEST_PERCENTILE])
    return (low, high) if low < high else (values.min(), values.max())


def to_grey(colour: np.ndarray) -> np.ndarray:
    """Return ``(H, W) float32`` from ``(H, W, 3)``; grey stored as colour stays exactly as is."""
    first = colour[..., 0]
    if (colour == first[..., None]).all():
        return first.astype(np.float32)
    # Luma of ITU-R BT.601.
    return (colour @ np.array([0.299, 0.587, 0.114])).astype(np.float32)
