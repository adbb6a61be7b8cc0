"""``profile.json``: what a profile says of itself, and what of it cannot be."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from kneeoa.errors import DataError, ModelError
from kneeoa.graders.answer import AnswerRule
from kneeoa.graders.cards.schema import is_date
from kneeoa.graders.framing import FOUND, Framing
from kneeoa.grades import GRADES
from kneeoa.wording import entered

SCHEMA_VERSION = 1
LONGEST_NAME = 80
MOST_FILMS = 1_000_000
MOST_KNOWN = 10_000
"""Films from which on a profile does not keep which they are: its record stays short."""
SHARES = ("answer_accuracy", "accuracy", "coverage")
"""Figures that stand beside a reading, and so have to be shares."""
_ROUNDING = 1e-9
"""By how much shares may lie beyond 0 and 1, or their ends beyond them: that is no damage."""
Ends = tuple[float | None, float | None, float | None]
"""A value and its interval, low and high; None where it is not defined."""


@dataclass(frozen=True, slots=True)
class FittedNetwork:
    """Which network a head belongs to: the SHA-256 of its file; and the pull that was chosen."""

    architecture: str
    model_sha256: str
    strength: float


@dataclass(frozen=True, slots=True)
class FilmsOf:
    """The films behind a profile: how many, of how many patients, of each grade 0 to 4.

    `left_out` could not be used, `left_out_by_reader` could.
    """

    films: int
    patients: int
    by_grade: tuple[int, ...]
    left_out: int = 0
    left_out_by_reader: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """``profile.json``. Times are UTC, ISO 8601.

    Attributes
    ----------
    answers : by answer (``mobilenet``, ``resnet50``, ``together``): rule, level, threshold
    figures : by answer and figure: ``before``, ``after`` (out of fold) and ``difference``, each a
        value with its 95% interval over patients
    track_record : by answer: for each grade how often it was right, out of fold, when it was the
        answer by the rule in `answers`
    better : whether the paired difference in cross-entropy is clear of 0
    most_probable_record : as `track_record`, when it was the most probable grade; empty in profiles
        from before it was kept
    framing : what of a film is graded, see `kneeoa.graders.framing`
    least_overlap : how much of a film its knee's box is at least, for the whole film to be graded
    learnt_from : SHA-256 of each film's file, in order, in hex; empty in profiles from before it
        was kept, and of more than `MOST_KNOWN`
    """

    name: str
    created_at: str
    networks: tuple[FittedNetwork, ...]
    weights_sha256: str
    of: FilmsOf
    answers: dict[str, AnswerRule]
    figures: dict[str, dict[str, dict[str, Ends]]]
    track_record: dict[str, tuple[dict[str, float] | None, ...]]
    better: bool
    libraries: dict[str, str]
    most_probable_record: dict[str, tuple[dict[str, float] | None, ...]] = field(
        default_factory=dict
    )
    framing: Framing = FOUND
    least_overlap: float = 0.0
    learnt_from: tuple[str, ...] = ()
    schema_version: int = field(default=SCHEMA_VERSION)


def check_name(name: str) -> str:
    """Return a profile's name without outer blanks; refuse an empty, long or unprintable one."""
    try:
        checked = "" if "\n" in name else entered(name, LONGEST_NAME, "a name")
    except DataError:
        checked = ""
    if not checked:
        raise ModelError(
            f"Expected a name of 1 to {LONGEST_NAME} printable characters in one line."
        )
    return checked


def check(record: Record, file: Path) -> None:
    """Raise `ModelError` where a record of `file` holds what cannot be."""
    check_name(record.name)
    counts = record.of
    expected = {
        "a grade count for each of KL 0 to 4": len(counts.by_grade) == len(GRADES),
        "counts that are not negative": min(counts.by_grade, default=0) >= 0
        and counts.patients >= 1,
        "the films of each grade to be all films": sum(counts.by_grade)
        == counts.films
        >= counts.patients,
        f"at most {MOST_FILMS} films": counts.films <= MOST_FILMS
        and 0 <= min(counts.left_out, counts.left_out_by_reader)
        and max(counts.left_out, counts.left_out_by_reader) <= MOST_FILMS,
        "SHA-256 of films": len(record.learnt_from) <= MOST_KNOWN
        and all(re.fullmatch("[0-9a-f]{64}", film) for film in record.learnt_from),
        "a date": is_date(record.created_at),
        "networks that it belongs to": bool(record.networks),
        "strengths above 0": all(0 < n.strength < math.inf for n in record.networks),
        "figures of every answer": bool(record.answers)
        and record.figures.keys() == record.answers.keys() == record.track_record.keys()
        and all("accuracy" in figures for figures in record.figures.values()),
        "figures with a value": all(
            _are_figures(name, parts)
            for figures in record.figures.values()
            for name, parts in figures.items()
        ),
        "an overlap from 0 to 1": _is_share(record.least_overlap),
        "a record of each grade": all(
            len(grades) == len(GRADES)
            and all(share is None or _is_proportion(share) for share in grades)
            for kept in (record.track_record, record.most_probable_record)
            for grades in kept.values()
        ),
    }
    wrong = [what for what, holds in expected.items() if not holds]
    if wrong:
        raise ModelError(f"Expected {wrong[0]} in {file}. Received others: fit it anew.")


def _are_figures(name: str, parts: Mapping[str, Ends]) -> bool:
    if set(parts) != {"before", "after", "difference"}:
        return False
    if not all(end is None or math.isfinite(end) for ends in parts.values() for end in ends):
        return False
    value, *interval = parts["after"]
    ends = (value, *(end for end in interval if end is not None))
    return name not in SHARES or all(map(_is_share, ends))


def _is_share(value: float | None) -> bool:
    return value is not None and -_ROUNDING <= value <= 1 + _ROUNDING


def _is_proportion(share: Mapping[str, float]) -> bool:
    if not {"value", "low", "high", "count", "total"} <= share.keys():
        return False
    ends = (0, share["low"], share["value"], share["high"], 1)
    within = all(low <= high + _ROUNDING for low, high in pairwise(ends))
    return within and 0 <= share["count"] <= share["total"] <= MOST_FILMS
