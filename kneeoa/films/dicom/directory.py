"""In which order a DICOMDIR names the files of a CD.

A task for workers, see `kneeoa.films.apart`.
"""

import io
from typing import Any

import pydicom

DIRECTORY = f"{__name__}.directory"
MOST = 10_000


def directory(data: bytes) -> tuple[dict[str, Any], list]:
    """Return the paths of the pictures that a DICOMDIR names, as ``{"paths": [...]}``, with ``/``.

    Series by series, each by its pictures' numbers where they have some. Empty for what is none.
    """
    try:
        records = pydicom.dcmread(io.BytesIO(data), force=True).get("DirectoryRecordSequence", ())
        pictures: list[tuple[int, int, int, str]] = []
        series = 0
        for place, record in enumerate(records[:MOST]):
            if record.get("DirectoryRecordType", "") != "IMAGE":
                # Whatever stands above pictures parts one series from the next.
                series += 1
                continue
            parts = record.get("ReferencedFileID", ())
            path = parts if isinstance(parts, str) else "/".join(map(str, parts))
            pictures.append((series, _number(record.get("InstanceNumber")), place, path))
        return {"paths": [path for *_, path in sorted(pictures)]}, []
    except MemoryError:
        raise
    except Exception:
        # Whatever a directory does to its reader: films are pictures without it.
        return {"paths": []}, []


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
