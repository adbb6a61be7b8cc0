"""Reading a JSON file of one of the contracts: whole, and of a version that is understood."""

import json
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from kneeoa.errors import DataError, KneeOAError

Record = TypeVar("Record")


def record_of(kind: type[Record], content: dict[str, Any], file: Path) -> Record:
    """Return `content` as the dataclass `kind`; fields that it does not know are left out.

    Raises `DataError` where a field is missing or of another type.
    """
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as problem:
        raise DataError(f"{file} does not have the expected fields: {problem}.") from None


def read_versioned(
    file: Path, version: int, what: str, *, error: type[KneeOAError] = DataError
) -> dict[str, Any]:
    """Return the object in `file`; raise `error` if it is damaged or of another schema version.

    `what` names the file in the sentence, for example ``a training run``.
    """
    try:
        content = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise error(
            f"Expected {what} in {file.parent}. {file.name} cannot be read: {problem}"
        ) from None
    received = content.get("schema_version") if isinstance(content, dict) else None
    if received != version:
        raise error(f"Expected {what} of schema version {version}. {file} has version {received}.")
    return content
