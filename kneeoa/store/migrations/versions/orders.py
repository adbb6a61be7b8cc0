"""What came first by counting, since clocks are set back; and of which exam a class saw a part."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns: answers that are kept are counted in order of their times."""
    for table, column in (("teaching_group", "left_out"), ("vote", "round")):
        op.add_column(table, _count(column))
    op.add_column("practice_answer", _count("number"))
    names = ("session_id", "position", "answered_at", "number")
    answer = sa.table("practice_answer", *map(sa.column, names))
    key = answer.c.session_id, answer.c.position
    rows = op.get_bind().execute(sa.select(*key).order_by(answer.c.answered_at, *key)).all()
    numbers = [{"s": s, "p": p, "n": number} for number, (s, p) in enumerate(rows, 1)]
    if numbers:
        is_row = (key[0] == sa.bindparam("s")) & (key[1] == sa.bindparam("p"))
        op.get_bind().execute(
            sa.update(answer).where(is_row).values(number=sa.bindparam("n")), numbers
        )


def _count(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer, nullable=False, server_default=sa.text("0"))
