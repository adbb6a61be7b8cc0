"""An exam: which films in which order. Drawn from a seed; kept and exchanged as a small file.

The file names films, their reference grades and the SHA-256 of their bytes, and holds none of
them: two hospitals with the same data set give the same exam, or learn which films differ.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Set
from dataclasses import asdict, dataclass, replace

import numpy as np

from kneeoa.errors import DataError
from kneeoa.files import record_of
from kneeoa.grades import KLGrade
from kneeoa.teaching.films import TeachingFilm, TeachingSet
from kneeoa.wording import entered, is_plain, listed, plain

SCHEMA_VERSION = 1
KIND = "knee reading room exam"
LENGTHS = (10, 20, 50)
PAIRS = tuple((low, low + 1) for low in range(4))
LONGEST_TITLE, MOST_FILMS = 120, 500
LARGEST_FILE = 2_000_000
"""Of an exam file, in bytes. As many films as there may be, with the longest names, take less."""


@dataclass(frozen=True, slots=True)
class ExamFilm:
    """A film of an exam: its id, reference grade and SHA-256 in hex (empty: not known)."""

    image_id: str
    grade: int
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Exam:
    """Films in the order in which they are shown.

    ``grades`` are those that were drawn from; ``seed`` gave films and order.
    """

    title: str
    seed: int
    grades: tuple[int, ...]
    films: tuple[ExamFilm, ...]
    schema_version: int = SCHEMA_VERSION
    kind: str = KIND

    @property
    def image_ids(self) -> list[str]:
        """The films' ids, in order."""
        return [film.image_id for film in self.films]


@dataclass(frozen=True, slots=True)
class Match:
    """What of an exam a teaching set has: the exam left, and the ids of films it does not have."""

    exam: Exam
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    regraded: tuple[str, ...]
    unread: tuple[str, ...]


def draw_exam(
    films: Collection[TeachingFilm],
    count: int,
    *,
    seed: int,
    title: str = "",
    grades: Collection[int] = range(5),
    favour: Mapping[str, float] | None = None,
    taken: Set[str] = frozenset(),
) -> Exam:
    """Return an exam of at most `count` films, as many of each of `grades` as there are.

    Of each grade the same number is drawn, the rest by lot; a grade that has fewer gives way to
    the others. Of each grade no second knee of a patient is taken, nor one of those `taken`
    already, while there are films of other patients. The same films, seed and options give the
    same exam. `favour` holds weights by image id, 1 where it says nothing: a film of weight 3 is
    three times as likely to be drawn early.

    Raises `DataError` when no film has one of the grades.
    """
    wanted = sorted({int(grade) for grade in grades})
    draw = np.random.default_rng([seed, *wanted])
    queues = _queues(films, wanted, draw, favour or {})
    if not queues:
        named = ", ".join(KLGrade(grade).label for grade in wanted)
        raise DataError(f"Expected films of {named} to draw an exam from. There are none.")
    chosen: list[TeachingFilm] = []
    patients = set(taken)
    while len(chosen) < count and queues:
        # A round takes one film of each grade; the last, short one is by lot.
        for grade in draw.permutation(sorted(queues))[: count - len(chosen)]:
            film = _next(queues[grade], patients)
            chosen.append(film)
            patients.add(film.patient_id)
            if not queues[grade]:
                del queues[grade]
    order = draw.permutation(len(chosen))
    shown = tuple(ExamFilm(chosen[i].image_id, int(chosen[i].grade)) for i in order)
    return Exam(title, seed, tuple(wanted), shown)


def _queues(
    films: Iterable[TeachingFilm],
    wanted: Container[int],
    draw: np.random.Generator,
    favour: Mapping[str, float],
) -> dict[int, list[TeachingFilm]]:
    """Films by grade, in the order in which they are to be taken."""
    by_grade = defaultdict(list)
    for film in sorted(films, key=lambda film: film.image_id):
        if film.grade in wanted:
            by_grade[int(film.grade)].append(film)
    queues = {}
    for grade, candidates in sorted(by_grade.items()):
        weights = np.array([max(1e-9, favour.get(film.image_id, 1.0)) for film in candidates])
        # Drawing without replacement by weight (Efraimidis and Spirakis 2006).
        keys = draw.random(len(candidates)) ** (1 / weights)
        queues[grade] = [candidates[i] for i in np.argsort(-keys, kind="stable")]
    return queues


def _next(queue: list[TeachingFilm], patients: Container[str]) -> TeachingFilm:
    """Take the first film of a patient who has none yet, or the first at all where none is left."""
    # Judged only now: a knee that is never drawn must not keep its patient's other one out.
    free = (place for place, film in enumerate(queue) if film.patient_id not in patients)
    return queue.pop(next(free, 0))


def with_hashes(exam: Exam, films: TeachingSet) -> Exam:
    """Return the exam with the SHA-256 of every film's bytes.

    A film that cannot be read any more keeps what is known of it: a session outlasts its data set.
    """
    hashed = tuple(
        replace(film, sha256=_hash_of(film.image_id, films) or film.sha256) for film in exam.films
    )
    return replace(exam, films=hashed)


def to_json(exam: Exam) -> str:
    """Return the exam as the text of its file."""
    return json.dumps(asdict(exam), indent=1) + "\n"


def from_json(data: bytes | str) -> Exam:
    """Return the exam that a file holds; raise `DataError` where it holds none."""
    # Before it is parsed: that takes 25 times its size in memory, and the server with it.
    if len(data) > LARGEST_FILE:
        raise DataError(
            f"Expected an exam file of at most {LARGEST_FILE // 1_000_000} MB. The file has "
            f"{len(data) / 1_000_000:.1f} MB: it is another one."
        )
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise DataError("Expected an exam file (JSON). The file cannot be read as that.") from None
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise DataError("Expected an exam file of this dashboard. The file is another one.")
    if content.get("schema_version") != SCHEMA_VERSION:
        version = content.get("schema_version")
        received = f"version {version}" if type(version) is int else "none that is a number"
        raise DataError(
            f"Expected an exam file of version {SCHEMA_VERSION}. Received {plain(received, 40)}."
        )
    exam = record_of(Exam, content, "The exam file")
    exam = replace(exam, title=entered(exam.title, LONGEST_TITLE, "a title in the exam file"))
    ids = exam.image_ids
    for holds, what in (
        (0 < len(ids) <= MOST_FILMS, f"1 to {MOST_FILMS} films"),
        (len(set(ids)) == len(ids), "every film once"),
        (all(0 <= film.grade <= 4 for film in exam.films), "KL grades from 0 to 4"),
        (all(0 <= grade <= 4 for grade in exam.grades), "KL grades from 0 to 4"),
        (len(set(exam.grades)) == len(exam.grades), "every grade once"),
        (
            {film.grade for film in exam.films} <= set(exam.grades),
            "films of the grades that it names, and no others,",
        ),
        (all(len(film.sha256) <= 64 for film in exam.films), "SHA-256 in 64 letters"),
        (
            all(0 < len(name) <= 200 and all(map(is_plain, name)) for name in ids),
            "film names of 1 to 200 letters that can be shown",
        ),
        (0 <= exam.seed < 2**63, "a seed from 0 on"),
    ):
        if not holds:
            raise DataError(f"Expected {what} in the exam file. Found otherwise.")
    return exam


def match(exam: Exam, films: TeachingSet) -> Match:
    """Return what of `exam` can be given with `films`.

    Films whose bytes differ from those that the exam was made with are left out, as are films that
    have another reference grade here: it would not be the same exam.
    """
    missing, changed, regraded, unread, same = [], [], [], [], []
    for film in exam.films:
        ours = films.films.get(film.image_id)
        if ours is None:
            missing.append(film.image_id)
        elif ours.grade != film.grade:
            regraded.append(film.image_id)
        elif (here := _hash_of(film.image_id, films)) is None:
            unread.append(film.image_id)
        elif film.sha256 and here != film.sha256:
            changed.append(film.image_id)
        else:
            same.append(film)
    left = replace(exam, films=tuple(same))
    return Match(left, tuple(missing), tuple(changed), tuple(regraded), tuple(unread))


def left_out(match: Match) -> list[str]:
    """Return what of an exam cannot be given and why, in sentences."""
    return [
        f"{len(names)} of its films left out, because they {they}, for example {names[0]}."
        if len(names) > 1
        else f"One of its films left out, because it {it}: {names[0]}."
        for names, they, it in (
            (match.missing, "are not in this data set", "is not in this data set"),
            (match.changed, "are other pictures here", "is another picture here"),
            (
                match.regraded,
                "have another reference grade here",
                "has another reference grade here",
            ),
            (match.unread, "cannot be read here", "cannot be read here"),
        )
        if names
    ]


def grades_text(grades: Collection[int]) -> str:
    """Return what an exam is drawn from, as ``all five grades`` or ``0 against 1``."""
    if len(grades) == len(KLGrade):
        return "all five grades"
    return " against ".join(str(int(grade)) for grade in sorted(grades))


def lacking(exam: Exam, asked: int) -> list[str]:
    """Return, in sentences, that there are fewer films than asked for, or a grade has none."""
    sentences = []
    if len(exam.films) < asked:
        sentences.append(
            f"{asked} films were asked for. There are {len(exam.films)}: all of them are taken."
        )
    grades = {film.grade for film in exam.films}
    absent = [KLGrade(grade).label for grade in exam.grades if grade not in grades]
    if absent:
        sentences.append(f"There is no film of {listed(absent)} in this session.")
    return sentences


def _hash_of(image_id: str, films: TeachingSet) -> str | None:
    """Return the SHA-256 of a film's bytes, or None where it cannot be had."""
    try:
        return hashlib.sha256(films.read(image_id)[1]).hexdigest()
    except DataError:
        return None
