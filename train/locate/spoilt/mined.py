"""Parts of other pictures that the localiser takes for knees: a finger's joint, a child's shaft.

Whole pictures it knows well. What is cut closely around another joint looks like a knee to it, and
such parts are too rare among random ones to be learnt from.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from kneeoa.films.frames import network_input
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.locating.answers import Answer, frontal_score
from kneeoa.graders.locating.localiser import Localiser
from kneeoa.networks import INPUT_SIDE
from train.locate.measuring import film_of
from train.locate.pictures import read_films

TRIES = 40
"""Parts of each picture that are tried."""
_LEAST_SCORE = -0.5
"""Log odds of a frontal knee from which a part is kept; it is graded from about 1 on."""
_SHARES, _FEWEST = (0.08, 1.0), 40
"""How long a part is, of the picture's shorter side, and in pixels at least."""
_LEAST_SPREAD = 12.0


def taken_for_knees(
    localiser: Localiser, files: Sequence[Path], rng: np.random.Generator, *, tries: int = TRIES
) -> np.ndarray:
    """Return what the graders would see of such parts, ``(N, 224, 224) uint8``."""
    kept = [
        network_input(part, localiser.found(part, answers).frames[0])
        for part, answers in like_knees(localiser, files, rng, least=_LEAST_SCORE, tries=tries)
    ]
    seen = np.stack(kept) if kept else np.zeros((0, INPUT_SIDE, INPUT_SIDE))
    return np.rint(np.clip(seen, 0, 255)).astype(np.uint8)


def like_knees(
    localiser: Localiser,
    files: Sequence[Path],
    rng: np.random.Generator,
    *,
    least: float,
    tries: int = TRIES,
) -> Iterator[tuple[Radiograph, list[Answer]]]:
    """Yield the parts whose log odds of a frontal knee are at least `least`, and their answers."""
    for _, film in read_films([*files]):
        for _ in range(tries):
            part = _part(film.pixels, rng)
            if part.std() < _LEAST_SPREAD:
                continue
            cut = film_of(np.rint(part), "part")
            answers = localiser.answers(cut)
            if frontal_score(answers) >= least:
                yield cut, answers


def _part(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a random part of a picture, some upside-down or mirrored."""
    side = min(pixels.shape) * np.exp(rng.uniform(*np.log(_SHARES)))
    stretch = np.exp(rng.normal(0, 0.25))
    height, width = (
        int(np.clip(length, min(_FEWEST, most), most))
        for length, most in zip((side * stretch, side / stretch), pixels.shape, strict=True)
    )
    top, left = (
        int(rng.integers(most - length + 1))
        for length, most in zip((height, width), pixels.shape, strict=True)
    )
    part = pixels[top : top + height, left : left + width]
    if rng.random() < 0.3:
        part = part[::-1, ::-1]
    return part[:, ::-1] if rng.random() < 0.5 else part
