"""Scores in words, as pages and result sheets show them."""

import math
from collections.abc import Collection

from kneeoa.metrics.agreement import Proportion
from kneeoa.teaching.scoring import Score
from kneeoa.wording import counted

DRAWN = "The films are drawn, not taken: this says nothing of real ones."

COUNTED = (
    "A network is counted with its published answer to a film, where there is one, else with that "
    "of the reading page."
)


def what_counts(networks: Collection[Score], graded: int) -> str:
    """Return with which answers `networks` are scored, and to how many `graded` films none is."""
    lacking = graded - min((score.answered for score in networks), default=graded)
    if not lacking:
        return COUNTED
    return f"{COUNTED} {counted(lacking, 'film')} without either: not counted for the networks."


def left_out_text(films: int) -> str:
    """Return that so many films of an exam from a file could not be given."""
    return f"{counted(films, 'film')} could not be given here"


def share_text(share: Proportion | None) -> str:
    """Return a share as ``70%``; ``-`` where there is none."""
    return f"{share.value:.0%}" if share else "-"


def interval_text(share: Proportion) -> str:
    """Return what a share rests on: ``14 of 20; 95% interval 48% to 85%``."""
    return f"{share.count} of {share.total}; 95% interval {share.low:.0%} to {share.high:.0%}"


def number_text(value: float) -> str:
    """Return a kappa with as many digits as a session bears; or ``not defined``."""
    return "not defined" if math.isnan(value) else f"{value:.2f}"


def kappa_text(score: Score, *, over: str = "patients") -> str:
    """Return a kappa with its interval, or why it has none or is not defined.

    `over` is what the interval is over: ``films`` where they are drawn, or of unknown patients.
    """
    return f"{number_text(score.kappa)} ({_interval_text(score, over)})"


def kappa_rests_on(score: Score, *, over: str = "patients") -> str:
    """Return in a few words what a kappa that stands alone rests on, or why it is not defined.

    `over` as for `kappa_text`.
    """
    text = _interval_text(score, over)
    return text if score.why_no_interval else f"{text} (bootstrap over {over})"


def _interval_text(score: Score, over: str) -> str:
    low, high = score.kappa_interval
    why = score.why_no_interval
    if over == "films":
        why = why.replace("films of too few patients", "too few films")
    return why or f"95% interval {low:.2f} to {high:.2f}"


def time_text(seconds: float) -> str:
    """Return a time for a film; ``-`` where none was measured."""
    return "-" if math.isnan(seconds) else f"{seconds:.{0 if seconds >= 10 else 1}f} s"
