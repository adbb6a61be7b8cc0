"""The tables. A change here needs a new file in ``migrations/versions``, and its id below."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)

REVISION = "0010"
"""The newest migration: what the tables below look like."""
VERSION_TABLE = "reading_room_version"
"""Where a database says which migration it has; Alembic's own name may be another program's."""
STATES = ("waiting", "voting", "closed", "told", "ended")
OUTGOING_STATES = ("waiting", "sending", "sent", "failed")


class Moment(TypeDecorator):
    """A time in UTC that knows its zone, on SQLite too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC; a time without a zone is a bug of the caller."""
        if value is not None and value.utcoffset() is None:
            raise ValueError(f"Expected a time with its zone. Received: {value!r}.")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _belongs_to(table: str, **options: Any) -> ForeignKey:
    return ForeignKey(f"{table}.id", ondelete="CASCADE", **options)


def _graded(column: str) -> CheckConstraint:
    return CheckConstraint(f"{column} BETWEEN 0 AND 4", name=f"ck_{column}")


metadata = MetaData()

# Ids are never given twice: a page left open for what was deleted must not find something else.
learner = Table(
    "learner",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("code", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("code", name="uq_learner_code"),
    sqlite_autoincrement=True,
)

practice_session = Table(
    "practice_session",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("learner_id", Integer, _belongs_to("learner"), nullable=False),
    Column("exam", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Index("ix_practice_session_learner_id", "learner_id"),
    sqlite_autoincrement=True,
)

practice_answer = Table(
    "practice_answer",
    metadata,
    Column("session_id", Integer, _belongs_to("practice_session"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("image_id", Text, nullable=False),
    Column("reference", Integer, _graded("reference"), nullable=False),
    Column("grade", Integer, _graded("grade")),
    Column("seconds", Float),
    Column("first_grade", Integer, _graded("first_grade")),
    Column("shown_when", String(16), nullable=False),
    Column("shown_grade", Integer, _graded("shown_grade")),
    Column("network", Text),
    Column("answered_at", Moment, nullable=False),
    # Counts what a learner answers, since a clock can be set back.
    Column("number", Integer, nullable=False, server_default=text("0")),
)

practice_card = Table(
    "practice_card",
    metadata,
    Column("learner_id", Integer, _belongs_to("learner"), primary_key=True),
    Column("image_id", Text, primary_key=True),
    Column("card", Text, nullable=False),
)

teaching_group = Table(
    "teaching_group",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("code", String(16), nullable=False),
    Column("exam", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("position", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("opened_at", Moment, nullable=False),
    # For a film; none: no limit.
    Column("seconds", Float),
    Column("voting_since", Moment),
    # Films of the exam's file that could not be given.
    Column("left_out", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("code", name="uq_teaching_group_code"),
    CheckConstraint(f"state IN {STATES}", name="ck_state"),
    sqlite_autoincrement=True,
)

# The films on which voting was ever opened: whether it is closed, the reference told, and whether
# voting was opened again, with the first votes shown before it.
group_film = Table(
    "group_film",
    metadata,
    Column("group_id", Integer, _belongs_to("teaching_group"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("told", Boolean, nullable=False),
    Column("closed", Boolean, nullable=False, server_default=false()),
    Column("again", Boolean, nullable=False, server_default=false()),
)

participant = Table(
    "participant",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("group_id", Integer, _belongs_to("teaching_group"), nullable=False),
    Column("nickname", String(24), nullable=False),
    Column("nickname_key", Text, nullable=False),
    Column("token", String(32), nullable=False),
    Column("joined_at", Moment, nullable=False),
    # Tells the places of one client from others' while a server runs; no address.
    Column("client", String(32), nullable=False, server_default=""),
    UniqueConstraint("group_id", "nickname_key", name="uq_participant_nickname"),
    sqlite_autoincrement=True,
)

# The key's order is that of counting; a vote is found by it, too.
vote = Table(
    "vote",
    metadata,
    Column("group_id", Integer, _belongs_to("teaching_group"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("participant_id", Integer, _belongs_to("participant"), primary_key=True),
    Column("grade", Integer, _graded("grade"), nullable=False),
    Column("voted_at", Moment, nullable=False),
    # Of the group, as it was then: tells votes from before voting was opened again.
    Column("round", Integer, nullable=False, server_default=text("0")),
    Index("ix_vote_participant_id", "participant_id"),
)

# A film that cases hold; its file lies beside the database, see `kneeoa.store.cases.films`.
kept_film = Table(
    "kept_film",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("kept_at", Moment, nullable=False),
)

reading_case = Table(
    "reading_case",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("film", String(64), ForeignKey("kept_film.digest"), nullable=False),
    # Of the film as it came; that of the kept file differs where something was taken out of it.
    Column("digest", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("source", String(16), nullable=False),
    # Which cases are of one patient, and nothing else of her: a keyed hash, empty where not known.
    Column("patient", String(32), nullable=False),
    # Likewise who gave her that number, and when she was born; none of cases from before these were
    # kept: of them nothing but the number is known.
    Column("issuer", String(32)),
    Column("born", String(32)),
    Column("study_date", String(10), nullable=False),
    Column("is_read", Boolean, nullable=False),
    # Counts the changes, so that of two windows none overwrites what it has not seen.
    Column("revision", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    # By what the list is looked through and in order of, see `kneeoa.store.cases.looking`.
    Column("searched", Text, nullable=False, server_default=""),
    Column("name_order", Text, nullable=False, server_default=""),
    Index("ix_reading_case_film", "film"),
    Index("ix_reading_case_digest", "digest"),
    sqlite_autoincrement=True,
)

# What the list is looked through by, of each knee: as its case's state says.
case_knee = Table(
    "case_knee",
    metadata,
    Column("case_id", Integer, _belongs_to("reading_case"), primary_key=True),
    Column("knee", Integer, primary_key=True, autoincrement=False),
    Column("side", String(8), nullable=False),
    Column("said", Integer),
    Column("low", Integer),
    Column("high", Integer),
    Column("answer", String(16), nullable=False),
    Column("doubt", String(64), nullable=False),
    Column("refused", Boolean, nullable=False),
)

# What one reader says of one knee: her last grade, and the one before she saw the networks'.
case_grade = Table(
    "case_grade",
    metadata,
    Column("case_id", Integer, _belongs_to("reading_case"), primary_key=True),
    Column("knee", Integer, primary_key=True, autoincrement=False),
    Column("reader", String(24), primary_key=True),
    Column("grade", Integer, _graded("grade")),
    Column("given_at", Moment),
    Column("committed", Integer, _graded("committed")),
    Column("committed_at", Moment),
    Column("seen_at", Moment),
    # Whether theirs only stood in a list or beside the films, so that it can still wait for hers.
    Column("passed", Boolean, nullable=False, server_default=false()),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("happened_at", Moment, nullable=False),
    Column("event", String(40), nullable=False),
    Column("client", String(64), nullable=False),
    Column("about", String(64), nullable=False),
    sqlite_autoincrement=True,
)

# Reports on their way to an archive. What was sent keeps its row without its content.
outgoing = Table(
    "outgoing",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("server", String(40), nullable=False),
    Column("instance", String(64), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("about", String(64), nullable=False),
    Column("content", LargeBinary),
    Column("sealed", Boolean, nullable=False),
    Column("size", Integer, nullable=False),
    # None of what was put in by a version before that kept it.
    Column("digest", String(64)),
    Column("state", String(16), nullable=False),
    # Whether something of it may have arrived without a word.
    Column("may_be_there", Boolean, nullable=False, server_default=false()),
    Column("tries", Integer, nullable=False),
    Column("put_at", Moment, nullable=False),
    Column("next_at", Moment, nullable=False),
    # Who is sending it, and until when nobody else tries.
    Column("sender", String(32)),
    Column("claimed_until", Moment),
    Column("said", Text, nullable=False),
    Column("sent_at", Moment),
    UniqueConstraint("server", "instance", name="uq_outgoing_instance"),
    CheckConstraint(f"state IN {OUTGOING_STATES}", name="ck_outgoing_state"),
    Index("ix_outgoing_next_at", "state", "next_at"),
    sqlite_autoincrement=True,
)
