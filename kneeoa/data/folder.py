"""Folders of films -> a listing: ``train|val|test/0..4``, ``0..4``, or films side by side.

Nothing is written, and of files without the suffix of a film only the first bytes are read.
"""

import os
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kneeoa.data.listing import (
    AUTO_TEST,
    AUTO_TEST_REASON,
    FILM_KINDS,
    SPLITS,
    Listing,
    entry_of,
    is_film,
    warn_of_unknown_patients,
)
from kneeoa.errors import DataError
from kneeoa.grades import GRADES

_GRADE_NAMES = tuple(str(int(grade)) for grade in GRADES)
_SHOWN = 5
"""Names that a sentence lists before it counts."""


def list_graded(
    folder: Path, patterns: Sequence[re.Pattern], *, without_splits: bool = False
) -> Listing:
    """List ``folder/{train,val,test}/{0..4}/*``, or ``folder/{0..4}/*``.

    `without_splits` accepts a tree in which some of the three are missing, because who is where
    will be said by something else.
    """
    if folder.name.lower() == AUTO_TEST:
        raise DataError(f"Expected films to train on. Received {folder}, but {AUTO_TEST_REASON}.")
    top = _scan(folder)
    splits = [split for split in SPLITS if split in top.folders]
    if not splits and not set(_GRADE_NAMES) & set(top.folders):
        raise DataError(_what_was_expected(folder, SPLITS, top))
    if splits and not without_splits and len(splits) < len(SPLITS):
        missing = [split for split in SPLITS if split not in splits]
        raise DataError(
            f"{_what_was_expected(folder, missing, top)} To split what is there anew, give "
            "--resplit."
        )
    left_out = _LeftOut()
    left_out.add(top, "", splits or _GRADE_NAMES)
    films_found = []
    for split in splits or [""]:
        inside = top
        if split:
            inside = _scan(folder / split)
            left_out.add(inside, f"{split}/", _GRADE_NAMES)
        for grade in _GRADE_NAMES:
            if grade not in inside.folders:
                continue
            place = f"{split}/{grade}" if split else grade
            films = _scan(folder / place)
            left_out.add(films, f"{place}/", (), films_belong=True)
            films_found += [(f"{place}/{name}", int(grade), split) for name in films.films]
    if not films_found:
        raise DataError(
            f"Expected {FILM_KINDS} films in the grade folders 0 to 4 of {folder}. Found none."
        )
    entries = tuple(entry_of(*item, patterns) for item in films_found)
    warnings = warn_of_unknown_patients(entries, patterns)
    return Listing(folder, entries, left_out.sentences(), warnings)


def list_ungraded(folder: Path, patterns: Sequence[re.Pattern]) -> Listing:
    """List the films directly in `folder`; their grades are -1."""
    films = _scan(folder).films
    if not films:
        raise DataError(f"Expected {FILM_KINDS} films directly in {folder}. Found none.")
    return Listing(folder, tuple(entry_of(name, -1, "", patterns) for name in films))


def is_graded(folder: Path) -> bool:
    """Return whether `folder` holds split or grade folders."""
    return bool({*SPLITS, *_GRADE_NAMES} & set(_scan(folder).folders))


@dataclass(frozen=True, slots=True)
class _Scan:
    """Names in one folder, sorted; `others` are files that are no films, `odd` not in UTF-8."""

    folders: list[str]
    films: list[str]
    others: int
    odd: int


def _scan(folder: Path) -> _Scan:
    folders, films, others, odd = [], [], 0, 0
    try:
        with os.scandir(folder) as items:
            for item in items:
                if item.is_dir():
                    folders.append(item.name)
                # Names with a leading dot are a system's notes (`._x.png`), not films.
                elif _is_odd(item.name):
                    odd += 1
                elif not item.name.startswith(".") and item.is_file() and is_film(Path(item.path)):
                    films.append(item.name)
                else:
                    others += 1
    except OSError as error:
        raise DataError(
            f"Expected a folder of films. {error.filename or folder} cannot be read: "
            f"{error.strerror}."
        ) from None
    return _Scan(sorted(filter(str.isprintable, folders)), sorted(films), others, odd)


def _is_odd(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return True
    return False


def _what_was_expected(folder: Path, missing: Sequence[str], top: _Scan) -> str:
    folders = ", ".join(top.folders[:_SHOWN]) or "no folder"
    text = (
        f"Expected the folders train, val and test in {folder}, each with one folder per KL grade, "
        f"or the grade folders 0 to 4 themselves. Missing: {', '.join(missing)}. "
        f"Found: {folders}{', ...' if len(top.folders) > _SHOWN else ''}."
    )
    if len(missing) == len(SPLITS):
        below = [name for name in top.folders if name[0] != "." and _is_readable_set(folder / name)]
        if below:
            text += f" {folder / below[0]} holds such folders: give that one."
    return text


def _is_readable_set(folder: Path) -> bool:
    try:
        return is_graded(folder)
    except DataError:
        return False


@dataclass(slots=True)
class _LeftOut:
    """What lies in the folders and is not read."""

    folders: list[str] = field(default_factory=list)
    films: list[str] = field(default_factory=list)
    others: int = 0
    odd: int = 0
    auto_test: bool = False

    def add(
        self, scan: _Scan, prefix: str, expected: Container[str], *, films_belong: bool = False
    ) -> None:
        for name in scan.folders:
            if name.lower() == AUTO_TEST:
                self.auto_test = True
            elif name not in expected and not name.startswith("."):
                self.folders.append(f"{prefix}{name}")
        if not films_belong:
            self.films += [f"{prefix}{name}" for name in scan.films]
        self.others += scan.others
        self.odd += scan.odd

    def sentences(self) -> tuple[str, ...]:
        """Say what was left out and why."""
        sentences = []
        if self.auto_test:
            sentences.append(f"{AUTO_TEST_REASON}.")
        if self.folders:
            sentences.append(
                "Folders other than train, val and test and the grades 0 to 4 in them: "
                f"{_some(self.folders)}."
            )
        if self.films:
            sentences.append(f"Films outside the grade folders: {_some(self.films)}.")
        if self.others:
            sentences.append(f"Files that are no {FILM_KINDS} film: {self.others}.")
        if self.odd:
            sentences.append(f"Files whose names are not in UTF-8: {self.odd}. Rename them.")
        return tuple(sentences)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
