"""A film shown otherwise than it came: turned, read as no negative, or as a case has it.

Nothing here knows of a session, so that a film can be made ready behind the pages.
"""

from dataclasses import replace

from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.each_knee import Findings, of_frames, seen_in, sided
from kneeoa.graders.locating.found import Found, inverted, turned_right
from kneeoa.graders.locating.gate import Finding
from kneeoa.graders.locating.localiser import Localiser
from pages.shared.memory.film import Film
from pages.shared.memory.working import at_work

NO_NEGATIVE = "said to be no negative"


def turn_right(film: Film, localiser: Localiser) -> None:
    """Turn a film that stands wrong by what was found; one that does not stays as it is."""
    by = film.localised.quarters
    if not by:
        return
    turned = turned_right(film.radiograph, by)
    film.quarters = (film.quarters + by) % 4
    _show(film, turned, localiser)
    film.changes = (*film.changes, f"turned by {90 * by} degrees")


def take_back(film: Film, localiser: Localiser) -> None:
    """Read a film as it came, not turned."""
    original = film.original()
    film.quarters, film.positive, film.changes = 0, False, ()
    _show(film, original, localiser)


def no_negative(film: Film, localiser: Localiser) -> None:
    """Read a film that looks like a negative as it is: the reader knows better.

    One that is read as it is already, as after a second press of the button, stays so.
    """
    if not film.localised.negative:
        return
    shown = inverted(film.radiograph)
    film.positive = False
    _show(film, shown, localiser, without=gate.NEGATIVE)
    film.changes = (*film.changes, NO_NEGATIVE)


def restore(film: Film, localiser: Localiser, quarters: int, changes: tuple[str, ...]) -> None:
    """Show a film as it was when `changes` had been made to it, which end in `quarters` turns."""
    if (film.quarters, film.changes) != (quarters, changes):
        take_back(film, localiser)
        if quarters:
            turned = turned_right(film.radiograph, quarters)
            film.quarters = quarters
            _show(film, turned, localiser)
        if NO_NEGATIVE in changes:
            no_negative(film, localiser)
        film.changes = changes


def _show(
    film: Film, radiograph: Radiograph, localiser: Localiser, without: Finding | None = None
) -> None:
    with at_work():
        localised = localiser.find(radiograph)
        if without in localised.of_film:
            of_film = tuple(finding for finding in localised.of_film if finding is not without)
            localised = _seen_as_it_is(radiograph, localised, of_film, localiser)
        if film.quarters:
            localised = _sides_open(localised)
        film.show(radiograph, localised)


def _sides_open(localised: Found) -> Found:
    """Return what was found without which of two knees is which.

    A film that stood wrong may have been mirrored rather than turned, which changes their places
    and cannot be seen.
    """
    if len(localised.knees) == 1:
        return localised
    return replace(localised, knees=tuple(replace(k, side="unknown") for k in localised.knees))


def _seen_as_it_is(
    radiograph: Radiograph, localised: Found, of_film: Findings, localiser: Localiser
) -> Found:
    """Return what was found where the knees of a supposed negative are looked at as they are.

    `of_film` is what else stands against the film.
    """
    knees = localised.knees
    seen = seen_in(radiograph, localised.frames)
    anew = of_frames(
        radiograph,
        localised.frames,
        localiser.spoilt,
        negative=False,
        seen=seen,
        before=[tuple(filter(gate.is_of_knee, knee.findings)) for knee in knees],
    )
    looked_at = [replace(knee, findings=own) for knee, own in zip(knees, anew, strict=True)]
    looked_at, of_film = sided(radiograph, looked_at, of_film, seen)
    return replace(localised, knees=tuple(looked_at), of_film=of_film)
