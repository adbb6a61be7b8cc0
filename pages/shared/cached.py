"""What the pages load, read and compute once: the only caches of the dashboard."""

import contextlib
import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Not used here: Streamlit and Plotly load it on first use, each run in a thread of its own, and one
# of two runs at once then meets a half-loaded module. Loaded here, the import lock makes it wait.
import pandas
import streamlit as st

from kneeoa.adaptation import allowed
from kneeoa.adaptation.allowed import Offered
from kneeoa.analysis import anova, confusions
from kneeoa.analysis.study_tables import stored_tables
from kneeoa.analysis.study_tables import study_tables as tables_of
from kneeoa.data.film_folder import FilmFolder, open_folder
from kneeoa.errors import KneeOAError
from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph, read_radiograph
from kneeoa.graders.grading import Graders, Reading
from kneeoa.graders.published import DEFAULT_MODELS
from kneeoa.records import archive, results
from kneeoa.records.archive import Archive
from kneeoa.teaching.exam import draw_exam
from kneeoa.teaching.films import TeachingSet, graded_before, open_set
from pages.shared.viewer.feed import FilmFeed, film_feed

if TYPE_CHECKING:
    from sqlalchemy import Engine

GRADED_AT_MOST = 80
"""Films of a folder without published predictions that a network grades for a session."""
DEFAULT_RESULTS = Path(__file__).parents[2] / "assets" / "results"


def models_folder() -> Path:
    """Return the folder of the published models: ``KNEEOA_MODELS`` or the bundled ones."""
    return Path(os.environ.get("KNEEOA_MODELS") or DEFAULT_MODELS)


@st.cache_resource(show_spinner=False)
def spare_the_collector() -> None:
    """Keep what is loaded by now from the garbage collector, which Streamlit has run every time."""
    gc.collect()
    gc.freeze()


@st.cache_resource(show_spinner="Loading the two networks")
def graders() -> Graders:
    """Return both networks, loaded once per server."""
    return Graders(models_folder())


def together_card() -> dict[str, Any] | None:
    """Return the card of both networks together, or None where that is not published."""
    published = graders().together
    return published and published.card


def cards() -> dict[str, dict[str, Any]]:
    """Return the cards of the networks that are loaded, so that both always belong together."""
    return {name: model.card for name, model in graders().published.items()}


def results_folders() -> tuple[Path, ...]:
    """Return the results folders of the research pages: ``KNEEOA_RESULTS`` or the bundled one."""
    return archive.results_folders(os.environ.get("KNEEOA_RESULTS"), DEFAULT_RESULTS)


def read_archive(folders: tuple[Path, ...]) -> Archive:
    """Return what stands in `folders`, read again when something there has changed."""
    return _archive(folders, archive.signature(folders))


@st.cache_resource(show_spinner=False, max_entries=16)
def _archive(folders, changed) -> Archive:
    return archive.read_archive(folders)


def observed(
    runs: tuple[tuple[str, str, str, str, int], ...],
) -> tuple[pandas.DataFrame, dict[str, str]]:
    """Return the metrics of runs ``(label, folder, run_id, architecture, seed)``, computed once.

    One row a run and split as from `anova.observations`, ``run_id`` being the label; and by
    label why a run could not be measured.
    """
    files = _predictions_of((folder, run_id) for _, folder, run_id, *_ in runs)
    return _observed(runs, files, tuple(map(_changed, files)))


def histories(
    runs: tuple[tuple[str, str, str], ...],
) -> tuple[dict[str, pandas.DataFrame], tuple[str, ...]]:
    """Return the epochs of runs ``(label, folder, run_id)`` by label, and what cannot be read."""
    places = tuple(Path(folder) / "runs" / run_id for _, folder, run_id in runs)
    changed = tuple(_changed(place / "history.csv") for place in places)
    return _histories(tuple(label for label, *_ in runs), places, changed)


def graded(
    runs: tuple[tuple[str, str, str, str], ...], split: str
) -> dict[str, dict[str, pandas.DataFrame]]:
    """Return `confusions.graded` films of runs ``(architecture, label, folder, run_id)``.

    By architecture, then label; runs whose predictions cannot be read or have no such films are
    left out. Not to be changed.
    """
    files = _predictions_of((folder, run_id) for _, _, folder, run_id in runs)
    return _graded(runs, split, files, tuple(map(_changed, files)))


def study_tables(
    runs: tuple[tuple[str, str, str, str, int], ...], split: str, study: Path | None
) -> dict[str, pandas.DataFrame]:
    """Return the tables of runs as in `observed`, computed once; on `split` and the test films.

    `study` is the folder of the study that these runs are, whose own tables then may do.
    """
    files = _predictions_of((folder, run_id) for _, folder, run_id, *_ in runs)
    kept = _changed(study / "comparisons.csv") if study else 0
    return _study_tables(files, runs, split, study, (*map(_changed, files), kept))


@st.cache_resource(show_spinner="Comparing the runs", max_entries=8)
def _study_tables(files, runs, split, study, changed):
    if study:
        observed, _ = _observed(runs, files, changed[:-1])
        if (stored := stored_tables(study, observed)) is not None:
            return stored
    predictions = {
        run[0]: _predictions(file, at)
        for run, file, at in zip(runs, files, changed[:-1], strict=True)
    }
    return tables_of([(run[0], *run[3:]) for run in runs], predictions, splits=(split,))


@st.cache_resource(show_spinner="Looking for films", max_entries=4, ttl=600)
def film_folder(folder: Path) -> FilmFolder:
    """Return the films below `folder`, looked for again after ten minutes."""
    return open_folder(folder)


@st.cache_resource(show_spinner=False, max_entries=4, ttl=60)
def offered(roots: tuple[Path, ...]) -> Offered:
    """Return the graded films and profiles in the folders that the server's owner named."""
    return allowed.offered(roots)


@st.cache_data(show_spinner=False, max_entries=64)
def read_film(name: str, data: bytes) -> tuple[Radiograph, Frame, tuple[Reading, ...]]:
    """Return a film, the frame found first, and both published networks' readings of it."""
    radiograph = read_radiograph(data, name)
    frame = graders().localiser.find(radiograph).frames[0]
    return radiograph, frame, graders().read(radiograph, frame)


def of_films(measure: Callable, films: pandas.DataFrame) -> pandas.DataFrame:
    """Return what `measure`, a function of the library, says of films; computed once."""
    return _of_films(measure.__qualname__, measure, films)


@st.cache_data(show_spinner="Resampling the patients", max_entries=128)
def _of_films(name, _measure, films):
    return _measure(films)


def _predictions_of(runs):
    return tuple(Path(folder) / "runs" / run_id / "predictions.csv" for folder, run_id in runs)


def _changed(file):
    return file.stat().st_mtime_ns if file.exists() else 0


@st.cache_resource(show_spinner=False, max_entries=2000)
def _predictions(file, changed):
    return results.read_predictions(file)


@st.cache_resource(show_spinner=False, max_entries=5000)
def _observed_run(file, run_id, architecture, seed, changed):
    return anova.observations([(run_id, architecture, seed, _predictions(file, changed))])


@st.cache_resource(show_spinner="Measuring the runs", max_entries=32)
def _observed(runs, files, changed):
    tables, unread = [], {}
    for (label, _, _, *run), file, at in zip(runs, files, changed, strict=True):
        try:
            tables.append(_observed_run(file, label, *run, at))
        except KneeOAError as error:
            unread[label] = str(error)
    # An empty table would make text of the numbers.
    tables = [table for table in tables if len(table)] or [anova.observations([])]
    return pandas.concat(tables, ignore_index=True), unread


@st.cache_resource(show_spinner="Reading the predictions", max_entries=16)
def _graded(runs, split, files, changed):
    found: dict[str, dict[str, pandas.DataFrame]] = {}
    for (architecture, label, *_), file, at in zip(runs, files, changed, strict=True):
        with contextlib.suppress(KneeOAError):  # said by `observed`
            films = confusions.graded(_predictions(file, at), split)
            if len(films):
                found.setdefault(architecture, {})[label] = films
    return found


@st.cache_resource(show_spinner=False, max_entries=32)
def _histories(labels, places, changed):
    found, problems = {}, []
    for label, place in zip(labels, places, strict=True):
        try:
            found[label] = archive.read_history(place)
        except KneeOAError as error:
            problems.append(str(error))
    return found, tuple(problems)


def published_files() -> dict[str, Path]:
    """Return by network where its published model's validation and test predictions stand."""
    return {
        name: model.file.parent / "predictions.csv" for name, model in graders().published.items()
    }


def predictions(file: Path) -> pandas.DataFrame:
    """Return `results.read_predictions` of a file, read once. Not to be changed."""
    return _predictions(file, _changed(file))


def published_predictions() -> dict[str, pandas.DataFrame]:
    """Return what the published networks said of their validation and test films."""
    return {name: predictions(file) for name, file in published_files().items()}


def store() -> "Engine":
    """Return the database of ``KNEEOA_DATABASE_URL``, by default a file; opened once."""
    return _store(os.environ.get("KNEEOA_DATABASE_URL"))


@st.cache_resource(show_spinner=False)
def _store(url):
    # Late: half a second that no other page needs.
    from kneeoa.store.database import open_store

    return open_store(url)


def teaching_set() -> TeachingSet:
    """Return the films that are taught with: of ``KNEEOA_DATASET``, else synthetic ones."""
    return _teaching_set(os.environ.get("KNEEOA_DATASET"))


@st.cache_resource(show_spinner="Looking for films", max_entries=4, ttl=600)
def _teaching_set(setting):
    return open_set(setting)


def teaching_film(image_id: str) -> tuple[Radiograph, Frame, tuple[Reading, ...]]:
    """Return `read_film` of a film that is taught with."""
    return read_film(*teaching_set().read(image_id))


@st.cache_data(show_spinner=False, max_entries=64)
def teaching_feed(folder: Path | None, image_id: str, longest: int) -> FilmFeed:
    """Return a film that is taught with for the viewer, of at most `longest` pixels, made once.

    `folder` is that of `teaching_set`, in which the id stands for this film.
    """
    name, data = teaching_set().read(image_id)
    radiograph = read_radiograph(data, name)  # a class waits for it: not for the networks
    return film_feed(radiograph, longest=longest)


def network_grades(architecture: str) -> dict[str, int]:
    """Return a published network's grades, by image id, of films that are taught with.

    From its published predictions where they name the films; else of `GRADED_AT_MOST` films, spread
    over the grades, graded now.
    """
    films = teaching_set()
    before = graded_before(published_predictions()[architecture], films)
    return before or dict(_graded_now(films.folder, tuple(films.films))[architecture])


@st.cache_resource(show_spinner="The networks grade films for the first time", max_entries=8)
def _graded_now(folder, image_ids):
    found: dict[str, dict[str, int]] = {name: {} for name in cards()}
    for name in draw_exam(teaching_set().films.values(), GRADED_AT_MOST, seed=0).image_ids:
        with contextlib.suppress(KneeOAError):  # said where the film itself is shown
            for reading in teaching_film(name)[2]:
                found[reading.architecture][name] = int(reading.grade)
    return found
