"""When voting on a film closes by itself: its time is over, or the whole class has voted."""

from datetime import datetime, timedelta

LOOK_AGAIN = timedelta(seconds=3)
"""How long after the last vote of a class she who gave it can still correct it."""


def closes_at(
    since: datetime,
    *,
    seconds: float | None,
    joined: int,
    voted: int,
    last_vote: datetime | None,
) -> datetime | None:
    """Return when voting that is open closes, as things stand; None: not by itself.

    Parameters
    ----------
    since : when it was opened, or opened again
    seconds : how long it is open at most; None without a limit
    joined : how many take part
    voted, last_vote : how many of them have voted since then, and when the last vote came
    """
    ends = [] if seconds is None else [since + timedelta(seconds=seconds)]
    if last_vote is not None and voted >= joined:
        ends.append(last_vote + LOOK_AGAIN)
    return min(ends, default=None)


def left_text(closes: datetime | None, now: datetime) -> str:
    """Return the time that is left to vote, as ``12 s left``; empty where there is no end."""
    if closes is None:
        return ""
    return f"{max(0.0, (closes - now).total_seconds()):.0f} s left"
