"""A film's patient by name, for who reads it: on the screen of her session, and nowhere else.

What leaves the page (files, their names, addresses, the log) is made without this.
"""

import html

import streamlit as st

from kneeoa.errors import KneeOAError
from kneeoa.reports.dicom.named import IN_LIST, Named, named
from kneeoa.reports.dicom.source import source_of
from kneeoa.wording import plain
from pages.shared import kept
from pages.shared.cases import saved
from pages.shared.patients import asking
from pages.shared.session_films import Film

PATIENTS = "patients"
"""The option's place in the session and in the address: ``?patients=hidden``."""
IN_SIGHT = {"shown": "in sight", "hidden": "hidden"}
NOBODY = "The file does not name its patient"
NOT_READ = "Whose film this is could not be read from the file"
TAKEN_OUT = "Saved without its patient"
UNSEEN = "Patient hidden"
SIGNED_OUT = "Its patient is not named: who added the film signed out. Add it again to see her"
HIDDEN = "hidden"
"""What stands in a table in place of what tells a patient."""


def choose() -> None:
    """Let the reader choose whether patients are named, such as not before a class."""
    kept.one(
        st.segmented_control,
        "Patients' names and numbers",
        list(IN_SIGHT),
        PATIENTS,
        format_func=IN_SIGHT.get,
        required=True,
        help="As DICOM files give them, beside the films of this session, and as an archive gives "
        "them. Hide them where others see your screen. Names of files are shown all the same.",
    )


def keep_asked() -> None:
    """Have the address of all pages say that patients are hidden, so that no reload shows them.

    Whatever else than ``shown`` it asks for hides them: who wrote it meant something.
    """
    asked = st.query_params.get_all(PATIENTS)
    if any(word != "shown" for word in asked):
        st.query_params[PATIENTS] = "hidden"
    kept.remember(PATIENTS)
    if not asked and not are_shown():
        st.query_params[PATIENTS] = "hidden"


def are_shown() -> bool:
    """Return whether patients are named."""
    return kept.chosen(PATIENTS) in (None, "shown")


def choose_behind_eye() -> None:
    """Let the reader choose it where nothing else is chosen about what is shown."""
    with st.popover(
        "What is shown",
        icon=":material/visibility:",
        help="Whether patients are named",
        key="patients_shown",
    ):
        choose()


def whose(film: Film) -> Named:
    """Return whose a film is by its file, read once; raise `KneeOAError` where it cannot be read.

    Nobody's is a film that is no DICOM, one that is kept without its patient, and one whose reader
    has signed out.
    """
    if film.source != "DICOM" or film.is_unnamed or saved.is_kept_film(film):
        return Named()
    if film.named is None:
        film.named = asking.once(film.digest, NOT_READ, lambda: named(source_of(film.data)))
    return film.named


def whole(film: Film) -> str:
    """Return whose a film is in a line, or why that is not said; empty of what can say nothing."""
    if film.source != "DICOM":
        return ""
    if not are_shown():
        return UNSEEN
    if (case := saved.case_of(film.digest)) is not None and saved.is_kept_film(film):
        from kneeoa.store.cases import listing  # late, as the store itself

        mark = listing.mark_of(case)
        return f"{TAKEN_OUT}, {mark} in the list" if mark else TAKEN_OUT
    if film.is_unnamed:
        return SIGNED_OUT
    try:
        return whose(film).whole or NOBODY
    except KneeOAError:
        return NOT_READ


def short(film: Film, longest: int = IN_LIST) -> str:
    """Return whose a film is for a list, as text; empty where nothing is known or to be shown.

    `longest`: letters of her name, and of her number.
    """
    if not are_shown():
        return ""
    try:
        return plain(whose(film).cut(longest))
    except KneeOAError:  # said where the film is shown
        return ""


def beside(film: Film, other: Film) -> str:
    """Return whose a film is with all that tells her from `other`'s patient; empty as `short`."""
    if not are_shown():
        return ""
    try:
        return plain(whose(film).beside(whose(other)))
    except KneeOAError:
        return ""


def as_html(text: str) -> str:
    """Return what was said of a patient as HTML: of any script, and nothing beside it is turned."""
    return f"<bdi>{html.escape(plain(text))}</bdi>"
