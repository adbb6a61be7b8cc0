"""The table on a page: rows in, which one is chosen, marked or opened out."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

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
    whole : what the row is a part of, which is marked as a whole; nothing where it is that itself
    """

    key: str
    label: str
    cells: dict[str, str]
    order: dict[str, float | str] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    tones: dict[str, str] = field(default_factory=dict)
    tone: str = ""
    whole: str = ""

    @property
    def marked_as(self) -> str:
        """What a mark at this row is of."""
        return self.whole or self.key


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which row is pointed at, by key, and what is marked, by `Row.marked_as`.

    `whole` is what the row that is pointed at is a part of.
    """

    at: str | None
    marked: tuple[str, ...]
    whole: str = ""

    @property
    def meant(self) -> tuple[str, ...]:
        """What something is to be done with: what is marked, else what is pointed at."""
        return self.marked or ((self.whole or self.at,) if self.at else ())

    @property
    def row(self) -> str:
        """The row to open where one thing is meant: the one pointed at, where that is of it."""
        (meant,) = self.meant
        return self.at if self.at and meant == (self.whole or self.at) else meant

    def told(self, words: str, *, what: str, elsewhere: int = 0) -> str:
        """Return `words` about a table with how much is marked, and its keys.

        `elsewhere` is how much of it is not in sight.
        """
        marked = f" · **{counted(len(self.marked), what)} marked**" if self.marked else ""
        marked += f", {elsewhere:,} not in sight" if elsewhere else ""
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
    is_page: bool = False,
) -> Chosen:
    """Show a table; return what is chosen of the rows that are shown.

    With an `order` the rows are in it already, and `order_asked` says which one is wanted;
    otherwise the table orders those that it has.

    Marks are of the rows that are shown. Where these are one page of many, marks stay with what
    they were set at, on whichever page that is: whoever asks for the table looks which of it is
    still there.

    `on_open` is called with the key of a row that Enter or a double click opens. `at` is pointed at
    first, such as the one that was opened last.
    """
    rows = rows[:MOST]
    wholes_by_key = {row.key: row.marked_as for row in rows}
    marks_round, kept = _marks_of(key)

    def opened():
        # A row that has gone meanwhile is nobody's.
        if (which := st.session_state[key]["opened"]) in wholes_by_key:
            on_open(which)

    state = _MOUNT(
        key=key,
        data={
            "columns": [asdict(column) for column in columns],
            "rows": [asdict(row) | {"whole": row.marked_as} for row in rows],
            "label": label,
            "height": height,
            "marks": marks,
            "isPage": is_page,
            "marked": list(kept),
            "round": marks_round,
            "at": at,
            "order": None if order is None else asdict(order),
        },
        default={"at": None, "marked": None, **_asked_at_first(order)},
        height="content",
        on_opened_change=opened,
        on_at_change=lambda: None,
        on_marked_change=lambda: None,
        on_sort_change=lambda: None,
    )
    marked = _told_marks(state.marked, marks_round, kept)
    if not is_page:
        wholes = set(wholes_by_key.values())
        marked = tuple(name for name in marked if name in wholes)
    st.session_state[marks_key(key)] = marks_round, marked
    pointed = state.at if state.at in wholes_by_key else at  # as its program in the browser does
    pointed = pointed if pointed in wholes_by_key else None
    return Chosen(pointed, marked, wholes_by_key[pointed] if pointed else "")


def marks_key(key: str) -> str:
    """Return where the session keeps what is marked in the table `key`."""
    return f"{key}_marks"


def clear_marks(key: str) -> None:
    """Take away all marks of the table `key`, on all of its pages."""
    marks_round, _ = _marks_of(key)
    st.session_state[marks_key(key)] = marks_round + 1, ()


def _marks_of(key: str) -> tuple[int, tuple[str, ...]]:
    """Return how often all marks were taken away, and what is marked."""
    return st.session_state.get(marks_key(key), (0, ()))


def _told_marks(told: Any, marks_round: int, kept: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is marked, as the browser says, where it knows that marks were taken away."""
    if not isinstance(told, dict) or told.get("round") != marks_round:
        return kept
    keys = told.get("keys")
    keys = keys if isinstance(keys, list) else []
    return tuple(dict.fromkeys(name for name in keys if isinstance(name, str)))


def _asked_at_first(order):
    return {} if order is None else {"sort": asdict(order) if order.name else None}
