"""The minimum joint space widths of one knee, with the doubt of the measurement, or none at all.

A proposal for a reader to check, not a finding. It is measured on a film and on seven copies of it
that are shifted, turned, scaled and noisy; what is said is their median, and how far they differ
is part of its interval. How it was validated: docs/joint-space.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph
from kneeoa.jointspace import believed, profiles
from kneeoa.jointspace.minimum import LEFT, RIGHT, Narrowest, narrowest, zone_columns
from kneeoa.jointspace.outlines import Outlines, outlines_of
from kneeoa.jointspace.patch import SIDE, Change, Patch, noise_of, patch_of

MEDIAL, LATERAL = "medial", "lateral"
METHOD = "edge-paths-1"
"""Names this method where a measurement is kept."""
CHANGES = (
    Change(),
    Change(across=0.4, down=-2.3, turn=1.5),
    Change(across=2.6, down=0.5, turn=-1.5, scale=1.03),
    Change(across=-1.7, down=1.4, turn=2.5, scale=0.97),
    Change(across=-2.4, down=-0.7, turn=-2.5, scale=1.02),
    Change(across=1.2, down=2.2, turn=0.7, scale=0.95),
    Change(across=0.8, down=-1.5, turn=-0.8, scale=1.05),
)
"""Copies that are measured; an odd number, so that the median is one of them."""
SMALLEST_SIDE = 150
"""Pixels of a frame's side: below, the joint space of a sound knee has fewer than six."""
FLOOR = 0.0023
"""Least standard deviation of a measurement, in tibial widths: other copies of a film differ more
than those seven do. Of 128 measurements of copies of training films that were shifted, turned,
scaled and noisy at once, the interval held 93% at 0.0020 and 97% at 0.0025."""
LEVEL = 0.95
_SPREADS = 1.96
MOST_SPREAD = 0.005
"""Standard deviation of copies, in tibial widths, from which nothing is said."""
CLOSED = 0.017
"""In tibial widths: what is narrower comes out as about as wide as this, by the film's blur and
that of the measurement, whatever it is."""
WIDEST = 0.12
TIBIA = (0.70, 1.02)
"""Width of a tibia in sides of the frame, which is a little wider than the knee."""
TIBIA_MILLIMETRES = (30.0, 160.0)
"""Width of a tibia that is believed, from a child's to a large one that is magnified: else the
file's size of a pixel is wrong, and with it all millimetres."""
TIBIA_SPREAD = 0.03
"""Standard deviation of copies, in tibial widths, from which its margins are not known."""
LEAST_MARGIN = 0.45
BY_PROFILES = (-0.020, 0.010)
"""By how much, in tibial widths, a width may be less or more than the one by `profiles`, which is
0.005 more in the mean: where it is not, one of the two has taken another line for an edge."""
LEAST_STRENGTH = 3.0
"""Of an edge, grey values a pixel for each grey value that the film's noise has."""
_LEAST_NOISE = 0.2
"""Grey values: what rounding alone leaves."""


@dataclass(frozen=True, slots=True)
class Width:
    """The minimum width of one compartment.

    Attributes
    ----------
    pixels : of the film; None where nothing is said
    spread : standard deviation of a measurement of this film, pixels
    low, high : the interval that 95% of measurements of copies of this film are to lie in, pixels
    ends : (x, y) on the femur and on the tibia, pixels of the film; the middle of its first pixel
        is at 0.5
    is_closed : whether it is so narrow that only `high` is known
    refusal : why nothing is said, as a sentence
    """

    pixels: float | None = None
    spread: float | None = None
    low: float | None = None
    high: float | None = None
    ends: tuple[tuple[float, float], tuple[float, float]] | None = None
    is_closed: bool = False
    refusal: str = ""

    @property
    def is_known(self) -> bool:
        """Whether anything is said."""
        return self.pixels is not None


@dataclass(frozen=True, slots=True)
class JointSpace:
    """The joint space of one knee.

    Attributes
    ----------
    left, right : of the compartments on the left and right of the picture
    tibia_width : of the tibia below its plateau, pixels of the film; None where it was not found
    side : ``"L"``, ``"R"`` or ``"unknown"``: which knee it is
    mirrored : whether the file says that the picture is a mirror image
    spacing : mm a pixel of the film, or None
    spacing_from : keyword of the DICOM attribute that it is from, or None; where there is one and
        no `spacing`, that was not believed
    magnification : by which the spacing at the detector was divided, where it was
    edges : (x, y) along femur and tibia of both compartments, to be drawn
    method : `METHOD`
    """

    left: Width
    right: Width
    tibia_width: float | None = None
    side: str = "unknown"
    spacing: float | None = None
    spacing_from: str | None = None
    magnification: float | None = None
    mirrored: bool = False
    edges: tuple[tuple[tuple[float, float], ...], ...] = ()
    method: str = METHOD

    @property
    def medial(self) -> Width | None:
        """The medial compartment, None where the side is not known, or the picture is mirrored.

        On a frontal film the fibula, which is lateral, is on the outer side of the knee: a right
        knee's is on the left of the picture.
        """
        return None if self.mirrored else {"R": self.right, "L": self.left}.get(self.side)

    @property
    def lateral(self) -> Width | None:
        """The lateral compartment, None where `medial` is."""
        return None if self.mirrored else {"R": self.left, "L": self.right}.get(self.side)

    @property
    def compartments(self) -> dict[str, Width]:
        """Both compartments by name: medial first, or left and right of the picture."""
        if self.medial is None or self.lateral is None:
            return {"left of the picture": self.left, "right of the picture": self.right}
        return {MEDIAL: self.medial, LATERAL: self.lateral}


def measure(
    radiograph: Radiograph, frame: Frame, side: str = "unknown", *, box: Frame | None = None
) -> JointSpace:
    """Return the joint space of the knee in `frame`, bone bright and upright.

    `side` is which knee it is, `box` that on the knee where `frame` is another one, as all of a
    film. Every refusal is in the widths; nothing is raised.
    """
    spacing = believed.spacing_in(box or frame, radiograph.spacing)
    known: dict[str, Any] = {
        "side": side,
        "spacing": spacing and float(np.mean(spacing)),
        "spacing_from": radiograph.header.spacing_from if radiograph.spacing else None,
        "magnification": radiograph.header.magnification if radiograph.spacing else None,
        "mirrored": radiograph.header.mirrored,
    }
    if min(frame.height, frame.width) < SMALLEST_SIDE:
        return not_measured(
            f"The box has fewer than {SMALLEST_SIDE} pixels on a side: too coarse to measure.",
            **known,
        )
    if frame.share_outside(radiograph) > 0.3:
        return not_measured("Much of the box is not on the film.", **known)
    return _measured(patch_of(radiograph.pixels, frame), known)


def not_measured(reason: str, **known: Any) -> JointSpace:
    """Return a joint space of which nothing is said, for a `reason`, a sentence."""
    return JointSpace(Width(refusal=reason), Width(refusal=reason), **known)


def _measured(patch: Patch, known: Mapping[str, Any]) -> JointSpace:
    copies = patch.copies(list(CHANGES), np.random.default_rng(0))
    outlines = outlines_of(copies)
    scales = np.array([change.scale for change in CHANGES])
    tibia = float(np.median(outlines.tibia_width / scales))
    if reason := _doubt_of_tibia(outlines, scales, tibia):
        return not_measured(reason, **known)
    noise, by_profiles = noise_of(patch.image), profiles.widths(patch.image, outlines)
    widths = {
        side: _width(patch, narrowest(outlines, side), scales, tibia, noise, by_profiles[side])
        for side in (LEFT, RIGHT)
    }
    space = JointSpace(
        left=widths[LEFT],
        right=widths[RIGHT],
        tibia_width=tibia / patch.scale,
        edges=_edges(patch, outlines, widths),
        **known,
    )
    return space if _is_as_large_as_a_knee(space) else replace(space, spacing=None)


def _is_as_large_as_a_knee(space: JointSpace) -> bool:
    low, high = TIBIA_MILLIMETRES
    tibia, spacing = space.tibia_width, space.spacing
    return tibia is None or spacing is None or low <= tibia * spacing <= high


def _doubt_of_tibia(outlines: Outlines, scales: np.ndarray, tibia: float) -> str:
    if not TIBIA[0] * SIDE <= tibia <= TIBIA[1] * SIDE:
        return "The tibia does not fill the box as a knee does: see that the box is on the joint."
    spread = np.std(outlines.tibia_width / scales) / tibia
    if np.median(outlines.margin_strength) < LEAST_MARGIN or spread > TIBIA_SPREAD:
        return "The margins of the tibia are not clear on this film."
    return ""


def _width(
    patch: Patch,
    place: Narrowest,
    scales: np.ndarray,
    tibia: float,
    noise: float,
    by_profiles: float,
) -> Width:
    widths = place.width / scales
    middle = int(np.argsort(widths)[len(widths) // 2])
    width = float(widths[middle])
    spread = max(float(np.std(widths, ddof=1)), FLOOR * tibia)
    strength = float(np.median(place.strength)) / max(noise, _LEAST_NOISE)
    if reason := _doubt(width / tibia, spread / tibia, strength, by_profiles):
        return Width(refusal=reason)
    ends = patch.on_film(np.stack([place.femur[middle], place.tibia[middle]]), CHANGES[middle])
    above, below = ((float(x), float(y)) for x, y in ends)
    around = _SPREADS * spread
    is_closed = width < CLOSED * tibia
    return Width(
        pixels=width / patch.scale,
        spread=spread / patch.scale,
        low=0.0 if is_closed else max(0.0, width - around) / patch.scale,
        high=max(width + around, CLOSED * tibia if is_closed else 0.0) / patch.scale,
        ends=(above, below),
        is_closed=is_closed,
    )


def _doubt(width: float, spread: float, strength: float, by_profiles: float) -> str:
    """Return why nothing is said of a width and spread in tibial widths, or an empty text."""
    if strength < LEAST_STRENGTH:
        return "The edges of the bones are not clear on this film."
    if spread > MOST_SPREAD:
        return "Copies of this film that are hardly turned or shifted give other widths."
    if width > WIDEST:
        return "The edges that were found are farther apart than those of a knee."
    less, more = BY_PROFILES
    if not less <= width - by_profiles <= more:
        return "Two ways to find the edges of the bones do not agree on this film."
    return ""


def _edges(
    patch: Patch, outlines: Outlines, widths: Mapping[str, Width]
) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return the edges as drawn: of the film as it is, in the zones that were measured."""
    lines = []
    for side, width in widths.items():
        if not width.is_known:
            continue
        first, last = (float(ends[0]) for ends in zone_columns(outlines, side))
        x = np.arange(np.ceil(first), last, 2.0) + 0.5
        columns = np.arange(outlines.femur.shape[1]) + 0.5
        for edge in (outlines.femur[0], outlines.tibia[0]):
            line = patch.on_film(np.stack([x, np.interp(x, columns, edge)], axis=1))
            lines.append(tuple((float(u), float(v)) for u, v in line.round(2)))
    return tuple(lines)
