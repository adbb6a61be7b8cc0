"""What one window is told of a case that another one has changed or deleted."""

from sqlalchemy import Engine, select

from kneeoa.store import tables
from kneeoa.store.cases.case import Case
from kneeoa.store.database import StoreError, reading

GONE = "This case was deleted in another window. Save the film again to keep it."
CHANGED = (
    "Another window has changed this case. Nothing of it is overwritten: open it again from Cases, "
    "and go on there."
)


class OvertakenError(StoreError):
    """Another window has changed or deleted a case: as it stands in this one, it is not kept."""


def overtaken(*, is_gone: bool) -> OvertakenError:
    """Return what is raised of a case that was changed, or deleted, in another window."""
    return OvertakenError(GONE if is_gone else CHANGED)


def expect_unchanged(db: Engine, case: Case) -> None:
    """Raise `OvertakenError` where `case` is no longer what this window shows."""
    table = tables.reading_case
    with reading(db) as connection:
        there = connection.scalar(select(table.c.revision).where(table.c.id == case.case_id))
    if there != case.revision:
        raise overtaken(is_gone=there is None)
