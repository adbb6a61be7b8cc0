"""What is asked of an archive, and what it answers, as plain values. Nothing here uses a network.

What an archive's answers hold is read in `answers`.
"""

import fnmatch
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from kneeoa.pacs.problems import PacsError
from kneeoa.wording import entered

MODALITIES = ("DX", "CR")
"""What X-ray films are called."""
LONGEST = 64
"""Letters of what is asked for (PS3.5, LO)."""

STUDY_FIELDS = ("StudyDescription", "AccessionNumber")
SERIES_FIELDS = ("BodyPartExamined", "Laterality", "SeriesDescription", "ProtocolName")

# A knee in the languages whose radiographers write it into descriptions, and its patella.
_KNEE = re.compile(
    r"knee|knie|genou|rodilla|ginocch|joelho|kolano|\bpolv|patell|gonarthr|\bkn(?:æ|ä|e)\b",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b(?:chest|thorax|lung|abdom|pelvis|becken|hip|h[üu]fte?|hand|wrist|elbow|should|schulter|"
    r"spine|[ctl]spine|skull|foot|ankle|clavic|ribs?\b|breast|mamm|dental|finger|toes?\b|heart|"
    r"head|knuckle)",
    re.IGNORECASE,
)
_STROKES = {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
_SPELLINGS = (
    str.maketrans(_STROKES),
    str.maketrans(_STROKES | {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}),
)
"""How letters are written where there are only those of ASCII: Muller or Mueller for Müller."""
Knee = Literal["yes", "not said", "no"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Whose films are looked for: at least one of these.

    Attributes
    ----------
    patient_id, name, accession : as the archive has them; ``*`` stands for any letters
    first, last : the days of the examination, both included
    """

    patient_id: str = ""
    name: str = ""
    accession: str = ""
    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        for what in ("patient_id", "name", "accession"):
            text = entered(getattr(self, what), LONGEST, "what is looked for", error=PacsError)
            if "\\" in text:
                raise PacsError("Expected one value in each field, without a backslash.")
            object.__setattr__(self, what, text)
        if not any(
            text.strip("*?^ ") for text in (self.patient_id, self.name, self.accession)
        ) and (self.first is None and self.last is None):
            raise PacsError("Expected a patient, an accession number or a date to look for.")
        if self.first and self.last and self.first > self.last:
            raise PacsError("Expected the first day before the last. They are the wrong way round.")

    def filters(self) -> dict[str, str]:
        """Return the query's keys (PS3.18, 8.3.4)."""
        keys = {"PatientID": self.patient_id, "AccessionNumber": self.accession}
        if self.name:
            # However an archive parts the names; and carets in an address are not read everywhere.
            keys["PatientName"] = re.sub(r"[*^,\s]+", "*", f"{self.name}*")
        if self.first or self.last:
            days = [day.strftime("%Y%m%d") if day else "" for day in (self.first, self.last)]
            keys["StudyDate"] = days[0] if self.first == self.last else "-".join(days)
        return {key: value for key, value in keys.items() if value}

    def fits(self, series: "Series") -> bool:
        """Return whether `series` is one that was asked for: a server may answer with others."""
        return (
            _fits(self.patient_id, series.patient_id)
            and _fits(self.accession, series.accession)
            and _is_named(self.name, series.names or (series.patient_name,))
            and _within(series.day, self.first, self.last)
        )


def _fits(asked: str, answered: str) -> bool:
    """Return whether an answer is what was asked for, ``*`` and ``?`` as PS3.4, C.2.2.2.4."""
    # Brackets, too, stand for others to `fnmatch`, and for themselves in an archive.
    pattern = asked.casefold().replace("[", "[[]")
    return not asked or fnmatch.fnmatchcase(answered.casefold(), pattern)


def _is_named(asked: str, names: Iterable[str]) -> bool:
    """Return whether one of a patient's `names` is of the family that was asked for.

    They are one name in several scripts. Without a comma it may be all of a name that was asked
    for. What has no name is not told from others by it.
    """
    families = _folded(re.split(r"[,^]", asked)[0])
    known = {form for name in names for form in _folded(name)}
    patterns = [f"{family.replace(' ', '*')}*" for family in families]
    return (
        not patterns
        or not known
        or any(_fits(pattern, name) for pattern in patterns for name in known)
    )


def _folded(name: str) -> set[str]:
    """Return a name as it is compared: without accents, with single blanks between its parts.

    In each way that its letters are written without them, as Muller and Mueller; none for no name.
    """
    forms = set()
    letters = unicodedata.normalize("NFKC", name.casefold())
    for spelling in _SPELLINGS:
        apart = unicodedata.normalize("NFKD", letters.translate(spelling))
        bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
        forms.add(" ".join(re.sub(r"[\^=,]+", " ", bare).split()))
    return forms - {""}


def _within(day: date | None, first: date | None, last: date | None) -> bool:
    if first is None and last is None:
        return True
    return day is not None and (first is None or first <= day) and (last is None or day <= last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series of films in an archive. All texts can be shown, and are of bounded length.

    Attributes
    ----------
    study, series : its identifiers
    patient_id, patient_name : as the archive has them
    names : her name in every script that it is given in; none where it is in one alone
    day : of the examination, None where it is not said
    films : how many objects are in it, None where the archive does not say
    knee : whether it is of a knee, by what is written about it
    """

    study: str
    series: str
    patient_id: str = ""
    patient_name: str = ""
    names: tuple[str, ...] = field(default=(), repr=False)
    day: date | None = None
    time: str = ""
    accession: str = ""
    modality: str = ""
    body_part: str = ""
    side: str = ""
    description: str = ""
    study_description: str = ""
    films: int | None = None

    @property
    def knee(self) -> Knee:
        """Whether a knee is written about it; the body part counts before descriptions."""
        for texts in ((self.body_part,), (self.description, self.study_description)):
            text = " ".join(texts)
            if _KNEE.search(text):
                return "yes"
            if _OTHER.search(text):
                return "no"
        return "not said"


@dataclass(frozen=True, slots=True)
class Found:
    """What an archive has: series of X-rays, the newest first.

    Attributes
    ----------
    series : of what was asked for
    cut : whether there are more than are shown
    passed_over : answers that were not of what was asked for, or could not be read
    """

    series: tuple[Series, ...] = ()
    cut: bool = False
    passed_over: int = 0

    def knees(self) -> tuple[Series, ...]:
        """Return the series of knees, and those of which nothing says what they show."""
        return tuple(series for series in self.series if series.knee != "no")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one film is in an archive, and whose it must be.

    Attributes
    ----------
    study, series, instance : its identifiers
    sop_class : what it is, empty where the archive does not say
    patient_id : of the series it was found in
    """

    study: str
    series: str
    instance: str
    sop_class: str = ""
    patient_id: str = field(default="", repr=False)


def sorted_by_day(all_series: Sequence[Series]) -> tuple[Series, ...]:
    """Return series, the newest first, those without a day last."""
    return tuple(
        sorted(
            all_series,
            key=lambda series: (series.day or date.min, series.time, series.series),
            reverse=True,
        )
    )
