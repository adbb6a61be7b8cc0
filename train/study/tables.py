"""The tables of a study, from its finished runs."""

import json
from datetime import UTC, datetime
from pathlib import Path

from kneeoa import files
from kneeoa.analysis.study_tables import study_tables
from kneeoa.errors import DataError
from kneeoa.records import studies
from kneeoa.spreadsheet import csv_text


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
            "give its `study` command again to go on."
            + "".join(f" {problem}" for problem in problems)
        )
    tables = study_tables(
        [(run.record.run_id, run.record.architecture, run.record.seed) for run in runs],
        {run.record.run_id: run.predictions for run in runs},
    )
    folder = studies.study_folder(results_folder, study_id)
    for name, table in tables.items():
        text = csv_text(table, float_format="%.10g")
        files.replace_file(folder / f"{name}.csv", text)
    return folder, problems


def note_finished(results_folder: Path, study_id: str) -> None:
    """Note in ``status.json`` which runs are there now: some may have been trained elsewhere.

    A study that trains does so by itself, and one without a status needs none.
    """
    status = studies.read_status(results_folder, study_id)
    if status is None or status.state == "training":
        return
    file = studies.study_folder(results_folder, study_id) / "status.json"
    content = json.loads(files.read_text(file))
    before = json.dumps(content)
    for row in content["rows"]:
        if (results_folder / "runs" / row["run_id"]).exists():
            row |= {"state": "finished", "sentence": ""}
    done = sum(row["state"] == "finished" for row in content["rows"])
    is_whole = done == len(content["rows"])
    content |= {"runs_done": done, "state": "finished" if is_whole else status.state}
    if json.dumps(content) != before:
        content["updated_at"] = datetime.now(UTC).isoformat(timespec="seconds")
        files.replace_file(file, json.dumps(content, indent=1) + "\n")
