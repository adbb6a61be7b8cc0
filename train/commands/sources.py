"""What the films are that a card is about: whose, under which licence, split how."""

import json
from pathlib import Path
from typing import Any

from kneeoa.errors import DataError
from kneeoa.files import read_text, sound
from kneeoa.graders.cards import schema

KNOWN = Path(__file__).parents[1] / "sources"
"""Descriptions of data sets that everybody may have."""


def described(file: Path | None, split_hash: str) -> dict[str, Any]:
    """Return what a JSON file says of the films of a split, as cards need it.

    Without a file, the known one that names this split in ``split_hashes``. Raises `DataError`
    where none does, where `file` names other splits, and where it is no description.
    """
    if file is not None:
        content = _read(file)
        if split_hash not in content.pop("split_hashes", [split_hash]):
            raise DataError(
                f"Expected a description of these films. {file} names the splits that it is about, "
                f"and {split_hash[:12]}... is none of them."
            )
        return content
    for known in sorted(KNOWN.glob("*.json")):
        content = _read(known)
        if split_hash in content.pop("split_hashes", []):
            return content
    raise DataError(
        "Expected --source FILE, which says whose films these are and how they were split: they "
        "are no data set that is known here, and a card names what its model learnt from. "
        "docs/training.md shows such a file."
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        content = sound(json.loads(read_text(file)))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"Expected a JSON description of the data. {error}") from None
    if not isinstance(content, dict):
        raise DataError(f"Expected a JSON object that describes the data. {file} holds none.")
    schema.check_source(content, file)
    if not isinstance(content.get("split_hashes", []), list):
        raise DataError(f"Expected split_hashes of {file} to be a list of hashes. It is none.")
    return content
