"""The reader's own grades in this session, and whether the networks' answer waits for them."""

from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from kneeoa.grades import GRADES, KLGrade
from kneeoa.store.cases.case import NO_GRADE, OwnGrade
from pages.shared import kept, keyboard

REVEAL = "reveal"
"""The option's place in the session and in the address: ``?reveal=after``."""
WHEN = {"now": "at once", "after": "after my grade"}
KEYS = "own grade"
"""What the places begin with at which her keys are noted: then film and knee."""
_GRADES, _SAME, _EARLY = "own_grades", "same_films", "asked_without_grade"
_AT_ONCE, _ASIDE = "grades_at_once", "grades_aside"


@dataclass(frozen=True, slots=True)
class Hers:
    """What she says, by film and knee, and which films are the same as others.

    Plain objects, taken out of the session once: nothing that she does meanwhile cuts off a note.
    """

    grades: dict[tuple[str, int], OwnGrade]
    same: dict[str, str]
    aside: dict[tuple[str, int], OwnGrade]
    """Grades of hers that another one of hers stands instead of, which was not in sight then."""

    def name(self, digest: str) -> str:
        """Return by which digest what she says of a film is kept."""
        return self.same.get(digest, digest)

    def of(self, digest: str, knee: int) -> OwnGrade:
        """Return what she says of one knee of a film."""
        return self.grades.get((self.name(digest), knee), NO_GRADE)

    def put(self, digest: str, knee: int, own: OwnGrade) -> None:
        """Keep what she says of one knee of a film."""
        self.grades[self.name(digest), knee] = own

    def knees_of(self, digest: str) -> list[int]:
        """Return the knees of a film of which she said or saw anything."""
        return sorted(knee for film, knee in self.grades if film == self.name(digest))

    def given_to(self, digest: str) -> list[tuple[int, int]]:
        """Return her grades of a film, by knee, those that were put aside as well."""
        name = self.name(digest)
        every = (*self.grades.items(), *self.aside.items())
        mine = {(knee, own.grade) for (film, knee), own in every if film == name}
        return sorted((knee, grade) for knee, grade in mine if grade is not None)

    def put_aside_of(self, digest: str) -> list[tuple[int, int]]:
        """Return her grades of a film, by knee, instead of which others of hers stand."""
        mine = [
            (knee, own.grade)
            for (film, knee), own in self.aside.items()
            if film == self.name(digest)
        ]
        return sorted((knee, grade) for knee, grade in mine if grade is not None)

    def are_same(self, digest: str, kept_as: str, *, in_sight: bool = False) -> None:
        """Do what the function of this name does; `in_sight` as of `meet`."""
        if digest == kept_as:
            return
        self.same[digest] = kept_as
        for key in [key for key in self.grades if key[0] == digest]:
            own, kept = self.grades.pop(key), self.of(kept_as, key[1])
            self.put(kept_as, key[1], own)
            self.meet(kept_as, key[1], kept, in_sight=in_sight)

    def meet(self, digest: str, knee: int, kept: OwnGrade, *, in_sight: bool = False) -> OwnGrade:
        """Join what she says of a knee with what was `kept`; return what stands, and keep that.

        A grade is kept that was not `in_sight` when she gave another: that one is put aside, and
        said to be.
        """
        own = self.of(digest, knee)
        stands = own.joined(kept) if in_sight else own.after_kept(kept)
        self.put(digest, knee, stands)
        self.put_aside(digest, knee, own)
        return stands

    def put_aside(self, digest: str, knee: int, own: OwnGrade) -> None:
        """Note that a grade of hers does not stand, where another one does."""
        stands = self.of(digest, knee).grade
        if own.grade is not None and stands not in (None, own.grade):
            self.aside[self.name(digest), knee] = own

    def press(self, digest: str, knee: int, keys: set[keyboard.Key], now: datetime) -> bool:
        """Act on her keys at one knee; return False where she asked for theirs without a grade.

        Grade and Enter may come in one run, and in no order.
        """
        own = self.of(digest, knee)
        grades = grades_among(keys)
        if len(grades) == 1:
            own = own.given(grades[0], now)
            self.aside.pop((self.name(digest), knee), None)
        is_asked = "confirm" in keys and len(grades) <= 1
        if is_asked and own.grade is not None:
            own = own.seen(now)
        self.put(digest, knee, own)
        return not is_asked or own.grade is not None


def hers() -> Hers:
    """Return what she said and saw in this session."""
    state = st.session_state
    return Hers(*(state.setdefault(name, {}) for name in (_GRADES, _SAME, _ASIDE)))


def act() -> None:
    """Act on the keys that she pressed, at whatever film: that one may be in sight no more."""
    known, now = hers(), datetime.now(UTC)
    # Of the session nothing more is asked before all of them are acted on.
    early, at_once = False, []
    for (_, digest, knee), keys in keyboard.taken(KEYS).items():
        early |= not known.press(digest, knee, keys, now)
        grades = grades_among(keys)
        at_once += [(digest, grades)] if len(grades) > 1 else []
    if early:
        st.session_state[_EARLY] = True
    if at_once:
        st.session_state.setdefault(_AT_ONCE, []).extend(at_once)


def came_at_once() -> list[tuple[str, list[int]]]:
    """Return the grades that came together for a knee of a film, of which none was taken."""
    return st.session_state.get(_AT_ONCE, [])


def has_been_told() -> None:
    """Forget what `came_at_once`: it was said."""
    st.session_state.pop(_AT_ONCE, None)


def grades_among(keys: set[keyboard.Key]) -> list[int]:
    """Return the grades among some keys, in order."""
    return sorted(key for key in keys if isinstance(key, int) and key in range(len(GRADES)))


def asked_early() -> bool:
    """Return, once, whether she asked for the networks' answer without a grade of hers."""
    return st.session_state.pop(_EARLY, False)


def of(digest: str, knee: int) -> OwnGrade:
    """Return what she says of one knee of a film."""
    return hers().of(digest, knee)


def put(digest: str, knee: int, own: OwnGrade) -> None:
    """Keep what she says of one knee of a film."""
    hers().put(digest, knee, own)


def seen_already() -> set[tuple[str, int]]:
    """Return the knees, by film and place, whose answers were opened to her in this session."""
    grades = hers().grades
    return {key for key, own in grades.items() if own.seen_at is not None and not own.passed}


def passed() -> set[tuple[str, int]]:
    """Return the knees whose answers stood beside the films or in a list, and nowhere else.

    They count as seen, since they may have been read there; but those that she did not open can
    still wait for her grade.
    """
    return {key for key, own in hers().grades.items() if own.passed}


def are_same(digest: str, kept: str) -> None:
    """Note that a film is `kept` as another file: what she said or saw of one is of both."""
    hers().are_same(digest, kept)


def lie_otherwise(digest: str, kept: str) -> None:
    """Note that knees of a film are counted otherwise than those of it as it is `kept`.

    No grade goes over; what was opened of the one may be any knee of the other.
    """
    known = hers()
    known.same.pop(digest, None)
    if digest == kept:
        return
    places = known.knees_of(digest)
    for seen in [known.of(digest, knee).only_seen() for knee in places]:
        for knee in places:
            known.put(kept, knee, known.of(kept, knee).joined(seen))


def aside_in_words(digest: str, knee: int, *, is_open: bool) -> str:
    """Return which two grades of a knee are hers, and how she has the other; empty of one.

    `is_open`: the case that keeps one of them is.
    """
    known = hers()
    own, other = known.of(digest, knee), known.aside.get((known.name(digest), knee), NO_GRADE)
    if own.grade is None or other.grade is None:
        return ""
    choose = f"Press {other.grade} to have that instead, or {own.grade} to leave it so."
    return (
        f"Two grades are yours: {_given(own)} is kept, {_given(other)} is not. "
        f"{choose if is_open else 'Open the case to choose.'}"
    )


def _given(own):
    at = f" of {own.given_at:%Y-%m-%d %H:%M} UTC" if own.given_at else ""
    return f"{KLGrade(own.grade).label}{at}"


def forget() -> None:
    """Forget what she said and saw in this session."""
    for name in (_GRADES, _SAME, _EARLY, _AT_ONCE, _ASIDE):
        st.session_state.pop(name, None)


def count_anew(digest: str) -> None:
    """Forget which knees of a film she graded, where they are counted anew; what she saw stays."""
    act()  # on keys of the knees as they were
    known = hers()
    name, places = known.name(digest), known.knees_of(digest)
    mine = [known.grades.pop((name, knee)) for knee in places]
    for knee in places:
        known.aside.pop((name, knee), None)
    known.same.pop(digest, None)  # whether it lies as it is kept is looked for anew
    seen = min(filter(None, (own.seen_at for own in mine)), default=None)
    if seen is not None:
        # What was opened may be any of them by now.
        is_passed = all(own.passed for own in mine if own.seen_at is not None)
        for knee in places:
            for film in {name, digest}:
                known.grades[film, knee] = OwnGrade(seen_at=seen, passed=is_passed)


def saw(digest: str, knee: int) -> None:
    """Note that the networks' answer to a knee is shown to her."""
    known = hers()
    known.put(digest, knee, known.of(digest, knee).seen(datetime.now(UTC)))


def came_past(digest: str, knee: int) -> None:
    """Note that the networks' answer to a knee stands among others, opened or not."""
    known = hers()
    own = known.of(digest, knee)
    if own.seen_at is None:
        known.put(digest, knee, own.seen(datetime.now(UTC), passing=True))


def keep_asked() -> None:
    """Have the address say for all pages whether answers wait, from whichever she comes in by."""
    kept.remember(REVEAL)


def waits() -> bool:
    """Return whether the networks' answers wait for hers."""
    return kept.chosen(REVEAL) == "after"


def hides(digest: str, knee: int) -> bool:
    """Return whether nothing of the networks' answer to a knee may be shown yet."""
    own = of(digest, knee)
    return (own.passed or own.seen_at is None) and waits()
