"""Which films of a class are closed, and which were voted on again after the votes were shown."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the columns; of films from before, those told and the one that is closed are closed."""
    for name in ("closed", "again"):
        column = sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())
        op.add_column("group_film", column)
    film = sa.table("group_film", *map(sa.column, ("group_id", "position", "told", "closed")))
    group = sa.table("teaching_group", *map(sa.column, ("id", "position", "state")))
    here = sa.exists().where(
        group.c.id == film.c.group_id,
        group.c.position == film.c.position,
        group.c.state == "closed",
    )
    told = film.c.told == sa.true()
    op.execute(sa.update(film).where(sa.or_(told, here)).values(closed=sa.true()))
