"""The contact sheet: every film with its frame, to be looked through before anything is learnt."""

import pandas as pd
import streamlit as st

from kneeoa.adaptation import sheet
from kneeoa.adaptation.sheet import SheetFilm
from kneeoa.errors import KneeOAError
from kneeoa.films import display
from kneeoa.films.frames import SMALLEST_FRAME, Frame
from kneeoa.grades import GRADES
from kneeoa.wording import counted
from pages.own_films.work import Work
from pages.shared import boundary, cached, keyboard, table_view

A_PAGE = 24
A_ROW = 8
LARGE = 900
SHOWN = {
    "all": "All",
    "said": "With a remark",
    "moved": "Corrected",
    "without": "Left out by you",
}


def show_sheet(work: Work) -> None:
    """Show how many films there are of which grade, their frames, and what is left out."""
    chosen = work.chosen
    counts = [sum(film.listed.grade == grade for film in chosen) for grade in GRADES]
    named = ", ".join(f"{grade.label}: {n}" for grade, n in zip(GRADES, counts, strict=True))
    st.markdown(
        f"**{counted(len(chosen), 'film')}** of {boundary.escaped(work.source)} ({named}). "
        f"{what_is_seen(work)}"
    )
    if work.lacking:
        st.warning(work.lacking)
    which = st.segmented_control(
        "Show",
        list(SHOWN),
        format_func=SHOWN.__getitem__,
        default="all",
        required=True,
        key="own_shown",
    )
    films = [film for film in work.films if _is_shown(work, film, which)]
    pages, page = -(-len(films) // A_PAGE), 1
    if pages > 1:
        page = st.pagination(pages, key=f"own_page_{which}")
    films = films[(page - 1) * A_PAGE : page * A_PAGE]
    with st.container(key="own_sheet"):
        for start in range(0, len(films), A_ROW):
            row = films[start : start + A_ROW]
            for column, film in zip(st.columns(A_ROW, gap="small"), row, strict=False):
                with column:
                    _show_film(work, film)
    if not films:
        st.caption("None.")
    _show_left_out(work)


def what_is_seen(work: Work) -> str:
    """Return what of each film the networks see, or saw when they learnt."""
    if work.adaptation is None:
        return (
            "The yellow frame is what the networks see: the joint in its middle, a little wider "
            "than the knee."
        )
    if work.by_whole_film:
        return (
            "What was learnt was learnt from each film as a whole, stretched to a square, which "
            "did better here than its frame. So no frame is drawn: the published networks alone "
            "see it."
        )
    return "The yellow frame is what was learnt from."


def _is_shown(work, film, which):
    return {
        "all": True,
        "said": bool(film.warnings),
        "moved": film.is_moved,
        "without": film.opened.digest in work.without,
    }[which]


def _show_film(work, film):
    name = film.listed.name.rpartition("/")[2]
    out = film.opened.digest in work.without
    picture = work.shown(film)
    alt = name if work.by_whole_film else f"{name} with its frame"
    st.image(picture // 3 if out else picture, width="stretch", alt=alt)
    marks = [f"KL {film.listed.grade}", film.listed.side or None]
    marks += ["left out"] * out + ["corrected"] * film.is_moved + ["remark"] * bool(film.warnings)
    st.caption(f"{boundary.escaped(name)}  \n{', '.join(filter(None, marks))}")
    label = boundary.told_apart("Frame", f"of {name}")
    if st.button(
        label,
        key=keyboard.key_for("own_frame", film.opened.digest, work.films.index(film)),
        width="stretch",
    ):
        _correct(work, film)


def _show_left_out(work):
    if not work.left_out:
        return
    st.markdown(f"**{counted(len(work.left_out), 'film')}** could not be used:")
    table = pd.DataFrame([(film.name, film.reason) for film in work.left_out])
    table.columns = ["Film", "Why"]
    st.dataframe(
        table, hide_index=True, width="stretch", height=min(35 * (len(table) + 1) + 3, 300)
    )
    table_view.show_csv(table, "films_left_out")


@st.dialog("Frame of a film", width="large")
def _correct(work: Work, film: SheetFilm) -> None:
    st.markdown(
        f"**{boundary.escaped(film.listed.name)}**, graded KL {film.listed.grade}. Centre the "
        "frame on the joint."
    )
    for sentence in film.warnings:
        st.caption(boundary.escaped(sentence))
    picture, controls = st.columns([1.5, 1], gap="medium")
    with controls:
        frame = _ask(film)
    try:
        shown = display.fit_within(sheet.radiograph_of(film).pixels, LARGE)
    except KneeOAError as error:
        st.error(boundary.escaped(str(error)))
        return
    line = 3 if max(shown.shape) > 500 else 2
    picture.image(
        sheet.boxed(display.to_uint8(shown), film.shape, frame, line=line),
        width="stretch",
        alt=f"{film.listed.name} with its frame",
    )
    digest = film.opened.digest
    out = digest in work.without
    # Each of this film's: a press that comes late, or twice, is not one of the next film's.
    take, as_before, leave = (
        keyboard.key_for(name, digest) for name in ("own_take", "own_found", "own_out")
    )
    with controls:
        if st.button("Take this frame", type="primary", width="stretch", key=take):
            _take(work, film, frame)
        if st.button("As it was found", width="stretch", key=as_before):
            _take(work, film, film.proposed)
        label = "Take this film in again" if out else "Leave this film out"
        if st.button(label, width="stretch", key=leave):
            work.leave_out(film, out=not out)
            st.rerun()


def _ask(film) -> Frame:
    height, width = film.shape
    row, column = film.frame.centre
    key = film.opened.digest[:16]
    tall = _slider("Height", SMALLEST_FRAME, 2 * height, film.frame.height, f"own_h_{key}")
    wide = _slider("Width", SMALLEST_FRAME, 2 * width, film.frame.width, f"own_w_{key}")
    across = _slider("Middle, across", 0, width, column, f"own_x_{key}")
    down = _slider("Middle, down", 0, height, row, f"own_y_{key}")
    frame = Frame.around(down, across, tall, film.frame.name, width=wide)
    # Halves are rounded: a frame that nobody touched is the one it was.
    untouched = (tall, wide, down, across) == (
        film.frame.height,
        film.frame.width,
        *film.frame.centre,
    )
    return film.frame if untouched else frame


def _slider(label, lowest, highest, value, key):
    highest = max(highest, value, lowest + 1)
    return st.slider(f"{label} (pixels)", lowest, highest, max(value, lowest), key=key)


def _take(work, film, frame):
    try:
        work.replace(film, sheet.moved(film, frame, cached.graders().localiser.spoilt))
    except KneeOAError as error:
        st.error(boundary.escaped(str(error)))
        return
    st.rerun()
