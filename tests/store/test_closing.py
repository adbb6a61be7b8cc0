"""When voting on a film closes by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from kneeoa.store import closing

SINCE = datetime(2030, 1, 2, 10, 0, 0, tzinfo=UTC)


def at(seconds):
    return SINCE + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("seconds", "joined", "voted", "last", "closes"),
    [
        (None, 3, 2, 10, None),
        (None, 0, 0, None, None),
        (None, 3, 3, 10, 13),
        (None, 1, 2, 10, 13),  # one who voted has left
        (30, 3, 2, 10, 30),
        (30, 0, 0, None, 30),
        (30, 3, 3, 10, 13),
        (30, 3, 3, 29, 30),
    ],
)
def test_time_or_the_last_vote_ends_it_whichever_is_first(seconds, joined, voted, last, closes):
    found = closing.closes_at(
        SINCE,
        seconds=seconds,
        joined=joined,
        voted=voted,
        last_vote=None if last is None else at(last),
    )
    assert found == (None if closes is None else at(closes))


def test_the_time_that_is_left_is_never_below_nothing():
    assert closing.left_text(at(30), at(18)) == "12 s left"
    assert closing.left_text(at(30), at(31)) == "0 s left"
    assert closing.left_text(None, at(1)) == ""
