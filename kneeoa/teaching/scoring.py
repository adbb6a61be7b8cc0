"""How well a reader graded: accuracy, kappa with intervals, confusion, time; and her progress."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kneeoa.metrics import agreement, bootstrap
from kneeoa.metrics.agreement import Proportion

FEWEST = 5
"""Below this many patients, drawing them anew says too little for an interval."""


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """What a reader did on some films.

    Attributes
    ----------
    films, answered : how many were shown, and how many of them got a grade
    accuracy : right answers among those given, with Wilson's 95% interval; None without an answer
    within_one : answers at most one grade off, likewise
    kappa, kappa_interval : quadratic weighted kappa against the reference; 95% bootstrap interval
        over patients. NaN where `why_no_kappa` says so, the interval also for `why_no_interval`
    patients : how many of them the graded films are of
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
    patients: int

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

    @property
    def why_no_interval(self) -> str:
        """Why kappa has no interval, in a few words; empty where it has one."""
        if self.why_no_kappa or not np.isnan(self.kappa_interval[0]):
            return self.why_no_kappa
        if self.answered < FEWEST:
            return "too few films for an interval"
        if self.patients < FEWEST:
            return "films of too few patients for an interval"
        is_right = self.accuracy is not None and self.accuracy.count == self.accuracy.total
        return "no grade differs: no interval" if is_right else "grades too alike for an interval"


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
        patients=len(set(owners)),
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
    patients, owner = np.unique(np.asarray(owners), return_inverse=True)
    if len(patients) < FEWEST:
        return _NO_INTERVAL
    # A patient is drawn with all her films: her confusion matrix stands for them.
    each = np.zeros((len(patients), 5, 5))
    np.add.at(each, (owner, true, grades), 1)
    times = bootstrap.patient_weights(np.arange(len(patients)))
    drawn = (times @ each.reshape(len(patients), -1)).reshape(-1, 5, 5)
    kappas = agreement.of_confusions(drawn, true)["quadratic_kappa"]
    # Of one reference or one given grade alone it is not defined, whatever the formula gives.
    several = [(drawn.sum(axis=axis) > 0).sum(axis=1) > 1 for axis in (1, 2)]
    return bootstrap.known_interval(np.where(several[0] & several[1], kappas, np.nan))
