"""Which two knees belong beside each other, in which order, and as what."""

from dataclasses import dataclass

from kneeoa.jointspace.change import SIDES, TIMES, TWO

RIGHT_KNEE, LEFT_KNEE = "right knee", "left knee"
STRANGERS = "The files name two different patients. Nothing is compared."
ONE_DAY = "Both films are of one day: a difference is none of time."
ONE_FILM = "Both knees are of one film, and which is the right one is not known: set their sides."
TWO_NUMBERS = "The files give two patient numbers, and one name and date of birth."
TWO_NAMES = (
    "The files give one patient number, and two names: two patients, or one whose name changed."
)
NOT_KNOWN = "Not said by the files: {}. See that they belong together."
_PATIENT, _SIDE = "whether both are of one patient", "which knee each of them is"
_ORDER = "which of them is the earlier one"


@dataclass(frozen=True, slots=True)
class Shown:
    """A knee that may stand beside another one.

    Attributes
    ----------
    side : ``"L"``, ``"R"`` or ``"unknown"``
    patient : something that is the same for the same patient's number, empty where it is not known
    day : of the study, as ``"2021-03-04"``, empty where it is not known
    issuer : the same for the same giver of numbers, empty where it is not known
    born : the same for the same date of birth, empty where it is not known
    person : the same for the same name and date of birth, empty where either is not known
    name : the same for the same name, empty where it is not known
    film, place : which film it is of, and where it lies in it, in words
    by_number_alone : whether no more was kept of her than her number, which two patients may have
    """

    side: str = "unknown"
    patient: str = ""
    day: str = ""
    issuer: str = ""
    born: str = ""
    person: str = ""
    name: str = ""
    film: str = ""
    place: str = ""
    by_number_alone: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """Two knees beside each other.

    Attributes
    ----------
    kind : `TIMES`, `SIDES` or `TWO`
    is_swapped : whether the one that the reader is at comes second
    titles, names : of the first and the second, with their days and without
    warning : what to bear in mind, as a sentence, or empty
    of_strangers : whether the files name two patients, so that nothing is compared
    note : what nothing says of them, as sentences, or empty
    """

    kind: str
    is_swapped: bool
    titles: tuple[str, str]
    names: tuple[str, str]
    warning: str = ""
    of_strangers: bool = False
    note: str = ""


def belong(current: Shown, other: Shown) -> bool:
    """Return whether both are known to be of one patient."""
    if _are_strangers(current, other) or _differ(current.name, other.name):
        return False
    if _same(current.person, other.person):
        return True
    is_told = not (current.by_number_alone or other.by_number_alone)
    return is_told and _same(current.patient, other.patient)


def paired(current: Shown, other: Shown) -> Pair:
    """Return how the knee that the reader is at and another one stand beside each other.

    A left and a right knee stand as on a film of both: the right one first. Of other two the one
    with the earlier day is first, or without days the other film. Only of one knee of one patient,
    all of it known, is one prior to the other: anything else would say a course of time that nobody
    knows of.
    """
    is_one_film, is_one_day = _same(current.film, other.film), _same(current.day, other.day)
    warning = ""
    is_swapped = not (current.day and other.day and current.day < other.day)
    if {current.side, other.side} == {"L", "R"}:
        kind, is_swapped, names = SIDES, current.side == "L", (RIGHT_KNEE, LEFT_KNEE)
    elif is_one_film:
        # The titles are their places, below.
        kind, is_swapped, names = TWO, current.place > other.place, ("", "")
        warning = ONE_FILM
    elif _is_one_knee(current, other) and _differ(current.day, other.day):
        kind, names = TIMES, ("prior", "current")
    else:
        kind = TWO
        names = ("other film", "this film") if is_swapped else ("this film", "other film")
        warning = ONE_DAY if is_one_day else ""
    both = (other, current) if is_swapped else (current, other)
    if is_one_film and kind == TWO:
        titles = names = (both[0].place, both[1].place)
    else:
        titles = (_dated(names[0], both[0]), _dated(names[1], both[1]))
    if _are_strangers(current, other):
        return Pair(kind, is_swapped, titles, names, STRANGERS, of_strangers=True)
    two_names = TWO_NAMES if _differ(current.name, other.name) else ""
    warning = " ".join(filter(None, (two_names, warning)))
    note = "" if is_one_film else _note(current, other, kind)
    return Pair(kind, is_swapped, titles, names, warning, note=note)


def _is_one_knee(current: Shown, other: Shown) -> bool:
    """Return whether both are known to be of one knee of one patient."""
    return belong(current, other) and current.side == other.side != "unknown"


def _are_strangers(current: Shown, other: Shown) -> bool:
    """Return whether the files name two patients.

    Two hospitals give one number to two patients, and two numbers to one.
    """
    if _differ(current.born, other.born):
        return True
    if _same(current.person, other.person):
        return False
    if _same(current.patient, other.patient):
        return _differ(current.issuer, other.issuer)
    return _differ(current.patient, other.patient) or _differ(current.name, other.name)


def _note(current: Shown, other: Shown, kind: str) -> str:
    unknown = [] if belong(current, other) else [_PATIENT]
    if kind != SIDES and "unknown" in (current.side, other.side):
        unknown.append(_SIDE)
    if kind == TWO and not (current.day and other.day):
        unknown.append(_ORDER)
    notes = [NOT_KNOWN.format(", ".join(unknown))] if unknown else []
    if _same(current.person, other.person) and _differ(current.patient, other.patient):
        notes.insert(0, TWO_NUMBERS)
    return " ".join(notes)


def _same(first: str, second: str) -> bool:
    return bool(first) and first == second


def _differ(first: str, second: str) -> bool:
    return bool(first) and bool(second) and first != second


def _dated(name: str, knee: Shown) -> str:
    return f"{name}, {knee.day}" if knee.day else name
