"""Learners with their practice, groups with their votes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    _create_practice()
    _create_groups()


def _create_practice() -> None:
    op.create_table(
        "learner",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(16), nullable=False),
        _moment("created_at"),
        sa.UniqueConstraint("code", name="uq_learner_code"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "practice_session",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("learner_id", sa.Integer, _reference("learner"), nullable=False),
        sa.Column("exam", sa.Text, nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        _moment("started_at"),
        _moment("finished_at", nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_practice_session_learner_id", "practice_session", ["learner_id"])
    op.create_table(
        "practice_answer",
        sa.Column("session_id", sa.Integer, _reference("practice_session"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("image_id", sa.Text, nullable=False),
        _grade("reference"),
        _grade("grade", nullable=True),
        sa.Column("seconds", sa.Float),
        _grade("first_grade", nullable=True),
        sa.Column("shown_when", sa.String(16), nullable=False),
        _grade("shown_grade", nullable=True),
        sa.Column("network", sa.Text),
        _moment("answered_at"),
    )
    op.create_table(
        "practice_card",
        sa.Column("learner_id", sa.Integer, _reference("learner"), primary_key=True),
        sa.Column("image_id", sa.Text, primary_key=True),
        sa.Column("card", sa.Text, nullable=False),
    )


def _create_groups() -> None:
    op.create_table(
        "teaching_group",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("exam", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        _moment("opened_at"),
        sa.UniqueConstraint("code", name="uq_teaching_group_code"),
        sa.CheckConstraint(
            "state IN ('waiting', 'voting', 'closed', 'told', 'ended')", name="ck_state"
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "group_film",
        sa.Column("group_id", sa.Integer, _reference("teaching_group"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("told", sa.Boolean, nullable=False),
    )
    op.create_table(
        "participant",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("group_id", sa.Integer, _reference("teaching_group"), nullable=False),
        sa.Column("nickname", sa.String(24), nullable=False),
        sa.Column("nickname_key", sa.Text, nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        _moment("joined_at"),
        sa.UniqueConstraint("group_id", "nickname_key", name="uq_participant_nickname"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "vote",
        sa.Column("group_id", sa.Integer, _reference("teaching_group"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("participant_id", sa.Integer, _reference("participant"), primary_key=True),
        _grade("grade"),
        _moment("voted_at"),
    )
    op.create_index("ix_vote_participant_id", "vote", ["participant_id"])


def _moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _reference(table: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{table}.id", ondelete="CASCADE")


def _grade(name: str, *, nullable: bool = False) -> sa.Column:
    within = sa.CheckConstraint(f"{name} BETWEEN 0 AND 4", name=f"ck_{name}")
    return sa.Column(name, sa.Integer, within, nullable=nullable)
