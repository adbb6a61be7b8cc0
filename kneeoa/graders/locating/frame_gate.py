"""What stands against a frame on a film: how it lies there, and what can be seen in it."""

import numpy as np

from kneeoa.errors import KneeOAError
from kneeoa.films.frames import Frame, network_input
from kneeoa.films.radiograph import Radiograph
from kneeoa.films.smoothness import correlation
from kneeoa.graders.locating.found import refusal_in
from kneeoa.graders.locating.gate import GREY_VALUES, MIRRORED, REFUSED, WARNED, Finding
from kneeoa.graders.locating.grey_values import (
    histogram,
    inside,
    joint_in,
    jumps,
    middle_of,
    most_common,
    share_of_shades,
    sharper_across,
    smoothed,
)
from kneeoa.graders.locating.symmetry import likeness_of_halves
from kneeoa.networks import INPUT_SIDE

_MOST_OUTSIDE = 0.1
"""Share of a frame that may lie outside the film before that is said."""
_JOINT_DOWN, _JOINT_ACROSS = (0.38, 0.62), (0.25, 0.75)
"""Between which shares of a frame's height and width lies what must be seen of a joint."""
_FEWEST_PIXELS = 100
"""Along each side of a frame. Of 240 validation crops both networks together are right on 68%, made
small to 128 and 112 pixels on 64 and 65%, to 96, 80 and 64 on 62, 62 and 61% (kappa of the median
0.83; 0.83, 0.81; 0.80, 0.77, 0.75)."""
_SATURATED = 0.15
"""Share of a frame's pixels at the brightest value; at most 0.03 on the films at hand."""
_FLAT = 5.0
"""Standard deviation of grey values, of 255, below which nothing is seen; on them 8.6 or more."""
_SOFT, _BLURRED = 0.009, 0.007
"""Share of the networks' input that is one to two pixels fine, by standard deviation. The least of
826 validation knees has 0.0095, of another hospital's 0.013. Blurred by 3, 4 and 5 pixels of 224
their medians are 0.0095, 0.0067 and 0.0051; from 5 on, most knees of KL 3 are taken for KL 0."""
_MOVED, _PERHAPS_MOVED = 0.6, 0.8
"""Detail from left to right over that up and down: 0.87 or more on 1,930 films of four places.
Moved from side to side by 5% of the width 814 of 826 validation knees have less than 0.6, and 12 of
43 of KL 2 or more became 0 or 1; by 3%, 722, and 2 of 44. Up and down, grades move less."""
_GRAINY = 0.85
"""Correlation of neighbouring pixels in the networks' input; 0.97 or more on 826 validation knees
and 180 of another hospital. Noise of 20 grey values brings it to 0.77 in the median and costs the
networks 7 to 9 points of accuracy (robustness study), that of 10 to 0.92, and 2 points."""
_FEWEST_SHADES, _TOO_FEW_SHADES = 40, 10
"""Grey values in a frame; the validation knees have 47 or more, another hospital's 69. In 16 steps
from black to white a network is right on 56% of 200 films instead of 65%, in 8 on 37%."""
_STEP, _MOST_STEPS = 50, 0.012
"""Grey values between neighbours in the networks' input that are a hard edge, and their share of
the joint; at most 0.011 on the validation knees and 0.002 elsewhere, 0.06 under two lines of text,
0.01 at metal."""
_TORN, _MOST_TORN = 210, 5e-4
"""Grey values between neighbours in the film that no bone has, and their share of the joint: none
in 2,000 films nor under writing; 0.002 to 0.009 in films whose grey values wrapped."""
_SHADES = 0.65
"""Share of shades, see `share_of_shades`: 0.77 or more in 1,000 films of four places, 0.72 with
much noise; 0.56 in relief, on which the networks are right on 15% of films, 0.51 without what is
coarser than 10 pixels of 224 (46%)."""
_MIRRORED = 0.85
"""Likeness of halves, see `likeness_of_halves`."""
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
    lies = cut_off(radiograph, frame), few_pixels(frame), exposed(radiograph, frame)
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


def sharp(seen: np.ndarray) -> Finding | None:
    """Return that what the networks see is grainy, or out of focus: osteophytes go first."""
    if share_of_shades(seen) < _SHADES:
        return GREY_VALUES
    if likeness_of_halves(seen) > _MIRRORED:
        return MIRRORED
    if correlation(seen) < _GRAINY:
        return Finding(
            "grainy",
            "The film is grainier than those the networks learned from, and on such films they are "
            "right less often: export it without sharpening, or take a better copy.",
            WARNED,
        )
    if (moved := _moved(seen)) is not None:
        return moved
    # Smoothed once, so that whole grey values do not count as detail.
    fine = smoothed(seen)
    coarse = smoothed(smoothed(fine))
    share = float((fine - coarse).std() / (seen.std() + 1e-6))
    if share >= _SOFT:
        return _written_over(seen)
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


def _moved(seen: np.ndarray) -> Finding | None:
    """Return that what the networks see is sharp in one direction alone."""
    across = sharper_across(seen)
    if across < _MOVED:
        return Finding(
            "blurred",
            "Expected a sharp film. This one is much less sharp from side to side than up and "
            "down, as when the leg moved, or its rows are out of line: the networks take many such "
            "knees for healthy. Take a sharp film, or export it as it was taken.",
            REFUSED,
        )
    if across >= _PERHAPS_MOVED:
        return None
    return Finding(
        "soft",
        "The film is less sharp from side to side than up and down, as when the leg moved: fine "
        "changes may be lost, and the grade may be too low.",
        WARNED,
    )


def _written_over(seen: np.ndarray) -> Finding | None:
    """Return that what the networks see of a joint ``(224, 224)`` has edges that no bone has."""
    if jumps(middle_of(seen), _STEP) <= _MOST_STEPS:
        return None
    return Finding(
        "written-over",
        "The joint has edges harder than those of bone: writing, lines, metal or too narrow a "
        "window. The networks take them for bone: export the film again without them.",
        WARNED,
    )
