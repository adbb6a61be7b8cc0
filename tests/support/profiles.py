"""Profiles for the published networks, made without films: their lines are simply moved."""

import functools
import hashlib
import json
from dataclasses import asdict

import numpy as np

from kneeoa.adaptation.writing import packed
from kneeoa.graders.answer import AnswerRule
from kneeoa.graders.grading import Graders
from kneeoa.graders.profile import Head, write_heads
from kneeoa.graders.profiles.record import FilmsOf, FittedNetwork, Record
from kneeoa.graders.weights import read_weights

ANSWERS = ("mobilenet", "resnet50", "together")
RIGHT = {"value": 0.75, "low": 0.5, "high": 0.9, "count": 9, "total": 12}


@functools.cache
def _published():
    """The last layer of each published network, by SHA-256."""
    stored = {digest: read_weights(file) for digest, file in Graders().files.items()}
    return {digest: (one["grade/kernel"], one["grade/bias"]) for digest, one in stored.items()}


def profile_files(
    name: str = "County hospital", *, towards: int = 4, accuracy: float = 0.61, **fields
) -> dict[str, bytes]:
    """Return the files of a profile whose readers see the grade `towards` in every film."""
    heads, networks = {}, []
    for digest, (kernel, bias) in _published().items():
        heads[digest] = Head(kernel, bias + 30 * (np.arange(5) == towards).astype(np.float32))
        networks.append(FittedNetwork("mobilenet", digest, 0.3))
    weights = write_heads(heads)
    ends = {
        "before": (0.4, 0.3, 0.5),
        "after": (accuracy, accuracy - 0.1, accuracy + 0.1),
        "difference": (accuracy - 0.4, 0.1, 0.3),
    }
    record = Record(
        name=name,
        created_at="2026-01-02T00:00:00+00:00",
        networks=tuple(networks),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        of=FilmsOf(50, 40, (10, 10, 10, 10, 10)),
        answers=dict.fromkeys(ANSWERS, AnswerRule("median", 0.9, 0.8)),
        figures={
            name: dict.fromkeys(("answer_accuracy", "accuracy", "coverage"), ends)
            for name in ANSWERS
        },
        track_record=dict.fromkeys(ANSWERS, (RIGHT,) * 5),
        better=True,
        libraries={},
        most_probable_record=dict.fromkeys(ANSWERS, (RIGHT,) * 5),
    )
    content = json.dumps(asdict(record) | fields).encode()
    return {"profile.json": content, "weights.npz": weights, "predictions.csv": b"film\n"}


def profile_zip(name: str = "County hospital", **options) -> bytes:
    """Return such a profile as it is mailed."""
    return packed(profile_files(name, **options), "profile")
