"""Many films at once: paths in, one row per knee and network out."""

import csv
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np

from kneeoa.errors import KneeOAError
from kneeoa.films.frames import network_input
from kneeoa.films.radiograph import open_radiograph
from kneeoa.graders.gate import REFUSED
from kneeoa.graders.grading import Graders
from kneeoa.graders.localiser import Localiser
from kneeoa.networks import ARCHITECTURES, Architecture

COLUMNS = (
    *("file", "knee", "architecture", "grade", "p0", "p1", "p2", "p3", "p4"),
    *("error", "warning"),
)
"""`knee` is R or L where that is known, else empty."""
FILM_SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm", ".dicom", ""}
ANYWAY = "Graded all the same, as asked."


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One network's grade of one knee, or the reason why there is none."""

    file: str
    architecture: Architecture
    probabilities: np.ndarray | None
    error: str = ""
    knee: str = ""
    warning: str = ""

    def cells(self) -> list[str]:
        """Return the row in the order of `COLUMNS`; probabilities to six decimals."""
        graded = [""] * 6
        if self.probabilities is not None:
            shares = [f"{p:.6f}" for p in self.probabilities]
            graded = [str(int(self.probabilities.argmax())), *shares]
        return [self.file, self.knee, self.architecture, *graded, self.error, self.warning]


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What is graded of a film, ``(224, 224)``, or why nothing is."""

    film: np.ndarray | None
    error: str = ""
    knee: str = ""
    warning: str = ""


def find_films(paths: Iterable[Path]) -> list[Path]:
    """Return the files named, and the films in the folders named, in order and without repeats.

    In a folder, hidden files and files whose suffix is no film's are passed over; a file that is
    named itself is always kept, so that a wrong one is reported.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(file for file in path.rglob("*") if _looks_like_film(file, path))
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def grade_files(
    files: Iterable[Path],
    graders: Graders,
    *,
    anyway: bool = False,
    batch_size: int = 32,
    workers: int = 4,
) -> Iterator[Row]:
    """Yield one row per knee and network, film by film; a bad file's rows carry its error.

    A film that the gate refuses has its reason as error, unless `anyway`: then it is graded, and
    the reason stands in the rows' warning. Decoding and finding the knees of the next batch
    overlap with grading of this one.
    """
    with ThreadPoolExecutor(workers) as pool:
        waiting = None
        for names in _batched(files, batch_size):
            parts = [pool.submit(_parts_of, name, graders.localiser, anyway) for name in names]
            if waiting:
                yield from _grade_batch(*waiting, graders)
            waiting = (names, parts)
        if waiting:
            yield from _grade_batch(*waiting, graders)


def write_csv(rows: Iterable[Row], stream: TextIO) -> int:
    """Write `rows` as CSV with a header; return how many films had an error."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    failed = set()
    for row in rows:
        writer.writerow(row.cells())
        if row.error:
            failed.add(row.file)
    return len(failed)


def _batched(items, size):
    iterator = iter(items)
    while batch := tuple(islice(iterator, size)):
        yield batch


def _parts_of(file: Path, localiser: Localiser, anyway: bool) -> list[_Part]:
    try:
        radiograph = open_radiograph(file)
        found = localiser.find(radiograph)
    except KneeOAError as error:
        return [_Part(None, str(error))]
    return [_part_of(radiograph, found, knee, anyway) for knee in found.knees]


def _part_of(radiograph, found, knee, anyway):
    side = "" if knee.side == "unknown" else knee.side
    findings = found.against(knee)
    refused = [one.sentence for one in findings if one.severity == REFUSED]
    if refused and not anyway:
        return _Part(None, refused[0], side)
    said = [ANYWAY] * bool(refused) + [one.sentence for one in findings]
    try:
        film = network_input(found.to_grade(radiograph), knee.frame)
    except KneeOAError as error:
        return _Part(None, str(error), side)
    return _Part(film, knee=side, warning=" ".join(said))


def _grade_batch(names, waiting, graders):
    parts = [(str(name), part) for name, future in zip(names, waiting, strict=True)
             for part in future.result()]  # fmt: skip
    films = [part.film for _, part in parts if part.film is not None]
    answers = {}
    if films:
        stacked = np.stack(films)
        answers = {name: iter(given.probabilities) for name, given in graders.read_arrays(stacked)}
    for name, part in parts:
        for architecture in ARCHITECTURES:
            given = None if part.film is None else next(answers[architecture])
            yield Row(name, architecture, given, part.error, part.knee, part.warning)


def _looks_like_film(file, folder):
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return file.is_file() and not hidden and file.suffix.lower() in FILM_SUFFIXES
