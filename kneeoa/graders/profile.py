"""A hospital's profile on disk: how its readers grade, learnt from films that they graded.

``<profile>/profile.json`` (what it is, figures before and after), ``weights.npz`` (the last linear
layer of each network, fitted anew) and ``predictions.csv`` (out of fold). It holds no pixels and
no names of patients or files. `kneeoa.adaptation` writes it; here it is read, checked as something
that came by mail, and put onto the networks that it was fitted for and no others.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kneeoa import zipped
from kneeoa.errors import DataError, ModelError
from kneeoa.files import parse_versioned, read_regular, record_of, write_arrays
from kneeoa.graders.profiles.record import SCHEMA_VERSION, Ends, Record, check
from kneeoa.graders.weights import last_layers
from kneeoa.metrics import agreement

MOST_BYTES = 8_000_000
"""A profile's files are far smaller; more is not read."""
LONGEST_RECORD = 1_000_000
"""Bytes of `RECORD`: what JSON holds takes ten times as much of the memory."""
LARGEST_WEIGHT = 1000.0
"""The published weights are below 1; a fitted one beyond this is damage."""
MOST_IN_ZIP = 20
RECORD, WEIGHTS, PREDICTIONS = "profile.json", "weights.npz", "predictions.csv"
"""The files of a profile."""
_DECIDING = "together"
"""The answer that is held against the readers, where there is one of both networks together."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The last linear layer: ``kernel`` (C, 5) and ``bias`` (5,), float32.

    The spatial mean of ``features (7, 7, C) @ kernel`` plus the bias is the logit, before the
    temperature on the network's card.
    """

    kernel: np.ndarray
    bias: np.ndarray


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
    def accuracy(self) -> tuple[float, float, float]:
        """How often the grade that is said was right, out of fold: value and 95% interval.

        Of profiles from before that was measured by patient, from what they count by grade.
        """
        value, low, high = self._deciding.get("answer_accuracy", {}).get("after", (None,) * 3)
        # An interval without width is none: profiles of before have such ones.
        if value is not None and low is not None and high is not None and high > low:
            return value, low, high
        records = self.record.track_record
        record = records.get(_DECIDING, next(iter(records.values())))
        kept = [share for share in record if share is not None]
        count, total = (sum(share[part] for share in kept) for part in ("count", "total"))
        return (count / total, *agreement.wilson(count, total)) if total else (0.0, 0.0, 1.0)

    @property
    def worse(self) -> bool:
        """Whether it is worse than as published by more than chance explains."""
        low = self._deciding.get("cross_entropy", {}).get("difference", (None,) * 3)[1]
        return low is not None and low > 0

    @property
    def case_line(self) -> str:
        """What stands beside a reading, as text: name, films, accuracy out of fold."""
        value, low, high = self.accuracy
        line = (
            f"As graded at {self.name}, {self.record.of.films} films, {value:.0%} right "
            f"({100 * low:.0f} to {high:.0%})"
        )
        if self.worse:
            return f"{line}; worse than as published"
        return line if self.record.better else f"{line}; not shown to be better than as published"

    def learnt_from(self, content: str) -> bool:
        """Return whether it was learnt from the film whose file has this SHA-256, in hex."""
        return content in self.record.learnt_from

    @property
    def _deciding(self) -> dict[str, dict[str, Ends]]:
        figures = self.record.figures
        return figures.get(_DECIDING, next(iter(figures.values())))


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
    check(record, file)
    if hashlib.sha256(weights).hexdigest() != record.weights_sha256:
        raise ModelError(
            f"Expected the weights that {file} describes. Those in {folder} are others: the "
            "profile is damaged or was put together. Ask for it again, or fit it anew."
        )
    layers = last_layers(
        weights,
        [network.model_sha256 for network in record.networks],
        folder / WEIGHTS,
        most_bytes=MOST_BYTES,
        largest=LARGEST_WEIGHT,
    )
    heads = {digest: Head(*layer) for digest, layer in layers.items()}
    return Profile(record, heads, hashlib.sha256(text).hexdigest())


def write_heads(heads: dict[str, Head]) -> bytes:
    """Return the bytes of ``weights.npz``."""
    arrays = {}
    for digest, head in heads.items():
        arrays[f"{digest}/kernel"] = np.asarray(head.kernel, np.float32)
        arrays[f"{digest}/bias"] = np.asarray(head.bias, np.float32)
    stream = io.BytesIO()
    write_arrays(stream, arrays)
    return stream.getvalue()


def _bytes_of(file: Path, most: int = MOST_BYTES) -> bytes:
    try:
        return read_regular(file, most)
    except OSError as error:
        raise ModelError(
            f"Expected a profile in {file.parent}. {file.name} cannot be read: {error.strerror}."
        ) from None
