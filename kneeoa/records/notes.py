"""Notes and tags that people keep with a run: ``<results>/runs/<run_id>/notes.json``.

Nothing is computed from them. The file is small, diffs, and goes along when a run is copied.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from kneeoa.errors import DataError
from kneeoa.files import read_versioned, record_of, replace_file
from kneeoa.wording import entered

FILE = "notes.json"
SCHEMA_VERSION = 1
LONGEST_NOTE = 1000
LONGEST_TAG = 30
MOST_TAGS = 8


@dataclass(frozen=True, slots=True)
class Notes:
    """What is kept with a run: one paragraph of text, and tags in the order of the alphabet."""

    note: str = ""
    tags: tuple[str, ...] = ()
    schema_version: int = SCHEMA_VERSION


def checked(note: str, tags: Iterable[str]) -> Notes:
    """Return notes as they are kept; raise `DataError` where they are too long or cannot be shown.

    A tag holds no comma; the same one twice, in small or capital letters, is one.
    """
    kept: dict[str, str] = {}
    for tag in tags:
        tag = entered(tag, LONGEST_TAG, "a tag")
        if "," in tag:
            raise DataError("Expected tags without a comma in them. Choose another one.")
        if tag:
            kept.setdefault(tag.casefold(), tag)
    if len(kept) > MOST_TAGS:
        raise DataError(f"Expected at most {MOST_TAGS} tags of a run. Received {len(kept)}.")
    ordered = sorted(kept.values(), key=str.casefold)
    return Notes(entered(note, LONGEST_NOTE, "a note"), tuple(ordered))


def read(run_folder: Path) -> Notes:
    """Return the notes of a run, empty ones where none were written.

    Raises `DataError` for a damaged file, or one that holds more than `checked` lets in.
    """
    file = run_folder / FILE
    if not file.exists():
        return Notes()
    content = read_versioned(file, SCHEMA_VERSION, "notes of a run")
    notes = record_of(Notes, content, file)
    return checked(notes.note, notes.tags)


def may_be_written(run_folder: Path) -> bool:
    """Return whether this program may write into the folder of a run."""
    return run_folder.is_dir() and os.access(run_folder, os.W_OK)


def write(run_folder: Path, note: str, tags: Iterable[str]) -> Notes:
    """Keep notes with a run, in the place of older ones; return them as they are kept.

    Empty ones take the file away. Raises `DataError` as `checked` does, and where the folder is not
    there or may not be written.
    """
    notes = checked(note, tags)
    file = run_folder / FILE
    try:
        if not run_folder.is_dir():
            raise FileNotFoundError(2, "The run is not there any more")
        if notes == Notes():
            file.unlink(missing_ok=True)
        else:
            replace_file(file, json.dumps(asdict(notes), indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise DataError(
            f"Expected to keep notes with {run_folder.name}. {error.strerror}: they were not kept."
        ) from None
    return notes
