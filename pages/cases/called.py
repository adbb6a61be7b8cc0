"""What films are called that no person named: by what their headers say, without a patient."""

from collections.abc import Mapping

from kneeoa.wording import plain


def called(day: object, described: str) -> str:
    """Return what a film of an archive or a CD is called: no patient stands in it."""
    about = described.strip().replace("/", "-").replace("\\", "-")  # no folders
    return " ".join(filter(None, (str(day or ""), about or "Film")))[:60]


def described(study: str, series: str) -> str:
    """Return what a study and its series are said to be of, once where both say the same."""
    return ", ".join(dict.fromkeys(filter(None, (study, series))))


def about_of(described: Mapping[str, str]) -> str:
    """Return what a film's header says that it is of, in its own words."""
    about = (
        described.get("description")
        or described.get("study_description")
        or described.get("body_part", "")
    )
    return plain(about, 64)


def day_of(described: Mapping[str, str]) -> str:
    """Return the day of a film as ``2026-11-28``, whatever else stands there as it is."""
    day = plain(described.get("day", ""), 64)
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 and day.isdecimal() else day
