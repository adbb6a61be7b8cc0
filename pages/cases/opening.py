"""Films that come from an archive or were pushed, taken into this session and shown in Read."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.wording import counted
from pages.cases import batch
from pages.cases.called import called
from pages.shared import kept, session_films
from pages.shared.cases import saved
from pages.shared.profiles import in_use


def choose_rows(table: pd.DataFrame, columns: Mapping[str, Any], *, key: str) -> list[int]:
    """Show what can be opened; return the rows that were chosen. Another `key` has none chosen."""
    event = st.dataframe(
        table,
        column_config=columns,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=key,
        height=min(420, 38 + 35 * len(table)),
        placeholder="",
    )
    return list(event.selection.rows)


class Films:
    """Takes in films one by one; Read begins with the first, the others are read behind it.

    `note` has the log say so before the first is taken in, whatever comes of the others.
    """

    def __init__(self, note: Callable[[], None]) -> None:
        self._note: Callable[[], None] | None = note
        session_films.forget_refusals()
        self._first: str | None = None
        self._count = self._refused = 0

    def take(self, day: date | str | None, described: str, data: bytes, why_not: str = "") -> None:
        """Take in a film, or note why it is not there. No patient stands in its name."""
        self._count += 1
        name = f"{called(day, described)}, {self._count}"
        try:
            if why_not:
                raise KneeOAError(why_not)
            self._take(name, data)
        except KneeOAError as error:
            session_films.refusals().append((name, str(error)))
            self._refused += 1

    def _take(self, name, data):
        if self._note is not None:
            self._note()
            self._note = None
        digest, behind_key = hashlib.sha256(data).hexdigest(), saved.behind_key()
        was_known = digest in behind_key
        # Before it is there: whatever cuts this off, it goes where its reader signs out.
        behind_key.add(digest)
        try:
            if self._first is None:
                self._first = session_films.take_in(name, data)
            elif digest not in session_films.all_films():
                batch.current().add(name, data, in_use.graders(), is_behind_key=True)
        except KneeOAError:
            if not was_known:
                behind_key.discard(digest)
            raise

    def turn_to(self) -> None:
        """Go to Read; stay, and say why, where no film could be read."""
        if self._first is None:
            if self._count:
                session_films.show_refusals()
                session_films.forget_refusals()
            else:
                st.info("There is no film in what you chose: reports and marks alone.")
            return
        if self._refused:
            st.toast(f"{counted(self._refused, 'film')} could not be opened.")
        st.session_state[session_films.NEXT] = self._first
        kept.open_read()
