"""A hospital whose readers draw the lines elsewhere, made of numbers: nothing is decoded."""

import functools
from dataclasses import replace

import numpy as np

from kneeoa.adaptation.adapting import Adaptation, Network, learn
from kneeoa.adaptation.gathering.graded import GradedFilms
from kneeoa.adaptation.lines import Home
from kneeoa.graders.answer import AnswerRule
from kneeoa.graders.profile import Head
from kneeoa.metrics.calibration import softmax

CHANNELS = 40
RULES = {"together": AnswerRule("median", 0.9, 0.8)}
_HOME = np.array([-1.5, -0.5, 0.5, 1.5])
_ELSEWHERE = np.array([-0.7, 0.6, 0.9, 2.4])
_SEEN = np.random.default_rng(7).normal(0, 0.5, (2, CHANNELS))
_BASE = np.full(CHANNELS, 2.0)


def published(number: int) -> Head:
    """Return a last layer that grades by the lines of home."""
    direction = _SEEN[number] / (_SEEN[number] ** 2).sum()
    # Logits rise by a constant from line to line: ordered, as those of the networks are.
    slopes = np.arange(5) * 3.0
    at_zero = -np.concatenate([[0], np.cumsum(3.0 * _HOME)])
    bias = at_zero - slopes * (_BASE @ direction)
    return Head(np.outer(direction, slopes), bias)


def knees(count: int, *, seed: int = 0, at_home: bool = False, bilateral: bool = False):
    """Return features ``{name: (2, N, C)}`` as two networks see them, grades, and patients.

    With `bilateral` every two films are the knees of one patient, and nearly alike.
    """
    generator = np.random.default_rng(seed)
    wear = generator.normal(0, 1.4, count)
    if bilateral:
        wear[1::2] = wear[: count - count % 2 : 2][: count // 2] + generator.normal(
            0, 0.1, count // 2
        )
    lines = _HOME if at_home else _ELSEWHERE
    grades = (wear[:, None] + generator.logistic(0, 0.25, (count, 1)) > lines).sum(axis=1)
    features = {}
    for number in range(2):
        noise = generator.normal(0, 0.3, (count, CHANNELS))
        both = _BASE + np.outer(wear, _SEEN[number]) + noise
        mirrored = both + generator.normal(0, 0.05, both.shape)
        features[f"net{number}"] = np.stack([both, mirrored])
    patients = np.arange(count) // (2 if bilateral else 1)
    return features, grades, tuple(f"patient {patient}" for patient in patients)


def films_of(grades, patients) -> GradedFilms:
    """Return films without pixels."""
    names = tuple(f"{patient}-{number}.png" for number, patient in enumerate(patients))
    digests = tuple(f"{number * 7919 % 100_003:064d}" for number in range(len(names)))
    return GradedFilms(np.empty((len(names), 0)), np.asarray(grades), patients, names, digests)


def answering(logits):
    """Both networks together: the mean of their probabilities, and of a film and its mirror."""
    shares = [softmax(one).mean(axis=0) for one in logits.values()]
    return {"together": np.mean(shares, axis=0)}


def networks_of(features) -> dict[str, Network]:
    """Return both networks as published."""
    return {
        name: Network("mobilenet", seen, published(number), 1.0)
        for number, (name, seen) in enumerate(features.items())
    }


def answers(features, heads) -> np.ndarray:
    """Return ``(N, 5)`` of both networks with these last layers."""
    logits = {name: seen @ heads[name].kernel + heads[name].bias for name, seen in features.items()}
    return answering(logits)["together"]


def learnt(features, grades, patients, *, seed: int = 0) -> Adaptation:
    """Return what these films teach."""
    adaptation = learn(
        films_of(grades, patients), networks_of(features), answering, RULES, seed=seed
    )
    return replace(adaptation, homes={"together": home()})


@functools.cache
def home() -> Home:
    """Return what both networks together say, as published, of eight hundred films at home."""
    features, grades, patients = knees(800, seed=101, at_home=True)
    return Home(grades, answers(features, {f"net{n}": published(n) for n in range(2)}), patients)
