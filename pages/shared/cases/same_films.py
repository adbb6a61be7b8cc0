"""Which film of a session is which saved one, be that kept as another file without its patient."""

import contextlib
import os
from collections.abc import Collection

from kneeoa.store.cases import settings
from kneeoa.store.cases.case import Case
from kneeoa.store.cases.films import FilmFileError, FilmFiles
from pages.shared import cached, session_films
from pages.shared.cases import own_grades
from pages.shared.session_films import Film


def kept_as(film: Film, files: FilmFiles, reader: str) -> Case | None:
    """Return the newest case of a film, be it kept as another file without its patient."""
    from kneeoa.store.cases import keeping

    mark = _marks(files, [film.digest]).get(film.digest, "")
    case = keeping.of_film(cached.store(), film.digest, reader, mark=mark)
    if case is not None:
        own_grades.are_same(film.digest, case.film)
    return case


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
