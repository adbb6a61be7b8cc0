"""What tells a report that was sent from another one under the same identifier."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column: of what is there already the size alone is known."""
    op.add_column("outgoing", sa.Column("digest", sa.String(64)))
