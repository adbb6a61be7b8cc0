"""A report as JSON, and back."""

import json
from dataclasses import asdict
from pathlib import Path

from kneeoa.errors import DataError
from kneeoa.files import parse_versioned, record_of
from kneeoa.reports.content import KIND, SCHEMA_VERSION, Report


def as_json(report: Report) -> str:
    """Return the report as JSON, with a line end at its end; `kneeoa.reports.content` says what."""
    content = asdict(report)
    first = {name: content.pop(name) for name in ("kind", "schema_version", "purpose")}
    return json.dumps(first | content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str, name: str = "report.json") -> Report:
    """Return the report that `as_json` wrote; raise `DataError` for anything else."""
    file = Path(name)
    content = parse_versioned(text, file, SCHEMA_VERSION, "a report")
    if content.get("kind") != KIND:
        raise DataError(f"Expected a report of this program in {name}. It is something else.")
    return record_of(Report, content, file)
