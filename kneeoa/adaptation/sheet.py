"""A contact sheet: each graded film small, with the frame that the networks see, to be corrected.

The pictures are of the film as it is graded, so that a negative shows as its positive.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import numpy as np

from kneeoa.adaptation import films
from kneeoa.adaptation.framed import Framed
from kneeoa.adaptation.gathering.graded import Opened
from kneeoa.adaptation.listing import LeftOut, Listed
from kneeoa.errors import RadiographError
from kneeoa.films import display
from kneeoa.films.frames import Frame, network_input
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.framing import overlap
from kneeoa.graders.locating import gate
from kneeoa.graders.locating.each_knee import of_frames
from kneeoa.graders.locating.found import inverted, refusal_in
from kneeoa.graders.locating.gate import Finding
from kneeoa.graders.locating.localiser import Localiser
from kneeoa.graders.locating.spoilt import Spoilt

LONGEST = 260
"""Of a picture's sides, in pixels."""
_LINE = np.array([255, 196, 0], np.uint8)
"""A yellow that is seen on bone and on air."""


@dataclass(frozen=True, slots=True, eq=False)
class SheetFilm:
    """One film of a contact sheet.

    Attributes
    ----------
    opened : the film as it is learnt from, framed by `frame`
    frame, proposed : as the reader has it, and as it was found
    picture : (h, w) uint8, the whole film, its longer side at most `LONGEST`
    shape : (H, W) of the film itself, in whose pixels the frames are
    negative : whether the film came as a negative
    knee, frames : which of the film's knees it is, from left to right, and where they were found
    proposed_findings : what stood against `proposed`, apart from what stands against the film
    findings : likewise against `frame`
    """

    opened: Opened
    frame: Frame
    proposed: Frame
    picture: np.ndarray
    shape: tuple[int, int]
    negative: bool = False
    knee: int = 0
    frames: tuple[Frame, ...] = ()
    proposed_findings: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def listed(self) -> Listed:
        """The film as its source lists it."""
        return self.opened.listed

    @property
    def warnings(self) -> tuple[str, ...]:
        """What there is to bear in mind, in sentences."""
        return self.opened.framed.remarks

    @property
    def is_moved(self) -> bool:
        """Whether the reader corrected the frame."""
        return self.frame != self.proposed


def look(
    listed: Sequence[Listed],
    localiser: Localiser,
    *,
    at_work: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Iterator[SheetFilm | LeftOut]:
    """Yield each film of the sheet in order, or why it is left out: what reading refuses, too.

    Each is looked at within ``at_work()``, by which others may bound how many are at once.
    """

    def look_at(film: Listed) -> SheetFilm:
        with at_work():
            return _look_at(film, localiser)

    return films.each(look_at, listed)


def _look_at(film: Listed, localiser: Localiser) -> SheetFilm:
    radiograph, patient = films.read(film)
    located = localiser.find(radiograph)
    knee = films.knee_graded(radiograph, located, film.side)
    shown = located.to_grade(radiograph)
    framed = Framed.of_knee(shown, located, knee, film.side)
    return SheetFilm(
        films.opened(film, framed, radiograph, patient),
        knee.frame,
        knee.frame,
        display.to_uint8(display.fit_within(shown.pixels, LONGEST)),
        shown.pixels.shape,
        located.negative,
        located.knees.index(knee),
        tuple(other.frame for other in located.knees),
        knee.findings,
        knee.findings,
    )


def radiograph_of(film: SheetFilm) -> Radiograph:
    """Return the film as it is graded, read again."""
    radiograph, _ = films.read(film.listed)
    return inverted(radiograph) if film.negative else radiograph


def moved(film: SheetFilm, frame: Frame, spoilt: Spoilt | None = None) -> SheetFilm:
    """Return the film with another frame; raise `RadiographError` where that cannot be graded.

    `spoilt` knows whether what the frame shows is a knee as it was taken.
    """
    if frame == film.frame:
        return film
    radiograph = radiograph_of(film)
    image = network_input(radiograph, frame)
    findings = film.proposed_findings
    if frame != film.proposed:
        (findings,) = of_frames(radiograph, [frame], spoilt, negative=False)
        if astray := gate.moved(frame, film.frames, film.knee):
            findings = (*findings, astray)
        if (refusal := refusal_in(findings)) is not None:
            raise RadiographError(refusal.sentence)
        kept = filter(gate.is_of_knee, film.proposed_findings)
        findings = (*map(gate.of_box_before, kept), *findings)
    before = {finding.sentence for finding in film.findings}
    remarks = [remark for remark in film.warnings if remark not in before]
    remarks += [finding.sentence for finding in findings]
    framed = replace(
        film.opened.framed,
        image=image,
        overlap=overlap(radiograph, frame),
        remarks=tuple(dict.fromkeys(remarks)),
    )
    opened = replace(film.opened, framed=framed)
    return replace(film, opened=opened, frame=frame, findings=findings)


def boxed(
    picture: np.ndarray, shape: tuple[int, int], frame: Frame, *, line: int = 2
) -> np.ndarray:
    """Return a picture with `frame` drawn on it, ``(h, w, 3) uint8``.

    Parameters
    ----------
    picture : (h, w) uint8, a whole film, however small
    shape : (H, W) of that film, in whose pixels `frame` is
    line : thickness in pixels
    """
    height, width = picture.shape
    drawn = np.repeat(picture[..., None], 3, axis=-1)
    down, across = height / shape[0], width / shape[1]
    top, bottom = round(frame.top * down), round((frame.top + frame.height) * down)
    left, right = round(frame.left * across), round((frame.left + frame.width) * across)
    # A frame that reaches past the film is drawn along its border.
    top, bottom = max(top, 0), min(bottom, height)
    left, right = max(left, 0), min(right, width)
    for rows, columns in (
        (slice(top, top + line), slice(left, right)),
        (slice(max(bottom - line, top), bottom), slice(left, right)),
        (slice(top, bottom), slice(left, left + line)),
        (slice(top, bottom), slice(max(right - line, left), right)),
    ):
        drawn[rows, columns] = _LINE
    return drawn
