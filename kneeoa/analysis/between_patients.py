"""Whether the networks would differ on other patients: sampling error, answers film by film."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kneeoa.analysis.anova import METRICS
from kneeoa.metrics import bootstrap
from kneeoa.networks import DISPLAY_NAME, Architecture, difference_of, pair_of
from kneeoa.records.results import PROBABILITY_COLUMNS
from kneeoa.wording import counted

_PATIENTS = "Says nothing of cycles that were not trained."
_RESAMPLES = 10_000


def between_patients(
    observed: pd.DataFrame, predictions: Mapping[str, pd.DataFrame], split: str
) -> list[dict]:
    """Return one row per metric and method whose unit is the patient (for McNemar, the knee).

    See `kneeoa.analysis.comparisons.comparisons` for the arguments. The runs are of the same films.
    """
    on_split = observed[observed["split"] == split]
    runs = {run_id: _graded(predictions[run_id], split) for run_id in on_split["run_id"]}
    names = pair_of(on_split["architecture"])
    if not names:
        return []
    films = next(iter(runs.values()))
    true = films["true_grade"].to_numpy(int)
    answers: dict[str, np.ndarray] = {
        name: np.stack(
            [
                runs[run_id][PROBABILITY_COLUMNS].to_numpy()
                for run_id in on_split.loc[on_split["architecture"] == name, "run_id"]
            ]
        )
        for name in names
    }
    rows = _bootstrapped(true, answers, films["patient_id"], names, on_split)
    if len(names) == 2:
        rows += _same_films(film_by_film(on_split, runs), films["patient_id"], names)
    return rows


def _bootstrapped(
    true: np.ndarray,
    answers: dict[str, np.ndarray],
    patients: pd.Series,
    names: list[Architecture],
    observed: pd.DataFrame,
) -> list[dict[str, Any]]:
    weights = bootstrap.patient_weights(patients)
    drawn: dict[str, Mapping[str, Any]] = {
        name: bootstrap.mean_summaries(true, answers[name], weights) for name in names
    }
    # The mean over cycles of what each run scored; NaN where one of them is undefined.
    seen: dict[str, Mapping[str, Any]] = {
        name: observed.loc[observed["architecture"] == name, list(METRICS)].mean(skipna=False)
        for name in names
    }
    if len(names) == 2:
        first, second = names
        for table in (drawn, seen):
            table[difference_of(names)] = {m: table[second][m] - table[first][m] for m in METRICS}
    return [
        {
            "metric": metric,
            "method": "bootstrap over patients",
            "comparison": DISPLAY_NAME.get(name, name),
            "estimate": seen[name][metric],
            "low": low,
            "high": high,
            "n": patients.nunique(),
            "unit": "patients",
            "shows": "Where the mean over these cycles would lie with other patients like these.",
            "cannot_show": _PATIENTS,
        }
        for name in drawn
        for metric in METRICS
        for low, high in [
            bootstrap.interval_of(metric, drawn[name][metric], patients=patients.nunique())
            if name in names
            else bootstrap.difference_interval(metric, drawn[name][metric])
        ]
    ]


@dataclass(frozen=True, slots=True, eq=False)
class FilmByFilm:
    """Two networks on the same films, the probabilities of each one's cycles averaged.

    Attributes
    ----------
    right : which films each is right on, (N,) bool in the order of `pair_of`; None where no fair
        choice of cycles can be made
    note : of how many films it is one alone, and which cycles count; or why there is nothing
    """

    right: tuple[np.ndarray, np.ndarray] | None
    note: str

    @property
    def gain(self) -> np.ndarray:
        """By film 1 where the second alone is right, -1 where the first alone is, ``(N,) int``."""
        if self.right is None:
            raise ValueError("Expected two networks with a fair choice of cycles.")
        first, second = self.right
        return second.astype(int) - first.astype(int)

    @property
    def estimate(self) -> float:
        """The second's share of right films minus the first's; NaN where there is nothing."""
        return float("nan") if self.right is None else float(self.gain.sum() / len(self.gain))


def film_by_film(observed: pd.DataFrame, films: Mapping[str, pd.DataFrame]) -> FilmByFilm:
    """Return on which films the mean of each network's cycles is right, as many cycles of each.

    The mean of more cycles is right on more films, whatever the network. So where one network has
    more, as many of its lowest seeds count as the other has; where seeds repeat, as with several
    recipes, any such choice would be one of the recipe, and there is nothing.

    Parameters
    ----------
    observed : as from `anova.observations`, of one split and both networks
    films : run_id -> its graded predictions of that split, of the same films in the same order
    """
    cycles = {name: rows.sort_values("seed") for name, rows in observed.groupby("architecture")}
    names = pair_of(cycles)
    counts = [len(cycles[name]) for name in names]
    least = min(counts)
    if max(counts) > least and any(rows["seed"].duplicated().any() for rows in cycles.values()):
        return FilmByFilm(
            None,
            f"Several cycles of one network have the same seed: which of "
            f"{' and '.join(map(_cycles, counts))} to average is open. Choose as many of each.",
        )
    means = [
        np.mean(
            [films[run][PROBABILITY_COLUMNS].to_numpy() for run in cycles[name]["run_id"][:least]],
            axis=0,
        )
        for name in names
    ]
    true = films[cycles[names[0]]["run_id"].iloc[0]]["true_grade"].to_numpy(int)
    first, second = (mean.argmax(axis=1) == true for mean in means)
    alone = (first & ~second).sum(), (second & ~first).sum()
    each = [f"{least} of {_cycles(n)}" if n > least else _cycles(n) for n in counts]
    note = (
        f"{alone[0]} films right by the {DISPLAY_NAME[names[0]]} alone, {alone[1]} by the "
        f"{DISPLAY_NAME[names[1]]} alone (means of {' and '.join(each)})."
    )
    return FilmByFilm((first, second), note)


def _same_films(
    compared: FilmByFilm, patients: pd.Series, names: list[Architecture]
) -> list[dict[str, Any]]:
    """McNemar, and the same by patient."""
    base = {
        "metric": "accuracy",
        "comparison": difference_of(names),
        "estimate": compared.estimate,
        "shows": "Whether one network, its cycles averaged, is right on more films than the other.",
    }
    knees = base | {
        "method": "McNemar",
        "n": len(patients),
        "unit": "knees",
        "cannot_show": "Takes the two knees of a patient as independent, which they are not.",
        "note": compared.note,
    }
    by_patient = base | {
        "method": "sign-flip test over patients",
        "n": patients.nunique(),
        "unit": "patients",
        "cannot_show": _PATIENTS,
    }
    if compared.right is None:
        return [knees, by_patient | {"note": compared.note}]
    # Late: it takes seconds to load, which who asks for `film_by_film` alone need not.
    from statsmodels.stats.contingency_tables import mcnemar

    first, second = compared.right
    only_first, only_second = (first & ~second).sum(), (second & ~first).sum()
    if discordant := only_first + only_second:
        table = [[(first & second).sum(), only_first], [only_second, 0]]
        test = mcnemar(table, exact=bool(discordant < 25))
        knees |= {"statistic": test.statistic, "p": test.pvalue}
    per_patient = pd.Series(compared.gain).groupby(patients.to_numpy()).sum().to_numpy()
    return [knees, by_patient | {"p": _sign_flip(per_patient)}]


def _cycles(count: int) -> str:
    return counted(count, "cycle")


def _sign_flip(gains: np.ndarray) -> float:
    """Two-sided p that the gains of patients have signs by chance; seeded, never 0."""
    signs = np.random.default_rng(0).choice((-1, 1), (_RESAMPLES, len(gains)))
    extreme = np.abs(signs @ gains) >= abs(gains.sum())
    return (1 + extreme.sum()) / (1 + _RESAMPLES)


def _graded(predictions: pd.DataFrame, split: str) -> pd.DataFrame:
    films = predictions[predictions["split"] == split].dropna(subset="true_grade")
    return films.set_index("image_id").sort_index()
