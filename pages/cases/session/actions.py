"""What can be done with films of this session: opened, saved, removed, taken along."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from kneeoa.spreadsheet import csv_text
from kneeoa.wording import counted
from pages.cases import away, batch, columns
from pages.shared import boundary, session_films
from pages.shared.cases import being_saved, identities, saved, text_in_pixels
from pages.shared.rows import component as rows
from pages.shared.session_films import Film

TAKEN_ALONG = (
    *("film", "side", "knee", "networks", "answer", "low", "high", "doubt", "refused"),
    *("warning", "graded_by", "profile"),
    *("own_grade", "own_before", "source"),
)


AT, ROWS, SAID = "session_at", "session_rows", "batch_said"
"""Where the session keeps which row was opened last; the table, for Streamlit; and what
is said of files that came."""
OPEN = "open_film"
"""Where the session keeps which row was opened: the next run turns to its film."""


def case_of(film: Film) -> int | None:
    """Return which case a film is, be it one that was saved in another session."""
    if not saved.is_open():
        return None
    known = saved.case_of(film.digest)
    return known.case_id if known else saved.known(film)


def show(work: batch.Batch, table: pd.DataFrame, chosen: rows.Chosen) -> None:
    """Show what can be done with the marked rows, or the one that is pointed at."""
    films = session_films.all_films()
    digests = [digest for digest in chosen.meant if digest in films]
    to_save = [digest for digest in digests if saved.case_of(digest) is None]
    # What is done is done with films: a file that was not read is none.
    counted_marks = tuple(mark for mark in chosen.marked if mark in films)
    # All places are there whatever is marked: who goes for one button is not to find another.
    text, stop, marks, open_, save, out, csv = st.columns(
        [3, 1, 1.3, 1, 1, 1.2, 1], vertical_alignment="center", gap="small"
    )
    columns.show_clear(marks, ROWS, disabled=not chosen.marked)
    refused = sum(item.state == "refused" for item in work.items)
    words = counted(len(table), "knee")
    words += f" · {counted(refused, 'file')} not read" if refused else ""
    text.caption(replace(chosen, marked=counted_marks).told(words, what="film"))
    open_.button(
        "Open",
        key="session_open",
        type="primary",
        disabled=len(digests) != 1,
        on_click=open_row,
        args=[chosen.row if len(chosen.meant) == 1 else "".join(digests[:1])],
        width="stretch",
    )
    if saved.is_open():
        save.button(
            "Save",
            key="session_save",
            disabled=not to_save,
            on_click=being_saved.ask,
            args=[to_save],
            width="stretch",
            help="Keeps the marked films as cases.",
        )
    away.ask(
        out,
        "Remove",
        digests,
        key="session_remove",
        words=_before_removing,
        sure="Remove now",
        on_sure=_remove,
    )
    if work.left:
        stop.button("Stop", key="batch_stop", on_click=work.stop, width="stretch")
    elif refused:
        stop.button(
            "Clear",
            key="batch_tidy",
            on_click=_tidy,
            args=[work],
            width="stretch",
            help="Takes the files that were not read off the list.",
        )
    all_names = columns.under_all_names(table)
    csv.download_button(
        "CSV",
        lambda: csv_text(to_take_along(all_names, work)),
        file_name="films.csv",
        mime="text/csv",
        key="session_csv",
        on_click="ignore",
        width="stretch",
    )
    if saved.is_open():
        show_what_is_kept(digests)


def show_what_is_kept(digests: list[str]) -> None:
    """Show what stays of the patients of these films once they are saved."""
    chosen = [session_films.all_films()[digest] for digest in digests]
    if not (unsaved := [film for film in chosen if case_of(film) is None]):
        return
    st.caption(identities.said_of_all(unsaved))
    new = {film.digest for film in unsaved if film.text is None}
    texts = text_in_pixels.warnings(unsaved, st.empty())
    if new & texts.keys():
        st.rerun()  # their rows stand above
    if texts:
        show_texts([film.name for film in unsaved if film.digest in texts])


def show_texts(names: list[str]) -> None:
    """Show in which films text seems to stand, all by name: their rows say so, too."""
    st.warning(
        f"Text seems to stand in the picture itself of {columns.few(names)}. It is saved with it: "
        "look whether it names the patient."
    )
    if len(names) > columns.MOST_NAMED:
        with st.expander(f"All {len(names)} films"):
            st.markdown("\n".join(f"- {boundary.escaped(name)}" for name in names))


def to_take_along(knees_of: pd.DataFrame, work: batch.Batch) -> pd.DataFrame:
    """Return the list as it is exported: a row a knee, and one for each file that was not read."""
    table = knees_of[list(TAKEN_ALONG)]
    refused = [(item.name, item.why) for item in work.items if item.state == "refused"]
    if not refused:
        return table
    more = pd.DataFrame(refused, columns=["film", "refused"]).reindex(columns=TAKEN_ALONG)
    return pd.concat([table.astype(object), more.astype(object)], ignore_index=True)


def open_row(key: str) -> None:
    """Have the next run turn to the film of a row, in whichever view."""
    st.session_state[OPEN] = st.session_state[AT] = key


def _before_removing(digests):
    names = [name for digest, name in session_films.labels().items() if digest in digests]
    if not names:
        return "Already removed."
    return (
        f"{counted(len(names), 'film')} will be taken out of this session: "
        f"{columns.few(names)}. Boxes that were not saved go with "
        f"{'it' if len(names) == 1 else 'them'}; your grades stay for this session."
    )


def _remove(digests):
    for digest in digests:
        session_films.remove(digest)


def _tidy(work):
    work.tidy()
    st.session_state.pop(SAID, None)
