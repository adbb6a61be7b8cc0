"""Graded films, opened: framed as in reading, and refused as in reading."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from kneeoa.adaptation.framed import Framed
from kneeoa.adaptation.gathering.graded import GradedFilms, Opened, TooFewError, gather
from kneeoa.adaptation.listing import LeftOut, Listed
from kneeoa.errors import KneeOAError, RadiographError
from kneeoa.files import read_regular
from kneeoa.films.apart.pool import workers
from kneeoa.films.dicom.patient import PATIENT
from kneeoa.films.limits import DEFAULT_LIMITS
from kneeoa.films.phantom import is_drawn
from kneeoa.films.radiograph import Radiograph, read_radiograph
from kneeoa.graders.locating.found import Found, Knee, graded_knee
from kneeoa.graders.locating.localiser import Localiser

Framing = Callable[[Radiograph, str], Framed]
"""Radiograph and side (``"L"``, ``"R"`` or empty) -> what the networks may see."""

_WORKERS = 4
"""By name: what it needs is loaded in the workers alone."""


def framed_by(localiser: Localiser) -> Framing:
    """Return the framing of a reading: what is refused there is refused here.

    In a film of two knees the side says whose grade it is; without one it is refused.
    """

    def frame(radiograph: Radiograph, side: str) -> Framed:
        located = localiser.find(radiograph)
        knee = knee_graded(radiograph, located, side)
        return Framed.of_knee(located.to_grade(radiograph), located, knee, side)

    return frame


def knee_graded(radiograph: Radiograph, located: Found, side: str) -> Knee:
    """Return the knee of a film that a grade of the knee on `side` is of, or of the only one.

    Raises `RadiographError` where that cannot be told. What has room for another knee is the film
    alone: an even border around it is none.
    """
    rows, columns = radiograph.inside
    film = located.moved(-rows.start, -columns.start)
    knee = graded_knee(film, side, columns.stop - columns.start)
    return located.knees[film.knees.index(knee)]


def open_films(
    listed: Sequence[Listed],
    left_out: Sequence[LeftOut] = (),
    *,
    framing: Framing,
    progress: Callable[[Iterable], Iterable] = iter,
    told: Callable[[LeftOut], object] = lambda film: None,
) -> GradedFilms:
    """Open and frame the films; what cannot be read, or is there twice, is left out by name.

    `progress` may wrap the films as they come; `told` hears of each film that is left out, also
    where too few are left. Raises `TooFewError` when fewer than `LEAST_FILMS`
    films or `LEAST_GRADES` grades are left.
    """

    def open_one(film: Listed) -> Opened:
        radiograph, patient = read(film)
        return opened(film, framing(radiograph, film.side), radiograph, patient)

    results = list(progress(each(open_one, listed)))
    refused = [result for result in results if isinstance(result, LeftOut)]
    readable = [result for result in results if not isinstance(result, LeftOut)]
    every: Sequence[LeftOut] = ()
    try:
        films = gather(readable, (*left_out, *refused))
        every = films.left_out
    except TooFewError as error:
        every = error.left_out
        raise
    finally:
        for film in every:
            told(film)
    return films


Made = TypeVar("Made")


def each(make: Callable[[Listed], Made], listed: Sequence[Listed]) -> Iterator[Made | LeftOut]:
    """Yield what `make` makes of each film, or why nothing could be made; several at a time."""

    def made(listed_film: Listed) -> Made | LeftOut:
        try:
            return make(listed_film)
        except KneeOAError as error:
            return LeftOut(listed_film.name, str(error))

    with ThreadPoolExecutor(_WORKERS) as pool:
        yield from pool.map(made, listed)


def data_of(film: Listed) -> bytes:
    """Return the bytes of a listed film; raise `RadiographError` where they cannot be had."""
    if not isinstance(film.file, Path):
        DEFAULT_LIMITS.check_bytes(film.file.size)
        return film.file.read_bytes()
    try:
        return read_regular(film.file, DEFAULT_LIMITS.max_bytes)
    except OSError as error:
        raise RadiographError(f"The file cannot be opened: {error.strerror}.") from None


def read(film: Listed) -> tuple[Radiograph, str]:
    """Return a listed film, and its patient where that is known.

    Raises `RadiographError` where it cannot be read, or is one of the drawn demo films.
    """
    data = data_of(film)
    if is_drawn(data):
        raise RadiographError(
            "It is a drawn demo film: how a drawing is graded says nothing of real films."
        )
    radiograph = read_radiograph(data, film.file.name)
    patient = film.patient
    if not patient and radiograph.source == "DICOM":
        patient = str(workers().run(PATIENT, data).facts["id"])
    return radiograph, patient


def opened(film: Listed, framed: Framed, radiograph: Radiograph, patient: str) -> Opened:
    """Return a film that was read and framed."""
    # The side tells the two knees of one film apart.
    known_by = "\n".join([film.name, radiograph.digest, *([film.side] if film.side else [])])
    return Opened(
        film,
        framed,
        patient,
        hashlib.sha256(known_by.encode()).hexdigest(),
        radiograph.digest,
    )
