"""Where the graded films come from: an allowed folder, a ZIP, or the reader's own practice."""

import streamlit as st

from kneeoa.adaptation import sheet
from kneeoa.adaptation.gathering.graded import LEAST_FILMS
from kneeoa.adaptation.listing import LeftOut, list_films, list_zip
from kneeoa.errors import DataError, KneeOAError
from kneeoa.store import practice
from kneeoa.teaching import committed
from kneeoa.wording import counted
from pages.own_films import work
from pages.own_films.work import MOST_FILMS
from pages.shared import boundary, cached
from pages.shared.access import offered
from pages.shared.memory.uploads import bytes_of
from pages.shared.memory.working import at_work

LEARNER = "learner"
"""Where the practice page keeps who practises in this session."""
LOOK = "Look at these films"
FORM = (
    "Sub-folders 0 to 4, or films and a table `grades.csv` with the columns `file` and `grade`, "
    "and where known `patient` and `side` (L or R). Two films of one patient need one code in "
    "`patient`, or the figures are too good."
)


def show_sources() -> None:
    """Let the reader choose films, and look at them when asked to."""
    st.caption(FORM)
    folders, own = cached.offered().films, _own_grades()
    packed, below, practised = st.columns(3, gap="large")
    with packed:
        upload = st.file_uploader(
            "A ZIP of graded films",
            type="zip",
            key=f"own_zip_{st.session_state.get('own_round', 0)}",
            help="It is unpacked in memory and kept for this session only.",
        )
        look = boundary.told_apart(LOOK, "of the ZIP")
        if upload is not None and st.button(look, key="look_zip", type="primary"):
            _look_into(upload)
            st.session_state["own_round"] = st.session_state.get("own_round", 0) + 1
    with below:
        label = offered.choose(
            "Or a folder on this server",
            folders,
            key="own_folder",
            help="Folders with graded films below those in KNEEOA_OWN_FILMS and KNEEOA_DATASET.",
        )
        look = boundary.told_apart(LOOK, f"of the folder {label}")
        if label and st.button(look, key="look_folder", type="primary"):
            place = folders[label]
            _look(label, lambda: list_films(place.folder, inside=place.root))
    with practised:
        _show_own(own)


def _show_own(own):
    st.markdown(":small[Or your own grades from practice]")
    if len(own) >= LEAST_FILMS:
        st.caption(
            f"{counted(len(own), 'film')} that you graded before any answer to them was shown; the "
            "networks then answer as you do."
        )
        look = boundary.told_apart(LOOK, "of your practice")
        if st.button(look, key="look_own", type="primary"):
            _look("my practice", lambda: (own, ()))
    else:
        st.caption(
            f"From {LEAST_FILMS} real films on that you graded in Practice before any answer was "
            f"shown. So far: {len(own)}."
        )


def _own_grades():
    learner = st.session_state.get(LEARNER)
    if learner is None:
        return ()
    try:
        films = cached.teaching_set()
        if films.is_synthetic:
            return ()
        store = cached.store()
        sessions = practice.sessions_of(store, learner)
        numbers = [session.session_id for session in sessions]
        answers = list(practice.answers_of_sessions(store, numbers).values())
    except KneeOAError:
        return ()  # said where practice is
    return committed.listed(films, committed.own_grades(answers))


def _look_into(upload):
    with boundary.refusals_shown():
        data = bytes_of(upload)
        _look(upload.name, lambda: list_zip(data), len(data))


def _look(source, listing, size=0):
    with boundary.refusals_shown():
        listed, left_out = listing()
        if len(listed) > MOST_FILMS:
            raise DataError(
                f"Expected at most {MOST_FILMS} films on this page. Received {len(listed)}: choose "
                "a folder with fewer, or use the command line (python -m kneeoa adapt)."
            )
        wanted = work.room_for(source, len(listed), size)
        bar = st.progress(0.0, text="Finding the knees")
        films = []
        looking = sheet.look(listed, cached.graders().localiser, at_work=at_work)
        for number, film in enumerate(looking, 1):
            films.append(film)
            bar.progress(number / len(listed), text=f"Film {number} of {len(listed)}")
        refused = [film for film in films if isinstance(film, LeftOut)]
        wanted.films += [film for film in films if not isinstance(film, LeftOut)]
        wanted.left_out = (*left_out, *refused)
        work.begin(wanted)
        st.rerun()
