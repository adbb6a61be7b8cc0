"""Which two knees belong beside each other, in which order, and as what."""

from dataclasses import dataclass

from kneeoa.jointspace.change import SIDES, TIMES, TWO
from kneeoa.jointspace.names import ALIKE, OTHER, SAME, Name, are_telling, compared

RIGHT_KNEE, LEFT_KNEE = "right knee", "left knee"
STRANGERS = "The files name two different patients. Nothing is compared."
ONE_DAY = "Both films are of one day: a difference is none of time."
TWO_DAYS = "The films are of two days: a difference may be one of time."
ONE_FILM = "Both knees are of one film, and which is the right one is not known: set their sides."
TWO_NUMBERS = "The files give two patient numbers, and one name and date of birth."
TWO_NAMES = (
    "The files give one patient number, and two names: two patients, or one whose name changed."
)
TWO_SEXES = "The files give two sexes: two patients, or one of them is wrong."
TWO_BIRTHS = "The files give two dates of birth: two patients, or one of them is wrong."
TWICE = (
    "The files give two patient numbers of one hospital, and one name: two patients, or one who "
    "was taken in twice."
)
ANOTHER = "another patient"
_SHORT = {
    TWO_NAMES: "same ID, another name",
    TWO_SEXES: "another sex",
    TWO_BIRTHS: "another birth date",
    TWICE: "same name, another ID",
}
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
    issuer, born, sex : the same for the same giver of numbers, date of birth and sex, else empty
    year : the same for the same year of birth
    number, giver : the same for the same number and giver however they are spelt, else empty
    names : in each script that the file has
    film, place : which film it is of, and where it lies in it, in words
    is_nameless : whether her name was taken out of the file, and more of her than her number
    year : the same for the same year of birth, else empty
    """

    side: str = "unknown"
    patient: str = ""
    day: str = ""
    issuer: str = ""
    born: str = ""
    sex: str = ""
    number: str = ""
    giver: str = ""
    names: tuple[Name, ...] = ()
    film: str = ""
    place: str = ""
    is_nameless: bool = False
    year: str = ""


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
    """Return whether both are of one patient without a doubt.

    Two of her number, name and day of birth agree, and nothing that the files say contradicts it:
    a number alone is two hospitals' patients', or whatever one wrote for all of them, and so is a
    name without two words that tell somebody.
    """
    if _same(current.film, other.film):
        return True
    if are_strangers(current, other) or _doubts(current, other):
        return False
    names, is_born = compared(current.names, other.names), _same(current.born, other.born)
    is_named = names in (SAME, ALIKE) and are_telling(current.names, other.names)
    if _same(current.patient, other.patient):
        return is_named or (is_born and not _issuers_differ(current, other))
    return is_born and is_named and names == SAME


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
    of_strangers = are_strangers(current, other)
    if of_strangers:
        # On the films themselves: seen alone, each would pass for the patient's.
        theirs = f"{ANOTHER}'s {names[0 if is_swapped else 1] if kind == SIDES else 'film'}"
        names = (theirs, names[1]) if is_swapped else (names[0], theirs)
    if is_one_film and kind == TWO:
        titles = names = (both[0].place, both[1].place)
    else:
        titles = (_dated(names[0], both[0]), _dated(names[1], both[1]))
    if of_strangers:
        return Pair(kind, is_swapped, titles, names, STRANGERS, of_strangers=True)
    warning = " ".join(filter(None, (*_doubts(current, other), warning)))
    note = "" if is_one_film else _note(current, other, kind)
    return Pair(kind, is_swapped, titles, names, warning, note=note)


def _is_one_knee(current: Shown, other: Shown) -> bool:
    """Return whether both are known to be of one knee of one patient."""
    return belong(current, other) and current.side == other.side != "unknown"


def are_strangers(current: Shown, other: Shown) -> bool:
    """Return whether the files name two patients: what they say of her cannot be one's.

    Two hospitals give one number to two patients, and two numbers to one; and one word is spelt in
    two ways.
    """
    if _same(current.film, other.film):
        return False
    names, is_born = compared(current.names, other.names), _same(current.born, other.born)
    is_number, is_giver = _same(current.number, other.number), not _issuers_differ(current, other)
    if _differ(current.born, other.born):
        # A day of a year is easily typed wrong, or not known.
        is_number |= _same(current.patient, other.patient)
        is_named = names == SAME and are_telling(current.names, other.names)
        is_year = _same(current.year, other.year) and not _differ(current.sex, other.sex)
        return not (is_number and is_giver and is_named and is_year)
    if names == OTHER and _differ(current.sex, other.sex):
        return True
    is_nameless = current.is_nameless or other.is_nameless
    may_be_one = is_born and (names in (SAME, ALIKE) or is_nameless)
    if _same(current.patient, other.patient):
        return not (is_giver or may_be_one)
    if names == OTHER:
        return not (is_born and is_number and is_giver)
    return _numbers_differ(current, other) and not may_be_one


def verdict(current: Shown, other: Shown) -> str:
    """Return what stands against both being one patient's in few words, empty where nothing."""
    if are_strangers(current, other):
        return ANOTHER
    doubts = () if _same(current.film, other.film) else _doubts(current, other)
    return next((_SHORT[doubt] for doubt in doubts), "")


def _doubts(current: Shown, other: Shown) -> list[str]:
    """Return what contradicts that both are of one patient and is no proof, as sentences."""
    names, doubts = compared(current.names, other.names), []
    is_number = _same(current.patient, other.patient) or _same(current.number, other.number)
    if names == OTHER and is_number:
        doubts.append(TWO_NAMES)
    elif _differ(current.sex, other.sex):
        doubts.append(TWO_SEXES)
    if _differ(current.born, other.born):
        doubts.append(TWO_BIRTHS)
    givers = ("giver", "issuer")
    is_one_giver = any(_same(getattr(current, at), getattr(other, at)) for at in givers)
    if is_one_giver and names == SAME and _numbers_differ(current, other):
        doubts.append(TWICE)
    return doubts


def _numbers_differ(current: Shown, other: Shown) -> bool:
    is_spelling = _same(current.number, other.number)
    return _differ(current.patient, other.patient) and not is_spelling


def _issuers_differ(current: Shown, other: Shown) -> bool:
    return _differ(current.issuer, other.issuer) and not _same(current.giver, other.giver)


def _note(current: Shown, other: Shown, kind: str) -> str:
    unknown = [] if belong(current, other) else [_PATIENT]
    if kind != SIDES and "unknown" in (current.side, other.side):
        unknown.append(_SIDE)
    if kind == TWO and not (current.day and other.day):
        unknown.append(_ORDER)
    notes = [NOT_KNOWN.format(", ".join(unknown))] if unknown else []
    if belong(current, other) and _numbers_differ(current, other):
        notes.insert(0, TWO_NUMBERS)
    # A report without the patient says it without the days.
    if kind != TIMES and _differ(current.day, other.day):
        notes.append(TWO_DAYS)
    return " ".join(notes)


def _same(first: str, second: str) -> bool:
    return bool(first) and first == second


def _differ(first: str, second: str) -> bool:
    return bool(first) and bool(second) and first != second


def _dated(name: str, knee: Shown) -> str:
    return f"{name}, {knee.day}" if knee.day else name
