"""Figures as a terminal shows them."""

import math
from typing import Any


def figure(row: Any, *, digits: int = 3) -> str:
    """Return ``value`` of a row with the interval from ``low`` to ``high``, if it has one.

    NaN is no number: what could not be computed is ``none``.
    """
    if not math.isfinite(row.value):
        return "none"
    if not math.isfinite(row.low):
        return f"{row.value:.{digits}f}, no interval"
    return f"{row.value:.{digits}f} ({row.low:.{digits}f} to {row.high:.{digits}f})"
