"""What the list of cases is looked through by, a row a knee, and is in order of."""

import json
import re
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_DIGITS = re.compile(r"\d+")
_AT_ONCE = 500


def upgrade() -> None:
    """Create the table, and fill it with what the cases that are kept say."""
    op.add_column("reading_case", sa.Column("searched", sa.Text, nullable=False, server_default=""))
    op.add_column(
        "reading_case", sa.Column("name_order", sa.Text, nullable=False, server_default="")
    )
    op.create_table(
        "case_knee",
        sa.Column(
            "case_id",
            sa.Integer,
            sa.ForeignKey("reading_case.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("knee", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("said", sa.Integer),
        sa.Column("low", sa.Integer),
        sa.Column("high", sa.Integer),
        sa.Column("answer", sa.String(16), nullable=False),
        sa.Column("doubt", sa.String(64), nullable=False),
        sa.Column("refused", sa.Boolean, nullable=False),
    )
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    case = sa.table(
        "reading_case",
        *(sa.column(name) for name in ("id", "name", "source", "patient", "state")),
        *(sa.column(name) for name in ("searched", "name_order")),
    )
    names = ("case_id", "knee", "side", "said", "low", "high", "answer", "doubt", "refused")
    knee = sa.table("case_knee", *(sa.column(name) for name in names))
    last = 0
    while rows := connection.execute(
        sa.select(case).where(case.c.id > last).order_by(case.c.id).limit(_AT_ONCE)
    ).all():
        for row in rows:
            name = str(row.name).casefold()
            order = _DIGITS.sub(lambda digits: digits[0].zfill(12), name)
            searched = f"{name} {row.patient[:6]} {row.source}".casefold()
            of_case = sa.update(case).where(case.c.id == row.id)
            connection.execute(of_case.values(searched=searched, name_order=order))
        knee_rows = [knee_row for row in rows for knee_row in _knees(row.id, row.state)]
        connection.execute(sa.insert(knee), knee_rows)
        last = rows[-1].id


def _knees(case_id: int, state: str) -> list[dict[str, Any]]:
    """Return the rows of a case; one that is damaged has a row all the same, and is found by it."""
    nothing = {"case_id": case_id, "knee": 0, "side": "unknown", "said": None, "low": None}
    nothing |= {"high": None, "answer": "", "doubt": "", "refused": False}
    try:
        knees = json.loads(state)["knees"]
        return [_knee(case_id, place, knee) for place, knee in enumerate(knees)] or [nothing]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return [nothing]


def _knee(case_id: int, place: int, knee: dict[str, Any]) -> dict[str, Any]:
    grade, low, high = (_grade(knee.get(name)) for name in ("said", "low", "high"))
    networks = [int(answered) for answered in (knee.get("networks") or {}).values()]
    apart = max(networks) - min(networks) if networks else 0
    answer = doubt = ""
    if grade is not None:
        answer = f"kl {grade}" if low is None or low == high else f"kl {low} to {high}"
        words = ["more than one grade"] * (low != high) + [f"networks {apart} apart"] * (apart > 0)
        doubt = ", ".join(words)
    return {
        **{"case_id": case_id, "knee": place, "side": str(knee["side"])[:8]},
        **{"said": grade, "low": low, "high": high, "answer": answer, "doubt": doubt},
        "refused": any(f["severity"] == "refused" for f in knee.get("findings") or ()),
    }


def _grade(value: Any) -> int | None:
    if value is not None and value not in range(5):
        raise ValueError
    return value
