"""Reports on their way to an archive: kept in the database until the archive says it has them.

One at a time is claimed, sent and marked; a claim that outlives its sender, because the process was
killed, is free again after a while. An object is known to an archive by its own identifier (SOP
Instance UID), so it is there once however often it was sent; where an earlier try may have arrived,
the archive is asked first, and nothing else goes out under it. Times are the caller's, in UTC.
"""

import contextlib
import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select, true, update

from kneeoa.errors import KneeOAError
from kneeoa.films.apart.settings import MEGABYTE
from kneeoa.pacs.classic.either import Archive, archive_of
from kneeoa.pacs.part10 import identity
from kneeoa.pacs.problems import LostError, NotThereError, PacsError, RefusedError, ThereError
from kneeoa.pacs.sealing import PLAIN, Cipher
from kneeoa.pacs.settings import Taker
from kneeoa.store import tables
from kneeoa.store.database import forget_log, insert_into, reading, writing

PAUSES = (15, 60, 300, 900, 1800, 3600)
"""Seconds before the next try; after the last one always as many."""
MOST_WAITING = 5_000
LARGEST = 50 * MEGABYTE
"""Of one object: a secondary capture has a few megabytes."""
KEPT = timedelta(days=90)
"""How long the list says what was sent."""
_SPARE = 60
"""Seconds past all limits of a sender, after which another takes over."""
LONGEST_ABOUT = 64
_OTHER = "another content"
_UNTOLD = "may have another content, for nothing tells what went out under it"
_AHEAD = timedelta(hours=2)
"""Longer than any claim and any pause: what lies further ahead was written by a wrong clock."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the outbox. Nothing of a patient stands in it.

    Attributes
    ----------
    entry_id : its number
    server : the archive it goes to
    kind : what it is, such as ``Structured report``
    about : what who put it here calls it by, such as a case's number
    state : ``waiting``, ``sending``, ``sent`` or ``failed`` (the archive refused it)
    tries : how often it was tried
    size : bytes
    said : why it was not sent, a sentence
    next_at : when it is tried again
    """

    entry_id: int
    server: str
    kind: str
    about: str
    state: str
    tries: int
    size: int
    said: str
    put_at: datetime
    next_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Claim:
    entry_id: int
    server: str
    instance: str
    content: bytes
    sealed: bool
    tries: int
    may_be_there: bool
    sender: str


def put(
    db: Engine,
    server: Taker,
    content: bytes,
    now: datetime,
    *,
    about: str = "",
    cipher: Cipher = PLAIN,
) -> int:
    """Keep a DICOM object that is to be sent to `server`; return its number.

    What was put here before under the same identifier is not put twice; what failed is tried again.
    Another content goes out instead, and is a `PacsError` where what was put before may be there.
    Others are what is no DICOM object or too large, and too many that wait.
    """
    file_meta = identity(content)
    if not server.sends:
        raise PacsError(
            f"Expected an archive that takes reports. {server.name} is set to be only read from "
            "(sends = false)."
        )
    if len(content) > LARGEST:
        raise PacsError(
            f"Expected at most {LARGEST / MEGABYTE:.0f} MB. Received {len(content) / MEGABYTE:.0f}."
        )
    table = tables.outgoing
    same = (table.c.server == server.name) & (table.c.instance == file_meta.sop_instance)
    row = {
        "server": server.name,
        "instance": file_meta.sop_instance,
        "kind": file_meta.kind,
        "about": about[:LONGEST_ABOUT],
        "content": cipher.seal(content, file_meta.sop_instance),
        "sealed": cipher.encrypts,
        "size": len(content),
        "digest": hashlib.sha256(content).hexdigest(),
        "state": "waiting",
        "may_be_there": False,
        "tries": 0,
        "put_at": now,
        "next_at": now,
        "said": "",
    }
    with writing(db) as connection:
        connection.execute(delete(table).where(table.c.sent_at < now - KEPT))
        waiting = select(func.count()).where(table.c.state != "sent")
        if connection.execute(waiting).scalar_one() >= MOST_WAITING:
            raise PacsError(
                f"Expected at most {MOST_WAITING} reports that wait. See why none is sent, or "
                "discard some."
            )
        sealed = table.c.sealed & table.c.content.is_not(None)
        if not cipher.encrypts and connection.scalar(select(table.c.id).where(sealed).limit(1)):
            raise PacsError(
                "Expected the key with which the reports that wait are encrypted. The server runs "
                "without one, and this report would lie there as it is: start it with the key."
            )
        kept = insert_into(db, table).values(row)
        connection.execute(kept.on_conflict_do_nothing(index_elements=["server", "instance"]))
        there = connection.execute(select(table).where(same).with_for_update()).one()
        mine = table.c.id == there.id
        if _digest_of(there, cipher) != row["digest"]:
            if there.may_be_there or there.state in ("sent", "sending"):
                is_told = there.digest or there.content or there.size != row["size"]
                raise PacsError(
                    f"Expected a report as it was when it was sent to {server.name}. This one has "
                    f"the same identifier and {_OTHER if is_told else _UNTOLD}: give it an "
                    "identifier of its own (SOP Instance UID), for an archive keeps the first."
                )
            connection.execute(update(table).where(mine).values(row))
        elif there.state == "failed":
            _try_anew(connection, mine, now)
        return there.id


def _digest_of(there: Any, cipher: Cipher) -> str | None:
    """Return what tells a row's content from others: None of one that is gone, from before 0009."""
    if there.digest or there.content is None:
        return there.digest
    content = cipher.plain(there.content, there.instance, sealed=there.sealed)
    return hashlib.sha256(content).hexdigest()


def _try_anew(connection: Connection, which: Any, now: datetime) -> None:
    """Have what was refused tried with the pauses of a first time."""
    again = {"state": "waiting", "next_at": now, "tries": 0}
    connection.execute(update(tables.outgoing).where(which).values(again))


def entries(db: Engine, count: int = 200, *, only: Sequence[int] | None = None) -> list[Entry]:
    """Return `count` entries, or those in `only`: first refused ones, then waiting, then sent."""
    table = tables.outgoing
    names = [name for name in Entry.__slots__ if name != "entry_id"]
    order = table.c.state == "sent", table.c.state != "failed", table.c.id.desc()
    rows = select(table.c.id, *(table.c[name] for name in names)).order_by(*order)
    rows = rows.limit(count) if only is None else rows.where(table.c.id.in_(only))
    with reading(db) as connection:
        return [Entry(*row) for row in connection.execute(rows)]


def counts(db: Engine) -> dict[str, int]:
    """Return how many entries there are, by state; of those that were sent, of the last `KEPT`."""
    table = tables.outgoing
    with reading(db) as connection:
        rows = select(table.c.state, func.count().label("number")).group_by(table.c.state)
        return {row.state: row.number for row in connection.execute(rows)}


def retry(db: Engine, now: datetime, only: Sequence[int] | None = None) -> int:
    """Have what waits or failed tried at once, all of it or those numbered; return how many."""
    table = tables.outgoing
    asked = table.c.id.in_(only) if only is not None else true()
    with writing(db) as connection:
        _try_anew(connection, (table.c.state == "failed") & asked, now)
        waits = (table.c.state == "waiting") & asked
        return connection.execute(update(table).where(waits).values(next_at=now)).rowcount


def discard(db: Engine, entry_id: int, now: datetime) -> None:
    """Delete an entry for good; one that is being sent stays, but not where its sender is gone."""
    table = tables.outgoing
    is_free = (table.c.state != "sending") | _is_over(table.c.claimed_until, now)
    with writing(db) as connection:
        connection.execute(delete(table).where(table.c.id == entry_id, is_free))
    forget_log(db)


def _is_over(moment: Any, now: datetime) -> Any:
    """Return a condition: a moment is past, or so far ahead that its clock was wrong."""
    return (moment <= now) | (moment > now + _AHEAD)


def deliver(
    db: Engine,
    servers: Sequence[Taker],
    now: Callable[[], datetime],
    *,
    cipher: Cipher = PLAIN,
    web: Callable[[Taker], Archive] = archive_of,
    only: Sequence[int] | None = None,
) -> int | None:
    """Try to send the entry that is due first; return its number, None where none is.

    What comes of it stands in the entry. Raises `StoreError` where the database fails; the entry is
    then tried again later.
    """
    by_name = {server.name: server for server in servers if server.sends}
    claim = _claim(db, by_name, now(), only)
    if claim is None:
        return None
    try:
        content = cipher.plain(claim.content, claim.instance, sealed=claim.sealed)
        archive = web(by_name[claim.server])
        # Where no earlier try can have arrived, what is there is another object.
        is_this = (ThereError,) if claim.may_be_there else ()
        if not (claim.may_be_there and archive.holds(claim.instance)):
            with contextlib.suppress(*is_this):
                archive.store(content)
    except RefusedError as problem:
        _mark(db, claim, state="failed", said=str(problem))
    except KneeOAError as problem:
        later = now() + timedelta(seconds=PAUSES[min(claim.tries, len(PAUSES)) - 1])
        is_lost = isinstance(problem, LostError) and not isinstance(problem, NotThereError)
        there = {"may_be_there": claim.may_be_there or is_lost}
        _mark(db, claim, state="waiting", said=str(problem), next_at=later, **there)
    else:
        digest = hashlib.sha256(content).hexdigest()  # an entry from before 0009 has none
        _mark(db, claim, state="sent", said="", content=None, sent_at=now(), digest=digest)
        forget_log(db)
    return claim.entry_id


def _claim(
    db: Engine, servers: Mapping[str, Taker], now: datetime, only: Sequence[int] | None
) -> _Claim | None:
    """Return the entry that is due first, and keep others from it; None where none is."""
    table = tables.outgoing
    left_behind = (table.c.state == "sending") & _is_over(table.c.claimed_until, now)
    due = ((table.c.state == "waiting") & _is_over(table.c.next_at, now)) | left_behind
    due &= table.c.server.in_(list(servers))
    if only is not None:
        due &= table.c.id.in_(only)
    names = ("id", "server", "instance", "content", "sealed", "tries", "state", "may_be_there")
    first = (
        select(*(table.c[name] for name in names))
        .where(due)
        .order_by(table.c.next_at, table.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    with writing(db) as connection:
        row = connection.execute(first).first()
        if row is None:
            return None
        until = now + timedelta(seconds=servers[row.server].most_seconds + _SPARE)
        changes = {
            "tries": row.tries + 1,
            # Who was sending it may have been killed after that.
            "may_be_there": row.may_be_there or row.state == "sending",
            "sender": secrets.token_hex(16),
        }
        claimed = changes | {"state": "sending", "claimed_until": until}
        connection.execute(update(table).where(table.c.id == row.id).values(claimed))
    return _Claim(row.id, row.server, row.instance, row.content, row.sealed, **changes)


def _mark(db: Engine, claim: _Claim, **changes: Any) -> None:
    """Write down what came of it, unless another has taken over."""
    table = tables.outgoing
    mine = (table.c.id == claim.entry_id) & (table.c.sender == claim.sender)
    changed = update(table).where(mine).values(sender=None, claimed_until=None, **changes)
    with writing(db) as connection:
        connection.execute(changed)
