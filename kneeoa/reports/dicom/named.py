"""Whose a film is by its header, in the words of who reads it: for the screen, never for a file."""

from dataclasses import dataclass
from datetime import date, datetime

from kneeoa.films.dicom.patient import is_birthday
from kneeoa.reports.dicom.source import Source
from kneeoa.wording import counted, person_names, plain

_SEXES = {"M": "male", "F": "female", "O": "sex: other"}
_UNITS = {"D": "day", "W": "week", "M": "month", "Y": "year"}
_INFANT = 2
"""Years under which an age is said in months."""
_OLDEST = 130
"""Years; a greater age is none."""
IN_LIST = 64
"""Letters of a name and of a number in a list; a longer one ends in three dots, and is cut."""


@dataclass(frozen=True, slots=True, repr=False)  # whatever logs it, logs nobody
class Named:
    """Whose a film is, in words; empty where the file does not say it.

    Attributes
    ----------
    name : as people write it, ``Doe, Jane``, with that of a second script behind it
    number : what her hospital calls her
    born : ``2026-11-28``
    age : on the day of the study, such as ``66 years``
    sex : ``female``, ``male`` or ``sex: other``
    issuer : of the number
    """

    name: str = ""
    number: str = ""
    born: str = ""
    age: str = ""
    sex: str = ""
    issuer: str = ""

    @property
    def whole(self) -> str:
        """All of it in a line, such as ``Doe, Jane, ID 4711, born 1960-02-29, 66 years, female``.

        Empty where there is neither a name nor a number: nobody is told by the rest.
        """
        if not (self.name or self.number):
            return ""
        number = f"ID {self.number}" if self.number else "no ID"
        born = self.born and f"born {self.born}"
        return ", ".join(filter(None, [self.name or "no name", number, born, self.age, self.sex]))

    def cut(self, longest: int = IN_LIST) -> str:
        """Return name and number for a list, such as ``Doe, Jane, ID 4711``; empty as `whole`.

        `longest`: letters of the name, and of the number.
        """
        number = self.number and f"ID {plain(self.number, longest)}"
        return ", ".join(filter(None, [plain(self.name, longest), number]))

    def beside(self, other: "Named") -> str:
        """Return `whole` with who gave the number, where `other` got hers from somebody else."""
        is_needed = self.whole and self.issuer and other.issuer and self.issuer != other.issuer
        return f"{self.whole}, ID given by {self.issuer}" if is_needed else self.whole


def named(source: Source) -> Named:
    """Return whose a film is by what its file says of itself."""
    name, *others = person_names(source.patient_name) or [""]
    # A third one says how the second is pronounced.
    second = f" ({others[0].replace(', ', ' ')})" if others and others[0] != name else ""
    born, day = _day(source.birth_date), _day(source.study_date)
    if born is not None and not is_birthday(born):
        born = None  # a stand-in, as for whoever puts films together
    return Named(
        name + second,
        " ".join(source.patient_id.split()),
        born.isoformat() if born else "",
        _age(born, day) or _age_said(source.age),
        _SEXES.get(source.sex, ""),
        " ".join(source.issuer.split()),
    )


def _day(text: str) -> date | None:
    return datetime.strptime(text, "%Y%m%d").date() if text else None


def _age(born: date | None, day: date | None) -> str:
    if born is None or day is None or day < born:
        return ""
    months = 12 * (day.year - born.year) + day.month - born.month - (day.day < born.day)
    if months < 12 * _INFANT:
        return counted(months, "month")
    return counted(months // 12, "year") if months <= 12 * _OLDEST else ""


def _age_said(text: str) -> str:
    if not text:
        return ""
    # One of 0 is often written where it is not known, as is one of 999.
    number, unit = int(text[:-1]), text[-1]
    return counted(number, _UNITS[unit]) if 0 < number <= (_OLDEST if unit == "Y" else 998) else ""
