"""Two films beside each other: what differs, and whether that is more than doubt.

Nothing is called narrower, wider, higher or lower unless it is so beyond both what measuring one
film again gives and, for widths, what the two sound knees of one person differ by.
"""

from dataclasses import dataclass

from kneeoa.films.pixel_size import AT_DETECTOR, ESTIMATED, SCANNED
from kneeoa.graders.answer import Answer
from kneeoa.graders.profile import Profile
from kneeoa.jointspace.width import JointSpace, Width
from kneeoa.jointspace.words import MILLIMETRES, where

TIMES, SIDES, TWO = "prior and current", "right and left", "one and another"
"""What two knees are to each other; the first is the earlier one, or the right one. Of `TWO` nobody
knows that one comes first: films of one day, or not known to be of one knee of one patient, or the
knees of one film whose sides are not known."""
SOUND_KNEES_APART = 0.018
"""In tibial widths: 95% of patients with KL 0 on both sides differ by less between left and right,
in either compartment, on 300 training films of 150 patients. How far one knee's width differs
between two visits was not measured: this stands in its place."""
NAMES = "first one", "second one"
"""What `TWO` are called where nothing else is said."""
NOT_GRADED = "not graded"
METAL, DOUBTED, UNLIKE, LIKE = "metal", "doubted", "unlike", "like"
"""What is known of two films together, the worst first: metal at a joint; something speaks against
one of them; one is unlike those that the ranges were measured on; neither of that."""
STANDINGS = (METAL, DOUBTED, UNLIKE, LIKE)
_SPREADS = 1.96
OF_A_KIND = (AT_DETECTOR, SCANNED, ESTIMATED)
"""Whose millimetres are compared among themselves alone."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of a comparison.

    Attributes
    ----------
    what : as ``"Grade"`` or ``"Medial joint space"``
    first, second : of the films, in words
    sentence : what is said of the difference
    way : 1 where the second is more beyond doubt, -1 where it is less, 0 where nothing is said
    """

    what: str
    first: str
    second: str
    sentence: str
    way: int = 0


def of_grades(
    first: Answer | None,
    second: Answer | None,
    kind: str,
    *,
    instead: tuple[str, str] = (NOT_GRADED, NOT_GRADED),
    profile: Profile | None = None,
    standing: str = LIKE,
    names: tuple[str, str] = NAMES,
) -> Difference:
    """Compare the ranges of grades of two films; where there is None, what is said `instead`.

    Both are as published, or under `profile`; `standing` is the worse of theirs. `names` is what
    they are called where nobody knows what they are to each other (`TWO`).
    """
    texts = (
        first.headline if first else instead[0],
        second.headline if second else instead[1],
    )
    if first is None or second is None:
        missing = texts[0] if first is None else texts[1]
        return Difference("Grade", *texts, f"Nothing to compare: one of them is {missing}.")
    if standing == METAL:
        sentence = "Nothing is compared: a grade says nothing about a replaced knee."
        return Difference("Grade", *texts, sentence)
    if first.low <= second.high and second.low <= first.high:
        are_grades = first.low == first.high and second.low == second.high
        same = f"Both are {first.headline}" if are_grades else "The ranges overlap"
        sentence = f"{same}: no difference of grade is said."
        return Difference("Grade", *texts, sentence)
    way = 1 if second.low > first.high else -1
    higher = second if way == 1 else first
    what = "grade" if higher.low == higher.high else "range"
    sentence = {
        (TIMES, 1): "Higher than before.",
        (TIMES, -1): "Lower than before.",
        (SIDES, 1): f"The left knee's {what} is the higher one.",
        (SIDES, -1): f"The right knee's {what} is the higher one.",
        (TWO, 1): f"The higher {what} is that of {_called(names[1])}.",
        (TWO, -1): f"The higher {what} is that of {_called(names[0])}.",
    }[kind, way]
    if standing == DOUBTED:
        sentence += " That may come from what is said of these films."
        return Difference("Grade", *texts, sentence)
    # Said of all: these two may be of a kind that holds it more often, or less.
    share = f"Of all answers, single grades and ranges, {first.level:.0%}"
    if profile:
        films = profile.record.of.films
        share += f" are to hold the readers' grade on films like the {films} of the profile"
    else:
        share += " hold the reference's grade on films like the OAI's"
        share += ", fewer on films unlike them" if standing == UNLIKE else ""
    return Difference("Grade", *texts, f"{sentence} {share}.", way)


def of_widths(
    first: JointSpace, second: JointSpace, kind: str, *, names: tuple[str, str] = NAMES
) -> tuple[Difference, ...]:
    """Compare both compartments of two knees; by name where the side of both is known.

    `names` is as of `of_grades`.
    """
    compartments = ("medial", "lateral")
    if None in (first.medial, second.medial):
        # Left is left only of one and the same knee: of the other one it is the other compartment.
        if kind != TIMES or first.mirrored != second.mirrored:
            is_mirrored = first.mirrored or second.mirrored
            sentence = "Which compartment is medial is not known"
            sentence += " in a mirror image." if is_mirrored else ": set the side of both knees."
            return (Difference("Joint space", "", "", sentence),)
        compartments = ("left", "right")
    return tuple(
        _of_width(name, first, second, kind, (getattr(first, name), getattr(second, name)), names)
        for name in compartments
    )


def _of_width(
    name: str,
    first: JointSpace,
    second: JointSpace,
    kind: str,
    widths: tuple[Width, Width],
    names: tuple[str, str],
) -> Difference:
    unit, factors = _unit_of(first, second)
    where = "" if name in ("medial", "lateral") else " of the picture"
    first_known, second_known = map(_known, widths, factors)
    texts = (
        f"Joint space, {name}{where}",
        _text(widths[0], factors[0], unit),
        _text(widths[1], factors[1], unit),
    )
    if (
        first_known is None
        or second_known is None
        or first.tibia_width is None
        or second.tibia_width is None
    ):
        return Difference(*texts, "Nothing to compare: one of them is not measured.")
    closed = [width.is_closed for width in widths]
    if all(closed):
        return Difference(*texts, "Both are too narrow to tell apart.")
    difference = second_known[0] - first_known[0]
    doubt = _SPREADS * (first_known[1] ** 2 + second_known[1] ** 2) ** 0.5
    is_widening = difference > 0
    if abs(difference) <= doubt or (any(closed) and closed[1] == is_widening):
        sentence = f"No difference beyond that of measuring again (within {_number(doubt, unit)})."
        return Difference(*texts, sentence)
    tibias = (first.tibia_width * factors[0], second.tibia_width * factors[1])
    apart = SOUND_KNEES_APART * sum(tibias) / 2
    by = _by(abs(difference), doubt, unit, at_least=any(closed))
    if abs(difference) <= apart:
        sentence = (
            f"They differ by {by}: more than measuring again does, but no more than two sound "
            f"knees of one person (up to {_number(apart, unit)}). Nothing is said of it."
        )
        return Difference(*texts, sentence)
    way = 1 if is_widening else -1
    more = f"Two sound knees of one person differ by up to {_number(apart, unit)}"
    position = "" if kind == SIDES else "; another position of the knee can still be the reason"
    verdict = {
        (TIMES, 1): "Wider than before",
        (TIMES, -1): "Narrower than before",
        (SIDES, 1): "Narrower in the right knee",
        (SIDES, -1): "Narrower in the left knee",
        (TWO, 1): f"Narrower in {_called(names[0])}",
        (TWO, -1): f"Narrower in {_called(names[1])}",
    }[kind, way]
    return Difference(*texts, f"{verdict} by {by}. {more}{position}.", way)


def _called(name: str) -> str:
    return name if name.startswith("this ") else f"the {name}"


def _known(width: Width, factor: float) -> tuple[float, float] | None:
    """Return a width and its spread in a unit that is `factor` of a pixel; None: not measured.

    Of a closed one its largest is known alone: a difference from it is at least that.
    """
    value, spread = (width.high, 0.0) if width.is_closed else (width.pixels, width.spread)
    return None if value is None or spread is None else (factor * value, factor * spread)


def _by(difference: float, doubt: float, unit: str, *, at_least: bool) -> str:
    if at_least:
        return f"at least {_number(difference - doubt, unit)}"
    low, high = (_number(end, unit) for end in (difference - doubt, difference + doubt))
    return f"{_number(difference, unit)} ({low} to {high})"


def _unit_of(first: JointSpace, second: JointSpace) -> tuple[str, tuple[float, float]]:
    """Return the unit that both can be compared in, and what a pixel of each is in it."""
    kinds = [
        space.spacing_from if space.spacing_from in OF_A_KIND else None for space in (first, second)
    ]
    if first.spacing and second.spacing and kinds[0] == kinds[1]:
        return MILLIMETRES, (first.spacing, second.spacing)
    return "%", (100 / (first.tibia_width or 1.0), 100 / (second.tibia_width or 1.0))


def _text(width: Width, factor: float, unit: str) -> str:
    if width.pixels is None or width.low is None or width.high is None:
        return "not measured"
    if width.is_closed:
        return f"less than {_number(width.high * factor, unit)}"
    low, high = width.low * factor, width.high * factor
    return f"{_number(width.pixels * factor, unit)} ({low:.1f} to {high:.1f})"


def _number(value: float, unit: str) -> str:
    return f"{value:.1f}%" if unit == "%" else f"{value:.1f} {unit}"


def unit_note(first: JointSpace, second: JointSpace) -> str:
    """Return what the unit of a comparison is worth, as a sentence."""
    unit, _ = _unit_of(first, second)
    if unit == "%":
        return "Widths in percent of the tibia's width: the films have no millimetres in common."
    if first.spacing_from == ESTIMATED:
        factors = " and ".join(f"{space.magnification or 1:.4g}" for space in (first, second))
        return (
            "Millimetres in the knees, estimated: those at the detector over the magnifications "
            f"that the files estimate ({factors}). A wrong one makes a difference that is none."
        )
    if place := where(first):
        return f"Millimetres{place}: the projection magnifies each knee, perhaps not alike."
    return "Millimetres as the files give them (PixelSpacing)."
