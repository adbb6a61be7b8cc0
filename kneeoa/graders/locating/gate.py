"""What stands against grading a film, as findings with a sentence each; pure functions.

Refused: no grade is given unless the reader asks for one all the same. Warned: a grade is given.
"""

from dataclasses import dataclass
from typing import Literal

from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph
from kneeoa.films.smoothness import correlation

REFUSED, WARNED = "refused", "warned"
MOST_OUTSIDE = 0.1
"""Share of a frame that may lie outside the film before that is said."""
_JOINT_DOWN, _JOINT_ACROSS = (0.38, 0.62), (0.25, 0.75)
"""Between which shares of a frame's height and width lies what must be seen of a joint."""
_SATURATED = 0.15
"""Share of a frame's pixels at the brightest value; at most 0.03 on the films at hand."""
_FLAT = 5.0
"""Standard deviation of grey values, of 255, below which nothing is seen; on them 8.6 or more."""
_NEIGHBOURS = 0.3
"""Correlation of neighbouring pixels below which a picture is noise; above 0.97 on them, and 0.4 on
the photograph of a print."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason, by a code that stays, and a sentence for the reader.

    Codes: ``not-a-knee``, ``not-frontal``, ``turned``, ``noise``, ``flat``, ``joint-missing``
    (refused); ``negative``, ``implant``, ``cut-off``, ``saturated`` (warned).
    """

    code: str
    sentence: str
    severity: Literal["refused", "warned"]


TURNED = "turned"

NOT_A_KNEE = Finding(
    "not-a-knee",
    "Expected a frontal X-ray of a knee. This looks like another picture: it is not graded.",
    REFUSED,
)
NOT_FRONTAL = Finding(
    "not-frontal",
    "Expected a knee seen from the front. This looks like a lateral or skyline view, which the "
    "networks have never seen: it is not graded.",
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
            exposed(radiograph, frame),
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


def exposed(radiograph: Radiograph, frame: Frame) -> Finding | None:
    """Return that the part in the frame is flat, or largely saturated."""
    part = _inside(radiograph, frame)
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
    return None


def noise(radiograph: Radiograph) -> Finding | None:
    """Return that neighbouring pixels hardly correlate."""
    return NOISE if correlation(radiograph.pixels) < _NEIGHBOURS else None


def _inside(radiograph, frame):
    rows, columns = (
        slice(max(0, corner), max(0, corner + length))
        for corner, length in ((frame.top, frame.height), (frame.left, frame.width))
    )
    return radiograph.pixels[rows, columns]
