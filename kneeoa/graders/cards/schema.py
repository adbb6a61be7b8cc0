"""The card of a published model: every field that is used is there, and can be what it says.

A card fits its model by a hash, which anybody can compute; so a card is read as something that came
by mail. What it says of a threshold or a temperature decides what a reader sees.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from kneeoa.errors import DataError, ModelError
from kneeoa.files import read_versioned, record_of
from kneeoa.graders.cards.fields import (
    DataSource,
    LocaliserCard,
    NetworkCard,
    Proportion,
    SpoiltPart,
    TogetherCard,
)
from kneeoa.grades import GRADES
from kneeoa.metrics import rules
from kneeoa.metrics.calibration import TEMPERATURES
from kneeoa.networks import ARCHITECTURES

VERSION = 1
LONGEST_TEXT = 2000
MOST_FILMS = 10_000_000
MOST_MEMBERS = 20
LOG_ODDS = 30.0
"""Beyond these a threshold of the localiser would refuse, or allow, whatever comes."""
THRESHOLDS = {
    "frontal": (-LOG_ODDS, LOG_ODDS),
    "second": (-LOG_ODDS, LOG_ODDS),
    "turned": (0.0, 1.0),
    "negative": (-LOG_ODDS, LOG_ODDS),
    "implant": (-LOG_ODDS, LOG_ODDS),
    "crop_overlap": (0.0, 1.0),
}
"""The localiser's thresholds, and between what they lie."""
SIDES = (32, 512)
"""Pixels on a side of what the localiser looks at."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DOI = re.compile(r"10\.\d{4,9}/[\w./:;-]+")
_URL = re.compile(r"https://[\w.-]+(/[\w./%-]*)?")

Card = TypeVar("Card")


def check_source(content: dict[str, Any], file: Path) -> None:
    """Raise `ModelError` unless `content`, read from `file`, can stand on a card as its data."""
    try:
        source = record_of(DataSource, content, file)
    except DataError as problem:
        raise ModelError(str(problem)) from None
    if not (_is_source(source) and all(map(_is_plain, _texts(content)))):
        raise ModelError(
            f"Expected a description of the data in {file}: a year, a DOI and an https address of "
            "the licence, or empty texts where there are none, and texts of at most "
            f"{LONGEST_TEXT} characters in one line."
        )


def network_card(file: Path) -> dict[str, Any]:
    """Return the card of a network; raise `ModelError` where it cannot be one."""
    content, card = _read(file, NetworkCard)
    _expect(
        file,
        {
            "an architecture out of " + ", ".join(ARCHITECTURES): card.architecture
            in ARCHITECTURES,
            "a SHA-256 of the model and of the split": _are_hashes(
                card.model_sha256, card.split_hash
            ),
            "stages of training": bool(card.config.stages) and card.config.batch_size > 0,
            "a share from 0 to 1 of the weights before": card.config.start_share is None
            or 0 <= card.config.start_share <= 1,
            "counts of epochs": 0 <= card.best_epoch <= card.epochs <= 1_000_000,
            "a time of training": 0 <= card.training_seconds < 1e9,
            "a count of films of each grade": card.counts.keys() >= {"train", "val", "test"}
            and all(
                set(by_grade) <= {str(int(grade)) for grade in GRADES}
                and all(0 <= count <= MOST_FILMS for count in by_grade.values())
                for by_grade in card.counts.values()
            ),
            "an evidence scale above 0": 0 < card.evidence_scale < 1e6,
            **_of_any_card(card),
        },
    )
    return content


def together_card(file: Path) -> dict[str, Any]:
    """Return the card of both networks together; raise `ModelError` where it cannot be one."""
    content, card = _read(file, TogetherCard)
    members = card.members
    _expect(
        file,
        {
            f"1 to {MOST_MEMBERS} members": 1 <= len(members) <= MOST_MEMBERS,
            "members of a known architecture": all(
                member.architecture in ARCHITECTURES for member in members
            ),
            "members in files below the folder of models": all(_is_below(o.file) for o in members),
            "a SHA-256 of each member and of the split": _are_hashes(
                card.split_hash, *(member.model_sha256 for member in members)
            ),
            _of_temperatures("of each member"): all(
                _is_temperature(member.temperature) for member in members
            ),
            **_of_any_card(card),
        },
    )
    return content


def localiser_card(file: Path) -> dict[str, Any]:
    """Return the card of the localiser; raise `ModelError` where it cannot be one."""
    content, card = _read(file, LocaliserCard)
    thresholds = card.thresholds
    _expect(
        file,
        {
            "a SHA-256 of the model": _are_hashes(card.model_sha256),
            "a side from {} to {} pixels".format(*SIDES): SIDES[0] <= card.config.side <= SIDES[1],
            **_of_spoilt(card.spoilt),
            **{
                f"a threshold {name} from {low:g} to {high:g}": low
                <= thresholds.get(name, math.nan)
                <= high
                for name, (low, high) in THRESHOLDS.items()
            },
            "figures of validation films and of pictures of other things": card.metrics is None
            or {"val", "not_knees_held_out"} <= card.metrics.keys(),
            "a date": is_date(card.published_at),
            "a source of the data": _is_source(card.data),
        },
    )
    return content


def _of_spoilt(part: SpoiltPart | None) -> dict[str, bool]:
    if part is None:
        return {}
    return {
        "a SHA-256 of the network that knows spoilt knees": _are_hashes(part.model_sha256),
        f"its threshold from {-LOG_ODDS:g} to {LOG_ODDS:g}": abs(part.threshold) <= LOG_ODDS,
        "its date": is_date(part.published_at),
    }


def _read(file: Path, kind: type[Card]) -> tuple[dict[str, Any], Card]:
    content = read_versioned(file, VERSION, "a card", error=ModelError)
    _expect(
        file,
        {f"plain texts of at most {LONGEST_TEXT} characters": all(map(_is_plain, _texts(content)))},
    )
    try:
        return content, record_of(kind, content, file)
    except DataError as problem:
        raise ModelError(f"{problem} The card is damaged or of another program.") from None


def _of_any_card(card: NetworkCard | TogetherCard) -> dict[str, bool]:
    splits = {"validation": card.metrics.val, "test": card.metrics.test}
    expected = {
        "a date": is_date(card.published_at),
        "a source of the data": _is_source(card.data),
        _of_temperatures(): card.calibration is None
        or _is_temperature(card.calibration.temperature),
    }
    for name, split in splits.items():
        accuracy = split.values.get("accuracy")
        expected |= {
            f"counts of {name} films": 1 <= split.patients <= split.knees <= MOST_FILMS,
            f"a confusion of the {name} films": _is_confusion(split.confusion, split.knees),
            f"a record of each grade on the {name} films": _is_record(split.predictive_values),
            f"an accuracy from 0 to 1 on the {name} films": _is_share(accuracy),
        }
    if answer := card.answer:
        expected |= {
            "a rule out of " + ", ".join(rules.RULES): answer.rule in rules.RULES,
            "a level between 0 and 1": 0 < answer.set.level < 1,
            "a threshold of the set from 0 to 1": _is_share(answer.set.threshold),
            "a record of each grade by the rule": _is_record(answer.predictive_values),
            "a coverage of validation and test films": {"val", "test"} <= answer.coverage.keys(),
        }
    return expected


def _expect(file: Path, expected: Mapping[str, bool]) -> None:
    wrong = [what for what, holds in expected.items() if not holds]
    if wrong:
        raise ModelError(
            f"Expected {wrong[0]} on the card {file}. It has another, or none: the card is "
            "damaged or was changed. Fetch the published models again, or publish anew."
        )


def _of_temperatures(whose: str = "") -> str:
    low, high = TEMPERATURES
    return f"a temperature from {low:g} to {high:g} {whose}".strip()


def _is_temperature(value: float) -> bool:
    low, high = TEMPERATURES
    return low <= value <= high


def _is_share(value: float | None) -> bool:
    return value is not None and 0 <= value <= 1


def _is_record(record: Sequence[Proportion | None]) -> bool:
    return len(record) == len(GRADES) and all(
        share is None
        or (
            0 <= share.count <= share.total <= MOST_FILMS
            and 0 <= share.low <= share.value + 1e-9
            and share.value <= share.high + 1e-9 <= 1 + 2e-9
        )
        for share in record
    )


def _is_confusion(rows: Sequence[Sequence[int]], total: int) -> bool:
    square = len(rows) == len(GRADES) and all(len(row) == len(GRADES) for row in rows)
    counts = [count for row in rows for count in row]
    return square and min(counts) >= 0 and sum(counts) == total


def _are_hashes(*texts: str) -> bool:
    return all(_SHA256.fullmatch(text) for text in texts)


def _is_below(text: str) -> bool:
    path = PurePosixPath(text)
    plain = text.isprintable() and "\\" not in text and path.suffix == ".onnx"
    return plain and not path.is_absolute() and ".." not in path.parts


def _is_source(data: DataSource) -> bool:
    """Films that were never published have no DOI, and no address of a licence."""
    return (
        1900 <= data.year <= 2200
        and (not data.doi or _DOI.fullmatch(data.doi) is not None)
        and (not data.licence_url or _URL.fullmatch(data.licence_url) is not None)
    )


def _texts(content: object) -> Iterator[str]:
    """Yield every text in what JSON holds, the names of fields, too."""
    waiting = [content]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list):
            waiting += part


def _is_plain(text: str) -> bool:
    return len(text) <= LONGEST_TEXT and text.isprintable()


def is_date(text: str) -> bool:
    """Return whether a text is a date, or a moment, as ISO 8601 has it."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
