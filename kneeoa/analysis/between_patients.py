"""Whether the networks would differ on other patients: sampling error, answers film by film."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.contingency_tables import mcnemar

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
    runs = {
        name: [_graded(predictions[run_id], split) for run_id in rows["run_id"]]
        for name, rows in on_split.groupby("architecture")
    }
    names = pair_of(runs)
    tables = [table for name in names for table in runs[name]]
    if not tables:
        return []
    films = tables[0]
    true = films["true_grade"].to_numpy(int)
    answers: dict[str, np.ndarray] = {
        name: np.stack([table[PROBABILITY_COLUMNS].to_numpy() for table in runs[name]])
        for name in names
    }
    rows = _bootstrapped(true, answers, films["patient_id"], names, on_split)
    if len(names) == 2:
        alike = _as_many_each(on_split, answers, names)
        rows += _same_films(true, alike, films["patient_id"], names)
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
            else bootstrap.known_interval(drawn[name][metric])
        ]
    ]


def _as_many_each(
    observed: pd.DataFrame, answers: dict[str, np.ndarray], names: list[Architecture]
) -> dict[str, np.ndarray]:
    """Return the answers of equally many cycles of each network.

    The mean of more cycles is right on more films, whatever the network. Of each seed that both
    have, as many as both have; where they share none, those of the lowest seeds.
    """
    by_network = {
        name: observed.loc[observed["architecture"] == name, "seed"].reset_index(drop=True)
        for name in names
    }
    # The first, second, ... cycle of a seed: several recipes may have it.
    keys = {
        name: list(zip(seeds, seeds.groupby(seeds).cumcount(), strict=True))
        for name, seeds in by_network.items()
    }
    shared = set.intersection(*map(set, keys.values()))
    least = min(map(len, by_network.values()))
    kept = {
        name: np.array([key in shared for key in keys[name]])
        if shared
        else (seeds.rank(method="first") <= least).to_numpy()
        for name, seeds in by_network.items()
    }
    return {name: answers[name][kept[name]] for name in names}


def _same_films(
    true: np.ndarray,
    answers: dict[str, np.ndarray],
    patients: pd.Series,
    names: list[Architecture],
) -> list[dict[str, Any]]:
    """McNemar, where a network's answer is that of the mean probability over these cycles."""
    right = [answers[name].mean(axis=0).argmax(axis=1) == true for name in names]
    only_first, only_second = (right[0] & ~right[1]).sum(), (right[1] & ~right[0]).sum()
    discordant = only_first + only_second
    base = {
        "metric": "accuracy",
        "comparison": difference_of(names),
        "estimate": (only_second - only_first) / len(true),
        "shows": "Whether one network, its cycles averaged, is right on more films than the other.",
    }
    knees = base | {
        "method": "McNemar",
        "n": len(true),
        "unit": "knees",
        "cannot_show": "Takes the two knees of a patient as independent, which they are not.",
        "note": f"{only_first} films right by the {DISPLAY_NAME[names[0]]} alone, {only_second} by "
        f"the {DISPLAY_NAME[names[1]]} alone "
        f"(means of {' and '.join(_cycles(len(answers[name])) for name in names)}).",
    }
    if discordant:
        table = [[(right[0] & right[1]).sum(), only_first], [only_second, 0]]
        test = mcnemar(table, exact=bool(discordant < 25))
        knees |= {"statistic": test.statistic, "p": test.pvalue}
    gain = pd.Series(right[1].astype(int) - right[0].astype(int))
    per_patient = gain.groupby(patients.to_numpy()).sum().to_numpy()
    by_patient = base | {
        "method": "sign-flip test over patients",
        "n": len(per_patient),
        "unit": "patients",
        "p": _sign_flip(per_patient),
        "cannot_show": _PATIENTS,
    }
    return [knees, by_patient]


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
