"""Graded films -> arrays, with the patient-wise split held as a rule."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from kneeoa import room, tables
from kneeoa.data import cache, checks, folder, split
from kneeoa.data.arrays import Films, counts, split_hash, spread
from kneeoa.data.listing import SPLITS, Entry, Listing, name_patterns
from kneeoa.data.split_file import COLUMNS, impose_split, read_table, write_table
from kneeoa.errors import ConfigError, DataError


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Every readable film of a source, in its split, and what was found on the way.

    Attributes
    ----------
    folder : what the paths in `table` are relative to
    splits : the films of train, val and test
    table : one row per film in the order of `splits`, columns as in ``split.csv``
        (`kneeoa.data.split_file.COLUMNS`; side is L, R or empty), and ``pixels``, the SHA-256 of
        the decoded image
    split_from : where the split comes from, in words
    unreadable : file and reason of each film that cannot be read
    ignored : what was left out of the source and why, in sentences
    warnings : what bends a measurement but does not forbid training, in sentences
    problems : what forbids training, in sentences
    """

    folder: Path
    splits: dict[str, Films]
    table: pd.DataFrame
    split_from: str
    unreadable: dict[str, str]
    ignored: tuple[str, ...]
    warnings: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def split_hash(self) -> str:
        """SHA-256 of who is where with which grade; every run carries it."""
        return split_hash(self.splits)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Films per split and grade."""
        return counts(self.splits)

    def check(self) -> "Dataset":
        """Return the data set itself; raise `DataError` if it cannot be trained on."""
        if self.problems:
            raise DataError("\n".join(self.problems))
        return self

    def first(self, count: int) -> "Dataset":
        """Return the data set with `count` films of each split, for rehearsals."""
        parts = [rows.iloc[spread(len(rows), count)] for _, rows in self.table.groupby("split")]
        table = pd.concat(parts).sort_index().reset_index(drop=True)
        splits = {name: films.first(count) for name, films in self.splits.items()}
        return replace(self, splits=splits, table=table)


def read_dataset(
    source: Path,
    *,
    split_file: Path | None = None,
    resplit: bool = False,
    ratios: tuple[float, float, float] = (70, 15, 15),
    seed: int = 0,
    patient_pattern: str | None = None,
    max_unreadable: float = 0.01,
    check: bool = True,
    cache_folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    r"""Read graded films, keep or draw their split, and decode them unless that was done before.

    Parameters
    ----------
    source : Path
        A folder ``train|val|test/0..4`` or ``0..4``, or a CSV with the columns ``file, grade,
        patient_id`` and, where they are known, ``split, side, image_id``.
    split_file : Path, optional
        A CSV like that, with splits; its paths are relative to the folder of the films.
    resplit : bool
        Draw the split even if the source has one.
    ratios, seed
        Of a split that is drawn; see `kneeoa.data.split.draw`.
    patient_pattern : str, optional
        Finds the patient in a file name; see `kneeoa.data.listing.name_patterns`.
    max_unreadable : float
        Share of the films, 0-1, that may be unreadable; those are left out.
    check : bool
        Raise `DataError` if the data set cannot be trained on, instead of saying so in `problems`.
    cache_folder : Path, optional
        Where decoded films are kept; by default `kneeoa.data.cache.cache_folder`.
    progress : callable, optional
        Called with (films done, films in all) while films are decoded.
    """
    if not 0 <= max_unreadable <= 1:
        raise ConfigError(
            f"Expected a share of unreadable films from 0 to 1. Received: {max_unreadable}."
        )
    listing, split_from = _list(source, split_file, resplit, name_patterns(patient_pattern))
    entries = listing.entries
    is_drawn = not split_from
    if is_drawn:
        patients, grades = [e.patient_id for e in entries], [e.grade for e in entries]
        drawn = split.draw(patients, grades, ratios=ratios, seed=seed)
        entries = tuple(replace(e, split=name) for e, name in zip(entries, drawn, strict=True))
        split_from = split.describe(ratios, seed)
    ordered = sorted(entries, key=lambda e: (SPLITS.index(e.split), e.grade, e.file))
    decoded = cache.decode(
        listing.base,
        [entry.file for entry in ordered],
        split.hash_of((e.split, e.image_id, e.grade) for e in ordered),
        sides=[entry.side for entry in ordered],
        cache=cache_folder,
        progress=progress,
    )
    kept = [entry for entry, good in zip(ordered, decoded.readable, strict=True) if good]
    table = pd.DataFrame(
        [[getattr(entry, name) for name in COLUMNS] for entry in kept], columns=COLUMNS
    ).assign(pixels=decoded.pixel_hashes)
    dataset = Dataset(
        folder=listing.base,
        splits=_by_split(kept, decoded.images),
        table=table,
        split_from=split_from,
        unreadable=decoded.reasons,
        ignored=listing.ignored,
        warnings=listing.warnings + checks.warnings(kept, decoded.pixel_hashes),
        problems=checks.problems(kept, decoded.pixel_hashes, drawn=is_drawn)
        + checks.too_many_unreadable(decoded.reasons, len(entries), max_unreadable),
    )
    return dataset.check() if check else dataset


def read_ungraded(
    source: Path,
    *,
    patient_pattern: str | None = None,
    max_unreadable: float = 0.01,
    cache_folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Films:
    """Read every film that lies directly in the folder `source`; the grades are -1.

    Raises `DataError` when more than the share `max_unreadable` cannot be read, or two films have
    the same name but for the suffix.
    """
    listing = folder.list_ungraded(source, name_patterns(patient_pattern))
    entries = [replace(entry, split="ungraded") for entry in listing.entries]
    files = [entry.file for entry in entries]
    key = split.hash_of((e.split, e.image_id, e.grade) for e in entries)
    sides = [entry.side for entry in entries]
    decoded = cache.decode(source, files, key, sides=sides, cache=cache_folder, progress=progress)
    kept = [entry for entry, good in zip(entries, decoded.readable, strict=True) if good]
    wrong = checks.repeated_names(kept) + checks.too_many_unreadable(
        decoded.reasons, len(entries), max_unreadable
    )
    if wrong:
        raise DataError("\n".join(wrong))
    return _films(kept, decoded.images)


def split_hash_of(table: pd.DataFrame) -> str:
    """Return the hash of the split in a table with the columns image_id, grade and split."""
    return split.hash_of(zip(table["split"], table["image_id"], table["grade"], strict=True))


def expect_room(file: Path) -> None:
    """Raise `DataError` where `write_split` could not write; to be asked before films are read."""
    tables.expect_ours(file, COLUMNS)
    room.expect_room(file.parent, f"the table {file.name}")


def write_split(dataset: Dataset, file: Path) -> None:
    """Write ``split.csv``: who is where; read again with ``--split-file``."""
    write_table(dataset.table, file)


def _list(
    source: Path, split_file: Path | None, resplit: bool, patterns: Sequence[re.Pattern[str]]
) -> tuple[Listing, str]:
    """Return the listing, and where its split comes from, or "" if it is to be drawn."""
    if split_file and resplit:
        raise ConfigError("Expected --split-file or --resplit. Received both.")
    if source.is_dir():
        base, where = source, "the folders"
        free = split_file is not None or resplit
        # A split file names every film, so the folder may have any shape.
        if split_file is None or folder.is_graded(source):
            listing = folder.list_graded(source, patterns, without_splits=free)
        else:
            listing = None
    elif not source.exists():
        raise DataError(f"Expected a folder of films or a CSV file. There is no {source}.")
    else:
        base, where = source.parent, source.name
        listing = read_table(source, base, patterns, with_splits=not resplit)
    if split_file is not None:
        table = read_table(split_file, base, patterns)
        if not table.has_splits:
            raise DataError(f"Expected the column split in {split_file}. It is missing.")
        return impose_split(table, listing, split_file) if listing else table, split_file.name
    assert listing is not None
    return listing, where if listing.has_splits and not resplit else ""


def _by_split(entries: Sequence[Entry], images: np.ndarray) -> dict[str, Films]:
    """Return the films of each split, whose images are slices of `images`: nothing is copied."""
    splits, start = {}, 0
    for name in SPLITS:
        in_split = [entry for entry in entries if entry.split == name]
        splits[name] = _films(in_split, images[start : start + len(in_split)])
        start += len(in_split)
    return splits


def _films(entries: Sequence[Entry], images: np.ndarray) -> Films:
    return Films(
        images,
        np.array([entry.grade for entry in entries], np.int64),
        tuple(entry.image_id for entry in entries),
        tuple(entry.patient_id for entry in entries),
        tuple(entry.side for entry in entries),
    )
