"""Where else in a film a knee may be that has no box: whether several films are put together.

Two knees side by side are one film. More of them, and one above another, are several: no film of
the legs shows that. A place that is looked at is worth something only if what is seen there, looked
at closer, is a whole knee of its own: the seam between two films looks like a third knee, made of
half of each.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from kneeoa.graders.locating.looks import Window

_STEP = 0.6
"""How far beside a box is looked at, in its heights and widths. From a box that lies over the seam
of two films, that shows the whole of one; from the box of a knee, its joint at the edge."""
_REACH = 1.3
_LEAST_ON_FILM, _LEAST_SHOWN = 0.6, 0.5
"""Share of a box moved so far, and of what is shown around it, that lies on the film: a crop has
nothing beside its knee, and costs nothing."""
_GAP = 0.9
"""Widths of the narrower of two boxes between them from which a third knee may lie there. Both
knees of a film are mostly nearer than that; films in a row leave 1.2 and more."""
_TALL, _WIDE, _ROWS = (2, 1), (2, 2), ((1, 3), (1, 4))
"""Rows and columns of equal parts into which a film is divided: a tall one, a wide one, and one
with room for a knee between two. In the halves of three films above each other lie whole knees."""
_WIDEST_PART, _NARROWEST_PART = 2.4, 0.4
"""Width over height of a part that is looked at: others are no films of one or two knees."""
_REST = 0.5
"""Widths of a lone box from which what lies beyond it, to one side, may be another knee: by itself,
since a knee under less light is dark beside it."""
_ROOM = 0.8
"""Share of the film's height that a box has at most for others to be above or below it. A box over
the seam of two films is as high as one and a half of them."""
_SAME, _APART = 0.4, 0.25
"""Overlap of boxes of the same knee, seen twice; share of the smaller of two boxes that lies in the
other at most, if they are of two knees. In half of each of two films it is 0.4 and more."""
_ABOVE = 0.4
"""Share of the lower of two boxes that is level with the other at most, if one lies above."""
_INSIDE, _INSIDE_PART = 0.8, 0.7
"""Share of another knee's box that lies on the film, or in the part where it was seen."""


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a film to look at, and where the box of a knee seen there must lie.

    `part_of` is the number of the division of the film whose part it is: None beside a box.
    """

    window: Window
    home: Window
    part_of: int | None = None

    def is_home(self, box: Window) -> bool:
        """Return whether `box` lies where it must."""
        return box.share_in(self.home) >= (_INSIDE if self.part_of is None else _INSIDE_PART)

    def limited(self, window: Window) -> Window:
        """Return as much of `window` as lies beyond a lone box, where it is to be looked at."""
        return window if self.part_of is not None else window.within(self.home)


def places(boxes: Sequence[Window], height: int, width: int) -> list[Place]:
    """Return what is worth a look beside the `boxes` of a film of `height` x `width`."""
    film = Window(0, 0, height, width)
    return [
        *(Place(window, film) for window in _beside(boxes, height, width)),
        # A box may well be taller than a film that was cut closely.
        *(
            Place(rest, Window(-height, rest.left, 3 * height, rest.width))
            for rest in _beyond(boxes, height, width)
        ),
        *(
            Place(part, part, number)
            for number, parts in enumerate(_divided(boxes, height, width))
            for part in parts
        ),
    ]


def _beside(boxes: Sequence[Window], height: int, width: int) -> list[Window]:
    """Return windows above, below, and to the outer sides of boxes, and between two of them."""
    ordered = sorted(boxes, key=lambda box: box.left)
    windows = []
    for box in ordered:
        outwards = [across for across, end in ((-1, 0), (1, -1)) if box is ordered[end]]
        for down, across in ((-1, 0), (1, 0), *((0, across) for across in outwards)):
            moved = Window(
                box.top + down * _STEP * box.height,
                box.left + across * _STEP * box.width,
                box.height,
                box.width,
            )
            around = moved.around(_REACH, height, width)
            shown = around.height * around.width / (_REACH**2 * box.height * box.width)
            is_on = moved.share_in(Window(0, 0, height, width)) >= _LEAST_ON_FILM
            if is_on and shown >= _LEAST_SHOWN:
                windows.append(around)
    for first, last in _apart(boxes):
        top = min(first.top, last.top)
        bottom = max(first.top + first.height, last.top + last.height)
        left = first.left + first.width
        between = Window(top, left, bottom - top, last.left - left)
        windows.append(between.around(_REACH, height, width))
    return windows


def _beyond(boxes: Sequence[Window], height: int, width: int) -> list[Window]:
    """Return what lies beyond a lone box to its left and right, where that is wide enough."""
    if len(boxes) > 1:
        return []
    (box,) = boxes
    right = box.left + box.width
    rests = Window(0, 0, height, box.left), Window(0, right, height, width - right)
    return [rest for rest in rests if rest.width >= _REST * box.width]


def _apart(boxes: Sequence[Window]) -> list[tuple[Window, Window]]:
    """Return neighbours, from left to right, between which there is room for another knee."""
    return [
        (first, last)
        for first, last in pairwise(sorted(boxes, key=lambda box: box.left))
        if last.left - first.left - first.width >= _GAP * min(first.width, last.width)
    ]


def _divided(boxes: Sequence[Window], height: int, width: int) -> list[list[Window]]:
    """Return the parts of the film, divided as in pictures put together of several films."""
    ways = list(_ROWS) if _apart(boxes) else []
    if max(box.height for box in boxes) <= _ROOM * height:
        ways.append(_WIDE if width > height else _TALL)
    divisions = []
    for rows, columns in ways:
        tall, wide = height / rows, width / columns
        if _NARROWEST_PART <= wide / tall <= _WIDEST_PART:
            corners = ((row, column) for row in range(rows) for column in range(columns))
            divisions.append(
                [Window(row * tall, column * wide, tall, wide) for row, column in corners]
            )
    return divisions


def is_of_another(place: Place, box: Window, boxes: Sequence[Window]) -> bool:
    """Return whether a box seen at `place` may be of a knee that has none of `boxes`.

    In a part of a film it is looked at in any case: these boxes may lie over seams.
    """
    is_new = place.part_of is not None or max(box.overlap(other) for other in boxes) <= _SAME
    return is_new and place.is_home(box)


def worth_a_closer_look(places: Sequence[Place], held: Sequence[bool]) -> list[int]:
    """Return the numbers of the `places` to look at closer, by whether each may hold a knee.

    One part with a knee is a film that has its knee there: that takes two.
    """
    parts = Counter(place.part_of for place, is_held in zip(places, held, strict=True) if is_held)
    return [
        number
        for number, place in enumerate(places)
        if held[number] and (place.part_of is None or parts[place.part_of] > 1)
    ]


def parts_of(places: Sequence[Place]) -> list[list[Window]]:
    """Return the parts among `places`, those of each division of the film by themselves."""
    numbers = {place.part_of for place in places if place.part_of is not None}
    return [[place.home for place in places if place.part_of == number] for number in numbers]


def of_different_knees(boxes: Sequence[tuple[float, Window]]) -> list[Window]:
    """Return the boxes of different knees, out of boxes and how likely each is one.

    Of two that lie over each other, the likelier counts.
    """
    kept: list[Window] = []
    for _, box in sorted(boxes, key=lambda pair: -pair[0]):
        if all(box.shared(other) <= _APART for other in kept):
            kept.append(box)
    return kept


def are_several_films(boxes: Sequence[Window]) -> bool:
    """Return whether boxes of different knees, or parts with one each, are more than one film."""
    return len(boxes) > 2 or any(_is_above(*pair) for pair in combinations(boxes, 2))


def _is_above(first: Window, second: Window) -> bool:
    level = min(first.top + first.height, second.top + second.height) - max(first.top, second.top)
    return level < _ABOVE * min(first.height, second.height)
