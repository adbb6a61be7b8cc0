"""More of whose a film is than a number, and whether an answer only stood in a list."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns: of cases that are kept nothing more is known, and no answer was passed."""
    op.add_column("reading_case", sa.Column("issuer", sa.String(32)))
    op.add_column("reading_case", sa.Column("born", sa.String(32)))
    op.add_column(
        "case_grade", sa.Column("passed", sa.Boolean, nullable=False, server_default=sa.false())
    )
