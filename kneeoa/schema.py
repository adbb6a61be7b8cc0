"""Reading a JSON file of one of the contracts: whole, and of a version that is understood."""

import json
from pathlib import Path
from typing import Any

from kneeoa.errors import DataError, KneeOAError


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
