"""Every test of the store runs on SQLite and on PostgreSQL, each in a database of its own."""

import os
import secrets
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, make_url, text

from kneeoa.store import tables
from kneeoa.store.database import open_store, writing
from tests.support import forked, postgres


@pytest.fixture(scope="session")
def server():
    """The URL of a PostgreSQL server where databases can be made."""
    named = os.environ.get("KNEEOA_TEST_DATABASE_URL")
    if named:
        yield named
    else:
        with postgres.running() as url:
            yield url


@contextmanager
def database_on(server):
    """Yield the URL of a new, empty database; remove it at the end."""
    url = make_url(server).set(drivername="postgresql+pg8000")
    name = f"kneeoa_test_{secrets.token_hex(6)}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield url.set(drivername="postgres", database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def postgres_url(server):
    with database_on(server) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path / 'kept' / 'store.sqlite'}"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request):
    """The URL of a database that nobody has opened yet."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(scope="session")
def postgres_store(server):
    with database_on(server) as url:
        engine = open_store(url)
        yield engine, url
        engine.dispose()


@pytest.fixture(scope="session")
def sqlite_store(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('store')}/store.sqlite"
    engine = open_store(url)
    yield engine, url
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def opened(request):
    """An open store without any rows and its URL, emptied for the next test."""
    engine, url = request.getfixturevalue(f"{request.param}_store")
    yield engine, url
    with writing(engine) as connection:
        connection.execute(tables.learner.delete())
        connection.execute(tables.teaching_group.delete())
        connection.execute(tables.audit.delete())
        connection.execute(tables.reading_case.delete())
        connection.execute(tables.kept_film.delete())
        connection.execute(tables.outgoing.delete())


@pytest.fixture
def db(opened):
    """An open store without any rows, emptied for the next test."""
    return opened[0]


@pytest.fixture
def db_url(opened):
    """The URL by which another process opens the store `db`."""
    return opened[1]


@pytest.fixture(scope="session")
def forks():
    """What starts processes that have the program loaded already."""
    with forked.ready() as forks:
        yield forks
