"""Which two knees belong beside each other, in which order, and as what."""

from dataclasses import dataclass

from kneeoa.jointspace.change import SIDES, TIMES

RIGHT_KNEE, LEFT_KNEE = "right knee", "left knee"
STRANGERS = "The files name two different patients. Nothing is compared."
ONE_DAY = "Both films are of one day: a difference is none of time."


@dataclass(frozen=True, slots=True)
class Shown:
    """A knee that may stand beside another one.

    Attributes
    ----------
    side : ``"L"``, ``"R"`` or ``"unknown"``
    patient : something that is the same for the same patient, empty where it is not known
    day : of the study, as ``"2021-03-04"``, empty where it is not known
    """

    side: str = "unknown"
    patient: str = ""
    day: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two knees beside each other.

    Attributes
    ----------
    kind : `TIMES` or `SIDES`
    is_swapped : whether the one that the reader is at comes second
    titles : of the first and the second
    warning : what to bear in mind, as a sentence, or empty
    of_strangers : whether the files name two patients, so that nothing is compared
    """

    kind: str
    is_swapped: bool
    titles: tuple[str, str]
    warning: str = ""
    of_strangers: bool = False


def belong(current: Shown, other: Shown) -> bool:
    """Return whether both are known to be of one patient."""
    return bool(current.patient) and current.patient == other.patient


def paired(current: Shown, other: Shown) -> Pair:
    """Return how the knee that the reader is at and another one stand beside each other.

    A left and a right knee stand as on a film of both: the right one first. Of two visits the
    earlier one is first; where the days are not known, the other film is taken for the prior one,
    since the reader put it there.
    """
    if {current.side, other.side} == {"L", "R"}:
        kind, is_swapped, names = SIDES, current.side == "L", (RIGHT_KNEE, LEFT_KNEE)
    else:
        kind = TIMES
        is_swapped = not (current.day and other.day and current.day < other.day)
        names = ("prior", "current")
    both = (other, current) if is_swapped else (current, other)
    titles = (_dated(names[0], both[0]), _dated(names[1], both[1]))
    if current.patient and other.patient and current.patient != other.patient:
        return Pair(kind, is_swapped, titles, STRANGERS, of_strangers=True)
    is_one_day = kind == TIMES and current.day and current.day == other.day
    return Pair(kind, is_swapped, titles, ONE_DAY if is_one_day else "")


def _dated(name: str, one: Shown) -> str:
    return f"{name}, {one.day}" if one.day else name
