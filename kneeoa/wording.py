"""Small things in words, the same on every page, sheet and terminal."""

from collections.abc import Sequence

import pandas as pd


def counted(number: int, thing: str) -> str:
    """Return ``1 run``, ``2 runs``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def listed(names: Sequence[str]) -> str:
    """Return names as ``a, b or c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def p_text(p: float) -> str:
    """Return ``p = 0.032``, or ``p < 0.001``; a p that is not defined is said to be so."""
    if pd.isna(p):
        return "p not defined"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
