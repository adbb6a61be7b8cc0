"""Which runs a research page is about: a study, networks, a split, and runs picked one by one."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kneeoa.errors import KneeOAError
from kneeoa.networks import DISPLAY_NAME
from kneeoa.records import results
from kneeoa.records.archive import FINISHED, Archive, Study
from kneeoa.records.history import GUESSING
from kneeoa.wording import counted, listed

ALL = "all runs"
PAPER = "paper"
"""The preset of the experiment whose claim is tested."""
_MADE = {"device": "on", "backend": "by", "precision": "in"}
_SHOWN = {"cpu": "CPU", "gpu": "GPU", "tensorflow": "TensorFlow", "torch": "PyTorch"}


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What a reader chose; `runs` are the rows of the archive that it leaves.

    ``study`` is None for all runs; ``picked`` names the runs that were picked one by one, if any.
    """

    archive: Archive
    study: Study | None
    networks: tuple[str, ...]
    split: str
    picked: tuple[str, ...]
    runs: pd.DataFrame

    @property
    def finished(self) -> pd.DataFrame:
        """The runs that can be measured."""
        return self.runs[self.runs["state"] == FINISHED]

    @property
    def whole_study(self) -> bool:
        """Whether it is a study as it stands, whose own tables then apply."""
        return self.study is not None and not self.picked and len(self.networks) == 2

    def states(self) -> str:
        """Return how many runs are in which state: ``8 of 20 runs finished, 12 waiting``."""
        counts = self.runs["state"].value_counts()
        finished, total = int(counts.pop(FINISHED)) if FINISHED in counts else 0, len(self.runs)
        parts = [f"{finished} of {counted(total, 'run')} finished"]
        parts += [f"{count} {state}" for state, count in counts.items()]
        if alone := int(self.runs["unpaired"].sum()):
            parts.append(f"{alone} of the finished without the other network's run of that seed")
        return ", ".join(parts)

    def standing(self) -> str:
        """Return on how many cycles of each network a study stands, or nothing without one.

        For example ``The study "paper" stands on 6 of 10 cycles of the MobileNet and 4 of 10 of the
        ResNet50.`` Where runs were picked, how many of its finished cycles those are.
        """
        if self.study is None or self.study.record.kind != "cycles" or not self.networks:
            return ""
        counts = self.finished["architecture"].value_counts()
        whole = dict.fromkeys(self.networks, self.study.record.cycles)
        if self.picked:
            runs = _of_study(self.archive.runs, self.study)
            whole = runs.loc[runs["state"] == FINISHED, "architecture"].value_counts().to_dict()
        name, *others = self.networks
        noun = "finished cycle" if self.picked else "cycle"
        cycles = f"{counts.get(name, 0)} of {counted(whole.get(name, 0), noun)}"
        cycles += f" of the {DISPLAY_NAME[name]}" + "".join(
            f" and {counts.get(other, 0)} of {whole.get(other, 0)} of the {DISPLAY_NAME[other]}"
            for other in others
        )
        study = f'study "{self.study.record.study_id}"'
        standing = f"The {study} stands on {cycles}."
        if self.picked:
            standing = f"Of the {study} {cycles} are chosen."
        return f"{standing}{self._unlike()}{self._diverged()}"

    def _unlike(self) -> str:
        """Return a sentence where runs were trained on what rounds otherwise than the others."""
        unlike = {
            name: how
            for name, how in _MADE.items()
            if len({*self.finished[name].dropna()} - {""}) > 1
        }
        if not unlike:
            return ""
        made = [
            " ".join(f"{how} {_SHOWN.get(run[name], run[name])}" for name, how in unlike.items())
            for run in self.finished[[*unlike]].replace("", "one not recorded").to_dict("records")
        ]
        counts = pd.Series(made).groupby([list(self.finished["architecture"]), made]).size()
        shares = "; ".join(
            f"{DISPLAY_NAME[name]}: "
            + ", ".join(f"{count} {how}" for how, count in counts[name].items())
            for name in self.networks
            if name in counts
        )
        what = listed([f"{name}s" for name in unlike], "and")
        return f" They were trained on unlike {what}, which round otherwise ({shares})."

    def _diverged(self) -> str:
        """Return a sentence where runs learnt nothing: a mean with them is that of no recipe."""
        runs = self.finished[self.finished["learnt_nothing"].eq(True)]
        if runs.empty:
            return ""
        named = ", ".join(
            f"{DISPLAY_NAME[run.architecture]} seed {int(run.seed)}" for run in runs.itertuples()
        )
        its = "its" if len(runs) == 1 else "their"
        return (
            f" {len(runs)} of them learnt nothing, {its} validation loss being never below "
            f"{GUESSING:.2f}, that of guessing ({named})."
        )

    def python(self, table: str, *modules: str, before: Iterable[str] = ()) -> str:
        """Return the lines of Python that print a table of this selection, there ``chosen``.

        `table` is an expression that needs these `modules` of `kneeoa.analysis` or
        `kneeoa.records`, and the lines `before`.
        """
        study = "None"
        if self.study is not None:
            labels = study_labels(self.archive)
            label = next(name for name, labelled in labels.items() if labelled is self.study)
            study = f"selection.study_labels(found)[{label!r}]"
        folders = ", ".join(f"Path({str(folder)!r})" for folder in self.archive.folders)
        lines = [
            "from pathlib import Path",
            *(
                f"from kneeoa.{room} import {', '.join(sorted(named))}"
                for room, named in _by_room({"archive", "selection", *modules}).items()
            ),
            "",
            f"found = archive.read_archive([{folders}])",
            "chosen = selection.select(",
            "    found,",
            f"    study={study},",
            f"    networks={self.networks!r},",
            f"    split={self.split!r},",
            *([f"    picked={self.picked!r},"] if self.picked else []),
            ")",
            *before,
            f"print({table})",
        ]
        return "\n".join(lines)


def folder_labels(folders: Iterable[Path]) -> dict[Path, str]:
    """Return a short name for each folder: its own, or its path where two are called alike."""
    folders = list(folders)
    names = [folder.name for folder in folders]
    return {
        folder: folder.name if folder.name and names.count(folder.name) == 1 else str(folder)
        for folder in folders
    }


def study_labels(archive: Archive) -> dict[str, Study]:
    """Return the studies by a name that is unique over the folders.

    Those of the paper's own experiment come first: it is what is tested here.
    """
    names = [study.record.study_id for study in archive.studies]
    folders = folder_labels(archive.folders)
    labels = {
        name if names.count(name) == 1 else f"{folders[study.folder]}/{name}": study
        for name, study in zip(names, archive.studies, strict=True)
    }
    return dict(sorted(labels.items(), key=lambda item: not _is_the_papers(item[1])))


def _is_the_papers(study: Study) -> bool:
    return study.record.kind == "cycles" and study.record.preset == PAPER


def run_labels(archive: Archive) -> list[str]:
    """Return a name for each run of an archive that is unique over the folders."""
    runs = archive.runs
    twice = runs["run_id"].duplicated(keep=False)
    names = {str(folder): name for folder, name in folder_labels(archive.folders).items()}
    longer = runs["folder"].map(names) + "/" + runs["run_id"]
    return list(longer.where(twice, runs["run_id"]))


def finished_runs(archive: Archive) -> pd.DataFrame:
    """Return the finished runs of an archive, each with its ``label`` (`run_labels`)."""
    runs = archive.runs.assign(label=run_labels(archive) if len(archive.runs) else [])
    return runs[runs["state"] == FINISHED]


def distinct(runs: pd.DataFrame) -> pd.DataFrame:
    """Return `runs` of an archive without copies: of a finished run in several folders one.

    That is the first whose answers can be read, or the first where none can; one under its own name
    before one whose folder was called otherwise. A copy is no other cycle: counted twice, it would
    make the spread of cycles smaller than it is.
    """
    left_out: list[int] = []
    for _, copies in _copied(runs):
        renamed = copies["run_id"] != copies["recorded_id"]
        copies = copies.loc[renamed.sort_values(kind="stable").index]
        readable = (row.Index for row in copies.itertuples() if _has_answers(row))
        left_out.extend(copies.index.drop(next(readable, copies.index[0])))
    return runs.drop(index=left_out)


def copied(runs: pd.DataFrame) -> int:
    """Return how many finished runs of an archive stand in it more than once."""
    return _copied(runs).ngroups


def _copied(runs: pd.DataFrame) -> Any:
    same_run = ["recorded_id", "model_sha256"]
    finished = runs[runs["state"] == FINISHED]
    return finished[finished.duplicated(same_run, keep=False)].groupby(same_run, sort=False)


def _has_answers(run: Any) -> bool:
    file = Path(run.folder, "runs", run.run_id, "predictions.csv")
    try:
        at = file.stat()
    except OSError:
        return False
    return _is_readable(file, at.st_mtime_ns, at.st_size)


@functools.lru_cache(maxsize=1000)
def _is_readable(file: Path, changed: int, size: int) -> bool:
    """Whether the answers in a file, last `changed` then and of that `size`, can be read."""
    try:
        results.read_predictions(file)
    except KneeOAError:
        return False
    return True


def _of_study(runs: pd.DataFrame, study: Study) -> pd.DataFrame:
    ours = (runs["folder"] == str(study.folder)) & runs["run_id"].isin(study.record.run_ids)
    return runs[ours]


def select(
    archive: Archive,
    *,
    study: Study | None,
    networks: tuple[str, ...],
    split: str,
    picked: tuple[str, ...] = (),
) -> Selection:
    """Return the runs of `archive` that fit, each once (`distinct`).

    `picked` are `run_labels`, none of them: all.
    """
    runs = archive.runs.assign(label=run_labels(archive) if len(archive.runs) else [])
    if study is not None:
        runs = _of_study(runs, study)
    # A damaged run may not say which network it is of: it is never filtered away.
    runs = runs[runs["architecture"].isin(networks) | runs["architecture"].isna()]
    if picked:
        runs = runs[runs["label"].isin(picked)]
    runs = distinct(runs)
    return Selection(archive, study, tuple(networks), split, tuple(picked), runs)


def _by_room(modules: set[str]) -> dict[str, set[str]]:
    read = modules & {"archive", "results"}
    many = modules & {"parallel_runs", "side_by_side"}
    rooms = {"analysis": modules - read - many, "analysis.many": many, "records": read}
    return {room: named for room, named in rooms.items() if named}
