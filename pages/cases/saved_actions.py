"""What can be done with rows of the saved cases: opened, marked, deleted for good, taken along."""

import os
from collections.abc import Iterable, Sequence

import pandas as pd
import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.spreadsheet import csv_text
from kneeoa.store.cases import listing, settings
from kneeoa.store.cases.case import Case
from kneeoa.wording import counted, plain
from pages.shared import boundary, cached, clients
from pages.shared.cases import reopening, saved
from pages.shared.rows import component as rows

PAGE = 200
"""Knees of a page: each case is opened for it, and so is its picture."""
MOST_NAMED = 5
"""Films that are named before they are deleted."""
AT, FIRST = "cases_at", "cases_first"
"""Where the session keeps the row that was opened last, and the first row of the page."""
_FAILED = "cases_failed"


def show(
    asked: listing.Asked,
    first: int,
    found: listing.Found,
    shown: pd.DataFrame,
    chosen: rows.Chosen,
) -> None:
    """Show what can be done with the marked rows, or the one that is pointed at."""
    keys = chosen.meant
    case_ids = list(dict.fromkeys(_case_of(key) for key in keys))
    several = [1.3] if found.found > PAGE else []
    said, *pages, open_, read, away, csv = st.columns(
        [3.4, *several, 0.85, 1.2, 0.85, 0.85], vertical_alignment="center", gap="small"
    )
    words = f"{found.found:,} of {found.all:,} {'knee' if found.all == 1 else 'knees'}"
    if found.found > PAGE:
        words = words if found.found < found.all else f"{found.all:,} knees"
        words = f"{first + 1:,} to {first + len(found.knees):,} of {words}"
        show_pages(pages[0], first, found.found)
    said.caption(chosen.told(words))
    open_.button(
        "Open",
        key="cases_open",
        type="primary",
        disabled=len(case_ids) != 1,
        on_click=open_row,
        args=[keys[0] if keys else ""],
        width="stretch",
    )
    unread = set(shown[shown["unread"]]["case"])
    to_read = bool(case_ids) and set(case_ids) <= unread
    read.button(
        "Mark as read" if to_read else "Mark as unread",
        key="cases_mark",
        disabled=not case_ids,
        on_click=_mark,
        args=[case_ids, to_read],
        width="stretch",
    )
    with away.popover("Delete", width="stretch", disabled=not case_ids, key="cases_away"):
        names = dict(zip(shown["case"], shown["film"], strict=True))
        st.markdown(
            f"{counted(len(case_ids), 'case')} with film, boxes and grades will be deleted **for "
            f"good**: {_named([names[case_id] for case_id in case_ids])}. Nobody can bring them "
            "back."
        )
        st.button(
            "Delete now", key="cases_delete", type="primary", on_click=_delete, args=[case_ids]
        )
    csv.download_button(
        "CSV",
        clients.noted("cases exported", lambda: csv_text(listing.to_take_along(_all_of(asked)))),
        file_name="cases.csv",
        mime="text/csv",
        key="cases_csv",
        on_click="ignore",
        width="stretch",
        disabled=shown.empty,
    )
    if why := st.session_state.pop(_FAILED, ""):
        st.error(boundary.escaped(plain(why)))


def show_pages(place, first: int, found: int) -> None:
    """Show how to come to the rows before and after the page."""
    with place.container(horizontal=True, gap="small"):
        for label, key, to in (
            ("Back", "cases_before", first - PAGE),
            ("Next", "cases_after", first + PAGE),
        ):
            st.button(
                label,
                key=key,
                disabled=not 0 <= to < found,
                on_click=st.session_state.update,
                args=[{FIRST: to}],
            )


def _all_of(asked):
    """Return all that is found, for a file that is taken along."""
    from kneeoa.store.cases import keeping, looking

    db = cached.store()
    knees = looking.find(db, asked).knees
    return table_of(keeping.some(db, [one for one, _ in knees], asked.reader), knees, asked)


def _named(names):
    """Return what a few of `names` are, so that it is seen which are meant, as Markdown."""
    more = [f"and {len(names) - MOST_NAMED} more"] * (len(names) > MOST_NAMED)
    return ", ".join([*(boundary.escaped(name) for name in names[:MOST_NAMED]), *more])


def _case_of(key):
    return int(key.partition(".")[0])


def open_row(key: str) -> None:
    """Open the case of a row at its knee."""
    st.session_state[AT] = key
    case, _, knee = key.partition(".")
    reopening.want(int(case), int(knee))


def _mark(case_ids, is_read):
    from kneeoa.store.cases import keeping

    _try(lambda: keeping.mark_read(cached.store(), case_ids, is_read))


def _delete(case_ids):
    from kneeoa.store.cases import keeping

    def delete():
        files = settings.files_from(os.environ)
        for case_id in case_ids:
            keeping.remove(cached.store(), files, [case_id], **clients.now_here())
            saved.forget_case(case_id)

    _try(delete)


def _try(act):
    try:
        act()
    except KneeOAError as error:
        st.session_state[_FAILED] = str(error)


def show_damaged(damaged: list[int]) -> None:
    """Show how cases that cannot be read are deleted: not at once, for there may be a backup."""
    with st.popover("Delete what is damaged", key="damaged"):
        numbers = _named([f"case {case_id}" for case_id in damaged])
        st.markdown(
            f"{counted(len(damaged), 'case')} with film and grades will be deleted **for good**: "
            f"{numbers}. Where there is a backup of the database, put that in its place instead."
        )
        st.button(
            "Delete now", on_click=_delete, args=[damaged], key="delete_damaged", type="primary"
        )


def table_of(
    cases: Iterable[Case], knees: Sequence[tuple[int, int]], asked: listing.Asked
) -> pd.DataFrame:
    """Return what is shown of `knees` in their order; nothing of answers that wait for hers."""
    table = listing.table(cases, hidden=lambda case, knee: listing.hides(asked, case, knee))
    row_of = {key: row for row, key in enumerate(zip(table["case"], table["knee"], strict=True))}
    return table.iloc[[row_of[key] for key in knees if key in row_of]].reset_index(drop=True)
