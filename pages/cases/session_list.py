"""The films of this session as a list, and many more read behind the pages while she reads."""

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.spreadsheet import csv_text
from kneeoa.store.cases import listing
from kneeoa.store.cases.case import Case, FilmState
from kneeoa.wording import counted
from pages.cases import away, batch, columns
from pages.shared import boundary, live, session_films
from pages.shared.cases import (
    arrivals,
    being_saved,
    identities,
    own_grades,
    saved,
    states,
    text_in_pixels,
)
from pages.shared.memory.uploads import bytes_of
from pages.shared.profiles import in_use
from pages.shared.rows import component as rows

COLUMNS = (
    rows.Column("picture", kind="picture"),
    rows.Column("film", "Film", "main"),
    rows.Column("side", "Side"),
    rows.Column("answer", "Networks", "grade"),
    rows.Column("doubt", "Doubt or refusal"),
    rows.Column("own_grade", "My grade", "grade"),
    rows.Column("saved", "Saved"),
)
TAKEN_ALONG = (
    *("film", "side", "answer", "grade", "low", "high", "doubt", "refused"),
    *("warning", "graded_by", "profile"),
    *("own_grade", "own_before", "source"),
)
LOOK_AGAIN = 1.5
"""Seconds after which the page asks how far the films behind it are."""
HEIGHT = "calc(100dvh - 25rem)"
BEFORE_SAVING = "calc(100dvh - 30rem)"
"""Heights of the table; where films can be saved, what is said before stands in sight below it."""
_SAID, _ROUND, _AT = "batch_said", "batch_round", "session_at"
OPEN = "open_film"
"""Where the session keeps which row was opened: the next run turns to its film."""
_ROWS = "session_rows"


def show() -> None:
    """Show the films of this session, how to add more, and how far they are."""
    work = batch.current()
    show_adding(work)
    if work.left:
        live.every(LOOK_AGAIN, _look, work)
    cases = [_case(film) for film in session_films.all_films().values()]
    if not (cases or work.items):
        show_empty()
        return
    if not own_grades.waits():
        note_seen(cases)
    table = listing.table(cases, hidden=lambda case, knee: own_grades.hides(case.film, knee))
    chosen = rows.show(
        COLUMNS,
        [*_film_rows(table, cases), *_waiting_rows(work)],
        key=_ROWS,
        label="Films of this session",
        height=BEFORE_SAVING if saved.is_open() else HEIGHT,
        on_open=open_row,
        at=st.session_state.get(_AT),
    )
    show_actions(work, table, chosen)


def show_adding(work: batch.Batch) -> None:
    """Let her add films, of which none has to be waited for."""
    uploads = st.file_uploader(
        "Films, or a ZIP of them such as a hospital's CD with all its folders. They are graded "
        "one after the other while you read, and stay in memory for this session only.",
        accept_multiple_files=True,
        key=f"batch_{st.session_state.get(_ROUND, 0)}",
    )
    if uploads:
        notes = []
        for upload in uploads:
            try:
                notes.append(("", work.add(upload.name, bytes_of(upload), in_use.graders())))
            except KneeOAError as error:
                notes.append((upload.name, str(error)))
        st.session_state[_SAID] = [note for note in notes if any(note)]
        st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
        st.rerun()
    for name, sentence in st.session_state.get(_SAID, ()):
        if name:
            st.error(f"**{boundary.escaped(name)}** was not read. {boundary.escaped(sentence)}")
        else:
            st.caption(boundary.escaped(sentence))


def show_empty() -> None:
    """Show how to begin."""
    with st.container(border=True):
        st.markdown(
            "**No film is open.** Add some above, many at once, or read a single one on *Read*: "
            "all films of this session stand here, with what the networks say."
        )


def note_seen(cases) -> None:
    """Note that what the networks say of these films is in sight."""
    for case in cases:
        for knee, state in enumerate(case.state.knees):
            if state.said is not None:
                own_grades.came_past(case.film, knee)


def _look(work):
    done = len(work.items) - work.left
    st.progress(done / max(1, len(work.items)), text=f"{done} of {len(work.items)} files read")
    if arrivals.arriving() or not work.left:
        st.rerun()


def _case(film) -> Case:
    now = datetime.now(UTC)
    knee_states = tuple(
        saved.marked(film, states.state_of(film, place, wait=False))
        for place in range(len(film.frames))
    )
    grades = {place: own_grades.of(film.digest, place) for place in range(len(knee_states))}
    state = FilmState(knee_states)
    name = session_films.labels()[film.digest]
    return Case(
        0, film.digest, film.digest, name, film.source, "", "", True, 0, state, now, now, grades
    )


def _film_rows(table, cases):
    films = [case.film for case in cases for _ in case.state.knees]
    for digest, knee in zip(films, table.to_dict("records"), strict=True):
        film = session_films.all_films()[digest]
        cells = columns.cells_of(knee) | {"picture": film.picture(), "saved": _saved_as(film)}
        cells["film"] += "".join(f", the same as {name}" for name in film.other_names)
        if cells["answer"] == columns.NOT_READ and own_grades.hides(digest, knee["knee"]):
            cells["answer"] = columns.AFTER_YOURS
        yield columns.row(f"{digest}.{knee['knee']}", knee, cells)


def _saved_as(film):
    """Return which case a film is, be it one that was saved in another session."""
    if not saved.is_open():
        return ""
    known = saved.case_of(film.digest)
    case_id = known.case_id if known else saved.known(film)
    return "" if case_id is None else f"case {case_id}"


def _waiting_rows(work):
    for number, item in enumerate(work.items):
        if item.state == "read":
            continue
        cells = {"film": item.name, "answer": item.state, "doubt": item.why}
        if item.state == "refused":
            cells["answer"] = "not read"
        yield rows.Row(
            f"file.{number}",
            item.name,
            cells,
            {"answer": ""},
            {"film": item.name, "doubt": item.why},
            {"doubt": "refused", "answer": "quiet"},
        )


def show_actions(work, table: pd.DataFrame, chosen: rows.Chosen) -> None:
    """Show what can be done with the marked rows, or the one that is pointed at."""
    films = session_films.all_films()
    digests = [digest for digest in chosen.meant if digest in films]
    to_save = [digest for digest in digests if saved.case_of(digest) is None]
    # What is done is done with films: a file that was not read is none.
    counted_marks = tuple(mark for mark in chosen.marked if mark in films)
    several = [1.2] if chosen.marked else []
    text, *marks, open_, save, out, stop, csv = st.columns(
        [3, *several, 1, 1.2, 1.2, 1.2, 1], vertical_alignment="center", gap="small"
    )
    for place in marks:
        columns.show_clear(place, _ROWS)
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
    if not (unsaved := [film for film in chosen if not _saved_as(film)]):
        return
    st.caption(identities.said_of_all(unsaved))
    warnings = text_in_pixels.warnings(unsaved, st.empty())
    texts = [film.name for film in unsaved if film.digest in warnings]
    if texts:
        st.warning(
            f"Text seems to stand in the picture itself of {boundary.escaped(', '.join(texts[:5]))}"
            f"{f' and {len(texts) - 5} more' if len(texts) > 5 else ''}. It is saved with it: look "
            "whether it names the patient."
        )


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
    st.session_state[OPEN] = st.session_state[_AT] = key


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
    st.session_state.pop(_SAID, None)
