"""A hospital's profile on disk: how its readers grade, learnt from films that they graded.

``<profile>/profile.json`` (what it is, figures before and after), ``weights.npz`` (the last linear
layer of each network, fitted anew) and ``predictions.csv`` (out of fold). It holds no pixels and
no names of patients or files. `kneeoa.adaptation` writes it; here it is read, checked as something
that came by mail, and put onto the networks that it was fitted for and no others.
"""

import hashlib
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from kneeoa import zipped
from kneeoa.errors import DataError, ModelError
from kneeoa.files import parse_versioned, read_regular, record_of, write_arrays
from kneeoa.graders.answer import AnswerRule
from kneeoa.graders.framing import FOUND, Framing
from kneeoa.grades import GRADES
from kneeoa.wording import entered

SCHEMA_VERSION = 1
LONGEST_NAME = 80
MOST_BYTES = 8_000_000
"""A profile's files are far smaller; more is not read."""
LONGEST_RECORD = 1_000_000
"""Bytes of `RECORD`: what JSON holds takes ten times as much of the memory."""
LARGEST_WEIGHT = 1000.0
"""The published weights are below 1; a fitted one beyond this is damage."""
MOST_FILMS = 1_000_000
MOST_IN_ZIP = 20
SHARES = ("accuracy", "coverage")
"""Figures that stand beside a reading, and so have to be shares."""
RECORD, WEIGHTS, PREDICTIONS = "profile.json", "weights.npz", "predictions.csv"
"""The files of a profile."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The last linear layer: ``kernel`` (C, 5) and ``bias`` (5,), float32.

    The spatial mean of ``features (7, 7, C) @ kernel`` plus the bias is the logit, before the
    temperature on the network's card.
    """

    kernel: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True, slots=True)
class FittedNetwork:
    """Which network a head belongs to: the SHA-256 of its file; and the pull that was chosen."""

    architecture: str
    model_sha256: str
    strength: float


@dataclass(frozen=True, slots=True)
class FilmsOf:
    """The films behind a profile: how many, of how many patients, of each grade 0 to 4."""

    films: int
    patients: int
    by_grade: tuple[int, ...]
    left_out: int = 0


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
    """

    name: str
    created_at: str
    networks: tuple[FittedNetwork, ...]
    weights_sha256: str
    of: FilmsOf
    answers: dict[str, AnswerRule]
    figures: dict[str, dict[str, dict[str, tuple[float | None, float | None, float | None]]]]
    track_record: dict[str, tuple[dict[str, float] | None, ...]]
    better: bool
    libraries: dict[str, str]
    most_probable_record: dict[str, tuple[dict[str, float] | None, ...]] = field(
        default_factory=dict
    )
    framing: Framing = FOUND
    least_overlap: float = 0.0
    schema_version: int = field(default=SCHEMA_VERSION)


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A profile that is whole; `heads` by the SHA-256 of the network's file."""

    record: Record
    heads: dict[str, Head]
    digest: str

    @property
    def name(self) -> str:
        """What its maker called it: text, to be escaped like any other."""
        return self.record.name

    @property
    def case_line(self) -> str:
        """What stands beside a reading, as text: name, films, accuracy out of fold."""
        figures = self.record.figures
        accuracy = figures.get("together", next(iter(figures.values())))["accuracy"]["after"][0]
        line = f"As graded at {self.name}, {self.record.of.films} films, {accuracy:.0%} right"
        return line if self.record.better else f"{line}; not shown to be better than as published"


def read_profile(folder: Path) -> Profile:
    """Read a profile; raise `ModelError` if it is missing, damaged or holds what cannot be."""
    text, weights = _bytes_of(folder / RECORD, LONGEST_RECORD), _bytes_of(folder / WEIGHTS)
    return _profile_of(text, weights, folder)


def unpack_profile(data: bytes) -> Profile:
    """Read a profile from a ZIP of its folder, or of its files; raise as `read_profile` does.

    It is read in memory; nothing is written to the disk.
    """
    place = Path("the ZIP")
    try:
        packed = zipped.open_zip(data, most_files=MOST_IN_ZIP, most_bytes=3 * MOST_BYTES)
        records = [path for path, file in packed.items() if file.name == RECORD]
        if len(records) != 1:
            raise ModelError(f"Expected one profile in the ZIP. Received {len(records)}.")
        if packed[records[0]].size > LONGEST_RECORD:
            raise ModelError(f"Expected a short {RECORD} in the ZIP. Received more than 1 MB.")
        beside = records[0].removesuffix(RECORD) + WEIGHTS
        if beside not in packed:
            raise ModelError(f"Expected {WEIGHTS} beside {RECORD} in the ZIP. It is missing.")
        return _profile_of(packed[records[0]].read_bytes(), packed[beside].read_bytes(), place)
    except DataError as problem:
        raise ModelError(str(problem)) from None


def _profile_of(text: bytes, weights: bytes, folder: Path) -> Profile:
    file = folder / RECORD
    content = parse_versioned(
        text.decode("utf-8", "replace"), file, SCHEMA_VERSION, "a profile", error=ModelError
    )
    try:
        record = record_of(Record, content, file)
    except DataError as problem:
        raise ModelError(str(problem)) from None
    _check(record, file)
    if hashlib.sha256(weights).hexdigest() != record.weights_sha256:
        raise ModelError(
            f"Expected the weights that {file} describes. Those in {folder} are others: the "
            "profile is damaged or was put together. Ask for it again, or fit it anew."
        )
    heads = _heads_of(weights, record, folder / WEIGHTS)
    return Profile(record, heads, hashlib.sha256(text).hexdigest())


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


def write_heads(heads: dict[str, Head]) -> bytes:
    """Return the bytes of ``weights.npz``."""
    arrays = {}
    for digest, head in heads.items():
        arrays[f"{digest}/kernel"] = np.asarray(head.kernel, np.float32)
        arrays[f"{digest}/bias"] = np.asarray(head.bias, np.float32)
    stream = io.BytesIO()
    write_arrays(stream, arrays)
    return stream.getvalue()


def _check(record: Record, file: Path) -> None:
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
        and 0 <= counts.left_out <= MOST_FILMS,
        "a date": _is_date(record.created_at),
        "networks that it belongs to": bool(record.networks),
        "strengths above 0": all(0 < n.strength < math.inf for n in record.networks),
        "figures of every answer": bool(record.answers)
        and record.figures.keys() == record.answers.keys() == record.track_record.keys()
        and all("accuracy" in figures for figures in record.figures.values()),
        "figures with a value": all(
            set(parts) == {"before", "after", "difference"}
            and all(end is None or math.isfinite(end) for ends in parts.values() for end in ends)
            and (name not in SHARES or _is_share(parts["after"][0]))
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


def _is_share(value: float | None) -> bool:
    return value is not None and 0 <= value <= 1


def _is_proportion(share: Mapping[str, float]) -> bool:
    if not {"value", "low", "high", "count", "total"} <= share.keys():
        return False
    ends = (0, share["low"], share["value"], share["high"], 1)
    within = all(low <= high + 1e-9 for low, high in pairwise(ends))  # rounding is no damage
    return within and 0 <= share["count"] <= share["total"] <= MOST_FILMS


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _bytes_of(file: Path, most: int = MOST_BYTES) -> bytes:
    try:
        return read_regular(file, most)
    except OSError as error:
        raise ModelError(
            f"Expected a profile in {file.parent}. {file.name} cannot be read: {error.strerror}."
        ) from None


def _heads_of(data: bytes, record: Record, file: Path) -> dict[str, Head]:
    try:
        arrays = zipped.arrays_in(data, most_bytes=MOST_BYTES)
    except DataError as error:
        raise ModelError(f"Expected plain arrays in {file}. {error}") from None
    heads = {}
    for network in record.networks:
        head = []
        for name, dimensions in (("kernel", 2), ("bias", 1)):
            array = arrays.get(f"{network.model_sha256}/{name}")
            if array is None or array.ndim != dimensions:
                raise ModelError(f"Expected a kernel and a bias of each network in {file}.")
            if array.shape[-1] != len(GRADES):
                raise ModelError(f"Expected weights of {len(GRADES)} grades in {file}.")
            if not (np.isfinite(array).all() and np.abs(array).max(initial=0) <= LARGEST_WEIGHT):
                raise ModelError(
                    f"Expected weights within {LARGEST_WEIGHT:g} in {file}. Some are beyond, or "
                    "no numbers: the profile is damaged."
                )
            head.append(array)
        heads[network.model_sha256] = Head(*head)
    return heads
