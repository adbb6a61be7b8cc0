"""Which film of a session is which saved one, be that kept as another file without its patient."""

import contextlib
import os
from collections.abc import Collection

from kneeoa.store.cases import settings
from kneeoa.store.cases.case import Case, OwnGrade
from kneeoa.store.cases.films import FilmFileError, FilmFiles
from pages.shared import cached, session_films
from pages.shared.cases import own_grades
from pages.shared.session_films import Film


def kept_as(film: Film, files: FilmFiles, reader: str) -> Case | None:
    """Return the newest case of a film, be it kept as another file without its patient.

    What she said of its knees is of the case's where they are counted alike.
    """
    from kneeoa.store.cases import keeping

    mark = _marks(files, [film.digest]).get(film.digest, "")
    case = keeping.of_film(cached.store(), film.digest, reader, mark=mark)
    if case is not None:
        join = own_grades.are_same if lies_as(film, case) else own_grades.lie_otherwise
        join(film.digest, case.film)
    return case


def lies_as(film: Film, case: Case) -> bool:
    """Return whether knees of a film are counted as those of a case.

    Turned otherwise, or with another number of them, the first of several is another knee.
    """
    here, there = len(film.frames), len(case.state.knees) or len(film.frames)
    return max(here, there) < 2 or (film.quarters, here) == (case.state.quarters, there)


def hers_of(film: Film, case_id: int, reader: str) -> dict[int, OwnGrade] | None:
    """Return what a reader said of a film's knees in a saved case, be it open here or not.

    None where that counts them otherwise, see `lies_as`. Raises `KneeOAError` where the case is
    gone or damaged.
    """
    from kneeoa.store.cases import keeping

    case = keeping.get(cached.store(), case_id, reader)
    return case.grades if lies_as(film, case) else None


def _marks(files: FilmFiles, digests: Collection[str]) -> dict[str, str]:
    with contextlib.suppress(FilmFileError):  # said where a film is saved or opened
        return files.marks_of_films(digests) if digests else {}
    return {}


def names_here() -> set[str]:
    """Return by which digests and marks films of this session would be kept, or are."""
    films = session_films.all_films()
    return {*films, *_marks(settings.files_from(os.environ), films).values()}


def cases_of(digests: Collection[str]) -> dict[str, int]:
    """Return the newest case of each film that is saved, by the SHA-256 of its file as it came."""
    from kneeoa.store.cases import looking

    marks = _marks(settings.files_from(os.environ), digests)
    cases = looking.cases_of(cached.store(), [*digests, *marks.values()])
    known = {digest: cases.get(digest, cases.get(marks.get(digest, ""))) for digest in digests}
    return {digest: case_id for digest, case_id in known.items() if case_id is not None}


def film_here(case: Case) -> Film | None:
    """Return the film of a case that is in this session, as it is kept or as it came."""
    films = session_films.all_films()
    marks = _marks(settings.files_from(os.environ), films)
    names = {case.digest, case.film}
    here = (film for digest, film in films.items() if {digest, marks.get(digest, "")} & names)
    return next(here, None)
