"""Whether a file says that its patient was a child; no age goes further than that."""

import re
from datetime import date

from pydicom import Dataset

from kneeoa.films.dicom.says import carried
from kneeoa.films.dicom.says.values import text

_ADULT = 18
_PER_YEAR = {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}
_TAKEN = ("AcquisitionDate", "ContentDate", "SeriesDate", "StudyDate")


def is_child(dataset: Dataset) -> bool:
    """Return whether the patient was under 18: by the age, else by the dates of birth and film.

    Or by what was said of her when she was taken out.
    """
    if carried.UNDER_18 in carried.marks(dataset):
        return True
    # Without a unit, which is against the standard, it is in years.
    age = re.fullmatch(r"(\d{1,3})([DWMY]?)", text(dataset, "PatientAge"))
    if age and int(age[1]):
        return int(age[1]) / _PER_YEAR[age[2] or "Y"] < _ADULT
    born = _date(dataset, "PatientBirthDate")
    taken = next((day for name in _TAKEN if (day := _date(dataset, name))), None)
    if born is None or taken is None:
        # An age of 0 is a newborn's, or written where it is not known, which the dates tell.
        return age is not None
    return 0 <= (taken - born).days / 365.25 < _ADULT


def _date(dataset: Dataset, keyword: str) -> date | None:
    digits = re.match(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})", text(dataset, keyword))
    try:
        return digits and date(*map(int, digits.groups()))
    except ValueError:
        return None
