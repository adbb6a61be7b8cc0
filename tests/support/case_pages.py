"""A store of saved cases for tests of pages, with its key."""

import contextlib

from kneeoa.store.cases import settings
from kneeoa.store.cases.films import FilmFiles
from kneeoa.store.database import open_store
from kneeoa.teaching import keys

KEY = "a key long enough"
SECRET = "0f" * 32


def environment(folder):
    """The settings of a server that saves cases below `folder`."""
    return {
        "KNEEOA_DATABASE_URL": f"sqlite:///{folder}/store.sqlite",
        settings.KEY: KEY,
        settings.FOLDER: str(folder / "kept"),
        settings.SECRET: SECRET,
        "KNEEOA_DATASET": "",
    }


@contextlib.contextmanager
def case_store(folder, monkeypatch):
    """Give the database and the films of such a server, whose key nobody has tried yet."""
    for name, value in environment(folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("pages.shared.clients._TRIES", keys.Tries())
    engine = open_store(f"sqlite:///{folder}/store.sqlite")
    yield engine, FilmFiles(folder / "kept", bytes.fromhex(SECRET))
    engine.dispose()
