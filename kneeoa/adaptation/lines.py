"""Where readers draw the lines between grades: theirs against the networks', as published.

A line is what parts KL k and above from what is below it. Whoever calls more films KL k or more
draws it earlier. The two are compared on the same films: the share at or above the line, and the
paired difference with its interval over patients.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kneeoa.grades import GRADES
from kneeoa.metrics import bootstrap

COLUMNS = (
    *("line", "films", "readers", "published", "adapted"),
    *("difference", "low", "high", "adapted_difference", "adapted_low", "adapted_high"),
)


def lines(
    grades: np.ndarray,
    published: np.ndarray,
    adapted: np.ndarray,
    patient_ids: Sequence[str],
) -> pd.DataFrame:
    """Return a row for each line, from KL 1 to KL 4, with `COLUMNS`.

    Parameters
    ----------
    grades : (N,) int in 0-4, the readers'
    published, adapted : (N,) int in 0-4, the networks' answers as published and out of fold
    patient_ids : N names, whose films are drawn together

    Returns
    -------
    pd.DataFrame
        ``line`` (the lowest grade at or above it), ``films``, the films at or above it of
        ``readers``, ``published`` and ``adapted``, and the readers' share minus the published and
        minus the adapted networks', with 95% intervals, in [-1, 1].
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
            ends += [draws[0], *bootstrap.percentile_interval(draws[1:])]
        counts = [int(beyond.sum()) for beyond in (theirs, before, after)]
        rows.append((int(grade), len(grades), *counts, *map(float, ends)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def in_words(table: pd.DataFrame) -> tuple[str, ...]:
    """Return a sentence for each line that is drawn elsewhere by more than chance explains."""
    sentences = []
    for row in table.itertuples():
        if row.low <= 0 <= row.high:
            continue
        when = "earlier" if row.difference > 0 else "later"
        sentences.append(
            f"The line to KL {row.line} is drawn {when} by your readers: of {row.films} films they "
            f"call {row.readers} KL {row.line} or more, the networks as published {row.published} "
            f"({100 * row.difference:+.0f} points, 95% interval {100 * row.low:+.0f} to "
            f"{100 * row.high:+.0f}), and the adapted ones {row.adapted}."
        )
    return tuple(sentences)
