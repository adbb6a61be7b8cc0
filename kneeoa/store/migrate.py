"""Bringing a database to the version of this program, by Alembic and without its command line."""

from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from kneeoa.store.tables import VERSION_TABLE

_SCRIPTS = ScriptDirectory(Path(__file__).parent / "migrations")


def known_revisions() -> list[str]:
    """Return the ids of all migrations, the newest first."""
    return [script.revision for script in _SCRIPTS.walk_revisions()]


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the migrations that are missing, up to that one, in the transaction of `connection`.

    One caller at a time in a process: Alembic holds what it is working on in a global.
    """
    options = {
        "version_table": VERSION_TABLE,
        "transactional_ddl": True,
        # As in Alembic's own documentation of running without its command line.
        "fn": lambda revision, _: _SCRIPTS._upgrade_revs(to, revision),
    }
    context = MigrationContext.configure(connection, opts=options)
    with Operations.context(context):
        context.run_migrations()
