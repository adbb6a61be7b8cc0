"""The films of this session as a list, and many more read behind the pages while she reads."""

from datetime import UTC, datetime

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.store.cases import listing
from kneeoa.store.cases.case import Case, FilmState
from pages.cases import batch, columns
from pages.cases.session import actions
from pages.shared import boundary, live, session_films
from pages.shared.cases import arrivals, own_grades, saved, states
from pages.shared.memory.uploads import bytes_of
from pages.shared.patients import named
from pages.shared.profiles import in_use
from pages.shared.rows import component as rows

COLUMNS = (
    rows.Column("picture", kind="picture"),
    rows.Column("film", "Film", "main"),
    rows.Column("patient", "Patient"),
    rows.Column("side", "Side"),
    rows.Column("answer", "Networks", "grade"),
    rows.Column("doubt", "Doubt or refusal"),
    rows.Column("own_grade", "My grade", "grade"),
    rows.Column("saved", "Saved"),
)
TEXT = "text in the picture"
LOOK_AGAIN = 1.5
"""Seconds after which the page asks how far the films behind it are."""
HEIGHT = "calc(100dvh - 22rem)"
BEFORE_SAVING = "calc(100dvh - 26rem)"
"""Heights of the table; where films can be saved, what is said before stands in sight below it."""
_ROUND = "batch_round"


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
    film_rows = list(_film_rows(table, cases))
    are_named = any(row.cells["patient"] for row in film_rows)
    chosen = rows.show(
        [column for column in COLUMNS if are_named or column.name != "patient"],
        [*film_rows, *columns.waiting_rows(work.items)],
        key=actions.ROWS,
        label="Films of this session",
        height=BEFORE_SAVING if saved.is_open() else HEIGHT,
        on_open=actions.open_row,
        at=st.session_state.get(actions.AT),
    )
    actions.show(work, table, chosen)


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
        st.session_state[actions.SAID] = [note for note in notes if any(note)]
        st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
        st.rerun()
    for name, sentence in st.session_state.get(actions.SAID, ()):
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
        # In the page alone: what is exported is made of the table.
        cells["patient"] = named.short(film)
        cells["film"] += "".join(f", the same as {name}" for name in film.other_names)
        if cells["answer"] == columns.NOT_READ and own_grades.hides(digest, knee["place"]):
            cells["answer"] = columns.AFTER_YOURS
        row = columns.row(f"{digest}.{knee['place']}", knee, cells)
        if film.text:
            row.told["saved"], row.tones["saved"] = film.text, "doubt"
        yield row


def _saved_as(film):
    """Return which case a film is, and that text stands in what is kept of it, or would be."""
    case_id = actions.case_of(film)
    case = [] if case_id is None else [f"case {case_id}"]
    return ", ".join([*case, *([TEXT] if film.text and saved.is_open() else [])])
