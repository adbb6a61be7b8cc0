"""How far readers agree with each other: Fleiss' kappa, plain and weighted, and pairs of readers.

Not every reader grades every film, so kappa is computed for any number of readers a film (Gwet,
Handbook of Inter-Rater Reliability, 4th ed. 2014, section 3.3); with the same number on every film
the plain one is that of Fleiss (1971).
"""

import numpy as np
import pandas as pd

from kneeoa.grades import GRADES
from kneeoa.metrics import agreement, bootstrap
from kneeoa.teaching.scoring import FEWEST

_N = len(GRADES)
WEIGHTS = {"plain": np.eye(_N), "quadratic": 1 - (agreement.DISTANCE / (_N - 1)) ** 2}
"""What a pair of grades counts for agreement: the same alone, or by the squared distance."""

_FEWEST_PAIRED = 2
_AT_ONCE = 60_000


def counts_of(votes: pd.DataFrame) -> pd.DataFrame:
    """Return how many readers gave each grade, a row a film and columns 0 to 4.

    `votes` has one row per reader and film: ``participant, image_id, grade`` (empty: no vote).
    """
    given = votes.dropna(subset="grade")
    table = pd.crosstab(given["image_id"], given["grade"].astype(int))
    names = votes["image_id"].unique()
    return table.reindex(index=names, columns=range(_N), fill_value=0)


def group_kappa(counts: np.ndarray, weights: str = "plain") -> float:
    """Return Fleiss' kappa of ``(films, 5)`` counts, films with one vote or none left out.

    NaN where fewer than two films have two votes, or everyone gave one grade alone.
    """
    return float(_kappas(np.asarray(counts, float)[None], WEIGHTS[weights])[0])


def group_kappa_interval(counts: np.ndarray, weights: str = "plain") -> tuple[float, float]:
    """Return the 95% percentile bootstrap interval of `group_kappa` over films.

    It says how far other films like these would move it, not other readers. NaN for fewer than
    `FEWEST` films with two votes, and where `bootstrap.known_interval` says so.
    """
    counts = np.asarray(counts, float)
    counts = counts[counts.sum(axis=1) > 0]  # a film without a vote adds nothing to a draw
    if not _has_enough(counts):
        return float("nan"), float("nan")
    drawn = np.random.default_rng(0).integers(len(counts), size=(bootstrap.RESAMPLES, len(counts)))
    return bootstrap.known_interval(_kappas(counts[drawn], WEIGHTS[weights]))


def rests_on(counts: np.ndarray, weights: str = "plain") -> str:
    """Return in a few words what `group_kappa` rests on, or why there is none or no interval."""
    value = group_kappa(counts, weights)
    if np.isnan(value):
        return "needs two films with two votes, and more than one grade"
    return _interval_text(value, group_kappa_interval(counts, weights), counts, who="all")


def _interval_text(
    value: float, interval: tuple[float, float], counts: np.ndarray, *, who: str
) -> str:
    if not np.isnan(interval[0]):
        return f"95% interval {interval[0]:.2f} to {interval[1]:.2f} (bootstrap over films)"
    if not _has_enough(counts):
        return "too few films with two votes for an interval"
    if value > 1 - 1e-12:
        return f"{who} agree on every film: no interval"
    return "films too alike for an interval"


def _has_enough(counts: np.ndarray) -> bool:
    return (np.asarray(counts).sum(axis=1) >= _FEWEST_PAIRED).sum() >= FEWEST


def pair_kappa(votes: pd.DataFrame) -> float:
    """Return the mean quadratic weighted kappa of all pairs of readers (Light 1971).

    A pair counts on the films that both graded, where both of them gave more than one grade: else
    kappa is not defined, or 0 whatever they do. NaN without such a pair.
    """
    grades = _wide(votes)
    return float(_pair_kappas(grades, np.ones((1, len(grades))))[0])


def pair_kappa_interval(
    votes: pd.DataFrame, *, resamples: int = bootstrap.RESAMPLES
) -> tuple[float, float]:
    """Return the 95% percentile bootstrap interval of `pair_kappa` over films.

    NaN where `group_kappa_interval` has none. A pair counts in the draws in which it has a kappa.
    """
    grades = _wide(votes)
    grades = grades[~np.isnan(grades).all(axis=1)]
    if not _has_enough(counts_of(votes).to_numpy()):
        return float("nan"), float("nan")
    times = bootstrap.patient_weights(np.arange(len(grades)), resamples=resamples)
    return bootstrap.known_interval(_pair_kappas(grades, times))


def pairs_rest_on(votes: pd.DataFrame) -> str:
    """Return in a few words what `pair_kappa` rests on, or why there is none or no interval."""
    value = pair_kappa(votes)
    if np.isnan(value):
        return "needs two readers who gave more than one grade"
    counts = counts_of(votes).to_numpy()
    text = _interval_text(value, pair_kappa_interval(votes), counts, who="these pairs")
    return f"{text}; all pairs of readers who gave more than one grade (Light)"


def share_right_interval(votes: pd.DataFrame) -> tuple[float, float]:
    """Return the 95% percentile bootstrap interval over films of the share of right votes, 0 to 1.

    The votes on one film are alike, so films are drawn. NaN for fewer than `FEWEST` films with a
    vote, and where `bootstrap.known_interval` says so.
    """
    films = by_film(votes)
    films = films[films["votes"] > 0]
    if len(films) < FEWEST:
        return float("nan"), float("nan")
    times = bootstrap.patient_weights(np.arange(len(films)))
    total = films["votes"].to_numpy(float)
    right = films["right"].to_numpy(float) * total
    return bootstrap.known_interval((times @ right) / (times @ total))


def _wide(votes: pd.DataFrame) -> np.ndarray:
    """Grades as ``(films, readers)``, NaN where there is none."""
    wide = votes.pivot(index="image_id", columns="participant", values="grade")
    return wide.astype(float).to_numpy()


def _pair_kappas(grades: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Mean kappa of the pairs of ``(films, readers)`` grades in each of ``(draws, films)``."""
    left, right = (grades[:, place] for place in np.triu_indices(grades.shape[1], 1))
    both = ~np.isnan(left) & ~np.isnan(right)
    # In whole numbers below 2**24, so that single precision is exact.
    left, right = (np.where(both, given, 0).astype(np.float32) for given in (left, right))
    # Quadratic weights need no more of a pair than sums over the films that both graded.
    summands = (both.astype(np.float32), left, right, left**2, right**2, (left - right) ** 2)
    # Few draws at once, and each sum in its place: what is computed with stays in the processor.
    step = max(1, _AT_ONCE // max(1, left.shape[1]))
    kappas = []
    for start in range(0, len(times), step):
        drawn = times[start : start + step].astype(np.float32)
        count, lefts, rights, varied, rights_varied, seen = (drawn @ each for each in summands)
        seen *= count
        varied *= count
        varied -= lefts**2
        rights_varied *= count
        rights_varied -= rights**2
        # Without a common film there is none, either.
        defined = (varied > 0) & (rights_varied > 0)
        lefts -= rights
        lefts *= lefts
        chance = np.add(varied, rights_varied, out=varied)
        chance += lefts
        kappa = np.divide(seen, np.maximum(chance, 1, out=chance), dtype=float)
        np.subtract(1, kappa, out=kappa)
        kappa *= defined
        pairs = np.count_nonzero(defined, axis=1)
        kappas.append(np.where(pairs > 0, kappa.sum(axis=1) / np.maximum(pairs, 1), np.nan))
    return np.concatenate(kappas)


def by_film(votes: pd.DataFrame) -> pd.DataFrame:
    """Return each film's votes, in the order in which films first appear.

    Columns ``image_id, reference, votes, KL 0`` to ``KL 4`` (counts), ``median``, ``spread`` (the
    standard deviation of the grades), ``agree`` (share of the commonest grade) and ``right``
    (share that gave the reference grade); shares are empty without votes.
    """
    counts = counts_of(votes)
    reference = votes.drop_duplicates("image_id").set_index("image_id")["reference"]
    given = votes.dropna(subset="grade")
    grades = given["grade"].astype(float).groupby(given["image_id"])
    total = counts.sum(axis=1)
    shares = counts.div(total.where(total > 0), axis=0)
    reference = reference.reindex(counts.index).astype(int)
    right = [shares.loc[name, grade] for name, grade in reference.items()]
    table = pd.DataFrame(
        {
            "reference": reference,
            "votes": total,
            **{grade.label: counts[int(grade)] for grade in GRADES},
            "median": grades.median().reindex(counts.index),
            "spread": grades.std(ddof=0).reindex(counts.index),
            "agree": shares.max(axis=1),
            "right": right,
        }
    )
    return table.rename_axis("image_id").reset_index()


def _kappas(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Kappa of each of ``(draws, films, 5)``."""
    raters = counts.sum(axis=2)
    voted, paired = raters > 0, raters >= _FEWEST_PAIRED
    shares = counts / np.maximum(raters, 1)[..., None]
    # With whom a vote agrees, itself aside.
    company = (counts @ weights - 1) * counts
    pairs = np.where(paired, raters * (raters - 1), 1)
    films = paired.sum(axis=1)
    seen = (company.sum(axis=2) / pairs * paired).sum(axis=1) / np.maximum(films, 1)
    common = shares.sum(axis=1) / np.maximum(voted.sum(axis=1), 1)[:, None]
    chance = np.einsum("dk,kl,dl->d", common, weights, common)
    defined = (films >= _FEWEST_PAIRED) & (chance < 1 - 1e-12)
    return np.where(defined, (seen - chance) / np.where(defined, 1 - chance, 1), np.nan)
