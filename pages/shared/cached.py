"""What the pages load, read and compute once; of training runs in `cached_runs`.

The only caches of the dashboard are in these two.
"""

import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Not used here: Streamlit and Plotly load it on first use, each run in a thread of its own, and one
# of two runs at once then meets a half-loaded module. Loaded here, the import lock makes it wait.
import pandas
import streamlit as st

from kneeoa.adaptation import allowed
from kneeoa.adaptation.allowed import Offered
from kneeoa.data.film_folder import FilmFolder, open_folder
from kneeoa.errors import KneeOAError
from kneeoa.films import display
from kneeoa.films.radiograph import read_radiograph
from kneeoa.graders.cards.signature import Signature, keys_in, signature_of
from kneeoa.graders.grading import Graders, folders_of
from kneeoa.graders.maps.jobs import MapJobs
from kneeoa.graders.published import DEFAULT_MODELS
from kneeoa.graders.together import FOLDER as TOGETHER_FOLDER
from kneeoa.records import joint_space, results
from kneeoa.teaching.exam import draw_exam
from kneeoa.teaching.films import TeachingSet, graded_before, open_set
from pages.shared.memory.folder_film import FolderFilm
from pages.shared.memory.recent import RecentFilms
from pages.shared.viewer.feed import FilmFeed, film_feed

if TYPE_CHECKING:
    from sqlalchemy import Engine

_LAST_OF_ALL = 19
"""As of ``nice``."""
GRADED_AT_MOST = 80
"""Films of a folder without published predictions that a network grades for a session."""
PUBLISHED_RESULTS = Path(__file__).parents[2] / "assets" / "results"
FOLDERS = ("KNEEOA_OWN_FILMS", "KNEEOA_DATASET")


def models_folder() -> Path:
    """Return the folder of the published models: ``KNEEOA_MODELS`` or the bundled ones."""
    return Path(os.environ.get("KNEEOA_MODELS") or DEFAULT_MODELS).expanduser()


@st.cache_resource(show_spinner=False)
def graders() -> Graders:
    """Return both networks, loaded once per server: from its start on, see `pages.lifespan`."""
    return Graders(models_folder())


@st.cache_resource(show_spinner=False)
def signature() -> Signature:
    """Return who stands for the models in use, looked at once per server."""
    keys = keys_in(os.environ.get("KNEEOA_TRUSTED_KEYS"))
    return signature_of(folders_of(models_folder()), keys=keys)


@st.cache_resource(show_spinner=False)
def joint_space_is_good() -> bool:
    """Return whether joint space widths keep the bounds set for them, looked at once per server."""
    return joint_space.is_good(PUBLISHED_RESULTS / joint_space.FILE)


@st.cache_resource(show_spinner=False)
def map_jobs() -> MapJobs:
    """Return what computes maps that take long, one for the server."""
    return MapJobs()


@st.cache_resource(show_spinner=False)
def readers() -> ThreadPoolExecutor:
    """Return who has networks read while a page goes on, one for the server."""
    return ThreadPoolExecutor(thread_name_prefix="reading")


@st.cache_resource(show_spinner=False)
def ahead() -> ThreadPoolExecutor:
    """Return who makes ready what a reader is likely to turn to next, one film at a time."""
    return ThreadPoolExecutor(1, "ahead")


@st.cache_resource(show_spinner=False)
def in_the_background() -> ThreadPoolExecutor:
    """Return who does what no reader waits for: one thing at a time, and last of all."""
    return ThreadPoolExecutor(1, "background", initializer=_give_way)


def _give_way() -> None:
    """Have the kernel prefer all other threads (Linux) to this one."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LAST_OF_ALL)


def together_card() -> dict[str, Any] | None:
    """Return the card of both networks together, or None where that is not published."""
    published = graders().together
    return published.card if published else None


def cards() -> dict[str, dict[str, Any]]:
    """Return the cards of the networks that are loaded, so that both always belong together."""
    return {name: model.card for name, model in graders().published.items()}


@st.cache_resource(show_spinner="Looking for films", max_entries=4, ttl=600)
def film_folder(folder: Path) -> FilmFolder:
    """Return the films below `folder`, looked for again after ten minutes."""
    return open_folder(folder)


@st.cache_data(show_spinner=False, max_entries=1000)
def thumbnail(folder: Path, image_id: str, changed: int, longest: int) -> str:
    """Return a film of `film_folder` as a ``data:`` address, of at most `longest` pixels.

    Of a negative it is the positive, as wherever the film is opened.
    `changed` is when its file was last written. Raises `KneeOAError` where it cannot be read.
    """
    films = film_folder(folder)
    radiograph = read_radiograph(films.read(image_id), films.files[image_id].name)
    shown = _found(radiograph.digest, radiograph).to_grade(radiograph)
    return display.png_uri(display.to_uint8(display.fit_within(shown.pixels, longest)))


def offered() -> Offered:
    """Return what lies in the folders that the server's owner named, and nowhere else."""
    return _offered(allowed.roots_of(*map(os.environ.get, FOLDERS)))


@st.cache_resource(show_spinner=False, max_entries=4, ttl=60)
def _offered(roots):
    return allowed.offered(roots)


@st.cache_resource(show_spinner=False)
def _recent_films():
    return RecentFilms()


@st.cache_data(show_spinner=False, max_entries=500)
def _found(digest, _radiograph):
    return graders().localiser.find(_radiograph)


@st.cache_data(show_spinner=False, max_entries=500)
def _answers(digest, _graded, frame):
    return graders().read_both(_graded, frame)


def read_film(name: str, data: bytes) -> FolderFilm:
    """Return a film as the reading page has it, answered by the published networks."""
    radiograph = _recent_films().read(name, data)
    digest = radiograph.digest
    located = _found(digest, radiograph)
    film = FolderFilm.as_found(radiograph, located)
    return film if film.refused else film.answered(*_answers(digest, film.radiograph, film.frame))


def of_films(measure: Callable, films: pandas.DataFrame) -> pandas.DataFrame:
    """Return what `measure`, a function of the library, says of films; computed once."""
    return _of_films(
        f"{measure.__module__} {measure.__qualname__}", _every_row(films), measure, films
    )


def _every_row(table: pandas.DataFrame) -> tuple[bytes, ...]:
    """Return what no other table has: Streamlit looks at some of the rows of a long one alone."""
    hashed = pandas.util.hash_pandas_object
    return tuple(hashed(part).to_numpy().tobytes() for part in (table.dtypes.astype(str), table))


@st.cache_data(show_spinner="Resampling the patients", max_entries=128)
def _of_films(name, rows, _measure, _films):
    return _measure(_films)


def changed(file: Path) -> int:
    """Return when a file was last written, in ns, or 0 where there is none."""
    try:
        return os.stat(file).st_mtime_ns  # noqa: PTH116 - pathlib's takes several times as long
    except OSError:
        return 0


@st.cache_resource(show_spinner=False, max_entries=2000)
def predictions_at(file: Path, changed: int) -> pandas.DataFrame:
    """Return `results.read_predictions` of a file as it was when it was `changed`."""
    return results.read_predictions(file)


def published_files() -> dict[str, Path]:
    """Return by network where its published model's validation and test predictions stand."""
    return {
        name: model.file.parent / "predictions.csv" for name, model in graders().published.items()
    }


def predictions(file: Path) -> pandas.DataFrame:
    """Return `results.read_predictions` of a file, read once. Not to be changed."""
    return predictions_at(file, changed(file))


def published_predictions() -> dict[str, pandas.DataFrame]:
    """Return what the published networks said of their validation and test films."""
    return {name: predictions(file) for name, file in published_files().items()}


def together_predictions() -> pandas.DataFrame | None:
    """Return what both together said of the networks' films; None where that is not published."""
    file = together_file()
    return None if file is None else predictions(file)


def together_file() -> Path | None:
    """Return where the predictions of both together stand; None where that is not published."""
    file = models_folder() / TOGETHER_FOLDER / "predictions.csv"
    return file if together_card() and file.exists() else None


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


def teaching_film(image_id: str) -> FolderFilm:
    """Return `read_film` of a film that is taught with."""
    return read_film(*teaching_set().read(image_id))


@st.cache_data(show_spinner=False, max_entries=64)
def teaching_feed(folder: Path | None, image_id: str, longest: int) -> FilmFeed:
    """Return a film that is taught with for the viewer, of at most `longest` pixels, made once.

    `folder` is that of `teaching_set`, in which the id stands for this film.
    """
    name, data = teaching_set().read(image_id)
    radiograph = read_radiograph(data, name)
    shown = _found(radiograph.digest, radiograph).to_grade(radiograph)
    return film_feed(shown, longest=longest)


def published_grades(architecture: str) -> dict[str, int]:
    """Return what a published network said, by image id, of films that are taught with."""
    predictions, rule = published_predictions()[architecture], graders().rules[architecture]
    return graded_before(predictions, teaching_set(), rule)


def network_grades(architecture: str) -> dict[str, int]:
    """Return a published network's grades, by image id, of films that are taught with.

    From its published predictions where they name the films; else of `GRADED_AT_MOST` films, spread
    over the grades, graded now.
    """
    films = teaching_set()
    return published_grades(architecture) or dict(
        _graded_now(films.folder, tuple(films.films))[architecture]
    )


@st.cache_resource(show_spinner="The networks grade films for the first time", max_entries=8)
def _graded_now(folder, image_ids):
    grades: dict[str, dict[str, int]] = {name: {} for name in cards()}
    for name in draw_exam(teaching_set().films.values(), GRADED_AT_MOST, seed=0).image_ids:
        with contextlib.suppress(KneeOAError):  # said where the film itself is shown
            for reading in teaching_film(name).readings:
                grades[reading.architecture][name] = int(reading.said)
    return grades
