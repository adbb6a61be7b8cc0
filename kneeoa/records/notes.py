"""Notes and tags that people keep with a run: ``<results>/runs/<run_id>/notes.json``.

Nothing is computed from them. The file is small, diffs, and goes along when a run is copied.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from kneeoa.errors import ConfigError, DataError
from kneeoa.files import read_versioned, record_of, replace_file
from kneeoa.wording import entered

FILE = "notes.json"
SETTING, EVERYONE = "KNEEOA_NOTES", "everyone"
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


def everyone_writes(environment: Mapping[str, str]) -> bool:
    """Return whether every browser may keep notes; raise `ConfigError` for another word."""
    word = environment.get(SETTING, "").strip()
    if word not in ("", EVERYONE):
        raise ConfigError(
            f"Expected {EVERYONE} in {SETTING}. Received {word!r}: leave it unset where notes are "
            "kept from this machine alone."
        )
    return word == EVERYONE


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


class ChangedError(DataError):
    """Somebody else kept other notes with a run meanwhile."""


def joined(note: str, tags: Iterable[str], theirs: Notes) -> tuple[str, list[str]]:
    """Return what two people wrote of one run, each part once: theirs first; not yet checked."""
    ours = " ".join(note.split())
    parts = [theirs.note, "" if ours in theirs.note else ours]
    both = {tag.strip().casefold(): tag.strip() for tag in (*tags, *theirs.tags) if tag.strip()}
    return " / ".join(filter(None, parts)), sorted(both.values(), key=str.casefold)


def write(
    run_folder: Path, note: str, tags: Iterable[str], *, before: Notes | None = None
) -> Notes:
    """Keep notes with a run, in the place of those `before`; return them as they are kept.

    Empty ones take the file away. Without `before`, any older ones are replaced. Raises
    `ChangedError`, and writes nothing, where others than those stand there now; `DataError` as
    `checked` does, and where the folder is not there or may not be written.
    """
    notes = checked(note, tags)
    file = run_folder / FILE
    try:
        if not run_folder.is_dir():
            raise FileNotFoundError(2, "The run is not there any more")
        with _one_at_a_time(run_folder):
            now = read(run_folder) if before is not None else notes
            if now not in (before, notes):
                raise ChangedError(_changed(run_folder.name, now))
            if notes == Notes():
                file.unlink(missing_ok=True)
            else:
                replace_file(file, json.dumps(asdict(notes), indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise DataError(
            f"Expected to keep notes with {run_folder.name}. {error.strerror}: they were not kept."
        ) from None
    return notes


def in_words(notes: Notes) -> str:
    """Return notes in a line."""
    return f"{notes.note or 'no note'}; tags: {', '.join(notes.tags) or 'none'}"


def _changed(name: str, now: Notes) -> str:
    return (
        f"Expected the notes of {name} to be those that yours were to replace. Somebody else kept "
        f"others meanwhile: {in_words(now)}. Nothing was lost: theirs stand there, yours in the "
        "form. Take theirs into the form, then keep both."
    )


@contextlib.contextmanager
def _one_at_a_time(run_folder: Path) -> Iterator[None]:
    """Have nobody else write between looking and writing; disks that know no locks have none."""
    descriptor = os.open(run_folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
