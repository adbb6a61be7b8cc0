"""The table on a page: rows in, which one is chosen, marked or opened out."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import streamlit as st

from kneeoa.wording import counted

_HERE = Path(__file__).parent
_MOUNT = st.components.v2.component(
    "rows",
    html='<div class="rows" tabindex="0" role="region"></div>',
    js=(_HERE / "rows.js").read_text("utf-8"),
    css=(_HERE / "rows.css").read_text("utf-8"),
)
MOST = 2_000
"""Rows that are shown: more are found by looking for fewer."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; one without a label of its own is not sorted by."""

    name: str
    label: str = ""
    kind: Literal["text", "main", "grade", "number", "picture"] = "text"
    help: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row.

    Attributes
    ----------
    key : names it
    label : what it is, for who does not see it
    cells : text by column, of a picture its address
    order : by what a column is sorted, where that is not its text; nothing is last
    told : what is said of a cell when it is pointed at
    tones : how a cell looks: ``"quiet"``, ``"doubt"``, ``"refused"``
    tone : how the row looks: ``"unread"`` or nothing
    """

    key: str
    label: str
    cells: dict[str, str]
    order: dict[str, float | str] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    tones: dict[str, str] = field(default_factory=dict)
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which row is pointed at, and which are marked, by key."""

    at: str | None
    marked: tuple[str, ...]

    @property
    def meant(self) -> tuple[str, ...]:
        """The rows that something is to be done with: those marked, else the one pointed at."""
        return self.marked or ((self.at,) if self.at else ())

    def told(self, words: str) -> str:
        """Return `words` about a table with how many rows are marked, and its keys."""
        marked = f" · {counted(len(self.marked), 'row')} marked" if self.marked else ""
        return f"{words}{marked}. Arrows choose, Enter opens, the space bar marks."


@dataclass(frozen=True, slots=True)
class Order:
    """By which column rows are in order, where that is not left to the table: by none as given."""

    name: str = ""
    down: bool = False


def order_asked(key: str, columns: Sequence[Column]) -> Order | None:
    """Return the order that the table `key` was last asked for; None where it was not asked."""
    state = st.session_state.get(key) or {}
    if "sort" not in state:
        return None
    asked = state["sort"] or {}
    names = {column.name for column in columns if column.label}
    name = asked.get("name")
    return Order(name, asked.get("down") is True) if name in names else Order()


def show(
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    key: str,
    label: str,
    height: str,
    on_open: Callable[[str], None],
    marks: bool = True,
    at: str | None = None,
    order: Order | None = None,
) -> Chosen:
    """Show a table; return what is chosen of the rows that are shown.

    With an `order` the rows are in it already, and `order_asked` says which one is wanted;
    otherwise the table orders those that it has.

    `on_open` is called with the key of a row that Enter or a double click opens. `at` is pointed at
    first, such as the one that was opened last.
    """
    rows = rows[:MOST]
    keys = {row.key for row in rows}

    def opened():
        # A row that has gone meanwhile is nobody's.
        if (which := st.session_state[key]["opened"]) in keys:
            on_open(which)

    state = _MOUNT(
        key=key,
        data={
            "columns": [asdict(column) for column in columns],
            "rows": [asdict(row) for row in rows],
            "label": label,
            "height": height,
            "marks": marks,
            "at": at,
            "order": None if order is None else asdict(order),
        },
        default={"at": None, "marked": [], **_asked_at_first(order)},
        height="content",
        on_opened_change=opened,
        on_at_change=lambda: None,
        on_marked_change=lambda: None,
        on_sort_change=lambda: None,
    )
    marked = tuple(name for name in state.marked or () if name in keys)
    pointed = state.at if state.at in keys else at  # as its program in the browser does
    return Chosen(pointed if pointed in keys else None, marked)


def _asked_at_first(order):
    return {} if order is None else {"sort": asdict(order) if order.name else None}
