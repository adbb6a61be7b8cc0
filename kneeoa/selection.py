"""Which runs a research page is about: a study, networks, a split, and runs picked one by one."""

from dataclasses import dataclass

import pandas as pd

from kneeoa.archive import FINISHED, Archive, Study

ALL = "all runs"


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What a reader chose; `runs` are the rows of the archive that it leaves.

    ``study`` is None for all runs; ``picked`` says that runs were picked one by one.
    """

    archive: Archive
    study: Study | None
    networks: tuple[str, ...]
    split: str
    picked: bool
    runs: pd.DataFrame

    @property
    def finished(self) -> pd.DataFrame:
        """The runs that can be measured."""
        return self.runs[self.runs["state"] == FINISHED]

    @property
    def whole_study(self) -> bool:
        """Whether it is a study as it stands, whose own tables then apply."""
        return self.study is not None and not self.picked and len(self.networks) == 2

    def described(self) -> str:
        """Return the selection in words, such as ``study reference-1a2b, test films, 8 runs``."""
        of = f"study {self.study.record.study_id}" if self.study else ALL
        return f"{of}, {self.split} films, {counted(len(self.finished), 'finished run')}"


def study_labels(archive: Archive) -> dict[str, Study]:
    """Return the studies by a name that is unique over the folders."""
    names = [study.record.study_id for study in archive.studies]
    return {
        name if names.count(name) == 1 else f"{study.folder.name}/{name}": study
        for name, study in zip(names, archive.studies, strict=True)
    }


def run_labels(runs: pd.DataFrame) -> list[str]:
    """Return a name for each row of an archive that is unique over the folders."""
    twice = runs["run_id"].duplicated(keep=False)
    folder = runs["folder"].str.rstrip("/").str.rpartition("/")[2]
    return list((folder + "/" + runs["run_id"]).where(twice, runs["run_id"]))


def select(
    archive: Archive,
    *,
    study: Study | None,
    networks: tuple[str, ...],
    split: str,
    picked: tuple[str, ...] = (),
) -> Selection:
    """Return the runs of `archive` that fit; `picked` are `run_labels`, none of them: all."""
    runs = archive.runs.assign(label=run_labels(archive.runs) if len(archive.runs) else [])
    if study is not None:
        ours = (runs["folder"] == str(study.folder)) & runs["run_id"].isin(study.record.run_ids)
        runs = runs[ours]
    # A damaged run may not say which network it is of: it is never filtered away.
    runs = runs[runs["architecture"].isin(networks) | runs["architecture"].isna()]
    if picked:
        runs = runs[runs["label"].isin(picked)]
    return Selection(archive, study, networks, split, bool(picked), runs)


def counted(number: int, thing: str) -> str:
    """Return ``1 run``, ``2 runs``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
