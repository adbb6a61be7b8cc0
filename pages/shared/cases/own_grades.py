"""The reader's own grades in this session, and whether the networks' answer waits for them."""

from datetime import UTC, datetime

import streamlit as st

from kneeoa.store.cases.case import NO_GRADE, OwnGrade
from pages.shared import kept

REVEAL = "reveal"
"""The option's place in the session and in the address: ``?reveal=after``."""
WHEN = {"now": "at once", "after": "after my grade"}
_GRADES, _SAME, _PASSED = "own_grades", "same_films", "answers_passed"


def all_of() -> dict[tuple[str, int], OwnGrade]:
    """Return what she said in this session, by film and knee."""
    return st.session_state.setdefault(_GRADES, {})


def of(digest: str, knee: int) -> OwnGrade:
    """Return what she says of one knee of a film."""
    return all_of().get((_kept(digest), knee), NO_GRADE)


def put(digest: str, knee: int, own: OwnGrade) -> None:
    """Keep what she says of one knee of a film."""
    all_of()[_kept(digest), knee] = own


def seen_already() -> set[tuple[str, int]]:
    """Return the knees, by film and place, whose answers were opened to her in this session."""
    return {key for key, own in all_of().items() if own.seen_at is not None} - passed()


def passed() -> set[tuple[str, int]]:
    """Return the knees whose answers stood beside the films or in a list, and nowhere else.

    They count as seen, since they may have been read there; but those that she did not open can
    still wait for her grade.
    """
    return st.session_state.setdefault(_PASSED, set())


def are_same(digest: str, kept: str) -> None:
    """Note that a film is `kept` as another file: what she said or saw of one is of both."""
    if digest == kept:
        return
    st.session_state.setdefault(_SAME, {})[digest] = kept
    for key in [key for key in all_of() if key[0] == digest]:
        there, both = (kept, key[1]), {key, (kept, key[1])}
        was_opened = bool(both & seen_already())
        own = all_of().pop(key)
        put(*there, own.joined(of(*there)))
        if both & passed():
            passed().difference_update(both)
            if not was_opened:
                passed().add(there)


def _kept(digest: str) -> str:
    return st.session_state.get(_SAME, {}).get(digest, digest)


def forget() -> None:
    """Forget what she said and saw in this session."""
    for name in (_GRADES, _SAME, _PASSED):
        st.session_state.pop(name, None)


def count_anew(digest: str) -> None:
    """Forget which knees of a film she graded, where they are counted anew; what she saw stays."""
    mine = [key for key in all_of() if key[0] == _kept(digest)]
    if any(key in seen_already() for key in mine):
        # It may be any of them by now.
        passed().difference_update(mine)
    seen = min(filter(None, (all_of().pop(key).seen_at for key in mine)), default=None)
    if seen is not None:
        for _, place in mine:
            put(digest, place, OwnGrade(seen_at=seen))


def give(digest: str, knee: int, grade: int) -> None:
    """Keep a grade of hers; the one before it, too, where that was free of the networks'."""
    put(digest, knee, of(digest, knee).given(grade, datetime.now(UTC)))


def saw(digest: str, knee: int) -> None:
    """Note that the networks' answer to a knee is shown to her."""
    put(digest, knee, of(digest, knee).seen(datetime.now(UTC)))
    passed().discard((_kept(digest), knee))


def came_past(digest: str, knee: int) -> None:
    """Note that the networks' answer to a knee stands among others, opened or not."""
    if of(digest, knee).seen_at is None:
        saw(digest, knee)
        passed().add((_kept(digest), knee))


def keep_asked() -> None:
    """Have the address say for all pages whether answers wait, from whichever she comes in by."""
    kept.remember(REVEAL)


def waits() -> bool:
    """Return whether the networks' answers wait for hers."""
    return kept.chosen(REVEAL) == "after"


def hides(digest: str, knee: int) -> bool:
    """Return whether nothing of the networks' answer to a knee may be shown yet."""
    return waits() and ((_kept(digest), knee) in passed() or of(digest, knee).seen_at is None)
