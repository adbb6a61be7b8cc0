"""Runs of a study are made alike: under one backend and one precision, unless that is asked for.

Unlike ones round otherwise, so that a difference between networks could be one of rounding. What
the study was begun under stands in a file of it, and with each of its runs.
"""

import os
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from kneeoa.errors import KneeOAError, TrainingError
from kneeoa.files import replace_file
from kneeoa.records import results, studies
from train.run import checkpoint
from train.study.job import Job

FILE = "made_by.txt"
"""In the folder of a study: backend and precision, as `Machine.made_by` says them."""


def made_alike(jobs: Sequence[Job], study: studies.StudyRecord, made_by: str) -> list[Job]:
    """Return `jobs` as those of a study that is trained under one backend and precision.

    That is `made_by`, or, where machines will tell, empty. Raises `TrainingError` where the study
    was begun under another one.
    """
    if all(job.is_finished for job in jobs):
        return [*jobs]
    results_folder = jobs[0].results
    runs = (results_folder / "runs" / name for name in study.run_ids)
    folder = studies.study_folder(results_folder, study.study_id)
    _expect(folder, made_by, begun_under(folder, runs, (job.unfinished for job in jobs)))
    return [replace(job, alike=folder) for job in jobs]


def search_alike(results_folder: Path, study_id: str, made_by: str) -> Path:
    """Return the folder of a search all of whose trials are trained under one; see `made_alike`."""
    folder = studies.study_folder(results_folder, study_id)
    trials = results_folder.glob(f"unfinished/{study_id}-trial*")
    _expect(folder, made_by, begun_under(folder, (), trials))
    return folder


def _expect(folder: Path, made_by: str, begun: Sequence[str]) -> None:
    if made_by:
        expect(folder, made_by, begun)
    else:
        expect_one(folder, begun)


def begun_under(folder: Path, runs: Iterable[Path], unfinished: Iterable[Path]) -> list[str]:
    """Return what the study in `folder` was begun under, each once: of most studies one or none.

    Of its `runs`, where they are finished, and of its `unfinished` ones.
    """
    known = [_read(folder), *map(_of_run, runs), *map(checkpoint.made_by, unfinished)]
    return [made_by for made_by in dict.fromkeys(known) if made_by]


def expect(folder: Path, made_by: str, begun: Iterable[str] = ()) -> None:
    """Note that the study in `folder` is trained under `made_by`, if it is the first to come.

    Raises `TrainingError` where it was begun under another one, or under one that is among `begun`.
    """
    known = [*begun]
    if not any(known) and not _read(folder):
        _note_first(folder, made_by)
    known += [_read(folder) or made_by]
    if set(known) != {made_by}:
        raise TrainingError(_refusal(folder.name, [*dict.fromkeys(known)], made_by))


def expect_one(folder: Path, begun: Iterable[str]) -> None:
    """Have all machines train the study in `folder` under what it was begun under, if it was.

    Raises `TrainingError` where that was not one and the same.
    """
    known = [*begun]
    if len(known) > 1:
        raise TrainingError(_refusal(folder.name, known, ""))
    if known:
        _note_first(folder, known[0])


def _note_first(folder: Path, made_by: str) -> None:
    """Of machines that begin at the same time, one is the first."""
    beside = folder / f".{FILE}-{uuid.uuid4().hex}"
    replace_file(beside, f"{made_by}\n")
    try:
        os.link(beside, folder / FILE)
    except FileExistsError:
        pass
    except OSError:  # a disk without links
        replace_file(folder / FILE, f"{made_by}\n")
    finally:
        beside.unlink(missing_ok=True)


def _refusal(study_id: str, begun: Sequence[str], received: str) -> str:
    why = "They round otherwise: what networks differ by could be that."
    how = "--mixed trains what is left all the same; Results then says what was trained under what."
    others = [name for name in begun if name != received]
    if len(begun) > 1:
        return (
            f"Expected the study {study_id} to be made under one backend and precision. It was "
            f"made under {' and under '.join(begun)} before. {why} Give another --out to make one "
            f"that is of one kind. {how}"
        )
    backend, _, precision = others[0].partition(", ")
    return (
        f"Expected the study {study_id} to go on under {others[0]}, as it was begun. Received: "
        f"{received}. {why} Give KERAS_BACKEND={backend} and --precision {precision}, or another "
        f"--out. {how}"
    )


def _read(folder: Path) -> str:
    try:
        return (folder / FILE).read_text("utf-8").strip()[:80]
    except (OSError, ValueError):
        return ""


def _of_run(folder: Path) -> str:
    try:
        record = results.read_record(folder)
    except KneeOAError:  # said where its answers are wanted
        return ""
    return f"{record.backend}, {record.precision}" if record.backend else ""
