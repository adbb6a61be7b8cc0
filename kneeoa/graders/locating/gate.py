"""What stands against grading a film, as findings with a sentence each; pure functions.

Refused: no grade is given unless the reader asks for one all the same. Warned: a grade is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph
from kneeoa.films.smoothness import LARGEST_LOOK, correlation
from kneeoa.graders.locating.looks import Window

REFUSED: Final = "refused"
WARNED: Final = "warned"
_SAME_KNEE, _OTHER_KNEE = 0.4, 0.15
"""Overlap with the box of a knee from which a frame is of that knee, or shows some of it."""
_NO_KNEE, _DOUBTFUL = -1.0, 1.0
"""Log odds of a frontal knee, looked at closer: of 1,371 films of one knee none has less than 1.4.
Of 116 knees beside another, of pixels that are not square, 5 have less than 1, the least -0.8."""
_UNLIKE = 7.0
"""Difference of these log odds between two knees; at most 6.2 on 78 films of both of another
hospital. Of eight lateral knees beside a frontal one that were not told before, seven have more."""
_METAL_BESIDE = 2.0
"""Log odds of an implant in one of two knees, looked at closer. Of 19 replaced knees put beside
another 15 have more, of the knees beside them none has more than 0.3, of 156 of another hospital's
films of both 3 have more than 1.9."""
_NEITHER = (-2.5, 1.5)
"""Log odds of a negative, looked at closer, between which bones are neither bright nor dark: 3 of
1,936 films of four places and imagined ones, and 1 of 196 of their negatives; three in four whose
grey values were folded at their median."""
_NEIGHBOURS = 0.3
"""Correlation of neighbouring pixels below which a picture is noise; above 0.97 on them, and 0.4 on
the photograph of a print."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason, by a code that stays, and a sentence for the reader.

    Codes: ``not-a-knee``, ``not-frontal``, ``turned``, ``noise``, ``flat``, ``joint-missing``,
    ``joint-covered``, ``too-few-shades``, ``blurred``, ``several-films``, ``grey-values``,
    ``mirrored-halves``, ``spoilt``, ``other-knee``, ``over-compressed``, ``film-in-picture``
    (refused); ``negative``, ``implant``, ``cut-off``, ``saturated``, ``few-pixels``,
    ``compressed``, ``few-shades``, ``covered``, ``written-over``, ``grainy``, ``soft``,
    ``another-knee``, ``doubtful``, ``moved``, ``by-box``, ``sides``, ``side``,
    ``note`` (warned).
    """

    code: str
    sentence: str
    severity: Literal["refused", "warned"]


TURNED, WRITTEN_OVER, SIDE, NOTE = "turned", "written-over", "side", "note"

NOT_A_KNEE = Finding(
    "not-a-knee",
    "Expected a frontal X-ray of a knee. This looks like another picture.",
    REFUSED,
)
NOT_FRONTAL = Finding(
    "not-frontal",
    "Expected a knee seen from the front. This looks like a lateral or skyline view, which the "
    "networks have never seen.",
    REFUSED,
)
NEGATIVE = Finding(
    "negative",
    "Bones are dark here: this looks like a negative. The networks are given its positive.",
    WARNED,
)
GREY_VALUES = Finding(
    "grey-values",
    "Expected bone bright on dark, as X-rays show it, or a negative of that. The grey values of "
    "this picture are in another order, as when they were folded, wrapped, filtered or drawn over: "
    "export the film as it was taken.",
    REFUSED,
)
IMPLANT = Finding(
    "implant",
    "There seems to be metal at the joint. A Kellgren-Lawrence grade says nothing about a "
    "replaced knee.",
    WARNED,
)
ANOTHER = Finding(
    "another-knee",
    "There seems to be another knee beside the box, which is not graded.",
    WARNED,
)
SIDES = Finding(
    "sides",
    "Expected the right knee on the left of the image, and the left one on its right. By its shape "
    "one is of the other side, as in two films of one side put together, or in one knee shown "
    "twice: which is right and which is left is open.",
    WARNED,
)
OTHER_KNEE = Finding(
    "other-knee",
    "Expected the box of this knee on this knee. It shows more of the film's other one: a grade "
    "would be said of the wrong side. Move it back, or turn to the other knee.",
    REFUSED,
)
DOUBTFUL = Finding(
    "doubtful",
    "What is in this box looks little like a frontal knee: check that the box is on one.",
    WARNED,
)
SEVERAL = Finding(
    "several-films",
    "Expected one film. This looks like several put together: knees lie beside or below those that "
    "were found. Read each film by itself.",
    REFUSED,
)
JOINED = Finding(
    "several-films",
    "Expected one film. A straight seam goes through this picture, and what lies on its two sides "
    "does not belong together, as in films put together, or in a film photographed with what is "
    "around it: cut the picture to one film, and read that.",
    REFUSED,
)
WITHIN = Finding(
    "film-in-picture",
    "Expected a film that fills its picture. Something like the film of a knee lies in this one "
    "beside other things, as on a page, a slide or a screen: cut the picture to that film, and "
    "read it again.",
    REFUSED,
)
BOTH_WAYS = Finding(
    "several-films",
    "Expected one film. Here one knee is a negative and the other a positive, as in two films put "
    "together: read each by itself.",
    REFUSED,
)
MIRRORED = Finding(
    "mirrored-halves",
    "Expected a knee. One half of this picture is the mirror image of the other, as in no knee: "
    "export the film as it was taken.",
    REFUSED,
)
SPOILT = Finding(
    "spoilt",
    "Expected a knee as it was taken. This seems to be another joint, or a knee whose joint is "
    "missing, blurred, painted over, out of shape or mixed with another picture: export the film "
    "anew, or take one that shows the joint.",
    REFUSED,
)
NOISE = Finding(
    "noise",
    "Expected a radiograph. Neighbouring pixels of this picture have nothing to do with each "
    "other, as when its samples are read in a wrong order or format: export the film again.",
    REFUSED,
)
_OF_KNEE = frozenset({NOT_A_KNEE.code, DOUBTFUL.code, IMPLANT.code})


def is_of_knee(finding: Finding) -> bool:
    """Return whether a finding is of a knee itself, so that it stays where the frame is another.

    All else that stands against a knee is of its frame, and is looked for in each frame anew.
    """
    return finding.code in _OF_KNEE


def of_box_before(finding: Finding) -> Finding:
    """Return a finding of a knee as it is said beside another box than the one it was found in."""
    if finding.code == IMPLANT.code:
        return finding
    return replace(finding, sentence=f"Where the box was found: {finding.sentence}")


def turned(quarters: int) -> Finding:
    """Return that a knee stands `quarters` quarter turns counter-clockwise from upright."""
    how = {1: "lies on its left side", 2: "is upside-down", 3: "lies on its right side"}[quarters]
    back = {1: "clockwise by 90", 2: "by 180", 3: "counter-clockwise by 90"}[quarters]
    return Finding(
        TURNED,
        f"Expected the femur above the tibia. This film {how}: turn it {back} degrees and read it "
        "again.",
        REFUSED,
    )


def doubtful(frontal: float, beside: float | None = None) -> Finding | None:
    """Return that a box holds no knee, or perhaps none, by its log odds of a frontal knee.

    `beside` is that of the other of two: both knees of a film are much alike in this.
    """
    unlike = beside is not None and beside - frontal > _UNLIKE
    if frontal < _NO_KNEE or (frontal < _DOUBTFUL and unlike):
        return NOT_A_KNEE
    return DOUBTFUL if frontal < _DOUBTFUL else None


def polarity(negative: Sequence[float], least: float) -> Finding | None:
    """Return that a film is a negative, or neither that nor a positive, by log odds of the first.

    These are of each knee looked at closer; from `least` on it is a negative. The film as a whole
    does not count: it says little of two small knees, and of a positive on a white page the wrong.
    """
    if min(negative) <= _NEITHER[0] and max(negative) >= _NEITHER[1]:
        return BOTH_WAYS
    if _NEITHER[0] < max(negative) < _NEITHER[1]:
        return GREY_VALUES
    return NEGATIVE if max(negative) > least else None


def other_side(side: str, shape: str) -> Finding | None:
    """Return that a knee called one of a `side` is shaped like one of the other; see `found.Knee`.

    A mirrored picture looks the same, so that neither can be said for sure.
    """
    named = {"R": "right", "L": "left"}
    if side not in named or shape not in named or side == shape:
        return None
    return Finding(
        SIDE,
        f"Called a {named[side]} knee. By its shape it is a {named[shape]} one, or the picture is "
        "mirrored: compare with the marker on the film.",
        WARNED,
    )


def note(sentence: str) -> Finding:
    """Return what was noted on a whole film as it was read, as a warning of each of its knees."""
    return Finding(NOTE, sentence, WARNED)


def has_metal(knee: float) -> Finding | None:
    """Return that there is metal at one of two knees, by its log odds of an implant."""
    return IMPLANT if knee > _METAL_BESIDE else None


def moved(frame: Frame, knees: Sequence[Frame], knee: int = 0) -> Finding | None:
    """Return that a frame which the reader moved shows none of the `knees` found, or two.

    Or another one of them than the `knee` whose frame it is: the grade would be of the wrong side.
    """
    there = _overlaps(frame, knees)
    if max(there) > max(there[knee], _OTHER_KNEE):
        return OTHER_KNEE
    if sum(share > _OTHER_KNEE for share in there) == 1 and max(there) >= _SAME_KNEE:
        return None
    return Finding(
        "moved",
        "The box is not where a knee was found: what was checked there says nothing of it.",
        WARNED,
    )


def shown_most(frame: Frame, knees: Sequence[Frame]) -> int | None:
    """Return the number of the knee that a frame shows most of, by the `knees` found, or None."""
    there = _overlaps(frame, knees)
    return there.index(max(there)) if max(there) > _OTHER_KNEE else None


def _overlaps(frame: Frame, knees: Sequence[Frame]) -> list[float]:
    box = Window.of(frame)
    return [box.overlap(Window.of(knee)) for knee in knees]


def noise(radiograph: Radiograph) -> Finding | None:
    """Return that neighbouring pixels hardly correlate, nor pixels further apart.

    In the middle of a film of both knees may be nothing but air.
    """
    pixels = radiograph.pixels
    step = -(-max(pixels.shape) // LARGEST_LOOK)
    looks = (pixels, pixels[::step, ::step])
    return NOISE if max(map(correlation, looks)) < _NEIGHBOURS else None
