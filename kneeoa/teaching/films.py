"""Films that are taught with: of a graded dataset folder, or synthetic where there is none."""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from kneeoa.data.folder import list_graded
from kneeoa.data.listing import name_patterns, repeated_ids
from kneeoa.errors import DataError
from kneeoa.files import read_regular
from kneeoa.films import phantom
from kneeoa.films.limits import DEFAULT_LIMITS
from kneeoa.graders.answer import Answer, Answered, AnswerRule, grades_said
from kneeoa.grades import GRADES, KLGrade
from kneeoa.records.results import PROBABILITY_COLUMNS
from kneeoa.wording import is_plain, listed

HELD_OUT = ("val", "test")
"""The splits that are taught with: the networks, shown beside the learner, never learned them."""

SYNTHETIC_A_GRADE = 12
_DRAWN = tuple(f"synthetic-{number:03d}" for number in range(len(GRADES) * SYNTHETIC_A_GRADE))


@dataclass(frozen=True, slots=True)
class TeachingFilm:
    """A film with its reference grade; `file` is relative to the set's folder."""

    image_id: str
    patient_id: str
    grade: KLGrade
    split: str
    file: str


@dataclass(frozen=True, slots=True)
class TeachingSet:
    """The films of a folder, or synthetic ones.

    Attributes
    ----------
    folder : None: the films are synthetic, and have to be marked so
    films : by image id
    notes : what whoever is taught with them has to know, in sentences
    left_out : what of the folder is not among them and why, in sentences, for whoever keeps it
    """

    folder: Path | None
    films: dict[str, TeachingFilm]
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def is_synthetic(self) -> bool:
        """Whether no patient is behind these films."""
        return self.folder is None

    @property
    def may_be_learnt(self) -> bool:
        """Whether the published networks may have learned from these films."""
        return not self.is_synthetic and any(
            film.split not in HELD_OUT for film in self.films.values()
        )

    @property
    def patients(self) -> dict[str, str]:
        """Whose each film is, by image id."""
        return {name: film.patient_id for name, film in self.films.items()}

    @property
    def missing_grades(self) -> tuple[KLGrade, ...]:
        """The grades of which there is no film."""
        grades = {film.grade for film in self.films.values()}
        return tuple(grade for grade in GRADES if grade not in grades)

    def read(self, image_id: str) -> tuple[str, bytes]:
        """Return a film's file name and bytes; raise `DataError` where it cannot be had."""
        film = self.films.get(image_id)
        if film is None:
            raise DataError(f"Expected the film {image_id} among those taught with. It is not.")
        if self.folder is None:
            return film.file, _drawn(film.grade, _seed_of(image_id))
        file = self.folder / film.file
        try:
            data = read_regular(file, DEFAULT_LIMITS.max_bytes, inside=self.folder)
            return file.name, data
        except OSError as error:
            # Not the path: its folder is the grade, and this is said while the film is graded.
            raise DataError(f"Expected to read the film {image_id}. {error.strerror}.") from None


def synthetic_set() -> TeachingSet:
    """Return `SYNTHETIC_A_GRADE` drawn films of every grade, each a patient of its own."""
    # By lot, so that no name gives its grade away.
    grades = np.random.default_rng(0).permutation(np.repeat(GRADES, SYNTHETIC_A_GRADE))
    films = {
        name: TeachingFilm(name, name, KLGrade(int(grade)), "", f"{name}.png")
        for name, grade in zip(_DRAWN, grades, strict=True)
    }
    return TeachingSet(None, films)


def are_drawn(image_ids: Iterable[str]) -> bool:
    """Whether films of `image_ids` are synthetic ones, whatever is taught with by now."""
    return not set(_DRAWN).isdisjoint(image_ids)


def read_set(folder: Path) -> TeachingSet:
    """Return the graded films below ``folder/{train,val,test}/{0..4}`` or ``folder/{0..4}``.

    Of a folder with splits, validation and test films are taken; where it has neither, all are, and
    a note says so. Nothing is opened. Raises `DataError` when there is no graded film.
    """
    if not folder.is_dir():
        # Learners read this: where the folder should be is no help to them.
        raise DataError(
            "Expected the folder of films that this dashboard was started with. It is not there: "
            "tell whoever runs the dashboard, or the teacher."
        )
    listing = list_graded(folder, name_patterns(None), without_splits=True)
    notes, left_out = [], [*listing.ignored]
    held_out = [entry for entry in listing.entries if entry.split in HELD_OUT]
    entries = held_out or list(listing.entries)
    if not held_out:
        notes.append(
            "The folder has no val or test films: all of its films are used, and the networks may "
            "have learned from them."
        )
    shown = [entry for entry in entries if all(map(is_plain, entry.image_id))]
    if len(shown) < len(entries):
        left_out.append(
            f"{len(entries) - len(shown)} films left out, whose names hold characters that cannot "
            "be shown: rename them."
        )
        entries = shown
    doubles = repeated_ids(entries)
    if doubles:
        left_out.append(
            f"{len(doubles)} names stand for more than one film (the first: {min(doubles)}): these "
            "films are left out."
        )
    films = {
        entry.image_id: TeachingFilm(
            entry.image_id, entry.patient_id, KLGrade(entry.grade), entry.split, entry.file
        )
        for entry in entries
        if entry.image_id not in doubles
    }
    if not films:
        raise DataError(f"Expected films with names of their own in {folder}. Found none.")
    teaching_set = TeachingSet(folder, films, tuple(notes), tuple(left_out))
    if teaching_set.missing_grades:
        named = listed([grade.label for grade in teaching_set.missing_grades])
        notes.append(f"There is no film of {named}.")
    return replace(teaching_set, notes=tuple(notes))


def open_set(setting: str | None) -> TeachingSet:
    """Return the set that ``KNEEOA_DATASET`` names, the synthetic one where it is empty."""
    return read_set(Path(setting).expanduser()) if setting else synthetic_set()


def graded_before(
    predictions: pd.DataFrame, films: TeachingSet, rule: AnswerRule | None = None
) -> dict[str, int]:
    """Return the grades, by image id, that a table of predictions gives to films of the set.

    `predictions` as from `results.read_predictions`, of a network that answers by `rule`. A film
    counts as the same one where name and reference grade are.
    """
    reference = predictions["image_id"].map({n: int(f.grade) for n, f in films.films.items()})
    same = predictions[(reference == predictions["true_grade"]).fillna(False)]
    grades = grades_said(rule, same[PROBABILITY_COLUMNS].to_numpy(float))
    return dict(zip(same["image_id"], grades.tolist(), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class RecordedAnswer(Answered):
    """What a table of predictions says of a film, by a network or by both together.

    Attributes
    ----------
    name : of the network, or ``together``
    probabilities : (5,) float64 summing to 1
    answer : as of `kneeoa.graders.grading.Reading`
    """

    name: str
    probabilities: np.ndarray
    answer: Answer | None


def recorded_answers(
    tables: Mapping[str, pd.DataFrame], film: TeachingFilm, rules: Mapping[str, AnswerRule | None]
) -> tuple[RecordedAnswer, ...]:
    """Return what tables of predictions say of a film, by the same measure as `graded_before`.

    `tables` and the `rules` by which is answered have the same names; a table without the film has
    no answer.
    """
    answers = []
    for name, table in tables.items():
        same = (table["image_id"] == film.image_id) & (table["true_grade"] == film.grade)
        for shares in table.loc[same, PROBABILITY_COLUMNS].to_numpy(float)[:1]:
            rule = rules[name]
            answers.append(RecordedAnswer(name, shares, rule.answer(shares) if rule else None))
    return tuple(answers)


# A page asks for its film at every key press, and drawing takes a quarter of a second.
@functools.lru_cache(maxsize=len(GRADES) * SYNTHETIC_A_GRADE)
def _drawn(grade: int, seed: int) -> bytes:
    # Byte for byte as ever: exam files know their films by that.
    return phantom.knee_png(grade, seed=seed)


def _seed_of(image_id: str) -> int:
    # Not those of the demo films.
    return 100 + int(image_id.rpartition("-")[2])
