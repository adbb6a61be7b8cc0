"""How long a class may vote on a film, and since when it does."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the two columns; sessions from before have no limit."""
    op.add_column("teaching_group", sa.Column("seconds", sa.Float))
    op.add_column("teaching_group", sa.Column("voting_since", sa.DateTime(timezone=True)))
