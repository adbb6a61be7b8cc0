"""What waits here under another secret: reports on their way, films in the receiver's folder."""

from pathlib import Path

from sqlalchemy import Engine, select, update

from kneeoa.files import read_regular
from kneeoa.pacs.configured import pacs_from
from kneeoa.store import tables
from kneeoa.store.cases import sealed
from kneeoa.store.cases.disk import drop_abandoned
from kneeoa.store.cases.resealing import Secrets, Waiting, reseal_file, write_whole
from kneeoa.store.database import writing


def reseal(db: Engine, secrets: Secrets) -> Waiting:
    """Encrypt all that waits with the new secret; return what came of it."""
    receiver = pacs_from().receiver
    waiting = Waiting(folder=receiver.folder if receiver else "")
    reseal_outgoing(db, secrets, waiting)
    if waiting.folder:
        reseal_inbox(Path(waiting.folder), secrets, waiting)
    return waiting


def reseal_outgoing(db: Engine, secrets: Secrets, waiting: Waiting) -> None:
    """Encrypt reports that were not sent yet; note in `waiting` what came of it."""
    table = tables.outgoing
    with writing(db) as connection:
        numbers = connection.scalars(select(table.c.id).where(table.c.content.is_not(None))).all()
    for number in numbers:
        there = table.c.id == number
        with writing(db) as connection:
            row = connection.execute(select(table).where(there).with_for_update()).first()
            if row is None or row.content is None:
                continue
            if secrets.is_done(row.content):
                waiting.done += 1
                continue
            try:
                content = (
                    secrets.anew(row.content, row.instance)
                    if row.sealed
                    else sealed.seal(row.content, row.instance, secrets.new)
                )
            except sealed.SealedError as problem:
                waiting.failed[f"report {number}"] = str(problem)
                continue
            connection.execute(update(table).where(there).values(content=content, sealed=True))
            waiting.anew += 1


def reseal_inbox(folder: Path, secrets: Secrets, waiting: Waiting) -> None:
    """Encrypt films that wait in the receiver's folder; note in `waiting` what came of it.

    What somebody who was killed had half written is deleted.
    """
    drop_abandoned(folder, seconds=0)
    for file in folder.glob("*.sealed"):
        try:
            if reseal_file(file, file.stem, secrets):
                waiting.anew += 1
            else:
                waiting.done += 1
        except FileNotFoundError:
            continue
        except sealed.SealedError as problem:
            waiting.failed[file.name] = str(problem)
    for file in folder.glob("*.film"):
        made = sealed.seal(read_regular(file, 2**31), file.stem, secrets.new)
        write_whole(file.with_suffix(".sealed"), made, like=file)
        file.unlink()
        waiting.anew += 1
