"""One knee of a session's film as the list of cases has it."""

import contextlib
from dataclasses import replace

from kneeoa.errors import KneeOAError
from kneeoa.films.header import of_the_picture
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.found import refusals_first
from kneeoa.store.cases.case import KneeState
from pages.shared import session_films
from pages.shared.cases import knees
from pages.shared.profiles import in_use
from pages.shared.session_films import Film


def graded_by() -> dict[str, str]:
    """Return who grades in this session: the SHA-256 of each network, and of the profile."""
    graders = in_use.graders()
    hashes: dict[str, str] = {name: model.weights_hash for name, model in graders.published.items()}
    if graders.together:
        hashes["together"] = graders.together.weights_hash
    if graders.profile:
        hashes["profile"] = graders.profile.digest
    return hashes


def state_of(film: Film, place: int, *, wait: bool = True) -> KneeState:
    """Return where a knee is looked at and what the networks say there.

    Without `wait` nothing is read for it: what was not read yet has no answer.
    """
    frame = knees.frame_of(film, place)
    findings = knees.findings_of(film, place, frame)
    side = knees.side_of(film, frame)
    side_set = side != film.localised.knees[place].side
    noted = [gate.note(sentence) for sentence in of_the_picture(film.notes)]
    against = refusals_first((*noted, *findings))
    state = KneeState(side, frame, findings=against, side_set=side_set)
    if not knees.may_be_graded(film, findings):
        return state
    if not (wait or session_films.is_read(film, frame)):
        return state
    with contextlib.suppress(KneeOAError):  # said where the film is looked at
        together = session_films.read_together(film, frame)
        readings = session_films.read(film, frame)
        profile = in_use.current()
        state = replace(
            state,
            networks={reading.architecture: int(reading.said) for reading in readings},
            graded_by=graded_by(),
            profile_said=profile.case_line if profile else "",
        )
        if together is not None:
            answer = together.answer
            state = replace(
                state,
                said=int(together.said),
                low=int(answer.low if answer else together.said),
                high=int(answer.high if answer else together.said),
                probabilities=tuple(round(float(p), 6) for p in together.probabilities),
            )
    return state
