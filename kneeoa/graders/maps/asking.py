"""What a map by another method is asked for, and its computing, which takes seconds."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kneeoa.errors import ModelError
from kneeoa.graders.grading import Graders
from kneeoa.graders.maps import smooth_grad
from kneeoa.graders.maps.methods import Method, layer_cam, score_cam
from kneeoa.graders.serving import Grader
from kneeoa.networks import ARCHITECTURES


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
    def of(
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
    graders: Graders, film: np.ndarray, method: Method, grades: Sequence[int]
) -> tuple[np.ndarray, ...]:
    """Return the map of each network for its grade: ``(7, 7)``, or ``(224, 224)`` by SmoothGrad.

    `film` is what the networks see, ``(224, 224)`` in [0, 255]. Maps are float32 and >= 0.
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
        return smooth_grad.smooth_grads(film, asked)
    return tuple(_from_features(graders.served(name), film, method, g) for name, g in pairs)


def _from_features(grader: Grader, film: np.ndarray, method: Method, grade: int) -> np.ndarray:
    features = grader.features(film[None])[0]
    if method == Method.LAYER_CAM:
        return layer_cam(features, grader.kernel, grade)
    return score_cam(film, features, lambda films: grader.grade_arrays(films).probabilities, grade)
