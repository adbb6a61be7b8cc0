"""Databases with nothing in them yet, each a copy of one whose tables were made once."""

import functools
import tempfile
from pathlib import Path

from sqlalchemy import Engine

from kneeoa.store.database import forget_log, open_store


def new_store(folder: Path) -> Engine:
    """Return the open database ``store.sqlite`` in `folder`, which is made."""
    file = folder / "store.sqlite"
    file.write_bytes(_empty())
    return open_store(f"sqlite:///{file}")


@functools.cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "store.sqlite")
        engine = open_store(f"sqlite:///{file}")
        forget_log(engine)
        engine.dispose()
        return file.read_bytes()
