"""Exams on the pages that give them: drawn from the films, or from a file."""

import secrets

import streamlit as st

from kneeoa.errors import DataError, KneeOAError
from kneeoa.teaching import exam as exams
from kneeoa.teaching.exam import Exam
from kneeoa.teaching.films import TeachingSet
from kneeoa.wording import counted
from pages.shared import boundary, cached
from pages.shared.memory import uploads

ALL, SAID, FILE = "all", "exam_said", "exam_file"
CLASS = "class_"
"""Before the keys of a class's exam: what a teacher practises with sets nothing for her class."""
CHOICES = ("count", "grades", "limit")
"""Keys of what is chosen here for oneself."""
LIMITS = {0: "none", 15: "15 s", 30: "30 s", 60: "60 s", 120: "2 min"}
NEWEST_SEED = 2**31 - 1


def is_from_file() -> bool:
    """Whether an exam file is there: what it sets is not to be chosen then."""
    return st.session_state.get(FILE) is not None


def say_what_file_sets(more: str = "") -> None:
    """Say what an exam file sets, where one is there; `more` is a sentence of the page's own."""
    if not is_from_file():
        return
    try:
        films = len(_exam_in(st.session_state[FILE]).films)
    except KneeOAError:  # said where the session is begun
        return
    st.info(f"{counted(films, 'film')}, as in the exam file, which sets films and grades. {more}")


def choose_count(whose: str = "") -> int:
    """Let the reader choose how many films; return the number."""
    return st.segmented_control(
        "Films",
        exams.LENGTHS,
        default=20,
        required=True,
        key=f"{whose}count",
        persist_state="session",
        disabled=is_from_file(),
    )


def choose_grades(whose: str = "") -> tuple[int, ...]:
    """Let the reader choose all grades or two neighbours; return the grades."""
    pairs = {f"{low}{high}": f"{low} against {high}" for low, high in exams.PAIRS}
    chosen = st.segmented_control(
        "Grades",
        [ALL, *pairs],
        default=ALL,
        format_func=lambda key: pairs.get(key, "all five"),
        required=True,
        key=f"{whose}grades",
        persist_state="session",
        disabled=is_from_file(),
    )
    return tuple(range(5)) if chosen == ALL else tuple(int(grade) for grade in chosen)


def choose_limit(whose: str = "") -> float | None:
    """Let the reader choose how many seconds a film has; return them, or None without a limit."""
    chosen = st.segmented_control(
        "Time for a film",
        list(LIMITS),
        default=0,
        format_func=LIMITS.__getitem__,
        required=True,
        key=f"{whose}limit",
        persist_state="session",
    )
    return float(chosen or 0) or None


def choose_seed() -> int | None:
    """Let the reader give a seed; None: a new one."""
    return st.number_input(
        "Seed",
        0,
        NEWEST_SEED,
        None,
        key="seed",
        placeholder="a new one",
        disabled=is_from_file(),
        help="The same seed, settings and films give the same session.",
    )


def choose_file():
    """Let the reader upload an exam; None without one."""
    return st.file_uploader("Exam file", type="json", key=FILE)


def new_seed(given: int | None) -> int:
    """Return the seed that was given, or a new one."""
    return secrets.randbelow(NEWEST_SEED) if given is None else int(given)


def _exam_in(file) -> Exam:
    return exams.from_json(uploads.content_of(file))


def from_file(file, films: TeachingSet) -> tuple[Exam, int]:
    """Return what of an uploaded exam can be given with `films`, and how many films cannot.

    Which those are is said with it.
    """
    whole = _exam_in(file)
    match = exams.match(whole, films)
    left_out = exams.left_out(match)
    if not match.exam.films:
        raise DataError(" ".join(["Expected films of this exam in the data set.", *left_out]))
    _keep(match.exam, left_out)
    return match.exam, len(whole.films) - len(match.exam.films)


def drawn(exam: Exam, asked: int) -> Exam:
    """Return `exam`; where there are fewer films than asked for, that is said with it."""
    _keep(exam, exams.lacking(exam, asked))
    return exam


def _keep(exam, sentences):
    st.session_state[SAID] = exam.seed, sentences


def show_lacking(exam: Exam) -> None:
    """Show what was to be said of `exam` when it was drawn or read; nothing after a reload."""
    seed, sentences = st.session_state.get(SAID, (None, []))
    if seed == exam.seed and sentences:
        st.info(boundary.escaped(" ".join(sentences)))


def show_file(exam: Exam) -> None:
    """Show the button that downloads an exam, with the hash of every film."""
    st.download_button(
        "This exam (file)",
        lambda: exams.to_json(exams.with_hashes(exam, cached.teaching_set())),
        file_name="exam.json",
        mime="application/json",
        on_click="ignore",
        width="stretch",
        help="Names the films and their reference grades: it is the answer key. It holds no film: "
        "whoever has the data set can give the same exam.",
    )
