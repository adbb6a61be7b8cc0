"""The tables of a study, from its finished runs."""

from pathlib import Path

import pandas as pd

from kneeoa import claim, comparisons, ensembles, results, statistics, studies
from kneeoa.errors import DataError
from kneeoa.statistics import SPLITS


def write_tables(results_folder: Path, study_id: str) -> tuple[Path, list[str]]:
    """Write the `studies.TABLES` as CSV beside the study.

    Returns the folder, and a sentence for each run that could not be read. Raises `DataError` when
    no run of the study is finished.
    """
    study = studies.read_study(results_folder, study_id)
    runs, problems = studies.read_runs(results_folder, study.run_ids)
    if not runs:
        raise DataError(
            f"Expected finished runs of the study {study_id}. None of its {len(study.run_ids)} is: "
            "give its `study` command again to go on." + "".join(f" {one}" for one in problems)
        )
    predictions = {run.record.run_id: run.predictions for run in runs}
    observed = statistics.observations(
        (run.record.run_id, run.record.architecture, run.record.seed, run.predictions)
        for run in runs
    )
    compared = pd.concat(
        [comparisons.comparisons(observed, predictions, split) for split in SPLITS]
    )
    anova = {split: statistics.anova(observed, split) for split in SPLITS}
    tables = {
        "observations": observed,
        "anova": pd.concat(anova.values()),
        "comparisons": compared,
        "ensembles": ensembles.ensembles(_by_network(runs)),
        "table1": claim.table_1(observed, compared, anova["test"]),
    }
    folder = studies.study_folder(results_folder, study_id)
    for name, table in tables.items():
        text = table.to_csv(index=False, float_format="%.10g")
        results.replace_file(folder / f"{name}.csv", text)
    return folder, problems


def _by_network(runs):
    grouped = {}
    for run in runs:
        grouped.setdefault(run.record.architecture, []).append(run.predictions)
    return grouped
