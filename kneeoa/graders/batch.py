"""Many films at once: paths in, one row per film and network out.

``grade`` is the most probable grade. ``answer`` is the headline grade by the rule on the network's
card (or in the profile), ``low`` and ``high`` the ends of its 90% set; empty where the card has
none. Rows of both networks together (``together``) come on request alone: they take several times
as long, and readers of the table may count on two rows a film.
"""

import csv
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, TextIO

import numpy as np

from kneeoa.errors import KneeOAError, ModelError, RadiographError
from kneeoa.films.joints import network_input, propose_frames
from kneeoa.films.radiograph import open_radiograph
from kneeoa.graders.answer import Answer
from kneeoa.graders.grading import Graders
from kneeoa.graders.together import FOLDER
from kneeoa.networks import ARCHITECTURES, Architecture

_SHARES = ("p0", "p1", "p2", "p3", "p4")
COLUMNS = ("file", "architecture", "grade", *_SHARES, "error", "answer", "low", "high")
FILM_SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm", ".dicom", ""}


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One network's grade of one film, or the reason why there is none."""

    file: str
    architecture: Architecture | Literal["together"]
    probabilities: np.ndarray | None
    error: str = ""
    answer: Answer | None = None

    def cells(self) -> list[str]:
        """Return the row in the order of `COLUMNS`; probabilities to six decimals."""
        if self.probabilities is None:
            return [self.file, self.architecture, *[""] * 6, self.error, *[""] * 3]
        grade = str(int(self.probabilities.argmax()))
        shares = [f"{p:.6f}" for p in self.probabilities]
        said = self.answer
        ends = [str(int(g)) for g in (said.grade, said.low, said.high)] if said else [""] * 3
        return [self.file, self.architecture, grade, *shares, "", *ends]


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
    batch_size: int = 32,
    workers: int = 4,
    together: bool = False,
) -> Iterator[Row]:
    """Yield one row per film and network, film by film; a bad file's rows carry its error.

    With `together` a third row follows, of both networks together.

    Decoding of the next batch overlaps with grading of this one. A film of two knees is refused:
    one row cannot hold two grades.
    """
    if together and graders.together is None:
        raise ModelError(
            "Expected both networks together among the published models. They are not: publish "
            "them with `python -m train together`, or leave out --together."
        )
    with ThreadPoolExecutor(workers) as pool:
        waiting = None
        for names in _batched(files, batch_size):
            decoded = (names, [pool.submit(_decode, name) for name in names])
            if waiting:
                yield from _grade_batch(*waiting, graders, together)
            waiting = decoded
        if waiting:
            yield from _grade_batch(*waiting, graders, together)


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


def _grade_batch(names, decoded, graders, together):
    results = [future.result() for future in decoded]
    films = [result for result in results if not isinstance(result, KneeOAError)]
    answers = {}
    if films:
        stacked = np.stack(films)
        answers = {name: iter(given.probabilities) for name, given in graders.read_arrays(stacked)}
        if together:
            answers[FOLDER] = iter(graders.together_arrays(stacked))
    for name, result in zip(names, results, strict=True):
        for architecture in (*ARCHITECTURES, *[FOLDER] * together):
            if isinstance(result, KneeOAError):
                yield Row(str(name), architecture, None, str(result))
            else:
                probabilities, rule = next(answers[architecture]), graders.rules[architecture]
                answer = rule and rule.answer(probabilities)
                yield Row(str(name), architecture, probabilities, answer=answer)


def _looks_like_film(file, folder):
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return file.is_file() and not hidden and file.suffix.lower() in FILM_SUFFIXES
