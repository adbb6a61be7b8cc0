"""How a film is looked at and what was measured on it, as the viewer tells it; checked."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from kneeoa.files import converted, sound

MOST = 200
"""Measurements of a film that are kept."""
_FARTHEST = 1e7


@dataclass(frozen=True, slots=True)
class How:
    """What was done to the whole picture."""

    isInverted: bool
    rotation: int
    isFlipped: bool
    preset: int


@dataclass(frozen=True, slots=True)
class Camera:
    """The point in the middle, and half the height of what is in view, as the viewer counts."""

    x: float
    y: float
    scale: float


@dataclass(frozen=True, slots=True)
class View:
    """How a film is looked at: `range` is its window, `camera` none where all of it is in view."""

    how: How
    part: str
    isFitted: bool
    range: tuple[float, float] | None = None
    camera: Camera | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A ruler or an angle: `points` (x, y) in pixels of the film, `value` in `unit`."""

    kind: Literal["ruler", "angle"]
    points: tuple[tuple[float, float], ...]
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A film as it is looked at, and what was measured on it.

    `told` is whether the viewer has told so; else it is as it was saved.
    """

    view: View | None = None
    measured: tuple[Measured, ...] = ()
    told: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Drawn:
    """All that was measured on the film of a `key`."""

    key: str
    measured: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """How the first film is looked at, if it is still that one, and what was measured on films."""

    view: View | None
    drawn: tuple[Drawn, ...]


def seen_from(message: Any) -> Seen | None:
    """Return what the viewer tells, or what was kept of it; None where it is not sound."""
    try:
        seen = converted(sound(message), Seen)
    except (msgspec.ValidationError, ValueError, RecursionError):
        return None
    return seen if _is_sound(seen) else None


def told_from(message: Any, film_id: str) -> Told | None:
    """Return what the viewer tells while the page shows the film of `film_id` first, or None.

    What is not sound of one film keeps nothing of another one from being told.
    """
    if not isinstance(message, dict):
        return None
    seen = seen_from({"view": message.get("view")})
    is_shown = message.get("film") == film_id
    entries = message.get("drawn")
    drawn = filter(None, map(_drawn_from, entries if isinstance(entries, list) else ()))
    return Told(seen.view if seen and is_shown else None, tuple(drawn))


def _drawn_from(entry):
    seen = seen_from(entry)
    if seen is None:
        return None
    key = entry.get("key")
    return Drawn(key, seen.measured) if isinstance(key, str) else None


def _is_sound(seen):
    view = seen.view
    if view is not None:
        if view.camera is None and not view.isFitted:
            return False
        if view.how.rotation not in (0, 90, 180, 270) or view.how.preset not in range(4):
            return False
        if view.camera and not 0 < view.camera.scale < _FARTHEST:
            return False
    points = {"ruler": 2, "angle": 3}
    return len(seen.measured) <= MOST and all(
        len(measured.points) == points[measured.kind]
        and len(measured.unit) <= 20
        and all(math.hypot(*point) < _FARTHEST for point in measured.points)
        for measured in seen.measured
    )
