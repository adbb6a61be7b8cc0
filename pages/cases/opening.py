"""Films that come from an archive or were pushed, taken into this session and shown in Read."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.wording import counted, plain
from pages.shared import session_films
from pages.shared.cases import saved


def called(day: object, described: str) -> str:
    """Return what a film of an archive or a CD is called: no patient stands in it."""
    about = described.strip().replace("/", "-").replace("\\", "-")  # no folders
    return " ".join(filter(None, (str(day or ""), about or "Film")))[:60]


def about_of(described: Mapping[str, str]) -> str:
    """Return what a film's header says that it is of, in its own words."""
    about = (
        described.get("description")
        or described.get("study_description")
        or described.get("body_part", "")
    )
    return plain(about, 64)


def day_of(described: Mapping[str, str]) -> str:
    """Return the day of a film as ``2026-11-28``, whatever else stands there as it is."""
    day = plain(described.get("day", ""), 64)
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 and day.isdecimal() else day


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
    """Takes in films one by one; Read then begins with the first."""

    def __init__(self):
        session_films.forget_refusals()
        self._first: str | None = None
        self._count = self._refused = 0

    def take(self, day: date | str | None, described: str, data: bytes, why_not: str = "") -> None:
        """Take in a film, or note why it is not there. No patient stands in its name."""
        self._count += 1
        name = f"{called(day, described)}, {self._count}"
        if why_not:
            session_films.refuse(name, KneeOAError(why_not))
            digest = None
        else:
            digest = session_films.add(name, data)
            if digest is not None:
                saved.note_behind_key(digest)
        self._refused += digest is None
        self._first = self._first or digest

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
        st.switch_page("reading/page.py")
