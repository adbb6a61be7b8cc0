"""Graded films, opened: framed as in reading, refused as in reading, each once, with its patient.

Whose knee a film is of says the table; else the patient's id in a DICOM file; else a name that
tells patient and side (``9001695L``, ``P12_R``); else the film counts as a patient of its own.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TypeVar

import numpy as np

from kneeoa.adaptation.framed import Framed
from kneeoa.adaptation.listing import LeftOut, Listed
from kneeoa.data.listing import name_patterns, patient_and_side
from kneeoa.errors import DataError, KneeOAError, RadiographError
from kneeoa.files import read_regular
from kneeoa.films.apart.pool import workers
from kneeoa.films.dicom.patient import PATIENT
from kneeoa.films.limits import DEFAULT_LIMITS
from kneeoa.films.radiograph import Radiograph, read_radiograph
from kneeoa.graders.locating.found import Found, Knee
from kneeoa.graders.locating.localiser import Localiser
from kneeoa.wording import counted

Framing = Callable[[Radiograph, str], Framed]
"""Radiograph and side (``"L"``, ``"R"`` or empty) -> what the networks may see."""

LEAST_FILMS = 25
LEAST_GRADES = 3
_WORKERS = 4
"""By name: what it needs is loaded in the workers alone."""


@dataclass(frozen=True, slots=True, eq=False)
class GradedFilms:
    """Films to learn a habit from.

    Attributes
    ----------
    images : (N, 224, 224) float32 in [0, 255], the knees' boxes
    grades : (N,) int in 0-4
    patient_ids : N names, for keeping a patient's films together; never written
    names : N paths below the folder
    digests : N SHA-256 of name, content and side; a name alone could be guessed from its hash
    left_out : films that are not among them, and why
    notes : what else there is to know, as sentences
    whole : as `images`, of the whole films; None where one of them shows two knees
    overlap : how much of its film a box is at least, one in a hundred apart
    """

    images: np.ndarray
    grades: np.ndarray
    patient_ids: tuple[str, ...]
    names: tuple[str, ...]
    digests: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    whole: np.ndarray | None = None
    overlap: float = 0.0

    def __len__(self) -> int:
        return len(self.grades)

    def without_pictures(self) -> "GradedFilms":
        """Return what is known of the films once the networks have looked at them."""
        return replace(self, images=np.empty((0, *self.images.shape[1:]), np.float32), whole=None)


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A graded film that could be read and framed.

    Attributes
    ----------
    framed : what the networks may see of it
    patient : as the source or the DICOM header names her, else empty
    digest : SHA-256 of name, content and, where it is known, side
    content : SHA-256 of the file alone, as of a `Radiograph`
    """

    listed: Listed
    framed: Framed
    patient: str
    digest: str
    content: str


def framed_by(localiser: Localiser) -> Framing:
    """Return the framing of a reading: what is refused there is refused here.

    In a film of two knees the side says whose grade it is; without one it is refused.
    """

    def frame(radiograph: Radiograph, side: str) -> Framed:
        located = localiser.find(radiograph)
        return Framed.of_knee(located.to_grade(radiograph), located, knee_of(located, side))

    return frame


def knee_of(located: Found, side: str) -> Knee:
    """Return the knee that a grade is of; raise `RadiographError` where it may not be graded."""
    if located.refusal is not None:
        raise RadiographError(located.refusal.sentence)
    knees = located.knees
    if len(knees) > 1:
        knees = tuple(knee for knee in knees if knee.side == side)
    if len(knees) != 1:
        raise RadiographError(
            "Expected a film of one knee, or the side that the grade is of. This one shows "
            "two: add a column `side` with L or R, a row for each knee."
        )
    return knees[0]


def open_films(
    listed: Sequence[Listed],
    left_out: Sequence[LeftOut] = (),
    *,
    framing: Framing,
    progress: Callable[[Iterable], Iterable] = iter,
) -> GradedFilms:
    """Open and frame the films; what cannot be read, or is there twice, is left out by name.

    `progress` may wrap the films as they come. Raises `DataError` when fewer than `LEAST_FILMS`
    films or `LEAST_GRADES` grades are left.
    """

    def open_one(film: Listed) -> Opened:
        radiograph, patient = read(film)
        return opened(film, framing(radiograph, film.side), radiograph, patient)

    results = list(progress(each(open_one, listed)))
    refused = [result for result in results if isinstance(result, LeftOut)]
    return gather(
        [result for result in results if not isinstance(result, LeftOut)], (*left_out, *refused)
    )


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
    """Return a listed film, and its patient where that is known; raise `RadiographError`."""
    data = data_of(film)
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


def gather(opened_films: Sequence[Opened], left_out: Sequence[LeftOut] = ()) -> GradedFilms:
    """Return the films to learn from: each once, enough of them, and with their patients.

    Raises as `open_films` does.
    """
    left_out = list(left_out)
    kept = _each_once(opened_films, left_out)
    _expect_enough(kept, left_out)
    patients, notes = _patients_of(kept)
    wholes = [film.framed.whole for film in kept if film.framed.whole is not None]
    return GradedFilms(
        np.stack([film.framed.image for film in kept]).astype(np.float32),
        np.array([film.listed.grade for film in kept]),
        patients,
        tuple(film.listed.name for film in kept),
        tuple(film.digest for film in kept),
        tuple(left_out),
        notes,
        np.stack(wholes).astype(np.float32) if len(wholes) == len(kept) else None,
        float(np.quantile([film.framed.overlap for film in kept], 0.01)),
    )


def _each_once(opened: Iterable[Opened], left_out: list[LeftOut]) -> list[Opened]:
    """Leave out films whose pixels are there already; both, when their grades differ."""
    same: dict[bytes, list[Opened]] = {}
    for film in opened:
        same.setdefault(hashlib.sha256(film.framed.image.tobytes()).digest(), []).append(film)
    kept = []
    for first, *others in same.values():
        if any(film.listed.grade != first.listed.grade for film in others):
            names = ", ".join(film.listed.name for film in (first, *others))
            reason = f"The same film is there with different grades: {names}."
            left_out += [LeftOut(film.listed.name, reason) for film in (first, *others)]
            continue
        kept.append(first)
        reason = f"It is the same film as {first.listed.name}."
        left_out += [LeftOut(film.listed.name, reason) for film in others]
    return kept


def _expect_enough(opened: Sequence[Opened], left_out: Sequence[LeftOut]) -> None:
    grades = Counter(film.listed.grade for film in opened)
    without = f" ({counted(len(left_out), 'film')} could not be used)" if left_out else ""
    if len(opened) < LEAST_FILMS:
        raise DataError(
            f"Expected at least {LEAST_FILMS} graded films to learn a habit from. Received "
            f"{len(opened)}{without}. Fifty or more are worth the work."
        )
    if len(grades) < LEAST_GRADES:
        raise DataError(
            f"Expected films of at least {LEAST_GRADES} grades. Received "
            f"{' and '.join(f'KL {grade}' for grade in sorted(grades))} alone{without}."
        )


def _patients_of(opened: Sequence[Opened]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    patterns = name_patterns(None)
    patients, alone = [], 0
    for number, film in enumerate(opened):
        patient: str | None = film.patient
        if not patient:
            patient, _ = patient_and_side(PurePosixPath(film.listed.name).stem, patterns)
        if patient:
            patients.append(f"patient {patient}")
        else:
            patients.append(f"film {number}")
            alone += 1
    notes = []
    if alone:
        notes.append(
            f"The patient of {counted(alone, 'film')} is not known, so each counts as a patient of "
            "its own. If a patient has two of them, name her in grades.csv (column patient): "
            "figures are too good otherwise."
        )
    missing = [f"KL {grade}" for grade in range(5) if all(o.listed.grade != grade for o in opened)]
    if missing:
        notes.append(
            f"No film of {' and '.join(missing)} is among them: how your readers tell that grade "
            "is not learnt, and stays as published."
        )
    return tuple(patients), tuple(notes)
