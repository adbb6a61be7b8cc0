"""A reader's own grades, out of practice: those given before any answer to the film was seen.

After a film is resolved its reference and the networks' answers have been on the screen. What is
said of it later is no grade of the reader's own any more, and neither is one that was given with a
network's answer beside the film.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from kneeoa.adaptation.listing import Listed
from kneeoa.teaching.answers import first_seen
from kneeoa.teaching.films import TeachingSet


def own_grades(sessions: Sequence[pd.DataFrame]) -> dict[str, int]:
    """Return by image id the grades that were committed before an answer was seen.

    `sessions` are answers as from `kneeoa.store.answers.answers_of`. Of each film its first
    appearance counts and no other: where time was up, or the network's answer came first, there is
    no grade of it.
    """
    first = first_seen(sessions)
    grade = first["grade"].where(first["shown_when"] == "never", first["first_grade"])
    grade = grade.where(first["shown_when"] != "before")
    graded = first.assign(own=grade).dropna(subset="own")
    return dict(zip(graded["image_id"], graded["own"].astype(int).tolist(), strict=True))


def listed(films: TeachingSet, grades: Mapping[str, int]) -> tuple[Listed, ...]:
    """Return the films of a set that have a grade, to learn a habit from, in the set's order.

    There are none of a synthetic set: how drawn films are graded says nothing of real ones.
    """
    if films.folder is None:
        return ()
    return tuple(
        Listed(films.folder / film.file, film.image_id, grades[film.image_id], film.patient_id)
        for film in films.films.values()
        if film.image_id in grades
    )
