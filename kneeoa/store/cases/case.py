"""What a case is: how a film was read, by the networks and by its reader. Without a database."""

import json
import re
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from kneeoa.errors import DataError
from kneeoa.files import record_of, sound
from kneeoa.films.frames import Frame
from kneeoa.graders.locating.found import refusal_in
from kneeoa.graders.locating.gate import WARNED, Finding
from kneeoa.grades import KLGrade

LONGEST_READER = 24
LONGEST_NAME = 255
_PROFILE = re.compile(r"As graded at (.+), \d+ films, ")
"""The beginning of `Profile.case_line`."""
LEARNT_FROM = "; it learnt from this very film"
"""What stands behind a profile's line where that is so."""
LONGEST_STATE = 1_000_000
"""Characters of a case's state; a film with a hundred measurements has some ten thousand."""
FINDINGS_IN_JSON, WARNED_IN_JSON = '"findings":[', f'"severity":"{WARNED}"'
"""Where the findings of a knee begin in a state as `to_json` writes it, and that one of them warns.
No text in a state reads so: its quotation marks are escaped."""


@dataclass(frozen=True, slots=True)
class KneeState:
    """One knee of a film: where it was looked at, and what the networks said there.

    Attributes
    ----------
    side : ``"L"``, ``"R"`` or ``"unknown"``
    frame : what was graded, in pixels of the film as it was shown
    said, low, high : the headline grade and the ends of its set; None where nothing was graded
    networks : each network's grade, by its name
    probabilities : (5,) of the answer in `said`, or none
    graded_by : the SHA-256 of each network, and of the profile where there was one
    profile_said : the profile's line, ending with `LEARNT_FROM` where that is so; empty without one
    findings : what stood against grading it
    reference : the grade in a data set whose film this is, byte by byte
    side_set : whether the reader set its side otherwise than it was found; None where the case is
        from before that was kept
    """

    side: str
    frame: Frame
    said: int | None = None
    low: int | None = None
    high: int | None = None
    networks: dict[str, int] = field(default_factory=dict)
    probabilities: tuple[float, ...] = ()
    graded_by: dict[str, str] = field(default_factory=dict)
    profile_said: str = ""
    findings: tuple[Finding, ...] = ()
    reference: int | None = None
    side_set: bool | None = None

    @property
    def refused(self) -> bool:
        """Whether it is not to be graded, be it graded all the same."""
        return refusal_in(self.findings) is not None

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What to bear in mind with a grade; nothing where it is refused and has none."""
        if self.refused and self.said is None:
            return ()
        return tuple(finding for finding in self.findings if finding.severity == WARNED)

    @property
    def apart(self) -> int:
        """By how many grades the networks differ."""
        return max(self.networks.values()) - min(self.networks.values()) if self.networks else 0

    @property
    def profile(self) -> str:
        """Under which profile the networks answered, told from others; empty as published."""
        if "profile" not in self.graded_by:
            return ""
        named = _PROFILE.match(self.profile_said)
        return f"{named[1] if named else 'a profile'} ({self.graded_by['profile'][:6]})"

    @property
    def learnt_from(self) -> bool:
        """Whether the profile had learnt from this very film, so that its answer says nothing."""
        return self.profile_said.endswith(LEARNT_FROM)

    @property
    def answer(self) -> str:
        """What was said, for example ``KL 1 to 2``; empty where nothing was."""
        if self.said is None:
            return ""
        if self.low is None or self.low == self.high:
            return KLGrade(self.said).label
        return f"KL {self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class FilmState:
    """All that brings a film back as it was read.

    Attributes
    ----------
    knees : from left to right of the film as it was shown; none where it was not read yet
    quarters : by how many quarter turns it was shown turned, clockwise
    changes : in words, what the reader had done to it
    anyway : whether a grade was asked for although the film was refused
    drawn : whether it is one of the synthetic demo films
    view : how the viewer looked at it, as the viewer says it
    measurements : what was measured on it, as who measured says it
    """

    knees: tuple[KneeState, ...]
    quarters: int = 0
    changes: tuple[str, ...] = ()
    anyway: bool = False
    drawn: bool = False
    view: dict[str, Any] | None = None
    measurements: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class OwnGrade:
    """What a reader says of one knee. Times in UTC.

    Attributes
    ----------
    grade, given_at : her last grade
    committed, committed_at : her grade from before she saw the networks', which stays as it is
    seen_at : when the networks' answer was first shown to her
    passed : whether it only stood in a list or beside the films since, and can still wait for hers:
        it may have been read there, so that a grade given after is no free one
    """

    grade: int | None = None
    given_at: datetime | None = None
    committed: int | None = None
    committed_at: datetime | None = None
    seen_at: datetime | None = None
    passed: bool = False

    def given(self, grade: int, now: datetime) -> "OwnGrade":
        """Return what stands after she gave `grade`; before the networks' is seen it is free."""
        return replace(self, grade=grade, given_at=now)

    def seen(self, now: datetime, *, passing: bool = False) -> "OwnGrade":
        """Return what stands after she saw the networks' answer: a grade from before is kept.

        `passing`: it stood in a list or beside the films.
        """
        if self.seen_at is not None:
            return replace(self, passed=self.passed and passing)
        own = replace(self, seen_at=now, passed=passing)
        if self.grade is None:
            return own
        return replace(own, committed=self.grade, committed_at=self.given_at)

    def only_seen(self) -> "OwnGrade":
        """Return that the networks' answer was seen as here, without a grade."""
        return OwnGrade(seen_at=self.seen_at, passed=self.passed)

    def joined(self, kept: "OwnGrade") -> "OwnGrade":
        """Return this with what was `kept` earlier: first is what came first, last what came last.

        What was given after the networks' answer was first seen, here or then, is no free grade;
        what was given before is.
        """
        last = self if _later(self.given_at, kept.given_at) else kept
        seen = min(filter(None, (self.seen_at, kept.seen_at)), default=None)
        if seen is None:
            return OwnGrade(last.grade, last.given_at)
        passed = all(own.passed for own in (self, kept) if own.seen_at is not None)
        free = [
            (at, grade)
            for own in (self, kept)
            for at, grade in ((own.committed_at, own.committed), (own.given_at, own.grade))
            if at is not None and (at < seen or (own.seen_at == seen and at == own.committed_at))
        ]
        at, committed = max(free, key=lambda pair: pair[0], default=(None, None))
        return OwnGrade(last.grade, last.given_at, committed, at, seen, passed)

    def after_kept(self, kept: "OwnGrade") -> "OwnGrade":
        """Return what stands where she gave this without `kept` in sight: a kept grade stays.

        Only that she saw an answer meanwhile is of both.
        """
        own = self if kept.grade is None else OwnGrade(seen_at=self.seen_at, passed=self.passed)
        return own.joined(kept)


def _later(at: datetime | None, other: datetime | None) -> bool:
    return at is not None and (other is None or at >= other)


NO_GRADE = OwnGrade()


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case that is to be kept: what is in the list, and the state that brings it back.

    Attributes
    ----------
    digest : SHA-256 of the film's file as it came, in hex
    name : the file name, as it is shown
    source : ``"PNG"``, ``"JPEG"``, ``"TIFF"`` or ``"DICOM"``
    patient : as `kneeoa.store.cases.films.FilmFiles.mark_of`, or empty
    study_date : ``2026-11-28``, or empty
    issuer, born : likewise who gave the patient her number, and her date of birth
    """

    digest: str
    name: str
    source: str
    state: FilmState
    patient: str = ""
    study_date: str = ""
    is_read: bool = True
    issuer: str = ""
    born: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A case that is kept; `grades` by knee are those of one reader.

    `issuer` and `born` are as of `NewCase`; None where the case is from before they were kept, and
    nothing but the patient's number is known.
    """

    case_id: int
    film: str
    digest: str
    name: str
    source: str
    patient: str
    study_date: str
    is_read: bool
    revision: int
    state: FilmState
    created_at: datetime
    updated_at: datetime
    grades: dict[int, OwnGrade] = field(default_factory=dict)
    issuer: str | None = None
    born: str | None = None

    def own(self, knee: int) -> OwnGrade:
        """Return what the reader says of one knee."""
        return self.grades.get(knee, NO_GRADE)


def to_json(state: FilmState) -> str:
    """Return a state as text; raise `DataError` for one that is too large to be sound."""
    text = json.dumps(asdict(state), allow_nan=False, separators=(",", ":"))
    if len(text) > LONGEST_STATE:
        raise DataError(
            "Expected a case with fewer measurements: this one is too large to be kept. Remove "
            "some of them."
        )
    return text


def from_json(text: str) -> FilmState:
    """Return the state of a text; raise `DataError` or `ValueError` where it is none."""
    if len(text) > LONGEST_STATE:
        raise DataError("Expected the state of a case. Received more than one can have.")
    try:
        state = record_of(FilmState, sound(json.loads(text)), "The case")
    except RecursionError:
        raise DataError("Expected the state of a case. It is nested too deeply.") from None
    for knee in state.knees:
        grades = [knee.said, knee.low, knee.high, knee.reference, *knee.networks.values()]
        if any(grade is not None and grade not in range(5) for grade in grades):
            raise DataError("Expected grades from 0 to 4 in a case. It has others.")
        if knee.side not in ("L", "R", "unknown") or min(knee.frame.height, knee.frame.width) < 1:
            raise DataError("Expected a side and a frame for each knee of a case.")
    return state
