"""Films that were pushed here and wait: listed, opened in Read, taken off the list."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from kneeoa.errors import ConfigError, KneeOAError
from kneeoa.wording import counted, person_names, plain
from pages.cases import away, called, opening
from pages.shared import boundary, clients, live, session_films
from pages.shared.cases import same_films, saved
from pages.shared.pacs.running import running
from pages.shared.patients import named

if TYPE_CHECKING:
    from kneeoa.pacs.inbox import Arrived, Inbox

LOOK_SECONDS = 4.0
_SHOWN, _OPENED = "inbox_shown", "inbox_opened"
_COLUMNS = {
    "Came": st.column_config.DatetimeColumn("Came (UTC)", format="YYYY-MM-DD HH:mm", width=135),
    "Opened": st.column_config.TextColumn(width=75, help="In this session, or the case it is"),
    "Patient": st.column_config.TextColumn(width=190),
    "Number": st.column_config.TextColumn(width=120),
    "Day": st.column_config.TextColumn(width=95),
    "Body part": st.column_config.TextColumn(width=95),
    "Side": st.column_config.TextColumn(width=50),
    "Description": st.column_config.TextColumn(width=260),
    "MB": st.column_config.NumberColumn(format="%.1f", width=55),
}


def show() -> None:
    """Show what waits; while rows are chosen, as it was: they do not move under the hand."""
    if _SHOWN not in st.session_state:
        look_again()
    films: list[Arrived] = st.session_state[_SHOWN]
    news = st.container()
    chosen = show_list(films) if films else []
    with news:
        shown = frozenset(film.digest for film in films)
        live.every(LOOK_SECONDS, _see_what_is_new, shown, bool(chosen))
    settings = running().pacs.receiver
    if not films:
        if settings is not None:
            st.caption(
                f"No film waits. Push films to {boundary.escaped(settings.ae_title)} on "
                f"{boundary.escaped(settings.address)}, port {settings.port}."
            )
        return
    what = counted(len(chosen), "film") if chosen else ""
    open_place, remove_place, _ = st.columns([1.2, 1.2, 4])
    if open_place.button(
        f"Open {what} in Read".replace("  ", " "),
        key="inbox_open",
        type="primary",
        disabled=not chosen,
        width="stretch",
    ):
        _open(chosen)
    away.ask(
        remove_place,
        "Remove from the list",
        [film.digest for film in chosen],
        key="inbox_remove",
        words=lambda digests: (
            f"Takes {counted(len(digests), 'film')} off this list for good. What the archive has "
            "stays there."
        ),
        sure="Remove now",
        on_sure=_remove,
    )
    if not chosen:
        st.caption("Choose rows on their left edge, then open their films in Read.")


def show_list(films: "Sequence[Arrived]") -> "list[Arrived]":
    """Show films that wait; return those that were chosen."""
    opened = _opened()
    key = f"inbox_table_{hash(tuple(film.digest for film in films))}"
    cases = same_films.cases_of([film.digest for film in films])
    table = table_of(films, opened, cases)
    return [films[row] for row in opening.choose_rows(table, _COLUMNS, key=key)]


def _opened() -> set[str]:
    """Return which films were opened: those that this session has, or had when it last looked."""
    opened = st.session_state.get(_OPENED, set()) | set(session_films.all_films())
    saved.keep_until_sign_out(_OPENED, opened)
    return opened


def _inbox() -> "Inbox":
    """Return what waits; raise `ConfigError` where nothing is received."""
    inbox = running().inbox
    if inbox is None:
        raise ConfigError("Expected a receiver in the settings. Found none: nothing is received.")
    return inbox


def look_again(seconds: float = 3.0) -> None:
    """Have the list show what waits now; headers are read for so long."""
    saved.keep_until_sign_out(_SHOWN, _inbox().listed(seconds))


def _see_what_is_new(shown: frozenset[str], is_chosen: bool) -> None:
    """Show what came; where rows are chosen, say so, and show it when that is asked for."""
    with boundary.refusals_shown():
        if refused := _inbox().refused:
            st.warning(f"A film that was pushed was not taken. {boundary.escaped(refused)}")
        now, known = _inbox().digests(), st.session_state.get(_SHOWN, [])
        new = now - shown
        if now == shown and all(film.described for film in known):
            return
        if is_chosen:
            label = f"{counted(len(new), 'film')} came: show" if new else "Bring up to date"
            if not st.button(label, key="inbox_new", icon=":material/refresh:"):
                return
        look_again(LOOK_SECONDS / 4)
        # A header that cannot be read is asked for again and again, and changes nothing.
        if st.session_state[_SHOWN] != known:
            st.rerun()


def table_of(
    films: "Sequence[Arrived]", opened: set[str], cases: Mapping[str, int]
) -> pd.DataFrame:
    """Return what is shown of films, in the columns of the table; `cases` are those saved."""
    rows, are_shown = [], named.are_shown()
    for film in films:
        described = {name: plain(text, 64) for name, text in film.described.items()}
        rows.append(
            (
                film.at.replace(tzinfo=None),
                _state_of(film.digest, opened, cases),
                next(iter(person_names(described.get("patient_name", ""))), "")
                if are_shown
                else named.HIDDEN,
                described.get("patient_id", "") if are_shown else named.HIDDEN,
                called.day_of(described),
                described.get("body_part", ""),
                described.get("image_side") or described.get("side", ""),
                called.described(
                    described.get("study_description", ""), described.get("description", "")
                ),
                film.size / 1e6,
            )
        )
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _state_of(digest: str, opened: set[str], cases: Mapping[str, int]) -> str:
    if digest in cases:
        return f"case {cases[digest]}"
    return "opened" if digest in opened else ""


def _open(chosen: "Sequence[Arrived]") -> None:
    films = opening.Films(lambda: clients.note("pushed films taken"))
    for film in chosen:
        # Of one that was removed meanwhile there is a sentence, and the others open.
        data, why_not = b"", ""
        try:
            data = _inbox().read(film.digest)
        except KneeOAError as problem:
            why_not = str(problem)
        about = called.about_of(film.described)
        films.take(called.day_of(film.described), about, data, why_not)
    films.turn_to()


def _remove(digests: Sequence[str]) -> None:
    # Called before the page is drawn, where nothing else turns a full or locked disk into words.
    with boundary.refusals_shown():
        for digest in digests:
            _inbox().remove(digest)
        clients.note("pushed films removed")
        look_again()
