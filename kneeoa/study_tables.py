"""The tables of a set of runs, as a study keeps them and the research pages show them."""

from collections.abc import Mapping, Sequence

import pandas as pd

from kneeoa import claim, comparisons, ensembles, statistics
from kneeoa.statistics import SPLITS


def study_tables(
    runs: Sequence[tuple[str, str, int]], predictions: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return the tables that `studies.TABLES` names, from finished runs.

    Parameters
    ----------
    runs : run_id, architecture and seed of each
    predictions : run_id -> predictions, as ``predictions.csv``
    """
    observed = statistics.observations((*run, predictions[run[0]]) for run in runs)
    compared = {split: comparisons.comparisons(observed, predictions, split) for split in SPLITS}
    anova = {split: statistics.anova(observed, split) for split in SPLITS}
    by_network: dict[str, list[pd.DataFrame]] = {}
    for run_id, architecture, _ in runs:
        by_network.setdefault(architecture, []).append(predictions[run_id])
    return {
        "observations": observed,
        "anova": pd.concat(anova.values(), ignore_index=True),
        "comparisons": pd.concat(compared.values(), ignore_index=True),
        "ensembles": ensembles.ensembles(by_network),
        "table1": claim.table_1(observed, compared["test"], anova["test"]),
    }
