"""Films of an archive: looked for, listed, opened in Read."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.pacs.query import Found, Search, Series
from kneeoa.pacs.settings import Server
from kneeoa.pacs.web import Web
from kneeoa.wording import counted
from pages.cases import called, opening
from pages.shared import boundary, clients
from pages.shared.cases import saved
from pages.shared.pacs.running import running
from pages.shared.patients import named

_FOUND, _ROUND = "archive_found", "archive_round"
# Without an end of ours Streamlit offers the last ten years alone.
_ANY_DAY: dict[str, Any] = {"min_value": date(1900, 1, 1), "format": "YYYY-MM-DD"}
_COLUMNS = {
    "Day": st.column_config.DateColumn(format="YYYY-MM-DD", width=95),
    "Time": st.column_config.TextColumn(width=60),
    "Patient": st.column_config.TextColumn(width=190),
    "Number": st.column_config.TextColumn(width=120),
    "Request": st.column_config.TextColumn(width=100),
    "Kind": st.column_config.TextColumn(width=55, help="DX or CR, as the archive calls it"),
    "Body part": st.column_config.TextColumn(width=95),
    "Side": st.column_config.TextColumn(width=50),
    "Description": st.column_config.TextColumn(width=240),
    "Films": st.column_config.NumberColumn(width=55),
}


def show() -> None:
    """Show the form, and below it what was found."""
    servers = running().pacs.servers
    asked = _ask(servers)
    if asked is not None:
        # Not in the address: a patient's number has no place there.
        st.session_state[_FOUND] = None
        st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
        server, search = asked
        with boundary.refusals_shown(), st.spinner(f"Asking {boundary.escaped(server.name)}"):
            clients.note("archive queried", server.name)  # whatever comes of it
            saved.keep_until_sign_out(_FOUND, (server.name, Web(server).find(search)))
    if answered := st.session_state.get(_FOUND):
        _show_found(running().pacs.server(answered[0]), answered[1])


def _ask(servers: Sequence[Server]) -> tuple[Server, Search] | None:
    """Show the form; return which archive is asked for what, None where nobody asks."""
    with st.form("archive_query", border=False):
        names = [server.name for server in servers]
        chosen, widths = names[0], [1.3, 1.6, 1.2, 1, 1, 0.7]
        if len(names) > 1:
            which, *row = st.columns([1, *widths], vertical_alignment="bottom")
            chosen = which.selectbox("Archive", names, key="archive_server")
        else:
            row = st.columns(widths, vertical_alignment="bottom")
        by_number, by_name, by_request, first, last, ask = row
        patient_id = by_number.text_input("Patient's number", key="archive_patient")
        name = by_name.text_input("Name", key="archive_name", placeholder="Family, given")
        accession = by_request.text_input("Request (accession)", key="archive_accession")
        since = first.date_input("From", None, key="archive_from", **_ANY_DAY)
        until = last.date_input("To", None, key="archive_to", **_ANY_DAY)
        asked = ask.form_submit_button("Find", type="primary", width="stretch")
    if not asked:
        return None
    with boundary.refusals_shown():
        search = Search(
            patient_id=patient_id, name=name, accession=accession, first=since, last=until
        )
        return servers[names.index(chosen)], search
    return None


def _show_found(server: Server, answer: Found) -> None:
    others = len(answer.series) - len(answer.knees())
    series = answer.series
    if others:
        with_others = st.toggle(
            f"Show {others} of other body parts, too", key=f"others_{st.session_state[_ROUND]}"
        )
        series = answer.series if with_others else answer.knees()
    if answer.cut:
        st.info("The archive has more than are listed. Ask for less at once, such as one day.")
    if answer.passed_over:
        st.warning(
            f"{counted(answer.passed_over, 'answer')} of the archive left out: not of what was "
            "asked for, or not to be read."
        )
    if not series:
        st.caption("The archive has no X-ray films of knees for this.")
        return
    # Another answer has no rows that were chosen in this one.
    key = f"archive_table_{st.session_state[_ROUND]}_{len(series)}"
    chosen = [series[row] for row in opening.choose_rows(table_of(series), _COLUMNS, key=key)]
    label = f"Open {counted(len(chosen), 'series')}" if len(chosen) == 1 else "Open"
    if len(chosen) > 1:
        label = f"Open {len(chosen)} series"
    if st.button(f"{label} in Read", key="archive_open", type="primary", disabled=not chosen):
        _open(server, chosen)
    if not chosen:
        st.caption("Choose rows on their left edge, then open their films in Read.")


def table_of(listed: Sequence[Series]) -> pd.DataFrame:
    """Return what is shown of series, in the columns of the table."""
    are_shown = named.are_shown()
    rows = [
        (
            series.day,
            series.time,
            series.patient_name if are_shown else named.HIDDEN,
            series.patient_id if are_shown else named.HIDDEN,
            series.accession,
            series.modality,
            series.body_part,
            series.side,
            called.described(series.study_description, series.description),
            series.films,
        )
        for series in listed
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype({"Films": "Int64"})


def _open(server: Server, chosen: list[Series]) -> None:
    """Fetch the films and turn to them in Read; those that could not be had are named there."""
    bar = st.progress(0.0, "Asking for the films")

    def progress(done: int, count: int) -> None:
        if count:
            bar.progress(done / count, f"Fetched {done} of {counted(count, 'film')}")

    films = opening.Films(lambda: clients.note("films taken from an archive", server.name))
    by_uid = {series.series: series for series in chosen}
    try:
        for film in Web(server).films(chosen, progress=progress):
            about = by_uid[film.place.series]
            described = about.description or about.study_description or about.body_part
            films.take(about.day, described, film.data, film.why_not)
    except KneeOAError as problem:
        bar.empty()
        st.error(boundary.escaped(str(problem)))
        return
    bar.empty()
    films.turn_to()
