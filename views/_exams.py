"""Exams on the pages that give them: drawn from the films, or from a file."""

import secrets

import streamlit as st

from kneeoa.errors import DataError
from kneeoa.grades import KLGrade
from kneeoa.teaching import exam as exams
from kneeoa.teaching.exam import Exam
from kneeoa.teaching.films import TeachingSet
from views import _shared

ALL = "all"
NEWEST_SEED = 2**31 - 1


def choose_count() -> int:
    """Let the reader choose how many films; return the number."""
    return st.segmented_control("Films", exams.LENGTHS, default=20, required=True, key="count")


def choose_grades() -> tuple[int, ...]:
    """Let the reader choose all grades or two neighbours; return the grades."""
    pairs = {f"{low}{high}": f"{low} against {high}" for low, high in exams.PAIRS}
    chosen = st.segmented_control(
        "Grades",
        [ALL, *pairs],
        default=ALL,
        format_func=lambda key: pairs.get(key, "all five"),
        required=True,
        key="grades",
    )
    return tuple(range(5)) if chosen == ALL else tuple(int(grade) for grade in chosen)


def choose_seed() -> int | None:
    """Let the reader give a seed; None: a new one."""
    return st.number_input(
        "Seed",
        0,
        NEWEST_SEED,
        None,
        key="seed",
        placeholder="a new one",
        help="The same seed, settings and films give the same session.",
    )


def choose_file():
    """Let the reader upload an exam; None without one."""
    return st.file_uploader("Exam file", type="json", key="exam_file")


def new_seed(given: int | None) -> int:
    """Return the seed that was given, or a new one."""
    return secrets.randbelow(NEWEST_SEED) if given is None else int(given)


def from_file(file, films: TeachingSet) -> Exam:
    """Return what of an uploaded exam can be given with `films`, after saying what cannot."""
    found = exams.match(exams.from_json(file.getvalue()), films)
    for names, why in (
        (found.missing, "are not in this data set"),
        (found.changed, "are other pictures here"),
        (found.regraded, "have another reference grade here"),
    ):
        if names:
            _say(f"{len(names)} films left out, because they {why}, for example {names[0]}.")
    if not found.exam.films:
        raise DataError("Expected films of this exam in the data set. None of them is there.")
    return found.exam


def say_what_lacks(exam: Exam, asked: int) -> None:
    """Say where there are fewer films than asked for, or a grade has none."""
    if len(exam.films) < asked:
        _say(f"{asked} films were asked for. There are {len(exam.films)}: all of them are taken.")
    there = {film.grade for film in exam.films}
    lacking = [KLGrade(grade).label for grade in exam.grades if grade not in there]
    if lacking:
        _say(f"There is no film of {' and '.join(lacking)} in this session.")


def _say(text):
    st.toast(_shared.escaped(text), icon=":material/info:", duration="infinite")


def show_file(exam: Exam) -> None:
    """Show the button that downloads an exam, with the hash of every film."""
    st.download_button(
        "This exam (file)",
        lambda: exams.to_json(exams.with_hashes(exam, _shared.teaching_set())),
        file_name="exam.json",
        mime="application/json",
        on_click="ignore",
        width="stretch",
        help="Names the films and holds none: whoever has the data set can give the same exam.",
    )
