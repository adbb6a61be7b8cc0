"""A learner's answers: first appearances over all sessions, and what each says of its film."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from kneeoa.teaching import answers as answered
from kneeoa.teaching import repetition, swayed
from kneeoa.teaching.playing import Given
from kneeoa.teaching.swayed import Round

START = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = ["image_id", "grade", "first_grade", "seconds", "shown_when", "network"]


def session(*rows, day=0):
    """Answers to films of reference KL 1 that the network grades KL 3, in a row."""
    table = pd.DataFrame(rows, columns=COLUMNS).assign(reference=1, shown_grade=3)
    table["number"] = [100 * day + n for n in range(len(table))]
    return table.astype({"grade": "Int64", "first_grade": "Int64", "shown_grade": "Int64"})


def test_rows_without_a_grade_are_told_apart():
    table = session(
        ("given", 1, None, 2.0, "never", None),
        ("time_up", None, None, 15.0, "never", None),
        ("no_film", None, None, None, "never", None),
        ("thinks", None, 2, 3.0, "after", "resnet50"),
        ("thinks_untimed", None, 2, None, "after", "resnet50"),
    )
    names = table["image_id"]
    assert list(names[answered.thought_over(table)]) == ["thinks", "thinks_untimed"]
    assert list(names[answered.never_shown(table)]) == ["no_film"]
    assert list(answered.settled(table)["image_id"]) == ["given", "time_up", "no_film"]


def test_sway_is_of_films_as_first_seen_over_sessions_of_every_kind():
    plain = session(
        ("told", 1, None, 2.0, "never", None), ("no_film", None, None, None, "never", None)
    )
    early, late = (
        session(*((name, grade, None, 2.0, "before", "resnet50") for name in names), day=day)
        for names, grade, day in ((("told", "no_film", "twice"), 3, 1), (("twice", "new"), 1, 2))
    )
    other = session(("elsewhere", 3, None, 2.0, "before", "mobilenet"), day=3)
    # In whatever order the sessions come.
    pooled = swayed.pooled([late, other, early, plain], "resnet50")
    assert dict(zip(pooled["image_id"], pooled["grade"], strict=True)) == {
        "no_film": 3,
        "twice": 3,
        "new": 1,
    }
    shares = {finding.what: finding.share for finding in swayed.findings(pooled)}
    led = shares["Gave the network's wrong grade after seeing it first"]
    assert (led.count, led.total) == (2, 3)
    assert "Too few rounds" in swayed.in_words(swayed.pooled([], "resnet50"))


def test_a_session_has_seen_films_that_appeared_in_another_before():
    first = session(
        ("one", 1, None, 2.0, "never", None), ("no_film", None, None, None, "never", None)
    )
    new, again, nothing = (
        session(*((name, 1, None, 2.0, "never", None) for name in names), day=day)
        for names, day in ((("no_film", "two"), 1), (("three", "two"), 2), ((), 3))
    )
    # In whatever order the sessions come.
    assert answered.have_seen_films([again, first, nothing, new]) == [True, False, False, False]
    unseen = session(("one", None, None, None, "never", None), day=4)
    assert answered.have_seen_films([first, unseen]) == [False, False]
    assert answered.have_seen_films([]) == []


BEFORE, AFTER = (Round("f", when, 2) for when in ("before", "after"))


@pytest.mark.parametrize(
    ("given", "shown", "missed"),
    [
        (Given(0, 2, None, 1.0), None, False),
        (Given(0, None, None, 15.0), None, True),
        # A film that could not be shown, and a first grade alone.
        (Given(0, None, None, None), None, None),
        (Given(0, None, 2, 1.0, is_final=False), AFTER, None),
        # What she said before she saw the network's answer.
        (Given(0, 2, 4, 1.0), AFTER, True),
        (Given(0, 4, 2, 1.0), AFTER, False),
        # Repeating a network that is right shows no knowledge, leaving it does.
        (Given(0, 2, None, 1.0), BEFORE, None),
        (Given(0, 3, None, 1.0), BEFORE, True),
        (Given(0, 2, None, 1.0), Round("f", "before", 4), False),
    ],
)
def test_a_film_comes_again_by_what_she_showed_to_know_of_it(given, shown, missed):
    card = repetition.after(None, given, reference=2, shown=shown, now=START)
    if missed is None:
        assert card is None
    else:
        weight = repetition.favour({"f": card}, START)["f"]
        assert weight == (repetition.MISSED if missed else repetition.RAREST)
