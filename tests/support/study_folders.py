"""What a study left behind, and whether two studies left the same."""

from pathlib import Path

import pandas as pd

from kneeoa.records import results, studies

TIMES = ("seconds", "images_per_second")


def the_study(out: Path) -> studies.StudyRecord:
    """Return the one study in a results folder."""
    (study_id,) = studies.list_studies(out)
    return studies.read_study(out, study_id)


def assert_same(killed: Path, whole: Path) -> None:
    """Fail unless both hold the same runs and tables, byte for byte where there are no times."""
    study = the_study(whole)
    assert the_study(killed).run_ids == study.run_ids
    assert not list((killed / "unfinished").iterdir())
    assert {run.name for run in (killed / "runs").iterdir()} == set(study.run_ids)
    for run_id in study.run_ids:
        one, other = (folder / "runs" / run_id for folder in (killed, whole))
        assert (one / "predictions.csv").read_bytes() == (other / "predictions.csv").read_bytes()
        histories = [
            pd.read_csv(run / "history.csv").drop(columns=[*TIMES]) for run in (one, other)
        ]
        pd.testing.assert_frame_equal(*histories)
        assert results.read_record(one).model_sha256 == results.read_record(other).model_sha256
    for table in studies.TABLES:
        one, other = (f / "studies" / study.study_id / f"{table}.csv" for f in (killed, whole))
        assert one.read_bytes() == other.read_bytes()
