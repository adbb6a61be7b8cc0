"""How well a reader graded: accuracy, kappa with intervals, confusion, time; and her progress."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kneeoa.metrics import agreement, bootstrap
from kneeoa.metrics.agreement import Proportion

FEWEST = 5
"""Below this many films, drawing them anew says too little for an interval."""


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """What a reader did on some films.

    Attributes
    ----------
    films, answered : how many were shown, and how many of them got a grade
    accuracy : right answers among those given, with Wilson's 95% interval; None without an answer
    within_one : answers at most one grade off, likewise
    kappa, kappa_interval : quadratic weighted kappa against the reference; 95% bootstrap interval
        over patients. NaN where `why_no_kappa` says so, the interval also below `FEWEST` answers
    mean_error : absolute, in grades; NaN without an answer
    seconds : median time for an answer; NaN where none was measured
    confusion : (5, 5) int64, row = reference
    """

    films: int
    answered: int
    accuracy: Proportion | None
    within_one: Proportion | None
    kappa: float
    kappa_interval: tuple[float, float]
    mean_error: float
    seconds: float
    confusion: np.ndarray

    @property
    def why_no_kappa(self) -> str:
        """Why kappa is not defined, in a few words; empty where it is.

        Whoever gives one grade alone, or sees films of one grade alone, agrees as often as chance
        does, however good she is: Cohen's formula then gives 0, which says nothing of her.
        """
        references, given = (self.confusion.any(axis=axis).sum() for axis in (1, 0))
        if given == 0:
            return "no film was graded"
        if given == 1:
            return "the same grade was given to every film"
        return "all films have the same reference grade" if references == 1 else ""


def score(answers: pd.DataFrame, patients: Mapping[str, str] | None = None) -> Score:
    """Return the score of `answers`.

    Parameters
    ----------
    answers : one row a film with ``image_id, reference, grade`` (empty: not answered) and, where
        it is known, ``seconds``
    patients : patient by image id; a film that it does not name is a patient of its own
    """
    given = answers.dropna(subset="grade")
    true, grades = given["reference"].to_numpy(int), given["grade"].to_numpy(int)
    off = np.abs(true - grades)
    owners = [(patients or {}).get(name, name) for name in given["image_id"]]
    defined = len(np.unique(true)) > 1 and len(np.unique(grades)) > 1
    seconds = pd.to_numeric(given.get("seconds", pd.Series(dtype=float)), errors="coerce")
    return Score(
        films=len(answers),
        answered=len(given),
        accuracy=agreement.proportion(int((off == 0).sum()), len(given)),
        within_one=agreement.proportion(int((off <= 1).sum()), len(given)),
        kappa=agreement.quadratic_kappa(true, grades) if defined else float("nan"),
        kappa_interval=_kappa_interval(true, grades, owners) if defined else _NO_INTERVAL,
        mean_error=float(off.mean()) if len(given) else float("nan"),
        seconds=float(seconds.median()),
        confusion=agreement.confusion_matrix(true, grades),
    )


def missed(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the films that were not graded as the reference is, the worst first.

    Columns of `answers` and ``off``, the error in grades; films without an answer come last.
    """
    off = answers["grade"].astype("Float64") - answers["reference"].astype("Float64")
    wrong = answers.assign(off=off)[~(off == 0).fillna(False)]
    size = wrong["off"].abs().fillna(-1)
    return wrong.loc[size.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def progress(
    sessions: Mapping[str, pd.DataFrame], patients: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return one row per session, by a name in order of time, of her scores; as `score` takes them.

    Columns ``session, answered, accuracy, accuracy_low, accuracy_high, kappa, kappa_low,
    kappa_high, seconds``; sessions without an answer are left out.
    """
    rows = []
    for name, answers in sessions.items():
        scored = score(answers, patients)
        if scored.accuracy is None:
            continue
        low, high = scored.kappa_interval
        rows.append(
            {
                "session": name,
                "answered": scored.answered,
                "accuracy": scored.accuracy.value,
                "accuracy_low": scored.accuracy.low,
                "accuracy_high": scored.accuracy.high,
                "kappa": scored.kappa,
                "kappa_low": low,
                "kappa_high": high,
                "seconds": scored.seconds,
            }
        )
    return pd.DataFrame(rows, columns=_PROGRESS)


_NO_INTERVAL = (float("nan"), float("nan"))
_PROGRESS = (
    "session",
    "answered",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "kappa",
    "kappa_low",
    "kappa_high",
    "seconds",
)


def _kappa_interval(
    true: np.ndarray, grades: np.ndarray, owners: Sequence[str]
) -> tuple[float, float]:
    if len(true) < FEWEST:
        return _NO_INTERVAL
    certain = np.eye(5)[grades]
    intervals = bootstrap.patient_intervals(true, certain, owners)
    return intervals["quadratic_kappa"]
