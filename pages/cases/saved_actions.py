"""What can be done with rows of the saved cases: opened, marked, deleted for good, taken along."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.spreadsheet import csv_text
from kneeoa.store.cases import listing, settings
from kneeoa.store.cases.case import Case
from kneeoa.wording import counted, plain
from pages.cases import away, columns
from pages.shared import boundary, cached, clients
from pages.shared.cases import book, reopening, saved
from pages.shared.rows import component as rows

if TYPE_CHECKING:
    from kneeoa.store.cases.looking import Named

PAGE = 200
"""Knees of a page: each case is opened for it, and so is its picture."""
FIRST = "cases_first"
"""Where the session keeps the first row of the page."""
ROWS = "cases_rows"
"""The table, for Streamlit."""
_FAILED, _DELETED = "cases_failed", "cases_deleted"
_DIGITS = 18


def show(
    asked: listing.Asked,
    first: int,
    page: listing.Found,
    shown: pd.DataFrame,
    chosen: rows.Chosen,
) -> None:
    """Show what can be done with the marked cases, or the one that is pointed at."""
    from kneeoa.store.cases import looking  # late, as the store itself

    marked = marked_in(chosen)
    chosen = replace(chosen, marked=tuple(map(str, marked)))
    case_ids = [int(number) for number in chosen.meant]
    meant = marked or looking.named(cached.store(), case_ids)
    widths = {"pages": 1.3 * (page.matches > PAGE), "clear": 1.2}
    widths = {"said": 3.4, **widths, "open": 0.85, "read": 1.2, "away": 0.85, "csv": 0.85}
    widths = {name: width for name, width in widths.items() if width}
    made = st.columns(list(widths.values()), vertical_alignment="center", gap="small")
    places = dict(zip(widths, made, strict=True))
    words = f"{page.matches:,} of {page.all:,} {'knee' if page.all == 1 else 'knees'}"
    if page.matches > PAGE:
        words = words if page.matches < page.all else f"{page.all:,} knees"
        words = f"{first + 1:,} to {first + len(page.knees):,} of {words}"
        show_pages(places["pages"], first, page.matches)
    elsewhere = len(set(marked) - set(shown["case"]))
    places["said"].caption(chosen.told(words, what="case", elsewhere=elsewhere))
    columns.show_clear(places["clear"], ROWS, disabled=not marked)
    places["open"].button(
        "Open",
        key="cases_open",
        type="primary",
        disabled=len(case_ids) != 1,
        on_click=open_row,
        args=[chosen.row if len(case_ids) == 1 else ""],
        width="stretch",
    )
    to_read = bool(meant) and not any(case.is_read for case in meant.values())
    places["read"].button(
        "Mark as read" if to_read else "Mark as unread",
        key="cases_mark",
        disabled=not case_ids,
        on_click=_mark,
        args=[case_ids, to_read],
        width="stretch",
    )
    away.ask(
        places["away"],
        "Delete",
        list(meant),
        key="cases_delete",
        words=_before_deleting,
        sure="Delete now",
        on_sure=_delete,
    )
    places["csv"].download_button(
        "CSV",
        clients.noted("cases exported", lambda: csv_text(listing.to_take_along(_all_of(asked)))),
        file_name="cases.csv",
        mime="text/csv",
        key="cases_csv",
        on_click="ignore",
        width="stretch",
        disabled=shown.empty,
    )
    if failed := st.session_state.get(_FAILED):
        for why in failed:
            st.error(boundary.escaped(plain(why)))
        failed.clear()


def marked_in(chosen: rows.Chosen) -> "dict[int, Named]":
    """Return the cases that are marked, on whichever page, as far as they are still there."""
    from kneeoa.store.cases import looking

    saved.keep_until_sign_out(rows.marks_key(ROWS), st.session_state[rows.marks_key(ROWS)])
    numbers = [int(mark) for mark in chosen.marked if mark.isdecimal() and len(mark) <= _DIGITS]
    return looking.named(cached.store(), numbers)


def show_pages(place, first: int, matches: int) -> None:
    """Show how to come to the rows before and after the page."""
    with place.container(horizontal=True, gap="small"):
        for label, key, to in (
            ("Back", "cases_before", first - PAGE),
            ("Next", "cases_after", first + PAGE),
        ):
            st.button(
                label,
                key=key,
                disabled=not 0 <= to < matches,
                on_click=st.session_state.update,
                args=[{FIRST: to}],
            )


def _all_of(asked):
    """Return all that is found, for a file that is taken along."""
    from kneeoa.store.cases import keeping, looking

    db = cached.store()
    knees = looking.find(db, asked).knees
    return table_of(keeping.some(db, [case_id for case_id, _ in knees], asked.reader), knees, asked)


def open_row(key: str) -> None:
    """Open the case of a row at its knee."""
    case, _, knee = key.partition(".")
    reopening.want(int(case), int(knee or 0))


def _mark(case_ids, is_read):
    from kneeoa.store.cases import keeping

    db, failed = cached.store(), st.session_state.setdefault(_FAILED, [])
    try:
        keeping.mark_read(db, case_ids, is_read)
    except KneeOAError as error:
        failed.append(str(error))


def show_deleted() -> None:
    """Say once which cases were deleted, also where none is left."""
    if deleted := st.session_state.get(_DELETED):
        st.toast(f"Deleted: {columns.few(deleted)}.", duration="long")
        deleted.clear()


def _before_deleting(case_ids):
    from kneeoa.store.cases import looking

    cases = looking.named(cached.store(), case_ids)
    if not cases:
        return "Already deleted."
    return (
        f"{counted(len(cases), 'case')} with film, boxes and grades will be deleted **for good**: "
        f"{columns.few([_told(*case) for case in cases.items()])}. Nobody can bring "
        f"{'it' if len(cases) == 1 else 'them'} back."
    )


def _told(case_id, case):
    return f"case {case_id} ({case.name})"


def _delete(case_ids):
    from kneeoa.store.cases import keeping, looking

    db, known, by_whom = cached.store(), book.opened(), clients.now_here()
    failed, gone = st.session_state.setdefault(_FAILED, []), 0
    deleted: list[str] = st.session_state.get(_DELETED, [])
    saved.keep_until_sign_out(_DELETED, deleted)
    # Of the session nothing is asked before the last is gone: the reader's next key would end it.
    try:
        files = settings.files_from(os.environ)
        names = looking.named(db, case_ids)
        for case_id in case_ids:
            keeping.remove(db, files, [case_id], **by_whom)
            known.forget_case(case_id)
            gone += 1
            if case_id in names:
                deleted.append(_told(case_id, names[case_id]))
    except KneeOAError as error:
        before = f"{gone} of {counted(len(case_ids), 'case')} were deleted, the others stay. "
        failed.append(before * (len(case_ids) > 1) + str(error))
    rows.clear_marks(ROWS)


def show_damaged(damaged: list[int]) -> None:
    """Show how cases that cannot be read are deleted: not at once, for there may be a backup."""
    away.ask(
        st,
        "Delete what is damaged",
        damaged,
        key="delete_damaged",
        words=lambda case_ids: (
            f"{counted(len(case_ids), 'case')} with film and grades will be deleted **for good**: "
            f"{columns.few([f'case {case_id}' for case_id in case_ids])}. Where there is a backup "
            "of the database, put that in its place instead."
        ),
        sure="Delete now",
        on_sure=_delete,
        width="content",
    )


def table_of(
    cases: Iterable[Case], knees: Sequence[tuple[int, int]], asked: listing.Asked
) -> pd.DataFrame:
    """Return what is shown of `knees` in their order; nothing of answers that wait for hers."""
    table = listing.table(cases, hidden=lambda case, knee: listing.hides(asked, case, knee))
    row_of = {key: row for row, key in enumerate(zip(table["case"], table["place"], strict=True))}
    return table.iloc[[row_of[key] for key in knees if key in row_of]].reset_index(drop=True)
