"""Proposed joint space widths -> measurements of a report."""

from kneeoa.jointspace import words
from kneeoa.jointspace.width import JointSpace, Width
from kneeoa.reports.content import Measurement

KIND = "minimum joint space width"
PIXELS = "{pixels}"
"""The unit's name in UCUM."""


def measurements_of(space: JointSpace) -> tuple[Measurement, ...]:
    """Return what is known of the widths of a knee; of a closed space, what it is at most."""
    return tuple(
        _measurement(space, name, width)
        for name, width in space.compartments.items()
        if width.is_known
    )


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
