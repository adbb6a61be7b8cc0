"""The films to learn from: each once, enough of them, and what there is to know of them."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kneeoa.adaptation.framed import Framed
from kneeoa.adaptation.gathering.patients import patients_of
from kneeoa.adaptation.listing import LeftOut, Listed
from kneeoa.errors import DataError
from kneeoa.wording import counted

LEAST_FILMS = 25
LEAST_GRADES = 3
DISPUTED = "The same film is there with different grades"


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
    contents : N SHA-256 of the files alone
    left_out : films that are not among them, and why
    notes : what else there is to know, as sentences
    remarks : what there is to bear in mind of films that are among them: name and sentence
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
    contents: tuple[str, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.grades)

    @property
    def unusable(self) -> int:
        """How many films could not be used, each counted once."""
        return sum(film.why == "unusable" for film in self.left_out)

    @property
    def by_reader(self) -> int:
        """How many films the reader left out."""
        return sum(film.why == "reader" for film in self.left_out)

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


class TooFewError(DataError):
    """There are not enough films, or grades, to learn from; `left_out` says what became of them."""

    def __init__(self, sentence: str, left_out: Sequence[LeftOut]) -> None:
        super().__init__(sentence)
        self.left_out = tuple(left_out)


def gather(opened_films: Sequence[Opened], left_out: Sequence[LeftOut] = ()) -> GradedFilms:
    """Return the films to learn from: each once, enough of them, and with their patients.

    Raises as `open_films` does.
    """
    left_out = list(left_out)
    same = _same_films(opened_films)
    patients, notes = patients_of([(film.listed.name, film.patient) for film in opened_films], same)
    kept = _each_once(opened_films, same, left_out)
    films = [opened_films[place] for place in kept]
    _expect_enough(films, left_out)
    wholes = [film.framed.whole for film in films if film.framed.whole is not None]
    return GradedFilms(
        np.stack([film.framed.image for film in films]).astype(np.float32),
        np.array([film.listed.grade for film in films]),
        tuple(patients[place] for place in kept),
        tuple(film.listed.name for film in films),
        tuple(film.digest for film in films),
        tuple(left_out),
        (*notes, *_notes_on(films, left_out)),
        np.stack(wholes).astype(np.float32) if len(wholes) == len(films) else None,
        float(np.quantile([film.framed.overlap for film in films], 0.01)),
        tuple(film.content for film in films),
        tuple((film.listed.name, remark) for film in films for remark in film.framed.remarks),
    )


def lacking(grades: Sequence[int]) -> str:
    """Return what films of `grades` lack, in a sentence; empty where there is enough of all.

    Films that are there twice are not told from others before `gather` looks at them.
    """
    if len(grades) < LEAST_FILMS:
        return (
            f"{LEAST_FILMS} films are needed to learn from them, or to measure the networks on "
            f"them: there are {len(grades)}. Fifty or more are worth the work."
        )
    if len(set(grades)) < LEAST_GRADES:
        return f"Films of {LEAST_GRADES} grades are needed, to learn from and to measure on."
    return ""


def _same_films(opened: Sequence[Opened]) -> np.ndarray:
    """Return a number for each film, the same where the networks see the same pixels."""
    seen: dict[bytes, int] = {}
    return np.array(
        [
            seen.setdefault(hashlib.sha256(film.framed.image.tobytes()).digest(), len(seen))
            for film in opened
        ],
        int,
    )


def _each_once(opened: Sequence[Opened], same: np.ndarray, left_out: list[LeftOut]) -> list[int]:
    """Leave out films that are there already; both, when their grades differ."""
    kept = []
    for number in dict.fromkeys(same.tolist()):
        place, *_ = places = np.flatnonzero(same == number).tolist()
        first, *others = (opened[place] for place in places)
        if any(film.listed.grade != first.listed.grade for film in others):
            names = ", ".join(film.listed.name for film in (first, *others))
            reason = f"{DISPUTED}: {names}."
            left_out.append(LeftOut(first.listed.name, reason))
        else:
            kept.append(place)
            reason = f"It is the same film as {first.listed.name}."
        left_out += [LeftOut(film.listed.name, reason, "again") for film in others]
    return kept


def _expect_enough(opened: Sequence[Opened], left_out: Sequence[LeftOut]) -> None:
    grades = Counter(film.listed.grade for film in opened)
    why = Counter[str](film.why for film in left_out)
    lost = [
        f"{counted(why[kind], 'film')} {words}"
        for kind, words in (("unusable", "could not be used"), ("reader", "left out by the reader"))
        if why[kind]
    ]
    without = f" ({', '.join(lost)})" if lost else ""
    if len(opened) < LEAST_FILMS:
        raise TooFewError(
            f"Expected at least {LEAST_FILMS} graded films: fewer tell neither a habit nor how "
            f"the networks do. Received {len(opened)}{without}. Fifty or more are worth the work.",
            left_out,
        )
    if len(grades) < LEAST_GRADES:
        raise TooFewError(
            f"Expected films of at least {LEAST_GRADES} grades. Received "
            f"{' and '.join(f'KL {grade}' for grade in sorted(grades))} alone{without}.",
            left_out,
        )


def _notes_on(opened: Sequence[Opened], left_out: Sequence[LeftOut]) -> Iterator[str]:
    """Yield what there is to know of the grades, and of films that are missing for their sake."""
    missing = [f"KL {grade}" for grade in range(5) if all(o.listed.grade != grade for o in opened)]
    if missing:
        yield (
            f"No film of {' and '.join(missing)} is among them: how your readers tell that grade "
            "is not learnt, and stays as published."
        )
    disputed = sum(film.why == "unusable" and film.reason.startswith(DISPUTED) for film in left_out)
    if disputed:
        yield (
            f"{counted(disputed, 'film')} with two grades left out: only those remain on which "
            "the readers agree, which are easier, and the figures are of such films alone."
        )
    if by_reader := sum(film.why == "reader" for film in left_out):
        yield (
            f"{counted(by_reader, 'film')} left out by the reader: if because they are hard, or "
            "because the networks disagreed, the figures are too good."
        )
