"""How much more films would bring: fits to some of the films, scored on films of other patients.

The patients are dealt into `PARTS` parts. Each part is scored by networks that learnt from some
films of the other parts, so that every film is scored once for each number of films, and all
numbers are compared on the same films. That is repeated with other deals. Intervals are 95%, over
patients, paired between the numbers.

**What more would bring** is read from lines through these points over the logarithm of the films
and over them to the powers in `POWERS`: learning curves mostly fall by some inverse power (Figueroa
et al. 2012, BMC Med Inform Decis Mak 12:8), and a few points do not tell by which, nor whether the
curve is flat from here on. So the mean of them is given, and an interval that holds them all and no
change.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from kneeoa.adaptation.adapting import LEAST_PATIENTS, Adaptation
from kneeoa.adaptation.folds import folds_of, refit
from kneeoa.adaptation.gathering.graded import LEAST_FILMS, GradedFilms
from kneeoa.errors import DataError
from kneeoa.grades import GRADES
from kneeoa.metrics import bootstrap, rules

PARTS = 4
REPEATS = 2
POWERS = (0.0, -0.5, -1.0, -2.0)
"""0 is the logarithm, which the powers near 0 come to."""
FEWEST_FILMS = 40
"""Below, the numbers of films would lie too close together for a curve."""
MEASURES = {
    "accuracy": "Accuracy, grade that is said",
    "median_kappa": "Kappa (quadratic), median grade",
    "within_one_grade": "Within one grade",
}
COLUMNS = ("films", "measure", "value", "low", "high")


@dataclass(frozen=True, slots=True, eq=False)
class LearningCurve:
    """A curve over the number of films.

    Attributes
    ----------
    table : `COLUMNS`, a row a number of films and measure of `MEASURES`; 0 films is as published;
        ``low`` and ``high`` are NaN where all draws are the same
    films : how many there were in all
    draws : by measure, its values ``(resamples + 1, numbers)`` without 0; the first of all patients
    """

    table: pd.DataFrame
    films: int
    draws: dict[str, np.ndarray]

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of films that were learnt from, rising."""
        return tuple(number for number in sorted(set(self.table["films"])) if number)

    def would_bring(self, more: int) -> tuple[float, float, float]:
        """Return by how much the accuracy would change with so many `more` films: value, low, high.

        The value is the mean over `POWERS`, too much where a curve is nearly flat already; low and
        high hold all of them and 0. No accuracy goes beyond 1.
        """
        ends, accuracy = [], self.draws["accuracy"]
        for power in POWERS:
            over = _over(np.asarray(self.numbers), power)
            centred = over - over.mean()
            slopes = accuracy @ centred / (centred**2).sum()
            change = slopes * (_over(self.films + more, power) - _over(self.films, power))
            change = np.minimum(change, 1 - accuracy[:, -1])
            ends.append((change[0], *bootstrap.percentile_interval(change[1:])))
        values, lows, highs = zip(*ends, strict=True)
        return float(np.mean(values)), min(0.0, *lows), max(0.0, *highs)


def _over(films: np.ndarray | int, power: float) -> np.ndarray:
    return np.log(films) if power == 0 else np.power(films, power, dtype=float)


def learning_curve(
    adaptation: Adaptation, *, told: Callable[[float], object] = lambda share: None
) -> LearningCurve:
    """Return the learning curve of the answer that decides; `told` hears the share that is done.

    Raises `DataError` for fewer than `FEWEST_FILMS` films.
    """
    films = adaptation.films
    patients = np.asarray(films.patient_ids)
    if len(films) < FEWEST_FILMS or len(set(patients)) < 2 * LEAST_PATIENTS:
        raise DataError(
            f"Expected at least {FEWEST_FILMS} films of {2 * LEAST_PATIENTS} patients for a "
            f"learning curve. Received {len(films)} films of {len(set(patients))}."
        )
    generator = np.random.default_rng(0)
    parts = [_dealt(patients, generator) for _ in range(REPEATS)]
    fewest = len(films) - max(np.bincount(part).max() for part in parts)
    if fewest < LEAST_FILMS:
        raise DataError(
            f"Expected at least {LEAST_FILMS} films beside those of any patient for a learning "
            f"curve. Received {fewest}: too many are of one."
        )
    numbers = _numbers(len(films), fewest)
    shares = np.empty((len(numbers), REPEATS, len(films), len(GRADES)))
    trained, steps = 0, len(numbers) * REPEATS * PARTS
    with threadpool_limits(1, user_api="blas"):
        for repeat, part in enumerate(parts):
            for k in range(PARTS):
                place = {p: i for i, p in enumerate(generator.permutation(np.unique(patients)))}
                others = np.flatnonzero(part != k)
                others = others[np.argsort([place[p] for p in patients[others]], kind="stable")]
                for at, number in enumerate(numbers):
                    learnt = _learnt(adaptation, np.sort(others[:number]), part == k)
                    shares[at, repeat, part == k] = learnt
                    trained += 1
                    told(trained / steps)
    scored = {0: adaptation.before[adaptation.deciding][None]}
    scored |= dict(zip(numbers, shares, strict=True))
    # What is known from all films out of fold: a point as the others, of almost all of them.
    most = round(len(films) * (1 - 1 / len(np.unique(adaptation.fold))))
    scored |= {most: adaptation.after[adaptation.deciding][None]}
    return _curve(films, scored, adaptation.answers[adaptation.deciding].rule)


def _dealt(patients: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return each film's part, ``(N,) int``, patients never divided: as many films in each."""
    names, films = np.unique(patients, return_counts=True)
    order = generator.permutation(len(names))
    # Who has most comes first, and each to the part that has fewest.
    order = order[np.argsort(-films[order], kind="stable")]
    part_of, held = {}, np.zeros(PARTS, int)
    for place in order:
        part_of[names[place]] = part = int(held.argmin())
        held[part] += films[place]
    return np.array([part_of[patient] for patient in patients])


def _numbers(count: int, fewest: int) -> list[int]:
    """Return how many of `count` films are learnt from: rising, and no more than `fewest`."""
    most = min(int(count * (PARTS - 1) / PARTS * 0.97), fewest)
    numbers = np.geomspace(LEAST_FILMS, most, 3) if most > 2 * LEAST_FILMS else (LEAST_FILMS, most)
    return sorted({round(number) for number in numbers})


def _learnt(adaptation: Adaptation, some: np.ndarray, scored: np.ndarray) -> np.ndarray:
    """Return what networks fitted to `some` of the films say of those that are `scored`."""
    grades = adaptation.films.grades[some]
    patients = [adaptation.films.patient_ids[row] for row in some]
    # Five folds do to choose a strength, and take half the time of ten.
    fold = folds_of(grades, patients) % 5
    logits = {}
    for digest, network in adaptation.networks.items():
        head = refit(
            network.features[:, some], grades, network.published, network.temperature, fold
        ).head
        logits[digest] = network.features[:, scored] @ head.kernel + head.bias
    return adaptation.answering(logits)[adaptation.deciding]


def _curve(films: GradedFilms, scored: dict[int, np.ndarray], rule: str) -> LearningCurve:
    weights = bootstrap.patient_weights(films.patient_ids)
    patients = len(set(films.patient_ids))
    weights = np.concatenate([np.ones((1, len(films))), weights])
    every = {
        number: _measured(films.grades, answers, weights, rule)
        for number, answers in scored.items()
    }
    rows = [
        (
            number,
            measure,
            float(draws[0]),
            *bootstrap.interval_of(measure, draws[1:], patients=patients),
        )
        for number, measured in every.items()
        for measure, draws in measured.items()
    ]
    learnt = [measured for number, measured in every.items() if number]
    draws = {name: np.stack([answers[name] for answers in learnt], axis=1) for name in MEASURES}
    return LearningCurve(pd.DataFrame(rows, columns=list(COLUMNS)), len(films), draws)


def _measured(
    grades: np.ndarray, answers: np.ndarray, weights: np.ndarray, rule: str
) -> dict[str, np.ndarray]:
    summaries = bootstrap.mean_summaries(grades, answers, weights)
    medians = np.stack(
        [np.eye(len(GRADES))[rules.median(probabilities)] for probabilities in answers]
    )
    kappa = bootstrap.mean_summaries(grades, medians, weights)["quadratic_kappa"]
    right = np.mean([rules.grades_by(rule, shares) == grades for shares in answers], axis=0)
    return {
        "accuracy": (weights @ right) / weights.sum(axis=1),
        "median_kappa": kappa,
        "within_one_grade": summaries["within_one_grade"],
    }


def in_words(curve: LearningCurve, more: int = 50) -> str:
    """Return what the curve shows, and what so many more films would bring, in sentences."""
    accuracy = curve.table[curve.table["measure"] == "accuracy"].set_index("films")["value"]
    first, last = curve.numbers[0], curve.numbers[-1]
    high = 100 * curve.would_bring(more)[2]
    measured = (
        f"Measured on your films: {accuracy[0]:.0%} right as published, {accuracy[first]:.0%} "
        f"after learning from {first} of them, {accuracy[last]:.0%} from {last}."
    )
    if round(high) < 1:
        return f"{measured} The curve gives no sign that {more} more films would change much."
    points = "point" if round(high) == 1 else "points"
    return (
        f"{measured} {more} more films would add something between nothing, if it is flat from "
        f"here on, and {high:.0f} {points}, if it goes on as steeply as it may. This goes beyond "
        "what was measured."
    )
