"""The cases that are saved: looked for, led through by keys, opened, deleted for good."""

import contextlib
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.store.cases import listing, settings
from kneeoa.store.cases.case import Case
from kneeoa.wording import counted
from pages.cases import columns, filtering, saved_actions
from pages.cases.saved_actions import FIRST, PAGE, ROWS
from pages.shared import boundary, cached, session_films
from pages.shared.access import log, sign_in
from pages.shared.cases import book, own_grades, reopening, same_films, saved
from pages.shared.pacs.running import running
from pages.shared.rows import component as rows
from pages.shared.viewer import served

COLUMNS = (
    rows.Column("picture", kind="picture"),
    rows.Column("case", "Case", "number"),
    rows.Column("film", "Film", "main"),
    rows.Column("side", "Side"),
    rows.Column(
        "patient",
        "Patient",
        help="Films under one number begin alike. Behind the dot: the birthday, if known",
    ),
    rows.Column("study_date", "Study"),
    rows.Column("answer", "Networks", "grade"),
    rows.Column("doubt", "Doubt"),
    rows.Column("own_grade", "My grade", "grade"),
    rows.Column("saved_at", "Saved (UTC)"),
)
_ORDER, _ASKED = "cases_order", "cases_asked"
_PICTURES = "case_pictures"
MOST_PICTURES = 5 * PAGE
"""Pictures that a session holds."""
HEIGHT = "calc(100dvh - 23rem)"


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
        st.caption(settings.how_films_lie(os.environ))
        return
    from kneeoa.store.cases import keeping  # late, as the store itself

    db = cached.store()
    saved_actions.show_deleted()
    with contextlib.suppress(KneeOAError):  # said where something is saved
        keeping.tidy(db, settings.files_from(os.environ), datetime.now(UTC))
    if not keeping.count(db):
        show_empty()
        return
    for film in session_films.all_films().values():
        saved.known(film)  # what she saw of a film as it came is of the one that is kept, too
    above = st.container()
    asked = asked_for()
    first, page = page_of(asked)
    if not page.matches:
        filtering.show_nothing(page.all)
        log.show()
        return
    numbers = [case_id for case_id, _ in page.knees]
    cases = keeping.some(db, numbers, saved.reader())
    if damaged := sorted(set(numbers) - {case.case_id for case in cases}):
        with above:
            st.warning(
                f"{counted(len(damaged), 'case')} left out: what is kept of them is damaged and "
                "cannot be read."
            )
            saved_actions.show_damaged(damaged)
    shown = saved_actions.table_of(cases, page.knees, asked)
    reopening.note_order(page.knees)
    if asked.seen is None:
        note_seen(cases, shown)
    hidden = {
        (case.case_id, place)
        for case in cases
        for place, knee in enumerate(case.state.knees)
        if knee.said is not None and listing.hides(asked, case, place)
    }
    pictures = pictures_of(cases)
    chosen = rows.show(
        COLUMNS,
        [_row(knee, hidden, pictures) for knee in shown.to_dict("records")],
        key=ROWS,
        label="Saved cases",
        height=HEIGHT,
        on_open=saved_actions.open_row,
        at=st.session_state.get(reopening.AT),
        order=st.session_state[_ORDER],
        is_page=True,
    )
    saved_actions.show(asked, first, page, shown, chosen)
    st.caption(settings.how_films_lie(os.environ))
    log.show()


def asked_for() -> listing.Asked:
    """Ask what is looked for; return it with the order that the table was asked for."""
    order = rows.order_asked(ROWS, COLUMNS) or st.session_state.get(_ORDER, rows.Order())
    st.session_state[_ORDER] = order
    by = next((name for name in listing.SORTED_BY if name == order.name), None)
    sort = by and listing.Sort(by, order.down)
    seen = frozenset(own_grades.seen_already()) if own_grades.waits() else None
    passed = frozenset(own_grades.passed())
    return listing.Asked(saved.reader(), filtering.choose(), sort, seen, passed)


def page_of(asked: listing.Asked) -> tuple[int, listing.Found]:
    """Return the first row of the page that she is at, and what is found there.

    Of a list in another order, or of something else that is looked for, it is the first page.
    """
    from kneeoa.store.cases import looking

    same = asked.filters, asked.sort
    first = st.session_state.get(FIRST, 0) if st.session_state.get(_ASKED) == same else 0
    page = looking.find(cached.store(), asked, first=first, most=PAGE)
    if not page.knees and page.matches:
        first = (page.matches - 1) // PAGE * PAGE
        page = looking.find(cached.store(), asked, first=first, most=PAGE)
    st.session_state.update({_ASKED: same, FIRST: first})
    return first, page


def show_empty() -> None:
    """Show how to begin."""
    with st.container(border=True):
        st.markdown(
            "**No case is saved yet.** Open a film on *Read* and press *Save this case* beside it. "
            "It then stands here with what the networks say and your own grade, and opens again "
            "as you left it."
        )
        if waiting := running().waiting:
            st.markdown(
                f"**{counted(waiting, 'film')} came from a modality** and "
                f"{'waits' if waiting == 1 else 'wait'} to be opened: *Archive*, *Pushed here*."
            )
        st.page_link("reading/page.py", label="Read a film")
    st.caption(settings.how_films_lie(os.environ))


def note_seen(cases: Iterable[Case], shown: pd.DataFrame) -> None:
    """Note that what the networks say of the `shown` knees is in sight: none is free any more.

    It is kept for another day, too, on which this session is forgotten.
    """
    from kneeoa.store.cases import readers

    db, reader, known, now = cached.store(), saved.reader(), book.opened(), datetime.now(UTC)
    hers = known.hers
    in_sight = set(zip(shown["case"], shown["place"], strict=True))
    answered = [
        (case, knee)
        for case in cases
        for knee, state in enumerate(case.state.knees)
        if state.said is not None and (case.case_id, knee) in in_sight
    ]
    new, may_lie_otherwise = [], _may_lie_otherwise(known, cases)
    for case, knee in answered:
        before, is_open = case.own(knee), known.is_open(case.case_id)
        if case.case_id in may_lie_otherwise:
            stands = hers.of(case.film, knee).joined(before.only_seen())
            own = stands.only_seen()
        else:
            stands = own = hers.meet(case.film, knee, before, in_sight=is_open)
        stands = stands.seen(now, passing=True) if stands.seen_at is None else stands
        hers.put(case.film, knee, stands)
        if own.seen_at is None:
            new.append((case.case_id, knee))
        elif before.seen_at is None:
            # She saw it in this session at a film that the case was not known of.
            with contextlib.suppress(KneeOAError):
                readers.put_grade(db, case.case_id, knee, reader, own)
    # Where that fails, the list is shown all the same, and it is tried again when that is.
    with contextlib.suppress(KneeOAError):
        readers.came_past(db, reader, new, now)


def _may_lie_otherwise(known, cases):
    """Return the cases whose knees a film of this session counts otherwise, or may when it comes.

    No grade goes from one to the other.
    """
    removed = [film for film in [session_films.removed()] if film]
    films = [*known.films.values(), *removed]
    numbers = set()
    for case in cases:
        here = [
            film
            for film in films
            if film.digest in (case.film, case.digest)
            or known.known.get(film.digest) == case.case_id
        ]
        if here:
            is_otherwise = not all(same_films.lies_as(film, case) for film in here)
        else:
            is_otherwise = len(case.state.knees) > 1 and case.state.quarters != 0
        if is_otherwise:
            numbers.add(case.case_id)
    return numbers


def pictures_of(cases: Sequence[Case]) -> dict[int, str]:
    """Return the addresses of small pictures of `cases`."""
    files = settings.files_from(os.environ)
    known: dict[str, bytes] = st.session_state.get(_PICTURES, {})
    saved.keep_until_sign_out(_PICTURES, known)
    addresses = {}
    for case in cases:
        if case.film not in known:
            known[case.film] = files.picture(case.film)
            if len(known) > MOST_PICTURES:
                del known[next(iter(known))]
        if data := known[case.film]:
            place = f"case {case.case_id}"
            name = f"{case.film} {served.token()}"
            addresses[case.case_id] = served.address_of(data, "image/png", place, name)
    return addresses


def _row(knee, hidden, pictures) -> rows.Row:
    cells = columns.cells_of(knee) | {
        "picture": pictures.get(knee["case"], ""),
        "case": str(knee["case"]),
        "patient": knee["patient"],
        "study_date": knee["study_date"],
        "saved_at": f"{knee['saved_at']:%Y-%m-%d %H:%M}",
    }
    if (knee["case"], knee["place"]) in hidden:
        cells["answer"] = columns.AFTER_YOURS
    return columns.row(f"{knee['case']}.{knee['place']}", knee, cells)
