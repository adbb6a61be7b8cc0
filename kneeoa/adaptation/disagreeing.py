"""The films on which readers and adapted networks disagree most: where slips of the pen are found.

A film comes first whose given grade the networks, fitted without its patient, think least probable
(self-confidence of confident learning, Northcutt 2021, J Artif Intell Res 70). It says where to
look again, not who is right.
"""

import numpy as np
import pandas as pd

from kneeoa.adaptation.adapting import Adaptation

COLUMNS = ("row", "film", "given", "answer", "published", "probability", "apart")


def disagreements(adaptation: Adaptation) -> pd.DataFrame:
    """Return the films with another answer than the grade given, the least probable grade first.

    Columns: ``row`` (of the films), ``film`` (its name), ``given``, ``answer`` (out of fold, by the
    rule of the answer that decides), ``published``, ``probability`` of the grade given, out of
    fold, in [0, 1], and ``apart``, in grades.
    """
    films, name = adaptation.films, adaptation.deciding
    after, rule = adaptation.after[name], adaptation.answers[name]
    answer = rule.grades(after)
    given = np.asarray(films.grades)
    table = pd.DataFrame(
        {
            "row": np.arange(len(films)),
            "film": films.names,
            "given": given,
            "answer": answer,
            "published": rule.grades(adaptation.before[name]),
            "probability": after[np.arange(len(films)), given].astype(float),
            "apart": np.abs(answer - given),
        },
        columns=list(COLUMNS),
    )
    table = table[table["apart"] > 0]
    return table.sort_values(["probability", "row"], ignore_index=True)
