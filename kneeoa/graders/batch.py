"""Many films at once: paths in, one row per film and network out."""

import csv
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np

from kneeoa.errors import KneeOAError, RadiographError
from kneeoa.films.formats import Content, content_of
from kneeoa.films.joints import network_input, propose_frames
from kneeoa.films.radiograph import open_radiograph
from kneeoa.graders.grading import Graders
from kneeoa.networks import ARCHITECTURES, Architecture

COLUMNS = ("file", "architecture", "grade", "p0", "p1", "p2", "p3", "p4", "error")
_FILM_SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm", ".dicom"}
"""Files of such names in a folder are meant as films: one that holds something else is reported."""


@dataclass(frozen=True, slots=True)
class Found:
    """The films that were asked for, and how many other files lay in the folders."""

    films: tuple[Path, ...]
    passed_over: int


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One network's grade of one film, or the reason why there is none."""

    file: str
    architecture: Architecture
    probabilities: np.ndarray | None
    error: str = ""

    def cells(self) -> list[str]:
        """Return the row in the order of `COLUMNS`; probabilities to six decimals."""
        if self.probabilities is None:
            return [self.file, self.architecture, *[""] * 6, self.error]
        grade = str(int(self.probabilities.argmax()))
        shares = [f"{p:.6f}" for p in self.probabilities]
        return [self.file, self.architecture, grade, *shares, ""]


def find_films(paths: Iterable[Path]) -> list[Path]:
    """Return the films among `paths`, as `look_for_films` finds them."""
    return list(look_for_films(paths).films)


def look_for_films(paths: Iterable[Path]) -> Found:
    """Return the files named, and the films in the folders named, in order and without repeats.

    In a folder, films are told by content: what holds no picture is passed over and counted, such
    as texts and a CD's directory, and hidden files are ignored. A file that is named itself is
    always kept, so that a wrong one is reported, and so is a text that calls itself a film.
    """
    films: dict[Path, None] = {}
    passed_over = set()
    for path in paths:
        if not path.is_dir():
            films[path] = None
            continue
        for file in sorted(path.rglob("*")):
            if not file.is_file() or _is_hidden(file, path):
                continue
            content = content_of(file)
            claims = content is Content.OTHER and file.suffix.lower() in _FILM_SUFFIXES
            if content is Content.FILM or claims:
                films[file] = None
            else:
                passed_over.add(file)
    return Found(tuple(films), len(passed_over - films.keys()))


def grade_files(
    files: Iterable[Path], graders: Graders, *, batch_size: int = 32, workers: int = 4
) -> Iterator[Row]:
    """Yield one row per film and network, film by film; a bad file's rows carry its error.

    Decoding of the next batch overlaps with grading of this one. A film of two knees is refused:
    one row cannot hold two grades.
    """
    with ThreadPoolExecutor(workers) as pool:
        waiting = None
        for names in _batched(files, batch_size):
            decoded = (names, [pool.submit(_decode, name) for name in names])
            if waiting:
                yield from _grade_batch(*waiting, graders)
            waiting = decoded
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


def _decode(file):
    try:
        radiograph = open_radiograph(file)
        frames = propose_frames(radiograph)
        if len(frames) > 1:
            raise RadiographError(
                "Expected a film of one knee. This one seems to show two: "
                "cut it into one file per knee, or read it in the dashboard."
            )
        return network_input(radiograph, frames[0])
    except KneeOAError as error:
        return error


def _grade_batch(names, decoded, graders):
    results = [future.result() for future in decoded]
    films = [result for result in results if not isinstance(result, KneeOAError)]
    answers = {}
    if films:
        stacked = np.stack(films)
        answers = {name: iter(given.probabilities) for name, given in graders.read_arrays(stacked)}
    for name, result in zip(names, results, strict=True):
        for architecture in ARCHITECTURES:
            if isinstance(result, KneeOAError):
                yield Row(str(name), architecture, None, str(result))
            else:
                yield Row(str(name), architecture, next(answers[architecture]))


def _is_hidden(file, folder):
    return any(part.startswith(".") for part in file.relative_to(folder).parts)
