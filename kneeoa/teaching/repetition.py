"""Spaced repetition: which films a learner should see again, and how soon.

A film is a card of FSRS (Ye et al. 2022, KDD), by the library ``fsrs``; a film that was missed last
time is favoured at once, whatever the time that has passed.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from fsrs import Card, Rating, Scheduler

from kneeoa.teaching.playing import Given
from kneeoa.teaching.swayed import Round

MISSED, RAREST, OFTENEST = 6.0, 0.1, 4.0
"""Weights of a film missed last time, and the bounds of one that was known."""

# No steps of minutes: a session shows a film once. No chance: the same history, the same card.
_SCHEDULER = Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)


def review(card: str | None, *, reference: int, grade: int | None, now: datetime) -> str:
    """Return the card, as JSON, after a film was graded; `card` is the one before, or None.

    One grade off counts as hard, more or no answer as forgotten. `now` is in UTC; a clock that
    went back is taken to stand still.
    """
    before = _read(card)
    if before.last_review:
        now = max(now, before.last_review)
    off = None if grade is None else abs(grade - reference)
    rating = Rating.Good if off == 0 else Rating.Hard if off == 1 else Rating.Again
    after, _ = _SCHEDULER.review_card(before, rating, now)
    return json.dumps({"card": after.to_dict(), "missed": off != 0})


def after(
    card: str | None, given: Given, *, reference: int, shown: Round | None, now: datetime
) -> str | None:
    """Return `review` of an answer, or None where it says nothing of what she knows.

    So it is of a film that could not be shown, of one that is still thought over, and where she
    gave the right grade that a network gave before her. Where she gave a first grade, it counts.
    """
    if not given.is_final or (given.grade is None and given.seconds is None):
        return None
    is_led = shown is not None and shown.when == "before" and shown.network_grade == reference
    if is_led and given.grade == reference:
        return None
    own = given.grade if given.first_grade is None else given.first_grade
    return review(card, reference=reference, grade=own, now=now)


def favour(cards: Mapping[str, str], now: datetime) -> dict[str, float]:
    """Return the weight of each film in drawing the next session; a film never seen has 1.

    Missed last time: `MISSED`. Known: the chance of having forgotten it by now against the tenth
    at which it would be due, from `RAREST` to `OFTENEST`.
    """
    weights = {}
    for image_id, text in cards.items():
        card = _read(text)
        if json.loads(text).get("missed"):
            weights[image_id] = MISSED
        else:
            at = max(now, card.last_review) if card.last_review else now
            forgotten = 1 - _SCHEDULER.get_card_retrievability(card, at)
            weights[image_id] = min(OFTENEST, max(RAREST, forgotten / 0.1))
    return weights


def _read(text: str | None) -> Card:
    # The id that the library would give is a reading of the clock, and nobody asks for it.
    return Card.from_dict(json.loads(text)["card"]) if text else Card(card_id=0)
