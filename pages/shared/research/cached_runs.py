"""What the research pages read and compute of training runs once."""

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas
import streamlit as st

from kneeoa.analysis import anova, confusions, run_names
from kneeoa.analysis.many.side_by_side import SideBySide
from kneeoa.analysis.many.side_by_side import side_by_side as beside
from kneeoa.analysis.study_tables import stored_tables
from kneeoa.analysis.study_tables import study_tables as tables_of
from kneeoa.errors import KneeOAError
from kneeoa.records import archive, history, notes
from kneeoa.records.archive import Archive
from pages.shared import cached

DEFAULT_RESULTS = cached.PUBLISHED_RESULTS


def results_folders() -> tuple[Path, ...]:
    """Return the results folders of the research pages: ``KNEEOA_RESULTS`` or the bundled one."""
    return archive.results_folders(os.environ.get("KNEEOA_RESULTS"), DEFAULT_RESULTS)


def read_archive(folders: tuple[Path, ...]) -> Archive:
    """Return what stands in `folders`, read again when something there has changed."""
    return _archive(folders, archive.signature(folders))


@st.cache_resource(show_spinner=False, max_entries=16)
def _archive(folders, changed) -> Archive:
    return archive.read_archive(folders)


def names(runs_archive: Archive) -> pandas.DataFrame:
    """Return `run_names.run_names` of an archive, computed once as long as it is the same one."""
    return _names(runs_archive)[1]


# The archive is kept with its names, so that no other one takes its id.
@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs={Archive: id})
def _names(runs_archive) -> tuple[Archive, pandas.DataFrame]:
    return runs_archive, run_names.run_names(runs_archive)


def observed(
    runs: tuple[tuple[str, str, str, str, int], ...],
) -> tuple[pandas.DataFrame, dict[str, str]]:
    """Return the metrics of runs ``(label, folder, run_id, architecture, seed)``, computed once.

    One row a run and split as from `anova.observations`, ``run_id`` being the label; and by
    label why a run could not be measured.
    """
    files, changed = _predictions_of((folder, run_id) for _, folder, run_id, *_ in runs)
    return _observed(_key(runs, changed), runs, files, changed)


def histories(
    runs: tuple[tuple[str, str, str], ...],
) -> tuple[dict[str, pandas.DataFrame], tuple[str, ...]]:
    """Return the epochs of runs ``(label, folder, run_id)`` by label, and what cannot be read."""
    places = tuple(Path(folder) / "runs" / run_id for _, folder, run_id in runs)
    changed = tuple(cached.changed(place / "history.csv") for place in places)
    return _histories(_key(runs, changed), [label for label, *_ in runs], places)


def notes_of(
    runs: tuple[tuple[str, str, str], ...],
) -> tuple[dict[str, notes.Notes], tuple[str, ...]]:
    """Return the notes of runs ``(label, folder, run_id)`` by label, and what cannot be read."""
    places = tuple(Path(folder) / "runs" / run_id for _, folder, run_id in runs)
    changed = tuple(cached.changed(place / notes.FILE) for place in places)
    return _notes(_key(runs, changed), [label for label, *_ in runs], places, changed)


def graded(
    runs: tuple[tuple[str, str, str, str], ...], split: str
) -> dict[str, Mapping[str, pandas.DataFrame]]:
    """Return `confusions.graded` films of runs ``(architecture, label, folder, run_id)``.

    By architecture, then label; runs whose predictions cannot be read or have no such films are
    left out. Not to be changed.
    """
    files, changed = _predictions_of((folder, run_id) for _, _, folder, run_id in runs)
    return _graded(_key(runs, changed), split, runs, files, changed)


def answers(runs: tuple[tuple[str, str, str, str], ...], split: str) -> dict[str, pandas.DataFrame]:
    """Return `confusions.mean_answers` of each network's runs, as `graded` takes them."""
    files, changed = _predictions_of((folder, run_id) for _, _, folder, run_id in runs)
    return _answers(_key(runs, changed), split, runs, files, changed)


def study_tables(
    runs: tuple[tuple[str, str, str, str, int], ...], split: str, study: Path | None
) -> dict[str, pandas.DataFrame]:
    """Return the tables of runs as in `observed`, computed once; on `split` and the test films.

    `study` is the folder of the study that these runs are, whose own tables then may do.
    """
    files, changed = _predictions_of((folder, run_id) for _, folder, run_id, *_ in runs)
    kept = cached.changed(study / "comparisons.csv") if study else 0
    return _study_tables(_key(runs, changed, kept), split, study, runs, files, changed)


def side_by_side(
    files: tuple[tuple[Path, ...], tuple[Path, ...]],
    split: str,
    films: tuple[dict[str, pandas.DataFrame], dict[str, pandas.DataFrame]],
    *,
    averaged: bool,
) -> SideBySide:
    """Return `side_by_side.side_by_side` of two sets of graded `films`, computed once.

    `files` are the predictions that they were read from.
    """
    changed = [list(map(cached.changed, predictions)) for predictions in files]
    return _side_by_side(_key(files, changed), split, averaged, films)


def _key(*parts) -> str:
    """Return what tells apart what is computed of hundreds of runs, in one look.

    Streamlit looks at each part of each argument by itself, which takes longer than all else.
    """
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@st.cache_resource(show_spinner="Resampling the patients", max_entries=32)
def _side_by_side(key, split, averaged, _films):
    return beside(*_films, averaged=averaged)


@st.cache_resource(show_spinner="Comparing the runs", max_entries=8)
def _study_tables(key, split, study, _runs, _files, _changed):
    predictions = {
        run[0]: cached.predictions_at(file, at)
        for run, file, at in zip(_runs, _files, _changed, strict=True)
    }
    if study:
        observed, _ = _observed(_key(_runs, _changed), _runs, _files, _changed)
        if (stored := stored_tables(study, observed, predictions)) is not None:
            return stored
    return tables_of([(run[0], *run[3:]) for run in _runs], predictions, splits=(split,))


def _predictions_of(runs):
    """Return the predictions of runs ``(folder, run_id)``, and when each was last written."""
    files = tuple(Path(folder) / "runs" / run_id / "predictions.csv" for folder, run_id in runs)
    return files, tuple(map(cached.changed, files))


@st.cache_resource(show_spinner=False, max_entries=5000)
def _observed_rows(file, run_id, architecture, seed, changed):
    return anova.observed_rows(run_id, architecture, seed, cached.predictions_at(file, changed))


@st.cache_resource(show_spinner="Measuring the runs", max_entries=32)
def _observed(key, _runs, _files, _changed):
    rows, unread = [], {}
    for (label, _, _, network, seed), file, at in zip(_runs, _files, _changed, strict=True):
        try:
            rows += _observed_rows(file, label, network, seed, at)
        except KneeOAError as error:
            unread[label] = str(error)
    return anova.observed_table(rows), unread


@st.cache_resource(show_spinner="Reading the predictions", max_entries=16)
def _with_reference(key, split, _runs, _files, _changed):
    films_by_network: dict[str, dict[str, pandas.DataFrame]] = {}
    for (architecture, label, *_), file, at in zip(_runs, _files, _changed, strict=True):
        with contextlib.suppress(KneeOAError):  # said by `observed`
            films = confusions.with_reference(cached.predictions_at(file, at), split)
            if len(films):
                films_by_network.setdefault(architecture, {})[label] = films
    return films_by_network


class _GradedWhenAsked(Mapping[str, pandas.DataFrame]):
    """`confusions.graded` films by run, each made when it is first looked at: few mostly are."""

    def __init__(self, films: Mapping[str, pandas.DataFrame], split: str) -> None:
        self._films, self._split = films, split
        self._graded: dict[str, pandas.DataFrame] = {}

    def __getitem__(self, label: str) -> pandas.DataFrame:
        if label not in self._graded:
            self._graded[label] = confusions.graded(self._films[label], self._split)
        return self._graded[label]

    def __iter__(self) -> Iterator[str]:
        return iter(self._films)

    def __len__(self) -> int:
        return len(self._films)


@st.cache_resource(show_spinner=False, max_entries=16)
def _graded(key, split, _runs, _files, _changed):
    films_by_network = _with_reference(key, split, _runs, _files, _changed)
    return {name: _GradedWhenAsked(films, split) for name, films in films_by_network.items()}


@st.cache_resource(show_spinner=False, max_entries=16)
def _answers(key, split, _runs, _files, _changed):
    films_by_network = _with_reference(key, split, _runs, _files, _changed)
    return {name: confusions.mean_answers(films) for name, films in films_by_network.items()}


@st.cache_resource(show_spinner=False, max_entries=16)
def _notes(key, _labels, _places, _changed):
    notes_by_label, problems = {}, []
    for label, place, at in zip(_labels, _places, _changed, strict=True):
        try:
            # Most runs have none: looking once is enough.
            notes_by_label[label] = notes.read(place) if at else notes.Notes()
        except KneeOAError as error:
            problems.append(str(error))
    return notes_by_label, tuple(problems)


@st.cache_resource(show_spinner=False, max_entries=32)
def _histories(key, _labels, _places):
    history_by_label, problems = {}, []
    for label, place in zip(_labels, _places, strict=True):
        try:
            history_by_label[label] = history.read(place)
        except KneeOAError as error:
            problems.append(str(error))
    return history_by_label, tuple(problems)
