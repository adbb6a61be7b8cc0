"""Many films at once: paths in, one row per knee and network out.

``grade`` is the most probable grade. ``answer`` is the headline grade by the rule on the network's
card (or in the profile), ``low`` and ``high`` the ends of its 90% set; empty where the card has
none. ``knee`` is R or L where that is known; else ``left of the image`` or ``right of the image``
on a film of two, and empty on a film of one. Rows of both networks together (``together``) come on
request alone: they take several times as long, and readers of the table may count on two rows a
knee. ``sha256`` is that of the film's file, and ``graded_by`` the beginning of the network's own,
and of the profile's where there is one: by both a table that was interrupted is gone on with.
"""

import csv
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, TextIO

import numpy as np

from kneeoa.errors import KneeOAError, ModelError
from kneeoa.files import read_regular
from kneeoa.films.formats import FILM_SUFFIXES, PICTURES, Content, content_of
from kneeoa.films.frames import network_input
from kneeoa.films.limits import DEFAULT_LIMITS
from kneeoa.films.radiograph import Radiograph, open_radiograph
from kneeoa.graders.answer import Answer
from kneeoa.graders.grading import Graders
from kneeoa.graders.locating.found import Found as InFilm
from kneeoa.graders.locating.found import Knee
from kneeoa.graders.locating.gate import REFUSED
from kneeoa.graders.together import FOLDER
from kneeoa.networks import ARCHITECTURES, Architecture
from kneeoa.spreadsheet import harmless

_SHARES = ("p0", "p1", "p2", "p3", "p4")
COLUMNS = (
    *("file", "architecture", "grade", *_SHARES, "error"),
    *("answer", "low", "high", "knee", "warning", "sha256", "graded_by"),
)
_SHORT = 12
_WORKERS = 4
"""Who decode films and find their knees."""
ANYWAY = "Graded all the same, as asked."


@dataclass(frozen=True, slots=True)
class Found:
    """The films that were asked for, and how many other files lay in the folders."""

    films: tuple[Path, ...]
    passed_over: int


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One network's grade of one knee, or the reason why there is none."""

    file: str
    architecture: Architecture | Literal["together"]
    probabilities: np.ndarray | None
    error: str = ""
    answer: Answer | None = None
    knee: str = ""
    warning: str = ""
    digest: str = ""
    graded_by: str = ""

    def cells(self) -> list[str]:
        """Return the row in the order of `COLUMNS`; probabilities to six decimals."""
        graded, ends = [""] * 6, [""] * 3
        if self.probabilities is not None:
            shares = [f"{p:.6f}" for p in self.probabilities]
            graded = [str(int(self.probabilities.argmax())), *shares]
        if answer := self.answer:
            ends = [str(int(grade)) for grade in (answer.grade, answer.low, answer.high)]
        beside = [self.error, *ends, self.knee, self.warning, self.digest, self.graded_by]
        return [self.file, self.architecture, *graded, *beside]


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What is graded of a film, ``(224, 224)``, or why nothing is."""

    film: np.ndarray | None
    error: str = ""
    knee: str = ""
    warning: str = ""
    digest: str = ""


def find_films(paths: Iterable[Path]) -> list[Path]:
    """Return the films among `paths`, as `look_for_films` finds them."""
    return list(look_for_films(paths).films)


def look_for_films(paths: Iterable[Path]) -> Found:
    """Return the files named, and the films in the folders named, in order and without repeats.

    In a folder, films are told by content: what holds no picture is passed over and counted, such
    as texts and a CD's directory, and hidden files are ignored. A file that is named itself is
    always kept, so that a wrong one is reported, and so are a text that calls itself a film, and
    what may not be opened: it may be a film, or a folder of films.
    """
    films: dict[Path, None] = {}
    passed_over = set()
    for path in paths:
        if not os.path.isdir(path):  # noqa: PTH112  (of a path that is too long this is false)
            films[path] = None
            continue
        files, closed_folders = _files_below(path)
        films |= dict.fromkeys(closed_folders)
        for file in files:
            content = content_of(file)
            closed = not os.access(file, os.R_OK)
            claims = content is Content.OTHER and file.suffix.lower() in FILM_SUFFIXES
            if content in PICTURES or claims or closed:
                films[file] = None
            else:
                passed_over.add(file)
    return Found(tuple(films), len(passed_over - films.keys()))


def grade_files(
    files: Iterable[Path],
    graders: Graders,
    *,
    anyway: bool = False,
    together: bool = False,
    batch_size: int = 32,
) -> Iterator[Row]:
    """Yield one row per knee and network, film by film; a bad file's rows carry its error.

    A film that the gate refuses has its reason as error, unless `anyway`: then it is graded, and
    the reason stands in the rows' warning. Decoding and finding the knees of the next batch
    overlap with grading of this one. With `together` a third row follows, of both.
    """
    if together and graders.together is None:
        raise ModelError(
            "Expected both networks together among the published models. They are not: publish "
            "them with `python -m train together`, or leave out --together."
        )
    with ThreadPoolExecutor(_WORKERS) as pool:
        try:
            waiting = None
            for names in _batched(files, batch_size):
                parts = [pool.submit(_parts_of, name, graders, anyway) for name in names]
                if waiting:
                    yield from _grade_batch(*waiting, graders, together)
                waiting = (names, parts)
            if waiting:
                yield from _grade_batch(*waiting, graders, together)
        except BaseException:
            # Stopped: nobody waits for the films that are not begun.
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def write_csv(rows: Iterable[Row], stream: TextIO, *, header: bool = True) -> int:
    """Write `rows` as CSV, by default with a header; return how many films had an error.

    Each row is handed on as it comes, so that none before it is lost to whatever ends the process.
    """
    writer = csv.writer(stream, lineterminator="\n")
    if header:
        writer.writerow(COLUMNS)
    failed = set()
    for row in rows:
        writer.writerow(map(harmless, row.cells()))
        stream.flush()
        if row.error:
            failed.add(row.file)
    return len(failed)


def _batched(files: Iterable[Path], size: int) -> Iterator[tuple[Path, ...]]:
    iterator = iter(files)
    while batch := tuple(islice(iterator, size)):
        yield batch


def _parts_of(file: Path, graders: Graders, anyway: bool) -> list[_Part]:
    try:
        radiograph = open_radiograph(file)
        located = graders.find(radiograph)
    except KneeOAError as error:
        return [_Part(None, str(error), digest=digest_of(file))]
    return [_part_of(radiograph, located, knee, graders, anyway) for knee in located.knees]


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file in hex; empty where it cannot be read, or is no film by size."""
    try:
        return hashlib.sha256(read_regular(file, DEFAULT_LIMITS.max_bytes)).hexdigest()
    except OSError:
        return ""


def _part_of(
    radiograph: Radiograph, located: InFilm, knee: Knee, graders: Graders, anyway: bool
) -> _Part:
    place = knee.frame.name if len(located.knees) > 1 else ""
    side, digest = place if knee.side == "unknown" else knee.side, radiograph.digest
    findings = located.against(knee)
    refused = [finding.sentence for finding in findings if finding.severity == REFUSED]
    if refused and not anyway:
        return _Part(None, refused[0], side, digest=digest)
    warnings = [ANYWAY] * bool(refused) + [*graders.notes_on(radiograph)]
    warnings += [finding.sentence for finding in findings]
    try:
        film = network_input(located.to_grade(radiograph), knee.frame)
    except KneeOAError as error:
        return _Part(None, str(error), side, digest=digest)
    return _Part(film, knee=side, warning=" ".join(warnings), digest=digest)


def _grade_batch(
    names: Sequence[Path], waiting: Sequence[Future[list[_Part]]], graders: Graders, together: bool
) -> Iterator[Row]:
    by_film = zip(names, waiting, strict=True)
    parts = [(str(name), part) for name, future in by_film for part in future.result()]
    films = [part.film for _, part in parts if part.film is not None]
    answers: dict[str, Iterator[np.ndarray]] = {}
    if films:
        stacked = np.stack(films)
        graded = graders.grade_arrays(stacked, together=together)
        answers |= {name: iter(given) for name, given in graded.items()}
    asked: tuple[Architecture | Literal["together"], ...] = ARCHITECTURES
    if together:
        asked = (*ARCHITECTURES, FOLDER)
    by = graded_by(graders)
    for name, part in parts:
        for architecture in asked:
            given = answer = None
            if part.film is not None:
                given, rule = next(answers[architecture]), graders.rules[architecture]
                answer = None if rule is None else rule.answer(given)
            beside = (part.knee, part.warning, part.digest, by[architecture])
            yield Row(name, architecture, given, part.error, answer, *beside)


def graded_by(graders: Graders) -> dict[str, str]:
    """Return by answer what tells who gave it: network, and profile where there is one."""
    hashes: dict[str, str] = {name: model.weights_hash for name, model in graders.published.items()}
    if graders.together:
        hashes[FOLDER] = graders.together.weights_hash
    profile = f".{graders.profile.digest[:_SHORT]}" if graders.profile else ""
    return {name: f"{digest[:_SHORT]}{profile}" for name, digest in hashes.items()}


def _files_below(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the files below `folder` in order, hidden ones left out, and folders that are closed.

    Links to folders are not followed: they may lead round in a circle.
    """
    files, closed = [], []
    for place, folders, names in os.walk(folder, onerror=lambda error: closed.append(error)):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(place, name) for name in names if not name.startswith(".")]
    files = sorted(file for file in files if os.path.isfile(file))  # noqa: PTH113
    return files, sorted(Path(os.fsdecode(error.filename)) for error in closed)
