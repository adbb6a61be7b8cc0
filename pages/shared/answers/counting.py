"""Films of the data set with the answers that are counted, by one rule (see docs/teaching.md).

A published answer to the very film comes before that of the reading page, wherever answers are
shown, chosen by or scored.
"""

import contextlib
from collections.abc import Iterable

from pandas import DataFrame

from kneeoa.errors import KneeOAError
from kneeoa.graders.together import FOLDER
from kneeoa.teaching.films import recorded_answers
from pages.shared import cached
from pages.shared.memory.folder_film import FolderFilm


def teaching_film(image_id: str) -> FolderFilm:
    """Return a film that is taught with; raise `KneeOAError` where it cannot be read."""
    return as_counted(cached.teaching_film(image_id), image_id)


def as_counted(film: FolderFilm, image_id: str) -> FolderFilm:
    """Return a film of the data set, answered as it is counted."""
    try:
        known = cached.teaching_set().films.get(image_id)
    except KneeOAError:  # no film of that folder has a grade, and none is counted
        return film
    if known is None:
        return film
    tables: dict[str, DataFrame] = {}
    # Models may come without what was measured; the research pages say so.
    with contextlib.suppress(KneeOAError):
        tables.update(cached.published_predictions())
        if (together := cached.together_predictions()) is not None:
            tables[FOLDER] = together
    return film.as_recorded(recorded_answers(tables, known, cached.graders().rules))


def grades(architecture: str, image_ids: Iterable[str]) -> dict[str, int]:
    """Return the grades that a network is counted with, by image id.

    None of a film that has no published answer, and that the reading page refuses or cannot read.
    """
    given = {}
    published: dict[str, int] = {}
    with contextlib.suppress(KneeOAError):
        published = cached.published_grades(architecture)
    for name in image_ids:
        if name in published:
            given[name] = published[name]
            continue
        with contextlib.suppress(KneeOAError):  # said where the film itself is shown
            for reading in cached.teaching_film(name).readings:
                if reading.architecture == architecture:
                    given[name] = int(reading.said)
    return given
