"""The audit log; and which client a place in a class was given to."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the log and add the column."""
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("client", sa.String(64), nullable=False),
        sa.Column("about", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )
    op.add_column(
        "participant", sa.Column("client", sa.String(32), nullable=False, server_default="")
    )
