"""Where else in a film a knee may be that has no box: whether several films are put together."""

from collections.abc import Sequence
from dataclasses import dataclass

from kneeoa.graders.locating.looks import Window

_STEP = 0.6
"""How far beside a box is looked at, in its heights and widths. From a box that lies over the seam
of two films, that shows the whole of one; from the box of a knee, its joint at the edge."""
_REACH = 1.3
_LEAST_ON_FILM, _LEAST_SHOWN = 0.6, 0.5
"""Share of a box moved so far, and of what is shown around it, that lies on the film: a crop has
nothing beside its knee, and costs nothing."""
OVERLAP = 0.4
"""Boxes that overlap more are of the same knee, seen twice."""
_SOME = 0.05
INSIDE = 0.8
"""Share of another knee's box that lies on the film."""


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a film beside a box; `is_level` where it lies to the left or right of it."""

    window: Window
    is_level: bool


def places_beside(boxes: Sequence[Window], height: int, width: int) -> list[Place]:
    """Return what is worth a look beside the `boxes` of a film of `height` x `width`."""
    places = []
    for box in boxes:
        for down, across in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            moved = Window(
                box.top + down * _STEP * box.height,
                box.left + across * _STEP * box.width,
                box.height,
                box.width,
            )
            around = moved.around(_REACH, height, width)
            shown = around.height * around.width / (_REACH**2 * box.height * box.width)
            if share_on(moved, height, width) >= _LEAST_ON_FILM and shown >= _LEAST_SHOWN:
                places.append(Place(around, is_level=down == 0))
    return places


def is_of_another(box: Window, boxes: Sequence[Window], height: int, width: int) -> bool:
    """Return whether a box is of none of the knees that have `boxes`, and whole."""
    is_apart = max(box.overlap(other) for other in boxes) <= OVERLAP
    return is_apart and share_on(box, height, width) >= INSIDE


def is_between(box: Window, boxes: Sequence[Window]) -> bool:
    """Return whether a box overlaps two others."""
    return sum(box.overlap(other) > _SOME for other in boxes) > 1


def share_on(box: Window, height: int, width: int) -> float:
    """Return the share of a box that lies on a film of `height` x `width`."""
    down = min(box.top + box.height, height) - max(box.top, 0)
    across = min(box.left + box.width, width) - max(box.left, 0)
    return max(down, 0) * max(across, 0) / (box.height * box.width)
