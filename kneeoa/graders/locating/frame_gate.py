"""What stands against a frame on a film: how it lies there, and what can be seen in it."""

import numpy as np

from kneeoa.errors import KneeOAError
from kneeoa.films.frames import Frame, network_input
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders.locating.found import refusal_in
from kneeoa.graders.locating.gate import GREY_VALUES, REFUSED, WARNED, Finding
from kneeoa.graders.locating.grey_values import (
    histogram,
    inside,
    joint_in,
    jumps,
    most_common,
)
from kneeoa.graders.locating.sharpness import sharp
from kneeoa.networks import INPUT_SIDE

_MOST_OUTSIDE = 0.1
"""Share of a frame that may lie outside the film before that is said."""
_JOINT_DOWN, _JOINT_ACROSS = (0.38, 0.62), (0.25, 0.75)
"""Between which shares of a frame's height and width lies what must be seen of a joint."""
_FEWEST_PIXELS = 100
"""Along each side of a frame. Of 240 validation crops both networks together are right on 68%, made
small to 128 and 112 pixels on 64 and 65%, to 96, 80 and 64 on 62, 62 and 61% (kappa of the median
0.83; 0.83, 0.81; 0.80, 0.77, 0.75)."""
_FEW_BITS, _TOO_FEW_BITS = 0.3, 0.08
"""Bits that a lossy compression leaves of each pixel of the networks' input. Of 54 validation
films both networks together grade otherwise after JPEG of 0.05, 0.1, 0.17, 0.25 and 0.38 bits
59, 31, 20, 21 and 11%, after JPEG 2000 of 0.06, 0.1, 0.2, 0.3, 0.5 and 0.8 bits 47, 30, 27, 21,
15 and 10%."""
_SATURATED = 0.15
"""Share of a frame's pixels at the brightest value; at most 0.03 on the films at hand."""
_FLAT = 5.0
"""Standard deviation of grey values, of 255, below which nothing is seen; on them 8.6 or more."""
_FEWEST_SHADES, _TOO_FEW_SHADES = 40, 10
"""Grey values in a frame; the validation knees have 47 or more, another hospital's 69. In 16 steps
from black to white a network is right on 56% of 200 films instead of 65%, in 8 on 37%."""
_TORN, _MOST_TORN = 210, 5e-4
"""Grey values between neighbours in the film that no bone has, and their share of the joint: none
in 2,000 films nor under writing; 0.002 to 0.009 in films whose grey values wrapped."""
_COVERED = 0.2
"""Share of the joint with one grey value; at most 0.13 on the validation knees, and 0.06 there."""
_HIDDEN, _HIDDEN_IN_DOUBT = 0.35, 0.15
"""Share of it from which the joint cannot be graded: metal makes it 0.31 on one of 13 films."""
_BRIGHT = 0.9


def of_frame(radiograph: Radiograph, frame: Frame) -> tuple[Finding, ...]:
    """Return what stands against a frame on a film: how it lies there, and what can be seen."""
    return against(radiograph, frame, seen_in(radiograph, frame))


def seen_in(radiograph: Radiograph, frame: Frame) -> np.ndarray | None:
    """Return what the networks see, or None where they cannot: that is said when it is graded."""
    try:
        return network_input(radiograph, frame)
    except KneeOAError:
        return None


def against(radiograph: Radiograph, frame: Frame, seen: np.ndarray | None) -> tuple[Finding, ...]:
    """Return what stands against a frame in which the networks see ``(224, 224)``, or nothing.

    How sharp it is counts only where enough of it is seen.
    """
    # What lies around the film is none of it, however much of that a frame takes in.
    rows, columns = radiograph.inside
    radiograph, frame = radiograph.without_border(), frame.moved(-rows.start, -columns.start)
    lies = (
        cut_off(radiograph, frame),
        few_pixels(frame),
        squeezed(radiograph, frame),
        exposed(radiograph, frame),
    )
    findings = tuple(finding for finding in lies if finding is not None)
    if seen is None or refusal_in(findings) is not None:
        return findings
    unsharp = sharp(seen)
    return findings if unsharp is None else (*findings, unsharp)


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
    if outside <= _MOST_OUTSIDE:
        return None
    return Finding(
        "cut-off",
        f"{outside:.0%} of what the networks look at lies outside the film, where its edge is "
        "repeated: the grade is less certain.",
        WARNED,
    )


def few_pixels(frame: Frame) -> Finding | None:
    """Return that a frame has so few pixels that fine changes cannot be seen."""
    fewest = min(frame.height, frame.width)
    if fewest >= _FEWEST_PIXELS:
        return None
    return Finding(
        "few-pixels",
        f"The knee is {fewest} pixels long on its shorter side, and the networks look at "
        f"{INPUT_SIDE}: what is between is made up. Export the film at its full size.",
        WARNED,
    )


def squeezed(radiograph: Radiograph, frame: Frame) -> Finding | None:
    """Return that a lossy compression left too little of what the networks look at.

    Each of their pixels has what was left of all those of the film that it is made of.
    """
    if radiograph.lossy_bits is None:
        return None
    bits = radiograph.lossy_bits * max(1.0, frame.height * frame.width / INPUT_SIDE**2)
    if bits >= _FEW_BITS:
        return None
    left = f"a compression left {bits:.2f} bits of each pixel that the networks look at"
    if bits < _TOO_FEW_BITS:
        return Finding(
            "over-compressed",
            f"Expected a film that is not compressed beyond use. Of this one {left}; of films "
            "compressed like that about half are graded otherwise than before: export it again "
            "without loss, or with a much higher quality.",
            REFUSED,
        )
    return Finding(
        "compressed",
        f"The film lost detail: {left}. Of films compressed like that about one in four is graded "
        "otherwise than before: export it again without loss, or with a higher quality.",
        WARNED,
    )


def hidden(radiograph: Radiograph, frame: Frame) -> Finding | None:
    """Return that enough of the joint has one grey value to doubt what the rest looks like."""
    return _hidden(histogram(joint_in(radiograph, frame)), _HIDDEN_IN_DOUBT)


def _hidden(counts: np.ndarray, most: float) -> Finding | None:
    share = most_common(counts)
    if share <= most:
        return None
    return Finding(
        "joint-covered",
        f"Expected to see the whole joint. {share:.0%} of it has one and the same grey value, as "
        "under a bar, beyond a shutter or where the film is burnt out: export it without.",
        REFUSED,
    )


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
    shades = int((histogram(part) > 0).sum())
    if shades < _TOO_FEW_SHADES:
        return Finding(
            "too-few-shades",
            f"Expected a knee in shades of grey. This one is shown in {shades}: whatever the "
            "networks say of it is chance. Export the film in full depth.",
            REFUSED,
        )
    joint = joint_in(radiograph, frame)
    counts = histogram(joint)
    # Where shades are few, one of them takes much of the joint without covering it.
    if shades >= _FEWEST_SHADES and (covered := _hidden(counts, _HIDDEN)) is not None:
        return covered
    if jumps(joint, _TORN) > _MOST_TORN:
        return GREY_VALUES
    brightest = float((part >= radiograph.pixels.max()).mean())
    if brightest > _SATURATED:
        return Finding(
            "saturated",
            f"{brightest:.0%} of the joint's pixels have the brightest value: what they showed is "
            "lost. Export the film with a wider window.",
            WARNED,
        )
    return _counted(counts, shades, float(radiograph.pixels.max()))


def _counted(counts: np.ndarray, shades: int, brightest: float) -> Finding | None:
    """Return that a frame has few grey values, or that one of them covers the joint."""
    if shades < _FEWEST_SHADES:
        return Finding(
            "few-shades",
            f"The knee is shown in {shades} shades of grey: what lay between them is lost. Export "
            "the film in full depth.",
            WARNED,
        )
    # What is brightest is saturated, or metal.
    covered = most_common(counts, below=int(_BRIGHT * brightest))
    if covered > _COVERED:
        return Finding(
            "covered",
            f"{covered:.0%} of the joint has one and the same grey value, as "
            "under a bar or beyond a shutter: what is covered is graded as if it were bone.",
            WARNED,
        )
    return None
