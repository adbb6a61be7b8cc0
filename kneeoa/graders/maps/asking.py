"""What a map by another method is asked for, and its computing, which takes seconds."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kneeoa.errors import ModelError
from kneeoa.graders.grading import Graders
from kneeoa.graders.maps import smooth_grad
from kneeoa.graders.maps.methods import Method, layer_cam, score_cam
from kneeoa.graders.serving import Grader
from kneeoa.networks import ARCHITECTURES

AT_ONCE = 8
"""Masked films that a network is asked about before it is told how far Score-CAM is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """All that maps of one method depend on: equal ones give equal maps.

    Attributes
    ----------
    grades : the grade that is explained, of each network
    film : the SHA-256 of what the networks see
    weights : the SHA-256 of each network
    profile : that of the profile they grade under, empty as published
    """

    method: Method
    grades: tuple[int, ...]
    film: str
    weights: tuple[str, ...]
    profile: str

    @classmethod
    def from_graders(
        cls, graders: Graders, film: np.ndarray, method: Method, grades: Sequence[int]
    ) -> "Asked":
        """Return what `maps_of` is asked for."""
        return cls(
            method,
            tuple(map(int, grades)),
            hashlib.sha256(np.ascontiguousarray(film, np.float32).tobytes()).hexdigest(),
            tuple(graders.published[name].weights_hash for name in ARCHITECTURES),
            graders.profile.digest if graders.profile else "",
        )


def maps_of(
    graders: Graders,
    film: np.ndarray,
    method: Method,
    grades: Sequence[int],
    *,
    told: Callable[[float], None] = lambda share: None,
) -> tuple[np.ndarray, ...]:
    """Return the map of each network for its grade: ``(7, 7)``, or ``(224, 224)`` by SmoothGrad.

    `film` is what the networks see, ``(224, 224)`` in [0, 255]. Maps are float32 and >= 0. `told`
    is called with the share of the work that is done, in [0, 1], where that is known.
    """
    if method == Method.GRAD_CAM:
        raise ModelError("Expected another method than Grad-CAM, which every reading carries.")
    pairs = list(zip(ARCHITECTURES, grades, strict=True))
    if method == Method.SMOOTH_GRAD:
        asked = [
            smooth_grad.Asked(
                name,
                graders.published[name].file,
                graders.published[name].card["config"].get("standardise", False),
                int(grade),
                graders.served(name).head,
            )
            for name, grade in pairs
        ]
        return smooth_grad.smooth_grads(film, asked, told=told)
    maps = []
    for place, (name, grade) in enumerate(pairs):

        def told_of_both(share: float, place: int = place) -> None:
            told((place + share) / len(pairs))

        maps.append(_from_features(graders.served(name), film, method, grade, told_of_both))
    return tuple(maps)


def _from_features(
    grader: Grader, film: np.ndarray, method: Method, grade: int, told: Callable[[float], None]
) -> np.ndarray:
    features = grader.features(film[None])[0]
    if method == Method.LAYER_CAM:
        return layer_cam(features, grader.kernel, grade)

    def probabilities(films: np.ndarray) -> np.ndarray:
        answers = []
        for start in range(0, len(films), AT_ONCE):
            answers.append(grader.grade_arrays(films[start : start + AT_ONCE]).probabilities)
            told(min(1.0, (start + AT_ONCE) / len(films)))
        return np.concatenate(answers)

    return score_cam(film, features, probabilities, grade)
