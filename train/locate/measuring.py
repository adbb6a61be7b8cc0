"""How good a localiser is: boxes, refusals and grades, on films of the split and of elsewhere."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats
from sklearn.metrics import roc_auc_score

from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.locating.answers import Answer, frontal_score
from kneeoa.graders.locating.found import Found
from kneeoa.graders.locating.localiser import Localiser
from kneeoa.graders.locating.looks import Window
from kneeoa.metrics import agreement, bootstrap, rules
from train.locate.geometry import boxes, draw, target
from train.locate.reframe import film_around, pyramid

_FILM_SIDE = 448
"""Longer side in pixels of a film around a validation knee."""


@dataclass(frozen=True, slots=True, eq=False)
class Reframed:
    """An imagined film around a crop, its knees' true boxes, and how many count (0: unclear)."""

    film: Radiograph
    boxes: tuple[Window, ...]
    number: int


def film_of(pixels: np.ndarray, name: str) -> Radiograph:
    """Return grey values ``(H, W)`` in [0, 255] as a film."""
    values = np.ascontiguousarray(pixels, np.float32)
    return Radiograph(name, values, "PNG", 8, None, None, name)


def reframed(images: np.ndarray, seed: int) -> list[Reframed]:
    """Return a film around each of ``(N, 224, 224) uint8``, as in training, without its noise."""
    rng = np.random.default_rng(seed)
    levels, made = pyramid(images), []
    for first in range(0, len(images), 32):
        index = np.arange(first, min(first + 32, len(images)))
        others = rng.integers(len(images), size=len(index))
        geometry = draw(rng, len(index))
        pictures, film, _ = film_around(levels, index, others, geometry, _FILM_SIDE, rng)
        _, numbers = target(geometry)
        for at, pair in enumerate(zip(*boxes(geometry), strict=True)):
            rows, columns = (np.flatnonzero(film[at].any(axis=axis)) for axis in (1, 0))
            cut = pictures[at][rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            true = tuple(
                _window(box, rows[0], columns[0]) for box in pair if np.isfinite(box).all()
            )
            shown = film_of(np.clip(cut * 255, 0, 255), f"knee {index[at]}")
            made.append(Reframed(shown, true, int(numbers[at])))
    return made


def box_figures(answers: Sequence[list[Answer]], films: Sequence[Reframed]) -> dict[str, float]:
    """Return how far boxes are off: centre in box sizes, overlap, log sizes, and knees counted."""
    overlaps, off, sizes = [], [], []
    for film_answers, film in zip(answers, films, strict=True):
        for answer in film_answers[1:]:
            shares = [answer.box.overlap(box) for box in film.boxes]
            box, predicted = film.boxes[int(np.argmax(shares))], answer.box
            overlaps.append(max(shares))
            down = (predicted.top + predicted.height / 2 - box.top - box.height / 2) / box.height
            across = (predicted.left + predicted.width / 2 - box.left - box.width / 2) / box.width
            off.append(np.hypot(down, across))
            sizes.append(
                abs(np.log(predicted.height / box.height))
                + abs(np.log(predicted.width / box.width))
            )
    numbers = np.array([film.number for film in films])
    two = np.array([len(film_answers) == 3 for film_answers in answers])
    return {
        "films": len(films),
        "centre_error_median": float(np.median(off)),
        "centre_error_mean": float(np.mean(off)),
        "centre_error_90": float(np.quantile(off, 0.9)),
        "overlap_median": float(np.median(overlaps)),
        "overlap_mean": float(np.mean(overlaps)),
        "overlap_10": float(np.quantile(overlaps, 0.1)),
        "log_size_error_mean": float(np.mean(sizes) / 2),
        "single_films": int((numbers == 1).sum()),
        "single_films_split": int(two[numbers == 1].sum()),
        "films_of_two": int((numbers == 2).sum()),
        "films_of_two_split": int(two[numbers == 2].sum()),
    }


def scores(answers: Sequence[list[Answer]]) -> np.ndarray:
    """Return for each film how much like a frontal knee it is, ``(N,)`` log odds."""
    return np.array([*map(frontal_score, answers)])


def refusals(films: Sequence[Found]) -> dict[str, int]:
    """Return how many films there are, how many are refused, and how often each code is given."""
    codes: dict[str, int] = {}
    for film in films:
        for finding in film.findings:
            codes[finding.code] = codes.get(finding.code, 0) + 1
    refused = sum(film.refusal is not None for film in films)
    return {"films": len(films), "refused": refused, **dict(sorted(codes.items()))}


def grade_figures(grades: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """Return what framing is judged by, for ``(N, 5)`` probabilities of graded films."""
    values = agreement.summary(grades, probabilities)
    expected = probabilities @ np.arange(probabilities.shape[1])
    chosen = ("accuracy", "quadratic_kappa", "within_one_grade", "auc_kl2")
    return {
        "films": len(grades),
        **{name: float(values[name]) for name in chosen},
        "kappa_of_median": agreement.quadratic_kappa(grades, rules.median(probabilities)),
        "spearman": float(stats.spearmanr(expected, grades).statistic),
    }


def grade_intervals(grades: np.ndarray, probabilities: np.ndarray) -> dict[str, list[float]]:
    """Return the 95% interval of each of `grade_figures` but ``films``, by bootstrap over films.

    As if each film were of another patient, which is not known of films of elsewhere.
    """
    weights = bootstrap.patient_weights(np.arange(len(grades)))
    drawn = dict(agreement.weighted_summaries(grades, probabilities, weights))
    medians = agreement.weighted_confusions(grades, rules.median(probabilities), weights)
    drawn["kappa_of_median"] = agreement.of_confusions(medians, grades)["quadratic_kappa"]
    expected = probabilities @ np.arange(probabilities.shape[1])
    drawn["spearman"] = np.array(
        [
            stats.spearmanr(np.repeat(expected, times), np.repeat(grades, times)).statistic
            for times in weights.astype(int)
        ]
    )
    names = [name for name in grade_figures(grades, probabilities) if name != "films"]
    return {name: list(bootstrap.percentile_interval(drawn[name])) for name in names}


def auroc(knees: np.ndarray, others: np.ndarray) -> float:
    """Return the area under the curve of knees' scores against those of other pictures."""
    truth = np.concatenate([np.ones(len(knees)), np.zeros(len(others))])
    return float(roc_auc_score(truth, np.concatenate([knees, others])))


def by_kind(files: Sequence[Path], refused: np.ndarray) -> dict[str, dict[str, int]]:
    """Return how many pictures of each kind there are, and how many are refused."""
    kinds = np.array([file.parent.name for file in files])
    return {
        str(kind): {
            "pictures": int((kinds == kind).sum()),
            "refused": int(refused[kinds == kind].sum()),
        }
        for kind in sorted(set(kinds))
    }


def milliseconds(localiser: Localiser, films: Sequence[Radiograph]) -> float:
    """Return the median time that `Localiser.find` takes of one core, whatever else runs."""
    times = []
    for film in films:
        start = time.thread_time()
        localiser.find(film)
        times.append(1000 * (time.thread_time() - start))
    return float(np.median(times))


def _window(box: np.ndarray, top: float, left: float) -> Window:
    x, y, half_width, half_height = (box + np.array([1, 1, 0, 0])) * _FILM_SIDE / 2
    return Window(y - half_height - top, x - half_width - left, 2 * half_height, 2 * half_width)
