"""What waits here under another secret: reports on their way, films in the receiver's folder."""

from pathlib import Path

from sqlalchemy import Engine, select, update

from kneeoa.files import read_regular
from kneeoa.pacs.configured import pacs_from
from kneeoa.store import tables
from kneeoa.store.cases import sealed
from kneeoa.store.cases.resealing import Secrets, reseal_file, write_whole
from kneeoa.store.database import writing


def reseal(db: Engine, secrets: Secrets) -> int:
    """Encrypt all that waits with the new secret; return how many reports and films that were."""
    receiver = pacs_from().receiver
    films = reseal_inbox(Path(receiver.folder), secrets) if receiver and receiver.folder else 0
    return reseal_outgoing(db, secrets) + films


def reseal_outgoing(db: Engine, secrets: Secrets) -> int:
    """Encrypt reports that were not sent yet; return how many.

    One that neither secret opens stays as it is: whoever sends it then says so.
    """
    table = tables.outgoing
    with writing(db) as connection:
        numbers = connection.scalars(select(table.c.id).where(table.c.content.is_not(None))).all()
    count = 0
    for number in numbers:
        there = table.c.id == number
        with writing(db) as connection:
            row = connection.execute(select(table).where(there).with_for_update()).first()
            if row is None or row.content is None or secrets.is_done(row.content):
                continue
            try:
                content = (
                    secrets.anew(row.content, row.instance)
                    if row.sealed
                    else sealed.seal(row.content, row.instance, secrets.new)
                )
            except sealed.SealedError:
                continue
            connection.execute(update(table).where(there).values(content=content, sealed=True))
            count += 1
    return count


def reseal_inbox(folder: Path, secrets: Secrets) -> int:
    """Encrypt films that wait in the receiver's folder; return how many.

    One that neither secret opens stays as it is: whoever opens it is told.
    """
    count = 0
    for file in folder.glob("*.sealed"):
        try:
            count += reseal_file(file, file.stem, secrets)
        except (FileNotFoundError, sealed.SealedError):
            continue
    for file in folder.glob("*.film"):
        made = sealed.seal(read_regular(file, 2**31), file.stem, secrets.new)
        write_whole(file.with_suffix(".sealed"), made, like=file)
        file.unlink()
        count += 1
    return count
