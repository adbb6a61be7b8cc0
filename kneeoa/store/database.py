"""Opening the database: one SQLite file, or a PostgreSQL server; both alike from then on."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Table,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    OperationalError,
    TimeoutError,
)

from kneeoa.store.address import StoreError as StoreError
from kneeoa.store.address import read_url, tls
from kneeoa.store.problems import breaks_constraint, name_of, sentence_for
from kneeoa.store.tables import REVISION, VERSION_TABLE, metadata

CONNECTIONS = 20
LOCK_SECONDS, SERVER_SECONDS = 15, 20
"""How long to wait for others that write, and for an answer of a server."""

_LOCK_ID = 7_283_114_900_551
_one_migrates = threading.Lock()


def open_store(url: str | None = None) -> Engine:
    """Return the database at `url`, by default a file in ``var/``, with its tables up to date.

    `url` is ``sqlite:///file`` or ``postgresql://user:password@host:port/database``, for which
    ``sslmode`` and ``sslrootcert`` mean what they mean to PostgreSQL's own programs. Several
    servers may open the same database at once.

    Raises `StoreError` where it cannot be used: unreachable, locked, not to be written, damaged, or
    written by a newer version of this program.
    """
    engine = _engine(read_url(url))
    try:
        with translated(engine):
            if engine.dialect.name == "sqlite":
                _use_log(engine)
            _bring_up_to_date(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def expect_place(url: str) -> None:
    """Raise `StoreError` where no database can be kept at `url`; no server is asked for one yet."""
    db = _engine(read_url(url))
    db.dispose()
    if db.dialect.name == "sqlite":
        open_store(url).dispose()


@contextmanager
def reading(db: Engine) -> Iterator[Connection]:
    """Give a connection to read with; on SQLite it waits for no one and keeps no one waiting."""
    with translated(db), db.connect() as connection:
        yield connection


@contextmanager
def writing(db: Engine) -> Iterator[Connection]:
    """Give a connection in a transaction to write with; on SQLite one at a time."""
    with translated(db), _turn(db), db.execution_options(writes=True).begin() as connection:
        yield connection


def forget_log(db: Engine) -> None:
    """Leave nothing of what was deleted in SQLite's log, where nobody reads there just now."""
    if db.dialect.name == "sqlite":
        with translated(db), db.execution_options(outside=True).connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _turn(db: Engine) -> Iterator[None]:
    """Wait for a turn among all who write by `db`: SQLite waits by sleeping, and in no order."""
    turn = db.get_execution_options().get("turn")
    if turn is None:
        yield
        return
    if not turn.acquire(timeout=LOCK_SECONDS):
        raise TimeoutError("No turn to write came.")
    try:
        yield
    finally:
        turn.release()


def insert_into(db: Engine, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that knows ON CONFLICT, which SQLAlchemy has for each dialect alone."""
    return (sqlite if db.dialect.name == "sqlite" else postgresql).insert(table)


@contextmanager
def translated(db: Engine) -> Iterator[None]:
    """Turn what the database refuses into `StoreError`; broken constraints and bugs surface."""
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, TimeoutError, OSError) as problem:
        if isinstance(problem, DBAPIError) and breaks_constraint(problem):
            raise IntegrityError(
                problem.statement, problem.params, problem.orig or problem
            ) from problem
        sentence = sentence_for(db.url, problem)
        if sentence is None:
            raise
        # Not chained: the driver's own words may quote what was sent.
        raise StoreError(sentence) from None


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    options = {"timeout": SERVER_SECONDS, "application_name": "knee reading room", **tls(url)}
    engine = create_engine(
        url.difference_update_query(["sslmode", "sslrootcert"]),
        connect_args=options,
        pool_size=CONNECTIONS // 2,
        max_overflow=CONNECTIONS // 2,
    )

    @event.listens_for(engine, "connect")
    def _wait_no_longer(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        connection.commit()

    @event.listens_for(engine, "checkout")
    def _still_there(connection: DBAPIConnection, record: object, proxy: object) -> None:
        # SQLAlchemy's own pre-ping does not know the bare errors of sockets, which pg8000 lets out.
        try:
            connection.autocommit = True  # one way there and back instead of three
            connection.cursor().execute("SELECT 1")
            connection.autocommit = False
        except (engine.dialect.loaded_dbapi.Error, OSError):
            raise DisconnectionError from None

    return engine


def _sqlite(url: URL) -> Engine:
    file = url.database or ""
    if not file.startswith("file:"):
        folder = Path(file).parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _have_private(Path(file))
        except OSError as problem:
            raise StoreError(
                f"Expected to keep a database in {folder}. The folder cannot be made: "
                f"{problem.strerror}."
            ) from None
    engine = create_engine(
        url,
        connect_args={"timeout": LOCK_SECONDS},
        pool_size=CONNECTIONS,
        max_overflow=0,
        execution_options={"turn": threading.Lock()},
    )

    @event.listens_for(engine, "connect")
    def _leave_transactions_to_us(connection: DBAPIConnection, _: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # what is deleted leaves no trace in pages

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("outside"):
            # A transaction that reads first and writes then could be refused without any waiting.
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")

    return engine


def _have_private(file: Path) -> None:
    """Have a new database be its user's alone, from its first byte on, and none be everybody's."""
    with suppress(OSError):  # SQLite says itself what it cannot open
        file.touch(0o600, exist_ok=False)
    for part in ("", "-wal", "-shm"):
        with suppress(OSError):
            kept = Path(f"{file}{part}")
            if (mode := kept.stat().st_mode & 0o777) & 0o007:
                kept.chmod(mode & ~0o007)


def _use_log(db: Engine) -> None:
    """Turn on write-ahead logging: readers go on while one writes. The file remembers it."""
    last = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            with db.execution_options(outside=True).connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
                return
        except OperationalError as problem:
            # SQLite does not wait here where others open the file at the same moment.
            name = getattr(problem.orig, "sqlite_errorname", "")
            is_busy = name.startswith("SQLITE_BUSY")
            if not is_busy or time.monotonic() > last:
                raise
            time.sleep(0.02)


def _bring_up_to_date(db: Engine) -> None:
    with reading(db) as connection:
        revision = _revision(connection)
    if revision == REVISION:
        # Where it cannot be written, that is said now and not with the first answer.
        with writing(db) as connection:
            connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = version_num"))
        return
    # Imported late: a database that is up to date needs none of it.
    from kneeoa.store import migrate

    with _one_migrates, writing(db) as connection:
        if db.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
        revision = _revision(connection)
        if revision is not None and revision not in migrate.known_revisions():
            raise StoreError(
                f"Expected {name_of(db.url)} in version {REVISION} or older. It has version "
                f"{revision}, of a newer program: update this one, or name another database."
            )
        if revision is None and (taken := _tables_of_others(connection)):
            raise StoreError(
                f"Expected {name_of(db.url)} to be empty or this program's. It has tables of "
                f"another one ({', '.join(taken)}): name another database."
            )
        migrate.upgrade(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))


def _tables_of_others(connection: Connection) -> list[str]:
    return sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))
