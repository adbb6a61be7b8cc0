"""The cases that are saved: looked for, led through by keys, opened, deleted for good."""

import contextlib
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.spreadsheet import csv_text
from kneeoa.store.cases import listing, settings
from kneeoa.store.cases.case import Case
from kneeoa.wording import counted, plain
from pages.cases import columns, filtering
from pages.shared import boundary, cached, clients
from pages.shared.access import log, sign_in
from pages.shared.cases import own_grades, reopening, saved
from pages.shared.rows import component as rows
from pages.shared.viewer import served

COLUMNS = (
    rows.Column("picture", kind="picture"),
    rows.Column("case", "Case", "number"),
    rows.Column("film", "Film", "main"),
    rows.Column("side", "Side"),
    rows.Column("patient", "Patient", help="Films of one patient have the same mark"),
    rows.Column("study_date", "Study"),
    rows.Column("answer", "Networks", "grade"),
    rows.Column("doubt", "Doubt"),
    rows.Column("own_grade", "My grade", "grade"),
    rows.Column("saved_at", "Saved (UTC)"),
)
_FAILED, _AT, _PICTURES = "cases_failed", "cases_at", "case_pictures"
MOST_PICTURES = 200
"""Cases whose pictures are shown, the first of the list: each is opened for it."""
MOST_NAMED = 5
"""Films that are named before they are deleted."""
HEIGHT = "calc(100dvh - 21rem)"


def show() -> None:
    """Show the list to whoever has its key; else how it is opened, or turned on."""
    if why := sign_in.refusal(saved.DOOR):
        st.info(boundary.escaped(why))
        st.markdown(
            "Without a key nothing is saved: films stay in the memory of the session that opened "
            "them. *This session* lists those; many films at once are read there, too."
        )
        return
    if not saved.is_open():
        st.markdown("The list is open to whoever has its key.")
        saved.show_sign_in()
        return
    from kneeoa.store.cases import keeping  # late, as the store itself

    db = cached.store()
    with contextlib.suppress(KneeOAError):  # said where something is saved
        keeping.tidy(db, settings.files_from(os.environ), datetime.now(UTC))
    cases = keeping.cases(db, saved.reader())
    if damaged := keeping.damaged(db, cases):
        st.warning(
            f"{counted(len(damaged), 'case')} left out: what is kept of them is damaged and cannot "
            "be read."
        )
        show_damaged(damaged)
    if not cases:
        show_empty()
        return
    hidden = {
        (case.case_id, place)
        for case in cases
        for place, knee in enumerate(case.state.knees)
        if knee.said is not None and is_hidden(case, place)
    }
    knees = listing.table(cases, hidden=lambda case, place: (case.case_id, place) in hidden)
    shown = listing.filtered(knees, filtering.choose())
    if not own_grades.waits():
        note_seen(cases, shown.head(rows.MOST))
    pictures = pictures_of(cases, shown["case"])
    chosen = rows.show(
        COLUMNS,
        [_row(knee, hidden, pictures) for knee in shown.to_dict("records")],
        key="cases_rows",
        label="Saved cases",
        height=HEIGHT,
        on_open=_open,
        at=st.session_state.get(_AT),
    )
    show_actions(shown, knees, chosen)
    log.show()


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


def show_empty() -> None:
    """Show how to begin."""
    with st.container(border=True):
        st.markdown(
            "**No case is saved yet.** Open a film on *Read* and press *Save this case* beside it. "
            "It then stands here with what the networks say and your own grade, and opens again "
            "as you left it."
        )
        st.page_link("reading/page.py", label="Read a film")


def is_hidden(case, knee: int) -> bool:
    """Return whether the list may not show what the networks say of a knee, as she asked."""
    own = case.own(knee)
    return own_grades.waits() and own.seen_at is None and own_grades.hides(case.film, knee)


def note_seen(cases: Iterable[Case], shown: pd.DataFrame) -> None:
    """Note that what the networks say of the `shown` knees is in sight: none is free any more."""
    in_sight = set(zip(shown["case"], shown["knee"], strict=True))
    for case in cases:
        for knee, state in enumerate(case.state.knees):
            is_new = state.said is not None and own_grades.of(case.film, knee).seen_at is None
            if is_new and (case.case_id, knee) in in_sight:
                own_grades.saw(case.film, knee)


def pictures_of(cases: Sequence[Case], shown: Iterable[int]) -> dict[int, str]:
    """Return the addresses of small pictures of the first cases that are `shown`, by case."""
    first = set(list(dict.fromkeys(shown))[:MOST_PICTURES])
    files = settings.files_from(os.environ)
    known: dict[str, bytes] = st.session_state.get(_PICTURES, {})
    saved.keep_until_sign_out(_PICTURES, known)
    found = {}
    for case in cases:
        if case.case_id not in first:
            continue
        if case.film not in known:
            known[case.film] = files.picture(case.film)
            if len(known) > 5 * MOST_PICTURES:
                del known[next(iter(known))]
        if data := known[case.film]:
            place = f"case {case.case_id}"
            name = f"{case.film} {served.token()}"
            found[case.case_id] = served.address_of(data, "image/png", place, name)
    return found


def _row(knee, hidden, pictures) -> rows.Row:
    cells = columns.cells_of(knee) | {
        "picture": pictures.get(knee["case"], ""),
        "case": str(knee["case"]),
        "patient": knee["patient"],
        "study_date": knee["study_date"],
        "saved_at": f"{knee['saved_at']:%Y-%m-%d %H:%M}",
    }
    if (knee["case"], knee["knee"]) in hidden:
        cells["answer"] = columns.AFTER_YOURS
    return columns.row(f"{knee['case']}.{knee['knee']}", knee, cells)


def show_actions(shown: pd.DataFrame, knees: pd.DataFrame, chosen: rows.Chosen) -> None:
    """Show what can be done with the marked rows, or the one that is pointed at."""
    keys = chosen.marked or ((chosen.at,) if chosen.at else ())
    case_ids = list(dict.fromkeys(_case_of(key) for key in keys))
    said, open_, read, away, csv = st.columns(
        [3.4, 1, 1.3, 1, 1], vertical_alignment="center", gap="small"
    )
    words = f"{len(shown)} of {counted(len(knees), 'knee')}"
    if len(shown) > rows.MOST:
        words += f"; the newest {rows.MOST} are shown"
    marked = f" · {counted(len(chosen.marked), 'row')} marked" if chosen.marked else ""
    said.caption(f"{words}{marked}. Arrows choose, Enter opens, the space bar marks.")
    open_.button(
        "Open",
        key="cases_open",
        type="primary",
        disabled=len(case_ids) != 1,
        on_click=_open,
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
        clients.noted("cases exported", lambda: csv_text(listing.to_take_along(shown))),
        file_name="cases.csv",
        mime="text/csv",
        key="cases_csv",
        on_click="ignore",
        width="stretch",
        disabled=shown.empty,
    )
    if why := st.session_state.pop(_FAILED, ""):
        st.error(boundary.escaped(plain(why)))


def _named(names):
    """Return what a few of `names` are, so that it is seen which are meant, as Markdown."""
    more = [f"and {len(names) - MOST_NAMED} more"] * (len(names) > MOST_NAMED)
    return ", ".join([*(boundary.escaped(name) for name in names[:MOST_NAMED]), *more])


def _case_of(key):
    return int(key.partition(".")[0])


def _open(key):
    st.session_state[_AT] = key
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
