"""How many spoilt films are refused, by the way they were spoilt: and by which rule."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kneeoa.films.frames import network_input
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.locating.gate import SPOILT
from kneeoa.graders.locating.localiser import Localiser
from train.locate.measuring import film_of
from train.locate.spoilt.batches import NO_JOINT
from train.locate.spoilt.mined import like_knees
from train.locate.spoilt.places import resized
from train.locate.spoilt.ways import KEPT_APART, WAYS, Way

_SEED = 11
_MOST = 100
"""Films that are spoilt in each way."""
_PART = (0.22, 0.42)
"""Share of a film's height that is left of it where it ends before the joint."""


def graded_inputs(localiser: Localiser, films: Sequence[Radiograph]) -> list[np.ndarray]:
    """Return what the graders see of each knee that is graded, ``(224, 224)``."""
    seen = []
    for film in films:
        located = localiser.find(film)
        to_grade = located.to_grade(film)
        if located.refusal is None:
            seen += [network_input(to_grade, frame) for frame in located.frames]
    return seen


def measure(
    localiser: Localiser, val: np.ndarray, elsewhere: Sequence[Radiograph]
) -> dict[str, Any]:
    """Return what is refused of validation crops ``(N, 224, 224)``, and of films of elsewhere.

    Ways that were kept apart from training are told apart.
    """
    places = {"val": list(val.astype(np.float32))}
    if elsewhere:
        places["elsewhere"] = [film.pixels for film in elsewhere]
    ways = {name: way for name, (way, _) in WAYS.items()}
    groups = {"trained_on": {NO_JOINT: _without_joint, **ways}, "kept_apart": dict(KEPT_APART)}
    return {
        place: {
            group: {name: _counted(localiser, images, way) for name, way in some.items()}
            for group, some in groups.items()
        }
        for place, images in places.items()
    }


def of_parts(localiser: Localiser, files: Sequence[Path]) -> dict[str, int]:
    """Return how many close-ups of pictures that are no knees are refused for this alone.

    Counted are random ones that nothing else refuses.
    """
    rng = np.random.default_rng(_SEED)
    least = localiser.thresholds["frontal"]
    refusals = [
        localiser.found(*part).refusal for part in like_knees(localiser, files, rng, least=least)
    ]
    left = [refusal for refusal in refusals if refusal in (None, SPOILT)]
    return {"pictures": len(left), "refused": sum(refusal == SPOILT for refusal in left)}


def _counted(localiser: Localiser, images: Sequence[np.ndarray], way: Way) -> dict[str, int]:
    """Return how many films are refused after a way to spoil them, and how many by this alone."""
    rng = np.random.default_rng(_SEED)
    picked = rng.permutation(len(images))[:_MOST]
    refusals = []
    for number, other in zip(picked, np.roll(picked, 1), strict=True):
        image = images[number]
        spoilt = np.clip(way(image, resized(images[other], *image.shape), rng), 0, 255)
        refusals.append(localiser.find(film_of(np.rint(spoilt), "spoilt")).refusal)
    return {
        "pictures": len(refusals),
        "refused": sum(refusal is not None for refusal in refusals),
        "as_spoilt": sum(refusal == SPOILT for refusal in refusals),
    }


def _without_joint(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the upper or the lower end of a film, stretched to a square."""
    rows = round(len(image) * rng.uniform(*_PART))
    side = max(image.shape)
    return resized(image[:rows] if rng.random() < 0.5 else image[-rows:], side, side)
