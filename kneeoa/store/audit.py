"""What was done that its owner may have to answer for: signing in, deleting, taking along.

No film, patient, name, nickname or key stands in it; who did it is a network address.
"""

from datetime import datetime
from typing import Literal, get_args

import pandas as pd
from sqlalchemy import Connection, Engine, delete, select

from kneeoa.store import tables
from kneeoa.store.database import reading, writing

Event = Literal[
    "teacher signed in",
    "wrong teacher's key",
    "session deleted",
    "learner removed from a session",
    "learner left a session",
    "practice deleted",
    "votes exported",
    "session's sheet exported",
    "own votes exported",
    "practice exported",
    "profile exported",
    "case list opened",
    "wrong key of the case list",
    "case deleted",
    "cases exported",
    "report exported",
    "film exported",
    "archive queried",
    "films taken from an archive",
    "pushed films taken",
    "pushed films removed",
    "reports sent to an archive",
    "report to an archive discarded",
]
EVENTS = get_args(Event)
MOST = 200_000
"""Entries kept; beyond them the oldest go."""
COLUMNS = ("happened_at", "event", "client", "about")


def record(db: Engine, event: Event, *, client: str, now: datetime, about: str = "") -> None:
    """Keep that `event` happened.

    `about` is the code of a session, the number of a learner or a case, or the kind of a file.
    """
    with writing(db) as connection:
        note(connection, event, client=client, now=now, about=about)


def note(
    connection: Connection, event: Event, *, client: str, now: datetime, about: str = ""
) -> None:
    """Do what `record` does in the transaction in which it happens: both are kept, or neither."""
    if event not in EVENTS:
        raise ValueError(f"Expected one of {', '.join(EVENTS)}. Received: {event}.")
    table = tables.audit
    row = {"happened_at": now, "event": event, "client": client[:64], "about": about[:64]}
    number = connection.scalar(table.insert().values(row).returning(table.c.id))
    connection.execute(delete(table).where(table.c.id <= number - MOST))


def entries(db: Engine, count: int = 500) -> pd.DataFrame:
    """Return the last `count` entries in `COLUMNS`, the newest first; times in UTC."""
    table = tables.audit
    rows = select(*(table.c[name] for name in COLUMNS)).order_by(table.c.id.desc()).limit(count)
    with reading(db) as connection:
        return pd.DataFrame(connection.execute(rows).all(), columns=list(COLUMNS))
