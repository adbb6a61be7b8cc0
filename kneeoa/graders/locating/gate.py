"""What stands against grading a film, as findings with a sentence each; pure functions.

Refused: no grade is given unless the reader asks for one all the same. Warned: a grade is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from kneeoa.errors import KneeOAError
from kneeoa.films.frames import Frame, network_input
from kneeoa.films.radiograph import Radiograph
from kneeoa.films.smoothness import LARGEST_LOOK, correlation
from kneeoa.graders.locating.grey_values import (
    histogram,
    inside,
    most_common_in_joint,
    smoothed,
)
from kneeoa.graders.locating.looks import Window

REFUSED: Final = "refused"
WARNED: Final = "warned"
MOST_OUTSIDE = 0.1
"""Share of a frame that may lie outside the film before that is said."""
_JOINT_DOWN, _JOINT_ACROSS = (0.38, 0.62), (0.25, 0.75)
"""Between which shares of a frame's height and width lies what must be seen of a joint."""
_SATURATED = 0.15
"""Share of a frame's pixels at the brightest value; at most 0.03 on the films at hand."""
_FLAT = 5.0
"""Standard deviation of grey values, of 255, below which nothing is seen; on them 8.6 or more."""
_SOFT, _BLURRED = 0.009, 0.007
"""Share of the networks' input that is one to two pixels fine, by standard deviation. The least of
826 validation knees has 0.0095, of another hospital's 0.013. Blurred by 3, 4 and 5 pixels of 224
their medians are 0.0095, 0.0067 and 0.0051; from 5 on, most knees of KL 3 are taken for KL 0."""
_GRAINY = 0.85
"""Correlation of neighbouring pixels in the networks' input; 0.97 or more on 826 validation knees
and 180 of another hospital. Noise of 20 grey values brings it to 0.77 in the median and costs the
networks 7 to 9 points of accuracy (robustness study), that of 10 to 0.92, and 2 points."""
_FEWEST_SHADES = 40
"""Grey values in a frame; the validation knees have 47 or more, another hospital's 69."""
_COVERED = 0.2
"""Share of the joint with one grey value; at most 0.13 on the validation knees, and 0.06 there."""
_HIDDEN, _HIDDEN_IN_DOUBT = 0.35, 0.15
"""Share of it from which the joint cannot be graded: metal makes it 0.31 on one of 13 films."""
_BRIGHT = 0.9
_SAME_KNEE, _OTHER_KNEE = 0.4, 0.15
"""Overlap with the box of a knee from which a frame is of that knee, or shows some of it."""
_NO_KNEE, _DOUBTFUL = 0.0, 1.0
"""Log odds of a frontal knee, looked at closer: of 1,371 films of one knee none has less than 1.4.
Of 110 knees beside another, with pixels that are not square, 2 have less than 0, and 5 than 1."""
_NEIGHBOURS = 0.3
"""Correlation of neighbouring pixels below which a picture is noise; above 0.97 on them, and 0.4 on
the photograph of a print."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason, by a code that stays, and a sentence for the reader.

    Codes: ``not-a-knee``, ``not-frontal``, ``turned``, ``noise``, ``flat``, ``joint-missing``,
    ``joint-covered``, ``blurred``, ``several-films`` (refused); ``negative``, ``implant``,
    ``cut-off``, ``saturated``, ``few-shades``, ``covered``, ``grainy``, ``soft``,
    ``another-knee``, ``doubtful``, ``moved`` (warned).
    """

    code: str
    sentence: str
    severity: Literal["refused", "warned"]


TURNED = "turned"

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
NOISE = Finding(
    "noise",
    "Expected a radiograph. Neighbouring pixels of this picture have nothing to do with each "
    "other, as when its samples are read in a wrong order or format: export the film again.",
    REFUSED,
)


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


def of_frame(radiograph: Radiograph, frame: Frame) -> tuple[Finding, ...]:
    """Return what stands against a frame on a film: how it lies there, and what can be seen."""
    return tuple(
        finding
        for finding in (
            cut_off(radiograph, frame),
            hidden(radiograph, frame),
            exposed(radiograph, frame),
            sharp(radiograph, frame),
        )
        if finding is not None
    )


def cut_off(radiograph: Radiograph, frame: Frame) -> Finding | None:
    """Return that the joint, or more than a tenth of the frame, is not on the film."""
    height, width = radiograph.pixels.shape
    missing = any(
        corner + share * length < 0 or corner + share * length > limit
        for corner, length, limit, shares in (
            (frame.top, frame.height, height, _JOINT_DOWN),
            (frame.left, frame.width, width, _JOINT_ACROSS),
        )
        for share in shares
    )
    if missing:
        return Finding(
            "joint-missing",
            "Expected the whole joint on the film. It seems to be cut off: move the frame, or take "
            "a film that shows the joint.",
            REFUSED,
        )
    outside = frame.share_outside(radiograph)
    if outside <= MOST_OUTSIDE:
        return None
    return Finding(
        "cut-off",
        f"{outside:.0%} of what the networks look at lies outside the film, where its edge is "
        "repeated: the grade is less certain.",
        WARNED,
    )


def hidden(radiograph: Radiograph, frame: Frame, *, doubted: bool = False) -> Finding | None:
    """Return that so much of the joint has one grey value that it cannot be graded.

    Less is enough where it is `doubted` that there is an upright knee.
    """
    share = most_common_in_joint(radiograph, frame)
    if share <= (_HIDDEN_IN_DOUBT if doubted else _HIDDEN):
        return None
    return Finding(
        "joint-covered",
        f"Expected to see the whole joint. {share:.0%} of it has one and the same grey value, as "
        "under a bar, beyond a shutter or where the film is burnt out: export it without.",
        REFUSED,
    )


def doubtful(frontal: float) -> Finding | None:
    """Return that a box holds no knee, or perhaps none, by its log odds of a frontal knee."""
    if frontal < _NO_KNEE:
        return NOT_A_KNEE
    return DOUBTFUL if frontal < _DOUBTFUL else None


def exposed(radiograph: Radiograph, frame: Frame) -> Finding | None:
    """Return that the part in the frame is flat, largely saturated, or nothing but few values."""
    part = inside(radiograph, frame)
    if part.size == 0 or part.std() < _FLAT:
        return Finding(
            "flat",
            "Expected bone and joint space to differ in brightness. Here they hardly do: export "
            "the film with its window, or raise the contrast.",
            REFUSED,
        )
    brightest = float((part >= radiograph.pixels.max()).mean())
    if brightest > _SATURATED:
        return Finding(
            "saturated",
            f"{brightest:.0%} of the joint's pixels have the brightest value: what they showed is "
            "lost. Export the film with a wider window.",
            WARNED,
        )
    return _counted(radiograph, frame, part)


def _counted(radiograph: Radiograph, frame: Frame, part: np.ndarray) -> Finding | None:
    """Return that a frame has few grey values, or that one of them covers the joint."""
    shades = int((histogram(part) > 0).sum())
    if shades < _FEWEST_SHADES:
        return Finding(
            "few-shades",
            f"The knee is shown in {shades} shades of grey: what lay between them is lost. Export "
            "the film in full depth.",
            WARNED,
        )
    # What is brightest is saturated, or metal.
    covered = most_common_in_joint(radiograph, frame, below=int(_BRIGHT * radiograph.pixels.max()))
    if covered > _COVERED:
        return Finding(
            "covered",
            f"{covered:.0%} of the joint has one and the same grey value, as "
            "under a bar or beyond a shutter: what is covered is graded as if it were bone.",
            WARNED,
        )
    return None


def sharp(radiograph: Radiograph, frame: Frame) -> Finding | None:
    """Return that the part in the frame is grainy, or out of focus: osteophytes go first."""
    try:
        seen = network_input(radiograph, frame)
    except KneeOAError:
        return None  # said when it is graded
    if correlation(seen) < _GRAINY:
        return Finding(
            "grainy",
            "The film is grainier than those the networks learned from, and on such films they are "
            "right less often: export it without sharpening, or take a better copy.",
            WARNED,
        )
    # Smoothed once, so that whole grey values do not count as detail.
    fine = smoothed(seen)
    coarse = smoothed(smoothed(fine))
    share = float((fine - coarse).std() / (seen.std() + 1e-6))
    if share >= _SOFT:
        return None
    if share >= _BLURRED:
        return Finding(
            "soft",
            "The film is less sharp than those the networks learned from: fine changes may be "
            "lost, and the grade may be too low.",
            WARNED,
        )
    return Finding(
        "blurred",
        "Expected a sharp film. This one is so blurred that the networks take most knees for "
        "healthy: take a sharper one, or a larger picture of it.",
        REFUSED,
    )


def moved(frame: Frame, knees: Sequence[Frame]) -> Finding | None:
    """Return that a frame which the reader moved shows none of the `knees` found, or two."""
    box = Window.of(frame)
    there = [box.overlap(Window.of(knee)) for knee in knees]
    if sum(share > _OTHER_KNEE for share in there) == 1 and max(there) >= _SAME_KNEE:
        return None
    return Finding(
        "moved",
        "The box is not where a knee was found: what was checked there says nothing of it.",
        WARNED,
    )


def noise(radiograph: Radiograph) -> Finding | None:
    """Return that neighbouring pixels hardly correlate, nor pixels further apart.

    In the middle of a film of both knees may be nothing but air.
    """
    pixels = radiograph.pixels
    step = -(-max(pixels.shape) // LARGEST_LOOK)
    looks = (pixels, pixels[::step, ::step])
    return NOISE if max(map(correlation, looks)) < _NEIGHBOURS else None
