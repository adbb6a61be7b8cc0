"""Where readers draw the lines between grades: theirs against those that the networks learnt.

A line is what parts KL k and above from what is below it. The networks, as published, do not draw
the lines of the readers whom they learnt from either: at home they call most films of KL 1 KL 0. So
what they do with a hospital's films is held against what they do at home with films of the same
grades, and only what differs from that is said of the hospital's readers. Where the networks call
fewer of their films KL k or more than at home, the readers draw that line earlier.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from kneeoa.errors import DataError
from kneeoa.graders.grading import Graders
from kneeoa.graders.together import FOLDER
from kneeoa.grades import GRADES
from kneeoa.metrics import agreement, bootstrap, rules
from kneeoa.records.results import probabilities_of, read_predictions

COLUMNS = (
    *("line", "films", "readers", "published", "adapted"),
    *("difference", "low", "high", "adapted_difference", "adapted_low", "adapted_high"),
    *("home", "beyond", "beyond_low", "beyond_high", "elsewhere"),
)
NOWHERE = (
    "No line is shown to be drawn elsewhere than by the readers whom the networks learnt from."
)
NOT_COMPARED = (
    "Where your readers draw the lines was not compared: what these networks say of films at home "
    "(predictions.csv) is not beside them, or cannot be read."
)
AtHome = tuple[np.ndarray, np.ndarray, Sequence[str]]
"""Of films at home: the reference and the answers, (N,) int in 0-4, and N patients."""
_CLEAR = 2.5758
"""Standard errors from 0 that are shown: four lines and a habit together are then named wrongly in
about 5% of hospitals that grade as at home."""
_SHOWN = 1.9600
"""Of a 95% interval."""
_FEWEST = 5
"""Patients of a grade, below whom no habit is named."""


@dataclass(frozen=True, slots=True, eq=False)
class Home:
    """What the networks, as published, say of films graded by the readers whom they learnt from.

    Attributes
    ----------
    grades : (N,) int in 0-4, the reference
    probabilities : (N, 5)
    patient_ids : N names
    """

    grades: np.ndarray
    probabilities: np.ndarray
    patient_ids: tuple[str, ...]

    def by(self, rule: str) -> AtHome:
        """Return reference, answers by a rule of `kneeoa.metrics.rules`, and patients."""
        return self.grades, rules.grades_by(rule, self.probabilities), self.patient_ids


def home_of(graders: Graders) -> dict[str, Home]:
    """Return what each answer said of the validation films at home, by ``mobilenet`` and so on.

    An answer whose predictions are not beside its model, or are damaged, is left out.
    """
    folders: dict[str, Path] = {
        name: model.file.parent for name, model in graders.published.items()
    }
    if graders.together:
        folders[FOLDER] = next(iter(folders.values())).parent / FOLDER
    homes = {}
    for name, folder in folders.items():
        with contextlib.suppress(DataError):
            table = read_predictions(folder / "predictions.csv")
            table = table[(table["split"] == "val") & table["true_grade"].notna()]
            if len(table):
                homes[name] = Home(
                    table["true_grade"].to_numpy(int),
                    probabilities_of(table),
                    tuple(table["patient_id"]),
                )
    return homes


def habit(
    grades: np.ndarray,
    published: np.ndarray,
    patient_ids: Sequence[str],
    home: AtHome | None,
) -> tuple[str, ...]:
    """Return which grades these readers give to what the networks call another, in sentences.

    A grade is named where at least half of its films, of `_FEWEST` or more patients, have one and
    the same other answer, and that share is larger than at home by more than chance explains (99%
    interval of Newcombe 1998, Stat Med 17:873, method 10; a patient's films of a grade count as
    one).

    Parameters
    ----------
    grades, published : (N,) int in 0-4, the readers' and the published networks' answers
    patient_ids : N names
    home : what the published networks say at home; without it nothing is named
    """
    if home is None:
        return ()
    sentences = []
    confusion = agreement.confusion_matrix(grades, published)
    at_home = agreement.confusion_matrix(*home[:2])
    for grade in GRADES:
        row = confusion[int(grade)]
        commonest = int(row.argmax())
        if commonest == grade or row[commonest] < row.sum() / 2:
            continue
        here = _share(grades, published, patient_ids, grade, commonest)
        there = _share(*home, grade, commonest)
        if here[1] < _FEWEST or not there[1] or _difference_low(here, there) <= 0:
            continue
        sentences.append(
            f"Your readers call {grade.label} what the networks, as published, call "
            f"{GRADES[commonest].label} ({row[commonest]} of {row.sum()} films; of "
            f"{grade.label} by the networks' own readers {at_home[grade, commonest]} of "
            f"{at_home[grade].sum()})."
        )
    return tuple(sentences)


def _share(
    grades: np.ndarray,
    answers: np.ndarray,
    patient_ids: Sequence[str],
    grade: int,
    answer: int,
) -> tuple[float, int]:
    """Return of how many of the patients with films of `grade` these are answered `answer`."""
    of_grade = np.asarray(grades) == grade
    owners = np.asarray(patient_ids)[of_grade]
    films = pd.Series(np.asarray(answers)[of_grade] == answer, dtype=float)
    by_patient = films.groupby(owners).mean()
    return float(by_patient.sum()), len(by_patient)


def _difference_low(here: tuple[float, int], there: tuple[float, int]) -> float:
    """Return the lower end of the interval of one share minus another."""
    share, other = here[0] / here[1], there[0] / there[1]
    low, high = agreement.wilson(*here, z=_CLEAR)[0], agreement.wilson(*there, z=_CLEAR)[1]
    return share - other - float(np.hypot(share - low, high - other))


def lines(
    grades: np.ndarray,
    published: np.ndarray,
    adapted: np.ndarray,
    patient_ids: Sequence[str],
    home: AtHome | None = None,
) -> pd.DataFrame:
    """Return a row for each line, from KL 1 to KL 4, with `COLUMNS`.

    Parameters
    ----------
    grades : (N,) int in 0-4, the readers'
    published, adapted : (N,) int in 0-4, the networks' answers as published and out of fold
    patient_ids : N names, whose films are drawn together
    home : what the published networks say at home

    Returns
    -------
    pd.DataFrame
        ``line`` (the lowest grade at or above it), ``films``, the films at or above it of
        ``readers``, ``published`` and ``adapted``, and the readers' share minus the published and
        minus the adapted networks', with 95% intervals, in [-1, 1], NaN where all draws are the
        same. ``home`` is at how many films
        the published networks would be at home, if their films had these grades, ``beyond`` that
        share minus the published one, with its 95% interval, and ``elsewhere`` whether it differs
        from 0 by more than chance explains, all four lines together. Without `home` these are not
        defined, and nothing is elsewhere.
    """
    weights = bootstrap.patient_weights(patient_ids)
    weights = np.concatenate([np.ones((1, len(grades))), weights])
    weights /= weights.sum(axis=1, keepdims=True)
    rows = []
    for grade in GRADES[1:]:
        theirs, before, after = (
            np.asarray(beyond) >= grade for beyond in (grades, published, adapted)
        )
        ends = []
        for networks in (before, after):
            draws = weights @ (theirs.astype(float) - networks)
            ends += [draws[0], *bootstrap.known_interval(draws[1:])]
        counts = [int(beyond.sum()) for beyond in (theirs, before, after)]
        held = _against_home(grades, before, patient_ids, home, int(grade))
        rows.append((int(grade), len(grades), *counts, *map(float, ends), *held))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _against_home(
    grades: np.ndarray,
    before: np.ndarray,
    patient_ids: Sequence[str],
    home: AtHome | None,
    line: int,
) -> tuple[float, float, float, float, bool]:
    """Return ``home`` to ``elsewhere`` of a line, at or above which are the films in `before`."""
    if home is None:
        return (np.nan,) * 4 + (False,)
    reference, answers, _ = home
    known = np.bincount(reference, minlength=len(GRADES))
    above = np.bincount(reference, np.asarray(answers) >= line, minlength=len(GRADES))
    rate = agreement.share(above, known)
    expected = rate[np.asarray(grades, int)]
    # What chance does to these films, taken by themselves and by patient, whichever is more: of a
    # few films that are all answered alike neither alone says how much.
    left = pd.Series(expected - before)
    by_patient = left.groupby(np.asarray(patient_ids)).sum()
    spread = max(float((expected * (1 - expected)).sum()), float((by_patient**2).sum()))
    counts = np.bincount(np.asarray(grades, int), minlength=len(GRADES))
    at_home = float(np.nansum(counts**2 * rate * (1 - rate) / np.maximum(known, 1)))
    error = (spread + at_home) ** 0.5 / len(grades)
    beyond = float(left.mean())
    ends = beyond - _SHOWN * error, beyond + _SHOWN * error
    return float(expected.sum()), beyond, *ends, bool(abs(beyond) > _CLEAR * error)


def in_words(table: pd.DataFrame) -> tuple[str, ...]:
    """Return a sentence for each line that is drawn elsewhere by more than chance explains."""
    sentences = []
    for row in table[table["elsewhere"].astype(bool)].itertuples():
        when = "earlier" if row.beyond > 0 else "later"
        sentences.append(
            f"The line to KL {row.line} is drawn {when} by your readers than by the networks' "
            f"own: of {row.films} films the networks, as published, call {row.published} KL "
            f"{row.line} or more; of as many films of these grades by their own readers it would "
            f"be {row.home:.0f} "
            f"({100 * row.beyond:+.0f} points, 95% interval {100 * row.beyond_low:+.0f} to "
            f"{100 * row.beyond_high:+.0f}). Your readers call {row.readers} so, the adapted "
            f"networks {row.adapted}."
        )
    return tuple(sentences)
