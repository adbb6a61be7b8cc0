"""Whoever changes a session gets a turn, however many vote in it."""

from sqlalchemy import Connection, func, select

_SESSIONS = 728_311
"""Names these turns among all advisory locks of a database."""


def in_turn(connection: Connection, group_id: int, *, shared: bool) -> None:
    """Wait in turn for those who are at a session, until this transaction's end.

    PostgreSQL alone, for on SQLite one writes at a time. A row's lock would not do: whoever shares
    one passes those that wait to change the row, and a class that votes on and on would keep its
    teacher from closing.
    """
    if connection.dialect.name == "postgresql":
        name = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        connection.execute(select(getattr(func, name)(_SESSIONS, group_id)))
