"""Best paths through many pictures at once, and values along curves."""

import numpy as np

_NEVER = np.float32(-1e6)


def best_paths(scores: np.ndarray, *, steepest: int, cost: float) -> np.ndarray:
    """Return the path from left to right with the highest sum of scores less its costs.

    Dynamic programming, exact.

    Parameters
    ----------
    scores : (N, H, W) float
    steepest : rows that it may rise or fall from one column to the next
    cost : of each such row

    Returns
    -------
    np.ndarray
        ``(N, W) int64``, the row in each column.
    """
    count, height, width = scores.shape
    columns = np.ascontiguousarray(np.moveaxis(scores, 2, 0), np.float32)
    # Of every column, with rows around it that no path comes from.
    around = np.full((width, count, height + 2 * steepest), _NEVER, np.float32)
    sums = around[:, :, steepest:-steepest]
    sums[0] = columns[0]
    ways = [way for step in range(1, steepest + 1) for way in (step, -step)]
    costs = np.array([cost * abs(way) for way in (0, *ways)], np.float32)
    moved = np.empty((count, height), np.float32)
    for x in range(1, width):
        best = sums[x]
        best[:] = sums[x - 1]
        for way, paid in zip(ways, costs[1:], strict=True):
            np.subtract(around[x - 1, :, steepest - way : steepest - way + height], paid, out=moved)
            np.maximum(best, moved, out=best)
        best += columns[x]
    rows = np.empty((count, width), np.int64)
    rows[:, -1] = sums[-1].argmax(axis=1)
    each, steps = np.arange(count)[:, None], np.array([0, *ways])
    for x in range(width - 1, 0, -1):
        before = rows[:, x, None] - steps
        # Of ways that are equally good the first.
        came = (around[x - 1][each, before + steepest] - costs).argmax(axis=1)
        rows[:, x - 1] = rows[:, x] - steps[came]
    return rows


def along(pictures: np.ndarray, curves: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return values at each offset below curves, ``(N, offsets, W)``, between rows linearly.

    `pictures` are ``(N, H, W)``, `curves` ``(N, W)`` rows; past the border, its value goes on.
    """
    rows = curves[:, None, :] + offsets[None, :, None]
    rows = np.clip(rows, 0, pictures.shape[1] - 1.001)
    first = rows.astype(np.intp)
    share = (rows - first).astype(np.float32)
    upper = np.take_along_axis(pictures, first, 1)
    lower = np.take_along_axis(pictures, first + 1, 1)
    return upper + share * (lower - upper)


def at_rows(pictures: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the value in each column at ``(N, W) int`` rows, ``(N, W)``."""
    return np.take_along_axis(pictures, rows[:, None, :], 1)[:, 0]


def refined(pictures: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return where the value is largest within a row of `rows`, by a parabola; ``(N, W) float``."""
    rows = np.clip(rows, 1, pictures.shape[1] - 2)
    before, peak, after = (at_rows(pictures, rows + step) for step in (-1, 0, 1))
    bend = before - 2 * peak + after
    peaked = bend < -1e-6
    shift = np.where(peaked, 0.5 * (before - after) / np.where(peaked, bend, -1.0), 0.0)
    return rows + np.clip(shift, -1, 1)
