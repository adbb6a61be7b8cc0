"""Scores in words, as pages and result sheets show them."""

import math

from kneeoa.metrics.agreement import Proportion
from kneeoa.teaching.scoring import Score

DRAWN = "The films are drawn, not taken: this says nothing of real ones."


def share_text(share: Proportion | None) -> str:
    """Return a share as ``70%``; ``-`` where there is none."""
    return f"{share.value:.0%}" if share else "-"


def interval_text(share: Proportion) -> str:
    """Return what a share rests on: ``14 of 20; 95% interval 48% to 85%``."""
    return f"{share.count} of {share.total}; 95% interval {share.low:.0%} to {share.high:.0%}"


def number_text(value: float) -> str:
    """Return a kappa with as many digits as a session bears; or ``not defined``."""
    return "not defined" if math.isnan(value) else f"{value:.2f}"


def kappa_text(score: Score) -> str:
    """Return a kappa with its interval, or why it has none or is not defined."""
    low, high = score.kappa_interval
    interval = score.why_no_interval or f"95% interval {low:.2f} to {high:.2f}"
    return f"{number_text(score.kappa)} ({interval})"


def kappa_rests_on(score: Score, *, over: str = "patients") -> str:
    """Return in a few words what a kappa that stands alone rests on, or why it is not defined.

    `over` is what the interval is over: ``films`` where their patients were not known.
    """
    low, high = score.kappa_interval
    text = f"95% interval {low:.2f} to {high:.2f} (bootstrap over {over})"
    return score.why_no_interval or text


def time_text(seconds: float) -> str:
    """Return a time for a film; ``-`` where none was measured."""
    return "-" if math.isnan(seconds) else f"{seconds:.{0 if seconds >= 10 else 1}f} s"
