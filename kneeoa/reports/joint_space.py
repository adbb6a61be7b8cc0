"""Joint space widths as proposed, and what the reader measured -> measurements of a report."""

import math

from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph
from kneeoa.jointspace import believed, words
from kneeoa.jointspace.width import JointSpace, Width
from kneeoa.reports.content import Measurement

KIND = "minimum joint space width"
LENGTH, ANGLE = "length", "angle"
PIXELS = "{pixels}"
"""The unit's name in UCUM."""


def measurements_of(space: JointSpace) -> tuple[Measurement, ...]:
    """Return what is known of the widths of a knee; of a closed space, what it is at most."""
    return tuple(
        _measurement(space, name, width)
        for name, width in space.compartments.items()
        if width.is_known
    )


def ruler(
    points: tuple[tuple[float, float], ...], radiograph: Radiograph, frame: Frame
) -> Measurement:
    """Return the length of a reader's line between two `points` (x, y), pixels of the film.

    It is on the knee in `frame`: in millimetres where those of the file can be this knee's.
    """
    (x, y), (u, v) = points
    spacing = believed.spacing_in(frame, radiograph.spacing)
    down, across = spacing or (1.0, 1.0)
    length, unit = math.hypot((u - x) * across, (v - y) * down), PIXELS
    method = "By the reader's ruler."
    if spacing:
        header = radiograph.header
        worth = words.note_of(header.spacing_from, header.magnification)
        unit, method = "mm", f"{method} {worth}"
    return Measurement(LENGTH, length, unit, method=method, points=((y, x), (v, u)))


def angle(points: tuple[tuple[float, float], ...], value: float) -> Measurement:
    """Return an angle of the reader's, of three `points` (x, y), in degrees."""
    places = tuple((y, x) for x, y in points)
    return Measurement(ANGLE, value, "deg", method="By the reader.", points=places)


def _measurement(space: JointSpace, name: str, width: Width) -> Measurement:
    factor, unit = (space.spacing, "mm") if space.spacing else (1.0, PIXELS)
    low, high = (None if end is None else end * factor for end in (width.low, width.high))
    value = high if width.is_closed else (width.pixels or 0.0) * factor
    return Measurement(
        f"{name} {KIND}{', at most' if width.is_closed else ''}",
        value or 0.0,
        unit,
        None if width.is_closed else low,
        None if width.is_closed else high,
        f"Proposed by {space.method}. {words.scale_note(space)}",
        tuple((y, x) for x, y in width.ends or ()),
    )
