"""What tells a report that was sent from another one, and whether it may have arrived."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the columns: what was tried may be there, but for what was refused at once."""
    op.add_column("outgoing", sa.Column("digest", sa.String(64)))
    may_be_there = sa.Column("may_be_there", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("outgoing", may_be_there)
    table = sa.table("outgoing", *map(sa.column, ("state", "tries", "may_be_there")))
    is_lost = sa.or_(table.c.tries > 1, sa.and_(table.c.tries == 1, table.c.state != "failed"))
    op.execute(sa.update(table).where(is_lost).values(may_be_there=sa.true()))
