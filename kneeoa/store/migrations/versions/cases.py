"""Cases that a reader saved: which film, how it was read, and her own grades."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the three tables."""
    op.create_table(
        "kept_film",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("size", sa.Integer, nullable=False),
        _moment("kept_at", nullable=False),
    )
    op.create_table(
        "reading_case",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("film", sa.String(64), sa.ForeignKey("kept_film.digest"), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("patient", sa.String(32), nullable=False),
        sa.Column("study_date", sa.String(10), nullable=False),
        sa.Column("is_read", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        _moment("created_at", nullable=False),
        _moment("updated_at", nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reading_case_film", "reading_case", ["film"])
    op.create_index("ix_reading_case_digest", "reading_case", ["digest"])
    case = sa.ForeignKey("reading_case.id", ondelete="CASCADE")
    op.create_table(
        "case_grade",
        sa.Column("case_id", sa.Integer, case, primary_key=True),
        sa.Column("knee", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("reader", sa.String(24), primary_key=True),
        _grade("grade"),
        _moment("given_at"),
        _grade("committed"),
        _moment("committed_at"),
        _moment("seen_at"),
    )


def _moment(name: str, *, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _grade(name: str) -> sa.Column[int]:
    within = sa.CheckConstraint(f"{name} BETWEEN 0 AND 4", name=f"ck_{name}")
    return sa.Column(name, sa.Integer, within)
